"""The predictor: the columns X, and the model at coefficients beta as sums over the rows.

It knows no family.  Each sum is computed when it is first asked for, so that a point that is only tried costs a
deviance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.mathematics.link import Array
from conformance.mathematics.response import AtEta, Response

EPS = float(np.finfo(np.float64).eps)
RANK_TOLERANCE = 1e-12  # exact dependence leaves about 1e-15; R draws the line at 1e-11
PIVOT = 1e-4  # of a column of length 1: where less is left of it, its square has lost half the digits, and QR is taken
SMALL = 1e-8  # standard errors: a step that matters to no digit but the last; such steps go on while they shrink
FLAT = 1e-12  # of the metric: where the likelihood bends less, Newton's step would lead far out
NEGLIGIBLE = 1e-12  # of the largest mean
AT_WALL = 4.0  # roundings of eta: so near a wall no digit of the distance is left


def independent_columns(X: Array) -> NDArray[np.intp]:
    """The columns of X (n, p) that no earlier ones span: the later of dependent columns is the aliased one, as in R."""
    basis, kept = np.zeros((X.shape[0], 0)), []
    for j, column in enumerate(X.T):
        length = float(np.linalg.norm(column))
        v = column / (length or 1.0)
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            v = v - basis @ (basis.T @ v)
        if np.linalg.norm(v) > RANK_TOLERANCE:
            basis = np.column_stack([basis, v / np.linalg.norm(v)])
            kept.append(j)
    return np.array(kept, dtype=np.intp)


def descending(A: Array) -> NDArray[np.intp]:
    """The order of A's rows, largest first, in which Householder's QR keeps the digits of the small ones.

    Else a heavy row below would spoil the light ones above it (Powell and Reid 1969).
    """
    return np.argsort(-np.max(np.abs(A), axis=1, initial=0.0), kind="stable")


def triangle(A: Array, z: Array) -> tuple[Array, Array]:
    """R (p, p) with R'R = A'A, and R^-T A'z (p,), of the least squares problem min ||A x - z||.

    By Cholesky of the scaled columns; by QR where those are nearly dependent, for their squares lose the digits.
    """
    p, size = A.shape[1], np.linalg.norm(A, axis=0)
    unit = A / np.where(size > 0, size, 1.0)
    try:
        R = np.linalg.cholesky(unit.T @ unit).T * size
        if np.all(np.abs(np.diag(R)) >= PIVOT * size):
            return R, np.asarray(solve_triangular(R, A.T @ z, trans="T"))
    except np.linalg.LinAlgError:
        pass
    both = np.zeros((p, p + 1))  # fewer rows than columns: zeros below
    upper = np.linalg.qr(np.column_stack([A, z])[descending(A)], mode="r")[:p]
    both[: len(upper)] = upper
    return both[:, :p], both[:, p]


@dataclass(frozen=True, eq=False)
class AtBeta:
    """The model at ``beta`` (p,), of rows that all count and columns X (n, p) that are independent."""

    X: Array
    response: Response
    beta: Array

    @cached_property
    def at(self) -> AtEta:
        """The response at eta = X beta + offset."""
        return self.response.at(self.X @ self.beta + self.response.offset)

    @property
    def deviance(self) -> float:
        """The deviance; infinite outside the domain."""
        return self.at.deviance

    @cached_property
    def score(self) -> Array:
        """(p,) U = X' dl/deta (McCullagh and Nelder 1989, eq. 2.12)."""
        return np.asarray(self.X.T @ self.at.dl_deta)

    @cached_property
    def metric(self) -> Array:
        """(n,) the expected weights, or the observed ones where those are larger: no step by them goes too far."""
        return np.maximum(self.at.working_weights, self.at.observed_weights)

    @cached_property
    def solved(self) -> tuple[Array, Array]:
        """The triangle of X' metric X, and the score in its standard errors; all 0 where the metric is not finite."""
        root, p = np.sqrt(self.metric), len(self.beta)
        A = root[:, None] * self.X
        if not np.all(np.isfinite(A)):
            return np.zeros((p, p)), np.zeros(p)
        return triangle(A, np.divide(self.at.dl_deta, root, out=np.zeros_like(root), where=root > 0))

    @property
    def R(self) -> Array:
        """(p, p) R with R'R = X' metric X."""
        return self.solved[0]

    @property
    def informed(self) -> bool:
        """Whether there is information in every direction."""
        return bool(np.all(np.diag(self.R) != 0))

    @cached_property
    def Q(self) -> Array:
        """(n, p) X R^-1: a step of one standard error in each direction, seen in eta; 0 without information."""
        return np.asarray(solve_triangular(self.R, self.X.T, trans="T").T if self.informed else np.zeros_like(self.X))

    @property
    def scaled_score(self) -> Array:
        """(p,) R^-T U, the score in standard errors."""
        return self.solved[1]

    @cached_property
    def decrement(self) -> float:
        """The length of the step in standard errors of a dispersion of 1, Newton's decrement in the metric."""
        return float(np.linalg.norm(self.scaled_score))

    @cached_property
    def bends(self) -> tuple[Array, Array]:
        """The eigenvalues, at most 1, and directions of the observed information in the metric."""
        less = self.metric - self.at.observed_weights
        return np.linalg.eigh(np.eye(len(self.beta)) - self.Q.T @ (less[:, None] * self.Q))

    @property
    def concave(self) -> bool:
        """Whether the likelihood bends downwards in every direction."""
        return bool(np.all(self.bends[0] > 0))

    def step(self) -> Array:
        """(p,) Newton's step; by the metric in directions where the likelihood is not concave.

        By the metric alone where Newton's leaves the domain: next to a wall that keeps it along the wall.
        """
        if not self.informed:
            return np.zeros_like(self.beta)
        bends, directions = self.bends
        along = (directions.T @ self.scaled_score) / np.where(bends > FLAT, bends, 1.0)
        newton = np.asarray(solve_triangular(self.R, directions @ along))
        return newton if self.reach(newton) > 1.0 else np.asarray(solve_triangular(self.R, self.scaled_score))

    def reach(self, step: Array) -> float:
        """How many times ``step`` leads to the first wall of the domain; infinity where it leads to none."""
        move, (below, above) = self.X @ step, self.at.to_walls
        return float(np.min(np.where(move > 0, above, below) / np.abs(move), where=move != 0, initial=np.inf))

    # What rounding does: eta is a sum of p + 1 terms, each right to EPS; the rest follows to first order.

    @cached_property
    def eta_error(self) -> Array:
        """(n,) of eta."""
        return np.asarray(EPS * (np.abs(self.X) @ np.abs(self.beta) + np.abs(self.response.offset)))

    @cached_property
    def deviance_error(self) -> float:
        """Of the deviance, to second order: of a perfect fit the first derivative is 0."""
        of_eta = (2.0 * np.abs(self.at.dl_deta) + self.metric * self.eta_error) * self.eta_error
        return float(8.0 * EPS * self.deviance + np.sum(of_eta))

    @cached_property
    def standard_error(self) -> float:
        """The unit of a step: the root of the dispersion, by the deviance where it is not known."""
        df = max(len(self.X) - len(self.beta), 1)
        return 1.0 if self.response.family.known_dispersion else float(np.sqrt(self.deviance / df))

    @cached_property
    def score_is_zero(self) -> bool:
        """Whether the score is zero: the step is SMALL, or would win less deviance than rounding does."""
        return self.decrement**2 <= max((SMALL * self.standard_error) ** 2, self.deviance_error)

    @cached_property
    def at_wall(self) -> bool:
        """Whether a mean is at the end of its range, or infinite, to within the rounding of its eta.

        Or as good as there, where y is: of the square root that end is flat, and eta goes on to halve.
        """
        below, above = self.at.to_walls
        mu, end = self.at.mu, self.response.family.means.low
        vanishes = (
            (self.response.y == end) & (mu - end <= NEGLIGIBLE * np.max(np.abs(mu), initial=0.0)) & (below < np.inf)
        )
        return bool(np.any((np.minimum(below, above) <= AT_WALL * self.eta_error) | vanishes))
