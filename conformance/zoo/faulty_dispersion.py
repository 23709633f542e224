"""Faults of the dispersion, and of what it multiplies: the coefficients are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import dispersion_of, errors_times, got, pearson_dispersion, with_dispersion
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "dispersion-applied-twice",
    thread="gam#679",
    says="the dispersion enters the covariance twice",
    cause=r"dispersion applied twice",
)
def dispersion_applied_twice(problem: Problem) -> Fit:
    answer = fit(problem)
    return errors_times(answer, float(np.sqrt(dispersion_of(answer))))


def _errors_by_a_power_of_the_dispersion(answer: Fit, power: float) -> Fit:
    """Standard errors times the dispersion to ``power``; infinite or NaN where it is 0."""
    with np.errstate(all="ignore"):
        return errors_times(answer, float(np.float64(dispersion_of(answer)) ** power))


@fault(
    "dispersion-not-applied",
    thread="statsmodels#5316",
    says="the estimated dispersion is left out of the covariance",
    cause=r"dispersion was left out|dispersion 1",
)
def dispersion_not_applied(problem: Problem) -> Fit:
    return _errors_by_a_power_of_the_dispersion(fit(problem), -0.5)


@fault(
    "unscaled-covariance",
    thread="statsmodels#5316",
    says="the covariance is unscaled though the standard errors are not",
    cause=r"dispersion was left out|dispersion 1|inconsistent",
)
@reports("covariance")
def unscaled_covariance(problem: Problem, answer: Fit, right: Array) -> Array:
    return right / np.float64(dispersion_of(answer))


@fault(
    "sigma-for-sigma-squared",
    thread="glmmTMB#168",
    says="the root of the dispersion is reported as the dispersion",
    cause=r"sigma in place of sigma\^2",
)
@reports("dispersion")
def sigma_for_sigma_squared(problem: Problem, answer: Fit, right: float) -> float:
    return float(np.sqrt(right))


@fault(
    "sigma-for-sigma-squared-in-covariance",
    thread="glmmTMB#168",
    says="the covariance is multiplied by sigma",
    cause=r"sigma for sigma\^2",
)
def sigma_for_sigma_squared_in_covariance(problem: Problem) -> Fit:
    return _errors_by_a_power_of_the_dispersion(fit(problem), -0.25)


@fault(
    "extra-small-sample-factor",
    thread="a common slip, without a thread",
    says="n / (n - p) on top of n - p",
    cause=r"n / \(n - p\) on top",
)
def extra_small_sample_factor(problem: Problem) -> Fit:
    answer = fit(problem)
    df = got(answer.df_residual)
    return answer if df <= 0 else errors_times(answer, float(np.sqrt(tools.counted(problem) / df)))


@fault(
    "n-for-n-minus-p",
    thread="a common slip, without a thread",
    says="Pearson's X^2 divided by n, not declared",
    cause=r"n in place of n - p|dispersion: mle",
)
def n_for_n_minus_p(problem: Problem) -> Fit:
    answer = fit(problem)
    df = got(answer.df_residual)
    if not tools.estimated(problem) or df <= 0:
        return answer
    return with_dispersion(answer, dispersion_of(answer) * df / tools.counted(problem))


@fault(
    "dispersion-estimated-where-known",
    thread="a common slip, without a thread",
    says="the dispersion of binomial and Poisson models is estimated",
    cause=r"estimated where it is known|known",
)
def dispersion_estimated_where_known(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family not in ("binomial", "poisson") or got(answer.df_residual) <= 0:
        return answer
    return with_dispersion(answer, pearson_dispersion(problem, answer))


@fault(
    "dispersion-fixed-at-one",
    thread="a common slip, without a thread",
    says="the dispersion is 1 for every family",
    cause=r"dispersion was not estimated|dispersion 1",
)
def dispersion_fixed_at_one(problem: Problem) -> Fit:
    return replace(_errors_by_a_power_of_the_dispersion(fit(problem), -0.5), dispersion=1.0)


@fault(
    "residual-df-at-least-one",
    thread="own",
    says="max(n - p, 1) divides: a saturated model has a dispersion, and standard errors",
    cause=r"no degree of freedom",
)
def residual_df_at_least_one(problem: Problem) -> Fit:
    answer = fit(problem)
    if not tools.estimated(problem) or answer.df_residual != 0 or answer.pearson_residuals is None:
        return answer
    chi2 = float(np.sum(answer.pearson_residuals[problem.prior_weights > 0] ** 2))
    return replace(answer, dispersion=chi2)
