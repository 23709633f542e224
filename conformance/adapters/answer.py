"""What an implementation may answer: a Fit or a mapping of quantities, Unsupported, or a refusal."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.errors import Retold, cut, in_words
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, KEYS, SCALARS, Fit
from conformance.question.problem import Problem

Array = NDArray[np.float64]


class Unsupported(Exception):
    """Raised by an implementation for what it does not offer: counted apart, never as passed or failed."""


class Refused(ValueError):
    """What a command says of input that it will not fit, in its own words."""


class AdapterError(RuntimeError):
    """A command gave no answer: it crashed, hung, or wrote what is none.  An error, never a refusal."""


class NotAFit(TypeError):
    """What an implementation returned is no answer: the wrong type, a wrong length, a NaN where none makes sense."""


class Raised(Retold):
    """What an implementation raised: the exception in words that begin with its type, and the ``where``.

    ``crash``: it is no refusal, for something gave way beneath it (sys.exit, a MemoryError, the panic of a Rust
    package).  ``mutated``: the problem's arrays that it had changed by then.
    """

    def __init__(self, said: str, where: str | None = None, *, crash: bool, mutated: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.where, self.crash, self.mutated = where, crash, mutated


@dataclass(frozen=True)
class Answer:
    """A fit that was checked, and the problem's arrays that were changed in place meanwhile."""

    fit: Fit
    mutated: tuple[str, ...] = ()


#: Of the warnings of a fit so many are kept, and so many characters of each.
MOST_WARNINGS, LONGEST_WARNING = 50, 2000


def shapes_of(problem: Problem) -> dict[str, tuple[int, ...]]:
    """The shape of every quantity that is an array or a number, for a problem of n rows and p columns."""
    return {
        **dict.fromkeys(BY_COLUMN, (problem.p,)),
        **dict.fromkeys(BY_ROW, (problem.n,)),
        "covariance": (problem.p, problem.p),
        **dict.fromkeys(SCALARS, ()),
    }


def as_fit(answer: object, problem: Problem) -> Fit:
    """``answer`` (a Fit or a mapping) as a checked Fit of ``problem``; NotAFit says what is wrong with it."""
    try:
        return _checked(answer, problem)
    except (NotAFit, KeyboardInterrupt):
        raise
    except BaseException as error:  # an object of the adapter's own that breaks, or exits, when it is looked at
        raise NotAFit(f"returned what can't be read: {in_words(error)}") from error


def _checked(answer: object, problem: Problem) -> Fit:
    if isinstance(answer, Fit):
        answer = {key: getattr(answer, key) for key in KEYS}
    if not isinstance(answer, Mapping):
        raise NotAFit(f"returned {_shown(answer)}; expected a mapping with 'coefficients' (or a conformance.Fit)")
    for key in answer:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key)[:60], KEYS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise NotAFit(f"returned an unknown quantity {cut(repr(key), 60)}{hint}")
    if answer.get("coefficients") is None:
        raise NotAFit("returned no 'coefficients'; every fit has them")
    shapes, values = shapes_of(problem), dict[str, Any]()
    for key, value in answer.items():
        if value is None:
            continue
        if key in SCALARS:
            values[key] = float(_array(key, value, ()))
        elif key in shapes:
            values[key] = _array(key, value, shapes[key])
        elif key == "iterations":
            number = float(_array(key, value, ()))
            if not number.is_integer():
                raise NotAFit(f"'iterations' is {_shown(value)}; expected a whole number")
            values[key] = int(number)
        elif key == "converged":
            if not isinstance(value, (bool, np.bool_)):
                raise NotAFit(f"'converged' is {_shown(value)}; expected True or False")
            values[key] = bool(value)
        elif key == "warnings":
            if not isinstance(value, (list, tuple)) or not all(isinstance(line, str) for line in value):
                raise NotAFit(f"'warnings' is {_shown(value)}; expected a list of strings")
            values[key] = tuple(cut(line, LONGEST_WARNING) for line in value[:MOST_WARNINGS])
        elif not isinstance(value, (list, tuple)):
            raise NotAFit(f"{key!r} is {_shown(value)}; expected a list")
        else:
            values[key] = tuple(value)
    return Fit(**values)


def _array(key: str, value: object, shape: tuple[int, ...]) -> Array:
    """``value`` as float64 of ``shape``; numbers as strings are refused, for they hide a bug."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise NotAFit(f"{key!r} is ragged: {error}") from error
    if array.dtype.kind == "O" and all(isinstance(v, Real) for v in array.flat):
        try:
            array = array.astype(np.float64)  # JSON's whole numbers beyond 64 bits
        except OverflowError as error:
            raise NotAFit(f"{key!r} has a whole number that no double holds: {error}") from error
    if array.dtype.kind not in "fiu":
        raise NotAFit(f"{key!r} is {_shown(value)}; expected numbers")
    if array.shape != shape:
        raise NotAFit(f"{key!r} has shape {array.shape}; expected {shape}")
    array = array.astype(np.float64)
    array[np.isnan(array)] = np.nan  # R's NA is a signalling NaN, of which np.fmax and np.nanmax make NaN
    return array


def _shown(value: object) -> str:
    """``value`` in a few words, for a message."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
