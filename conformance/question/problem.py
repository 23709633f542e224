"""A Problem is what an implementation is asked to fit: arrays, a family and a link, and nothing else.

It holds no reference value and no tolerance, so an implementation can't see what it is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from conformance.mathematics.family import family_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """One GLM to fit.  Every array is float64 and read-only.

    X        (n, p) the design matrix, columns as R's ``model.matrix`` orders them
    y        (n,) the response; for grouped binomial data the proportion of successes
    weights  (n,) prior weights (for grouped binomial data the trials), or None for ones
    offset   (n,) added to the linear predictor, or None for zeros
    family, link   names as in family.PAIRS: 'binomial', 'logit', ...
    theta    the negative binomial's known shape, else None
    power    the Tweedie variance power, else None
    start    (p,) starting coefficients, where the case is about them, else None
    max_iterations   an iteration limit, where the case is about stopping too soon, else None
    names    p column names
    intercept   whether the model has an intercept (its column is the first)
    formula, data   the same model for implementations that fit from a formula (data: the rows that are used)
    successes   (n,) for grouped binomial data the number of successes before it was divided by the trials
                ((k / m) * m is not always k), else None
    """

    X: Array
    y: Array
    family: str
    link: str
    weights: Array | None = None
    offset: Array | None = None
    theta: float | None = None
    power: float | None = None
    start: Array | None = None
    max_iterations: int | None = None
    names: tuple[str, ...] = ()
    intercept: bool = False
    formula: str | None = None
    data: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    successes: Array | None = None

    def __post_init__(self) -> None:
        for name in ("X", "y", "weights", "offset", "start", "successes"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, read_only(value))
        if not self.names:
            object.__setattr__(self, "names", tuple(f"x{j}" for j in range(self.X.shape[1])))

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.X)

    @property
    def p(self) -> int:
        """The number of columns, aliased ones included."""
        return int(self.X.shape[1])

    @property
    def counts(self) -> NDArray[np.bool_]:
        """(n,) the rows that count: those of positive prior weight (R's ``n.ok``)."""
        return self.prior_weights > 0

    def copy(self) -> Problem:
        """The same problem with arrays and data of its own: what is done to them is done to nobody else."""
        return replace(self, data=None if self.data is None else self.data.copy())

    def differences(self, other: Problem) -> tuple[str, ...]:
        """The arrays, and 'data', in which ``other`` is not the same to the last bit."""
        arrays = ("X", "y", "weights", "offset", "start", "successes")
        found = [name for name in arrays if not _identical(getattr(self, name), getattr(other, name))]
        same = self.data is None or (other.data is not None and self.data.equals(other.data))
        return tuple(found if same else [*found, "data"])

    @property
    def prior_weights(self) -> Array:
        """(n,) the prior weights, ones where none were given."""
        return np.ones(self.n) if self.weights is None else self.weights

    @property
    def offsets(self) -> Array:
        """(n,) the offset, zeros where none was given."""
        return np.zeros(self.n) if self.offset is None else self.offset


def _identical(a: Array | None, b: Array | None) -> bool:
    """Both absent, or the same bytes."""
    return a is b or (a is not None and b is not None and a.shape == b.shape and a.tobytes() == b.tobytes())


def read_only(values: ArrayLike | Sequence[Any]) -> Array:
    """A float64 copy of ``values`` that nobody can write to (a copy, so that nobody else can either)."""
    array = np.array(values, dtype=np.float64, order="C")
    array.flags.writeable = False
    return array


def refuse_invalid(problem: Problem) -> None:
    """ValueError for arrays that no GLM has: wrong lengths, NaN, infinities, negative weights, impossible responses."""
    for name, length in (("y", problem.n), ("weights", problem.n), ("offset", problem.n), ("start", problem.p)):
        values = getattr(problem, name)
        if values is not None and values.shape != (length,):
            raise ValueError(f"{name} has shape {values.shape}; expected ({length},)")
    for name in ("X", "y", "weights", "offset", "start"):
        values = getattr(problem, name)
        if values is not None and not np.all(np.isfinite(values)):
            raise ValueError(f"{name} holds NaN or infinity")
    if np.any(problem.prior_weights < 0):
        raise ValueError("weights holds a negative number")
    responses = family_of(problem.family, problem.theta, problem.power).responses
    outside = ~responses.contains(problem.y) & (problem.prior_weights > 0)
    if np.any(outside):
        i = int(np.argmax(outside))
        raise ValueError(f"y[{i}] = {problem.y[i]:g} is outside {responses}, the domain of the {problem.family} family")
