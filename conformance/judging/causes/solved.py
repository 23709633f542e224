"""Everything at the reference's coefficients (or at others), once for all explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.judging.comparison import Comparison
from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Link, link_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solved:
    """The model at the reference's coefficients: vectors over all rows, the weighted design over those that count."""

    family: Family
    link: Link
    eta: Array
    mu: Array
    nu: Array
    mu_eta: Array
    V: Array
    residual: Array
    deviance: Array  # unit deviances
    w: Array
    y: Array
    used: NDArray[np.bool_]
    X: Array  # used rows, kept columns
    W: Array  # working weights, used rows
    r: Array  # working residuals, used rows


def solved(comparison: Comparison, beta: Array | None = None) -> Solved | None:
    """The model at the reference's coefficients, or at ``beta`` (p,); None where there are none."""
    problem, beta = comparison.problem, comparison.expected.get("coefficients") if beta is None else beta
    if beta is None:
        return None
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    kept, used, w, y = ~np.isnan(beta), problem.prior_weights > 0, problem.prior_weights, problem.y
    eta = problem.X[:, kept] @ beta[kept] + problem.offsets
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    with np.errstate(all="ignore"):
        V, residual = family.variance(mu, nu), family.residual(y, mu, nu)
        deviance, W, r = family.unit_deviance(y, mu, nu), w * mu_eta**2 / V, residual / mu_eta
    live = np.isfinite(W) & np.isfinite(r)
    W, r = np.where(live, W, 0.0), np.where(live, r, 0.0)
    X = problem.X[np.ix_(used, kept)]
    return Solved(family, link, eta, mu, nu, mu_eta, V, residual, deviance, w, y, used, X, W[used], r[used])
