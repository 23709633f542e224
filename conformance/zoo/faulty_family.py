"""Faults of the family: a wrong variance, gradient or unit deviance, or the right one of another parameter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from conformance.mathematics.family import Family, family_of
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, got, reported
from conformance.zoo.making import fit_by, takes, with_family
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "gradient-sign-of-one-family",
    thread="glum#889",
    says="the gamma gradient has the wrong sign: no step helps, and the start is returned as the estimate",
    cause=r"start|early stop|sign of the score",
)
def gradient_sign_of_one_family(problem: Problem) -> Fit:
    if problem.family != "gamma":
        return fit(problem)
    beta = tools.begin(problem)
    return reported(problem, tools.Scored(beta, beta, tools.parts(problem).columns, 0, True))


@fault(
    "gradient-term-missing-in-one-family",
    thread="glum#889",
    says="the negative binomial's gradient lacks the factor theta/(theta + mu): it is Poisson's",
    cause=r"poisson",
)
def gradient_term_missing_in_one_family(problem: Problem) -> Fit:
    if problem.family != "negative_binomial":
        return fit(problem)
    wrong = replace(tools.family(problem), variance=lambda mu, nu: mu, unit_deviance=family_of("poisson").unit_deviance)
    return admits(problem, reported(problem, scoring(problem, family_=wrong), converged=True))


@fault(
    "poisson-deviance-without-linear-term",
    thread="statsmodels#3355",
    says="the Poisson deviance lacks -(y - mu)",
    cause=r"y - mu|linear term",
)
def poisson_deviance_without_linear_term(problem: Problem) -> Fit:
    def change(right: Family) -> Family:
        if right.name != "poisson":
            return right
        return replace(right, unit_deviance=lambda y, mu, nu: right.unit_deviance(y, mu, nu) + 2.0 * (y - mu))

    answer = fit_by(problem, family=change, fitting=False)
    if problem.family != "poisson" or not problem.intercept:
        return answer
    return replace(answer, null_deviance=_null_without_linear_term(problem))


def _null_without_linear_term(problem: Problem) -> float:
    null = fit(replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None, max_iterations=None))
    linear = problem.prior_weights * (problem.y - got(null.fitted_values))
    return got(null.null_deviance) + 2.0 * float(np.sum(linear))


@fault(
    "nan-for-zero-count",
    thread="SPARK-24024",
    says="y log(y/mu) is NaN at y = 0",
    cause=r"NaN|not a number|not finite",
)
@with_family("poisson", "negative_binomial", "binomial", fitting=False)
def nan_for_zero_count(right: Family) -> Family:
    return replace(right, unit_deviance=lambda y, mu, nu: np.where(y == 0, np.nan, right.unit_deviance(y, mu, nu)))


@fault(
    "bernoulli-formula-for-proportions",
    thread="GLM.jl#100",
    says="-2 [y log mu + (1 - y) log(1 - mu)] for the deviance of a proportion",
    cause=r"bernoulli|saturated model",
)
@with_family("binomial", fitting=False)
def bernoulli_formula_for_proportions(right: Family) -> Family:
    def deviance(y: Array, mu: Array, nu: Array) -> Array:
        return np.asarray(-2.0 * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu)))

    return replace(right, unit_deviance=deviance)


@fault(
    "tweedie-deviance-halved",
    thread="utilsforecast#270",
    says="the Tweedie unit deviance lacks its factor 2",
    cause=r"half",
)
@with_family("tweedie")
def tweedie_deviance_halved(right: Family) -> Family:
    return replace(right, unit_deviance=lambda y, mu, nu: right.unit_deviance(y, mu, nu) / 2.0)


@fault(
    "variance-power-off-by-one",
    thread="own",
    says="the inverse Gaussian variance is mu^2",
    cause=r"gamma family|variance",
)
@with_family("inverse_gaussian")
def variance_power_off_by_one(right: Family) -> Family:
    return replace(right, variance=lambda mu, nu: mu * mu, root_variance=lambda mu, nu: mu)


# ------------------------------------------------------------------------------- the parameter, and the counts


@fault(
    "theta-inverted",
    thread="statsmodels#9031, GLM.jl#238",
    says="1/theta for theta",
    cause=r"1/theta",
)
@takes("theta")
def theta_inverted(problem: Problem, right: float) -> float:
    return 1.0 / right


@fault(
    "default-theta",
    thread="statsmodels' NegativeBinomial(alpha=1.0); own",
    says="theta = 1 whatever theta was given",
    cause=r"theta = 1",
)
@takes("theta")
def default_theta(problem: Problem, right: float) -> float:
    return 1.0


@fault(
    "theta-rounded-to-whole",
    thread="own",
    says="theta is an integer: rounded, and 1 at least",
    cause=r"theta (rounded|= 1)",
)
@takes("theta")
def theta_rounded_to_whole(problem: Problem, right: float) -> float:
    return max(1.0, float(np.rint(right)))


@fault(
    "default-tweedie-power",
    thread="own",
    says="the Tweedie power is 1.5 whatever was given",
    cause=r"power 1\.5",
)
@takes("power")
def default_tweedie_power(problem: Problem, right: float) -> float:
    return right if right >= 2.0 else 1.5


@fault(
    "counts-as-32-bit-integers",
    thread="own",
    says="counts are integers of 32 bits, kept at 2^31 - 1",
    cause=r"32-bit integers",
)
@takes("y")
def counts_as_32_bit_integers(problem: Problem, right: Array) -> Array:
    if problem.family not in ("poisson", "negative_binomial") or not np.all(np.isfinite(right)):
        return right
    return np.minimum(right, 2.0**31 - 1.0)
