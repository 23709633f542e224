"""Digits that a formula loses because its terms are large and cancel: deviances and likelihoods of textbooks.

The proven values need no such terms (mathematics/deviance.py; Loader 2000), so that the digits could have been had.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from conformance.judging.comparison import Cause, Comparison
from conformance.question.problem import Problem

Array = NDArray[np.float64]
U = 2.0**-53  # the unit roundoff of doubles
SUMS = ("deviance", "null_deviance", "dispersion", "log_likelihood", "aic", "bic")


def cancelled(comparison: Comparison, quantity: str) -> Cause | None:
    """A deviance, its residuals or a likelihood whose error is no more than the rounding of the textbook's terms."""
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if got is None or want is None or not lost_to_cancellation(comparison, quantity, got, want):
        return None
    return "cancellation", (
        "the difference is the rounding of large terms that cancel: of y log(y/mu) and y - mu in a unit deviance, of "
        "log-gammas in a likelihood; both are sums of terms that do not (Loader 2000)"
    )


@np.errstate(all="ignore")  # a mean of 0 has terms of no size that counts
def lost_to_cancellation(comparison: Comparison, quantity: str, got: Array | float, want: Array | float) -> bool:
    """Whether ``got`` misses ``want`` (numbers, or all rows (n,) of deviance residuals) by what the terms may lose."""
    problem, values = comparison.problem, comparison.reference.values
    w, used, mu = problem.prior_weights, problem.prior_weights > 0, values.get("fitted_values")
    if mu is None or quantity not in (*SUMS, "deviance_residuals"):
        return False
    if quantity == "null_deviance":
        mu = np.full(problem.n, np.average(problem.y[used], weights=w[used]))
    of_rows = np.nan_to_num(comparison.guard * w * terms(problem, mu))
    if quantity == "deviance_residuals":
        near = np.abs(np.square(got) - np.square(want)) <= of_rows  # of the unit deviance, whose root it is
        rounded = np.abs(np.subtract(got, want)) <= 10.0 ** -comparison.required(comparison.attainable(quantity)) * (
            comparison.scale(quantity)
        )
        return bool(np.all((near | rounded)[used]) and np.any(of_rows[used] > 0))
    lost = float(np.sum(of_rows[used]))
    if quantity == "dispersion":
        lost /= max(values["df_residual"], 1.0)
    if quantity in ("log_likelihood", "aic", "bic"):
        lost = 2.0 * (lost / (values.get("dispersion") or 1.0) + comparison.guard * constants(problem))
    return bool(abs(float(got) - float(want)) <= lost)


def terms(problem: Problem, mu: Array) -> Array:
    """(n,) u times the size of the terms of the unit deviance as textbooks write it, which cancel for mu near y."""
    y, theta = problem.y, problem.theta or 0.0
    match problem.family:
        case "binomial":
            return np.full_like(mu, 4.0 * U)  # y + mu + (1 - y) + (1 - mu) = 2, twice
        case "poisson":
            return 2.0 * U * (y + mu)
        case "gamma":
            return 2.0 * U * (1.0 + y / mu)
        case "negative_binomial":
            return 2.0 * U * (y + mu + 2.0 * (y + theta))
        case "tweedie":
            return np.asarray(4.0 * U * (y + mu) * mu ** (1.0 - (problem.power or 1.0)))
        case _:  # a square, or by one pass y'y - beta'X'y
            return U * (y**2 + mu**2) if problem.family == "gaussian" else np.zeros_like(mu)


def constants(problem: Problem) -> float:
    """U times the size of the log-gammas in a log-likelihood as textbooks write it."""
    y, w = problem.y, problem.prior_weights
    match problem.family:
        case "binomial":
            return float(U * np.sum(special.gammaln(w + 1.0)))
        case "poisson" | "negative_binomial":
            return float(U * np.sum(w * np.abs(special.gammaln(y + (problem.theta or 0.0) + 1.0))))
        case _:
            return 0.0
