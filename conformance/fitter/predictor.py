"""The predictor: the columns X, and the model at coefficients beta as sums over the rows.

It knows no family.  Each sum is computed when it is first asked for, so that a point that is only tried costs a
deviance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from conformance.mathematics.least_squares import triangle
from conformance.mathematics.link import Array
from conformance.mathematics.response import AtEta, Response

EPS = float(np.finfo(np.float64).eps)


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
        """R (p, p) with R'R = X' metric X, and the score R^-T U (p,); all 0 where the metric is not finite."""
        root, p = np.sqrt(self.metric), len(self.beta)
        with np.errstate(all="ignore"):
            A, z = root[:, None] * self.X, np.where(root > 0, self.at.dl_deta / root, 0.0)
        if np.all(np.isfinite(A)) and np.all(np.isfinite(z)):
            R, score = triangle(A, z)
            if np.all(np.isfinite(R)) and np.all(np.isfinite(score)):
                return R, score
        return np.zeros((p, p)), np.zeros(p)

    @property
    def R(self) -> Array:
        """(p, p) the triangle of the metric."""
        return self.solved[0]

    @property
    def scaled_score(self) -> Array:
        """(p,) the score in standard errors."""
        return self.solved[1]

    @property
    def informed(self) -> bool:
        """Whether there is information in every direction."""
        return bool(np.all(np.diag(self.R) != 0))

    @property
    def decrement(self) -> float:
        """The length of the step in standard errors of a dispersion of 1, Newton's decrement in the metric."""
        with np.errstate(over="ignore"):  # far from any maximum it may be beyond doubles
            return float(np.linalg.norm(self.scaled_score))

    @cached_property
    def bends(self) -> tuple[Array, Array]:
        """The eigenvalues, at most 1, and directions of the observed information in the metric."""
        if not self.informed:
            return np.zeros(len(self.beta)), np.eye(len(self.beta))
        less, Q = self.metric - self.at.observed_weights, solve_triangular(self.R, self.X.T, trans="T").T
        return np.linalg.eigh(np.eye(len(self.beta)) - Q.T @ (less[:, None] * Q))

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
        along = (directions.T @ self.scaled_score) / np.where(bends > 0, bends, 1.0)
        newton = np.asarray(solve_triangular(self.R, directions @ along))
        inside = self.at.reach(self.X @ newton) > 1.0
        return newton if inside else np.asarray(solve_triangular(self.R, self.scaled_score))

    # What rounding does: eta is a sum of p + 1 terms, each right to EPS; the rest follows to second order.

    @cached_property
    def eta_error(self) -> Array:
        """(n,) of eta."""
        return np.asarray(EPS * (np.abs(self.X) @ np.abs(self.beta) + np.abs(self.response.offset)))

    @cached_property
    def deviance_error(self) -> float:
        """Of the deviance."""
        of_eta = (2.0 * np.abs(self.at.dl_deta) + self.metric * self.eta_error) * self.eta_error
        return float(8.0 * EPS * self.at.deviance + np.sum(of_eta))

    @property
    def standard_error(self) -> float:
        """The unit of a step: the root of the dispersion, by the deviance where it is not known."""
        df = max(len(self.X) - len(self.beta), 1)
        return 1.0 if self.response.family.known_dispersion else float(np.sqrt(self.at.deviance / df))

    @property
    def score_is_zero(self) -> bool:
        """Whether the score is zero: a step would lower the deviance (by decrement^2) less than rounding does."""
        return self.decrement**2 <= self.deviance_error
