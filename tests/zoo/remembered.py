"""The correct fit that most animals are on top of, made once for each problem: a hundred of them ask the same ones."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields

import numpy as np

from conformance import irls, summary
from conformance.fit import Fit
from conformance.problem import Problem

_FITS: dict[tuple[object, ...], Fit] = {}


def _parts() -> tuple[object, ...]:
    """What the animals swap under the fitter (tools.swapped, faulty_input.py): such a fit is nobody else's."""
    return (irls.family_of, irls.link_of, irls.refuse_invalid, summary.family_of, summary.link_of)


_AS_THEY_SHOULD_BE = _parts()


def fit(problem: Problem) -> Fit:
    """``irls.fit``, in arrays of its own each time.  Raises ValueError as it does, which is not remembered."""
    if _parts() != _AS_THEY_SHOULD_BE:
        return irls.fit(problem)
    key = tuple(_key(getattr(problem, field.name)) for field in fields(problem) if field.name != "data")
    if key not in _FITS:
        _FITS[key] = irls.fit(problem)
    return deepcopy(_FITS[key])


def _key(value: object) -> object:
    return (value.shape, str(value.dtype), value.tobytes()) if isinstance(value, np.ndarray) else value
