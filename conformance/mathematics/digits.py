"""How many digits agree, and how many may be asked."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: u = 2^-53 has 15.95 digits: no agreement of doubles is worth more.
CAP = 15.9


def agreement(got: ArrayLike, want: ArrayLike, scale: ArrayLike) -> Array:
    """-log10(|got - want| / scale), elementwise, at most CAP; NaN against NaN agrees, NaN against a number does not.

    ``scale`` is positive; where it is 0 only equality agrees.
    """
    got, want, scale = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (got, want, scale))
    with np.errstate(all="ignore"):
        error = np.abs(got - want) / scale
        digits = np.minimum(CAP, -np.log10(error))
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, CAP, np.where(np.isnan(digits), -math.inf, digits))


def worst(digits: Array) -> tuple[float, int]:
    """The smallest number of digits, and where it stands."""
    if digits.size == 0:
        return CAP, 0
    at = int(np.argmin(digits))
    return float(digits.flat[at]), at


def spelled(digits: float) -> str:
    """'6.3'; 'no' where the error is infinite, or a number stands against NaN."""
    return "no" if digits == -math.inf else f"{round(digits, 1) + 0.0:.1f}"


def root_mean_square(values: Array) -> float:
    """sqrt(mean(values^2)) of numbers whose squares may overflow; 0 of none."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return largest * float(np.sqrt(np.mean((values / largest) ** 2))) if 0.0 < largest < np.inf else largest
