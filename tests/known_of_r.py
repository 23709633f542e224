"""Where R's glm itself is off, polished or not: the cases exist to show it, and docs/findings.md writes it up."""

from __future__ import annotations

from conformance.judging.causes.cancellation import lost_to_cancellation, terms
from conformance.judging.comparison import Comparison

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
    "gaussian-inverse-pole-on-the-way": "steps across the infinite mean at eta = 0, runs to 1e12 and says converged",
    "gaussian-log-small-mean": "make.link('log')$linkinv has no mean below 2.2e-16",
    "nb-log-small-mean": "the same",
    "tweedie-1-log-small-means": "the same: the dispersion is off by a factor of 1.8e4",
    "nb-theta-1e15": "the deviance and the likelihood by differences that cancel: no digit is left",
    "death-certain-cloglog": "binomial()$linkinv floors probabilities at 2.2e-16: certain death is not",
    "survival-underflows": "make.link('log')$linkinv has no mean below 2.2e-16: nobody survives, and R fits 2e-16",
    "survival-underflows-no-start": "the same",
    "count-underflows": "the same",
    "gamma-variance-underflows": "the same: the dispersion with it",
    "ig-log-runs-away": "halves steps until means are valid, not until the deviance falls: ends at a deviance of 1e32",
}

#: R refuses these, though they have an estimate: one start, one way of cutting a step short, and it gives up.
R_REFUSES = (
    "gamma-identity-hard-start",
    "nb-sqrt-overshoots",
    "nb-identity-past-the-wall",
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


def is_lost_to_cancellation(comparison: Comparison, quantity: str, got: float, want: float) -> bool:
    """Whether R's ``quantity``, as a verdict labels it, is off by no more than its formula loses: finding 112.

    family()$dev.resids and $aic are written as textbooks have them, y log(y/mu) - (y - mu) or a difference of lgamma.
    """
    name, _, row = quantity.partition("[")
    if name == "deviance_residuals":
        at = int(row.rstrip("]"))
        of_row = terms(comparison.problem, comparison.reference.values["fitted_values"])[at]
        return abs(got**2 - want**2) <= comparison.guard * comparison.problem.prior_weights[at] * of_row
    return lost_to_cancellation(comparison, "deviance" if name == "deviance_is_a_sum" else name, got, want)
