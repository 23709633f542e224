"""The score at some coefficients, in standard errors of the expected information."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from conformance.fitter.predictor import EPS, AtBeta
from conformance.mathematics.link import Array
from conformance.mathematics.response import Response
from conformance.question.problem import Problem

U = 2.0**-53  # the unit roundoff of doubles


class ScoreAt(AtBeta):
    """The model at coefficients, with the textbooks' metric, the expected information."""

    @classmethod
    def of(cls, problem: Problem, beta: Array) -> ScoreAt:
        """Of the rows that count and the columns with a number in ``beta`` (p,)."""
        kept = ~np.isnan(beta)
        return cls(problem.X[np.ix_(problem.counts, kept)], Response.of(problem).counting, beta[kept])

    @cached_property
    def metric(self) -> Array:
        """(n,) the working weights."""
        return self.at.working_weights

    @property
    def deviance(self) -> float:
        """The deviance; infinite outside the domain."""
        return self.at.deviance

    @property
    def valid(self) -> bool:
        """Whether every mean is in the family's domain, and the deviance finite."""
        return bool(np.isfinite(self.deviance) and np.all(np.isfinite(self.metric)))

    @cached_property
    def smallest_weight(self) -> float:
        """The smallest working weight."""
        return float(np.min(self.metric, initial=np.inf))

    @cached_property
    def fisher_step(self) -> Array:
        """(p,) what Fisher scoring would add to the coefficients; zeros without information."""
        return np.asarray(solve_triangular(self.R, self.scaled_score)) if self.informed else np.zeros_like(self.beta)

    def length(self, score: Array) -> float:
        """The length in standard errors of some score (p,): infinite without information."""
        if not self.beta.size:
            return 0.0
        return float(np.linalg.norm(solve_triangular(self.R, score, trans="T"))) if self.informed else np.inf

    @cached_property
    def rounding(self) -> float:
        """The length that rounding alone may give: of the score's sums, and of beta stored as doubles."""
        if not self.beta.size or not self.informed:
            return 0.0
        at, y = self.at, self.response.y
        terms = np.abs(at.slope) / at.deviation * (np.abs(y) + np.abs(at.mu))
        terms = self.response.weights * np.where(np.isfinite(terms), terms, 0.0) + self.metric * self.eta_error / EPS
        S = np.abs(solve_triangular(self.R, np.eye(len(self.R))))
        of_score = S.T @ (np.abs(self.X).T @ terms)
        return EPS * float(np.linalg.norm(of_score)) + U * float(np.linalg.norm(np.abs(self.R) @ np.abs(self.beta)))
