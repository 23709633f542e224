"""Arrays of balls, as numpy holds them: elementwise functions, and flint's own multiplication of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Balls = NDArray[Any]  # of dtype object; a double stands for the exact ball
NAN = arb("nan")


def doubles(values: Any) -> Doubles:
    """Balls (or rationals) as doubles."""
    return np.array([float(v) for v in values])


def balls(values: Any, *shape: int) -> Balls:
    """Balls, rationals or doubles as an array of balls, over all of them or of ``shape``."""
    found = np.empty(len(values), dtype=object)
    found[:] = [arb(v) for v in values]
    return np.asarray(found.reshape(shape) if shape else found)


def product(a: Balls | arb_mat, b: Balls) -> Balls:
    """(n, k) times (k, m) balls (or doubles), by flint's own multiplication of matrices."""
    found = matrix(a) * matrix(b)
    return balls(found.entries(), found.nrows(), found.ncols())


def matrix(values: Balls | arb_mat) -> arb_mat:
    """An array of two dimensions as flint's matrix."""
    return values if isinstance(values, arb_mat) else arb_mat(values.tolist())


def root(values: Balls) -> Balls:
    """The square root, elementwise, 0 of a ball that holds 0."""
    return np.asarray(_root(values))


def is_finite(values: Balls) -> NDArray[np.bool_]:
    """Whether it is a number, elementwise."""
    return np.asarray(_is_finite(values)).astype(np.bool_)


_root = np.frompyfunc(lambda v: arb(0) if v.is_finite() and v.contains(0) else v.sqrt(), 1, 1)
_is_finite = np.frompyfunc(lambda v: v.is_finite(), 1, 1)
log = np.frompyfunc(lambda v: v.log(), 1, 1)
log_gamma = np.frompyfunc(lambda v: v.lgamma(), 1, 1)
digamma = np.frompyfunc(lambda v: v.digamma(), 1, 1)
trigamma = np.frompyfunc(lambda v: arb(2).zeta(v), 1, 1)
