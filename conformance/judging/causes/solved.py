"""Everything at the reference's coefficients (or at others), once for all explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.judging.comparison import Comparison
from conformance.mathematics.family import Family
from conformance.mathematics.link import Array, Link
from conformance.mathematics.response import AtEta, Response


@dataclass(frozen=True)
class Solved:
    """The model at some coefficients: ``at`` has all rows (n,), and X (used rows, kept columns) those that count."""

    at: AtEta
    X: Array

    @property
    def used(self) -> NDArray[np.bool_]:
        """(n,) the rows that count."""
        return self.at.response.counts

    @property
    def family(self) -> Family:
        """The family."""
        return self.at.response.family

    @property
    def link(self) -> Link:
        """The link."""
        return self.at.response.link

    @property
    def y(self) -> Array:
        """(n,) the response."""
        return self.at.response.y

    @property
    def w(self) -> Array:
        """(n,) the prior weights."""
        return self.at.response.weights

    @property
    def eta(self) -> Array:
        """(n,) the linear predictor."""
        return self.at.eta

    @property
    def mu(self) -> Array:
        """(n,) the means."""
        return self.at.mu

    @property
    def nu(self) -> Array:
        """(n,) 1 - mu."""
        return self.at.nu

    @property
    def W(self) -> Array:
        """(used rows,) the working weights; 0 where they are not finite."""
        W = self.at.working_weights[self.used]
        return np.where(np.isfinite(W), W, 0.0)

    @property
    def pulls(self) -> Array:
        """(used rows,) dl/deta."""
        return np.nan_to_num(self.at.dl_deta[self.used])


def solved(comparison: Comparison, beta: Array | None = None) -> Solved | None:
    """The model at the reference's coefficients, or at ``beta`` (p,); None where there are none."""
    problem, beta = comparison.problem, comparison.expected.get("coefficients") if beta is None else beta
    if beta is None:
        return None
    kept, response = ~np.isnan(beta), Response.of(problem)
    at = response.at(problem.X[:, kept] @ beta[kept] + response.offset)
    return Solved(at, problem.X[np.ix_(response.counts, kept)])
