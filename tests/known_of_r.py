"""Where R's glm itself is off, polished or not: the cases exist to show it, and docs/findings.md writes it up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from conformance.judging.comparison import Comparison
from conformance.question.problem import Problem

Array = NDArray[np.float64]

R_IS_OFF = {
    "four-coins-start-probit": "diverges from the start and says converged (Marschner 2011)",
    "marschner-divergent-start": "the same with the logit link",
    "seven-points-cauchit-cycle": "Fisher scoring without step halving cycles",
    "far-row-logit": "binomial()$linkinv floors probabilities at 2.2e-16: the tail's row is not fitted as it is",
    "far-row-probit": "the same for the probit link",
    "far-row-cloglog": "the same for the complementary log-log link",
    "far-rows-grouped-logit": "the same, grouped, at both ends",
    "far-rows-grouped-probit": "the same for the probit link",
    "far-row-low-cloglog": "the same at the lower end",
    "lone-failure-probit": "the same: the row that pulls is clamped",
    "lone-failure-logit": "the same for the logit link",
    "lone-failure-cloglog": "the same for the complementary log-log link",
    "binomial-cloglog-lost-weights": "the same, and a divergence that is called convergence",
    "gaussian-inverse-no-way-across": "steps across the infinite mean at eta = 0, runs to 1e24 and says converged",
    "gaussian-inverse-two-sides-of-a-pole": "crosses the same pole to and fro, and says that it did not converge",
    "gaussian-log-swinging": "swings about the maximum, and says that it did not converge",
    "binomial-cauchit-unstable-maximum": "Fisher steps grow about the maximum: stops on its way with 4 digits",
    "gaussian-inverse-null-of-many-maxima": "steps across the infinite mean, runs to 1e87 and says converged",
    "gaussian-log-small-mean": "make.link('log')$linkinv has no mean below 2.2e-16",
    "nb-log-small-mean": "the same",
    "tweedie-1-log-small-means": "the same: the dispersion is off by a factor of 1.8e4",
    "nb-theta-1e15": "the deviance and the likelihood by differences that cancel: no digit is left",
    "ig-log-runs-away": "halves steps until means are valid, not until the deviance falls: ends at a deviance of 1e32",
}

#: R refuses these, though they have an estimate: one start, one way of cutting a step short, and it gives up.
R_REFUSES = (
    "gamma-identity-hard-start",
    "nb-sqrt-overshoots",
    "ig-log-null-of-two-maxima",
    "ig-inverse-squared-next-to-the-wall",
    "gamma-inverse-offset-three-rows",
    "binomial-log-far-row",
    "tweedie-3-log-steep",
    "gamma-log-steep-no-intercept",
    "ig-identity-offset-two-rows",
    "gamma-log-weights-creeping",
    "ig-inverse-squared-little-room",
    "tweedie-log-three-rows-far-apart",
)

U = 2.0**-53
SUMS = ("deviance", "deviance_is_a_sum", "null_deviance", "log_likelihood", "aic", "bic")


def lost_to_cancellation(comparison: Comparison, quantity: str, got: float, want: float) -> bool:
    """Whether R's ``quantity`` is off by no more than its formula loses, for its terms are large and cancel.

    family()$dev.resids and $aic are written as textbooks have them, y log(y/mu) - (y - mu) or a difference of lgamma:
    findings 29 and 112 of docs/findings.md.  What that costs is some times u times the size of the terms.
    """
    problem, values = comparison.problem, comparison.reference.values
    w, used = problem.prior_weights, problem.prior_weights > 0
    of_rows = comparison.guard * w * _terms(problem, values["fitted_values"])
    name, _, row = quantity.partition("[")
    if name == "deviance_residuals":
        at = int(row.rstrip("]"))
        return abs(abs(got) - abs(want)) <= np.sqrt(want**2 + of_rows[at]) - abs(want) or (
            abs(got**2 - want**2) <= of_rows[at]
        )
    if name not in SUMS:
        return False
    if name == "null_deviance":
        mean = np.full(problem.n, np.average(problem.y[used], weights=w[used]))
        of_rows = comparison.guard * w * _terms(problem, mean)
    lost = float(np.sum(of_rows[used]))
    if name in ("log_likelihood", "aic", "bic"):
        lost = 2.0 * (lost / values["dispersion"] + comparison.guard * _constants(problem))
    return abs(got - want) <= lost


def _terms(problem: Problem, mu: Array) -> Array:
    """u times the size of the terms of the unit deviance as textbooks write it."""
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
        case _:
            return np.zeros_like(mu)  # a square: nothing cancels but the residual


def _constants(problem: Problem) -> float:
    """u times the size of the log-gammas in a log-likelihood as textbooks write it."""
    y, w = problem.y, problem.prior_weights
    match problem.family:
        case "binomial":
            return float(U * np.sum(special.gammaln(w + 1.0)))
        case "poisson" | "negative_binomial":
            return float(U * np.sum(w * np.abs(special.gammaln(y + (problem.theta or 0.0) + 1.0))))
        case _:
            return 0.0
