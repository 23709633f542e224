"""A Fit is what an implementation says of a Problem; what it leaves out is None, never a guess."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.errors import in_words
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


#: The quantities by their shape: p, (p, p), n or a single number.
BY_COLUMN = ("coefficients", "standard_errors")
BY_ROW = (
    "fitted_values",
    "linear_predictors",
    "response_residuals",
    "pearson_residuals",
    "deviance_residuals",
    "working_residuals",
    "leverages",
)
SCALARS = (
    "dispersion",
    "deviance",
    "null_deviance",
    "log_likelihood",
    "aic",
    "bic",
    "df_residual",
    "df_null",
    "rank",
)


@dataclass(frozen=True)
class Fit:
    """The answer to a Problem of n rows and p columns.  Aliased coefficients are NaN; None means not reported."""

    coefficients: Array  # (p,)
    standard_errors: Array | None = None  # (p,)
    covariance: Array | None = None  # (p, p)
    dispersion: float | None = None
    deviance: float | None = None
    null_deviance: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    df_residual: float | None = None
    df_null: float | None = None
    rank: float | None = None
    fitted_values: Array | None = None  # (n,)
    linear_predictors: Array | None = None  # (n,)
    response_residuals: Array | None = None  # (n,)
    pearson_residuals: Array | None = None  # (n,)
    deviance_residuals: Array | None = None  # (n,)
    working_residuals: Array | None = None  # (n,)
    leverages: Array | None = None  # (n,)
    converged: bool | None = None
    iterations: int | None = None
    warnings: tuple[str, ...] = ()
    trace: tuple[Any, ...] = ()  # irls alone: one record an iteration

    @property
    def admits_trouble(self) -> bool:
        """Whether the fit says that something is wrong: converged = False, or any warning."""
        return self.converged is False or bool(self.warnings)


KEYS = tuple(field.name for field in fields(Fit))


def as_fit(answer: object, problem: Problem) -> Fit:
    """``answer`` (a Fit or a mapping) as a checked Fit of ``problem``; NotAFit says what is wrong with it."""
    try:
        return _checked(answer, problem)
    except NotAFit:
        raise
    except Exception as error:  # an object of the adapter's own that breaks when it is looked at
        raise NotAFit(f"returned what can't be read: {in_words(error)}") from error


def _checked(answer: object, problem: Problem) -> Fit:
    if isinstance(answer, Fit):
        answer = {key: getattr(answer, key) for key in KEYS}
    if not isinstance(answer, Mapping):
        raise NotAFit(f"returned {_shown(answer)}; expected a mapping with 'coefficients' (or a conformance.Fit)")
    for key in answer:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            raise NotAFit(f"returned an unknown quantity {key!r}{f'; did you mean {near[0]!r}?' if near else ''}")
    if answer.get("coefficients") is None:
        raise NotAFit("returned no 'coefficients'; every fit has them")
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(BY_COLUMN, (problem.p,)),
        **dict.fromkeys(BY_ROW, (problem.n,)),
        "covariance": (problem.p, problem.p),
    }
    values: dict[str, Any] = {}
    for key, value in answer.items():
        if value is None:
            continue
        if key in shapes:
            values[key] = _array(key, value, shapes[key])
        elif key in SCALARS:
            values[key] = float(_array(key, value, ()))
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
            values[key] = tuple(value)
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
