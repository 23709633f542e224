"""Faults of the log-likelihood: a constant, a sign or the trials are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from conformance.mathematics.family import Family
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import with_log_likelihood
from conformance.zoo.making import fit_by, reports, with_family
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "deviance-as-minus-two-loglik",
    thread="GLM.jl#32",
    says="-2 log L reported as the deviance",
    cause=r"-2 log-likelihood",
)
@reports("deviance")
def deviance_as_minus_two_loglik(problem: Problem, answer: Fit, right: float) -> float:
    return right if answer.log_likelihood is None else -2.0 * answer.log_likelihood


@fault(
    "bernoulli-likelihood-for-proportions",
    thread="GLM.jl#100",
    says="the binomial log-likelihood lacks its coefficients C(m, k)",
    cause=r"bernoulli|constants|binomial coefficient",
)
@with_family("binomial", fitting=False)
def bernoulli_likelihood_for_proportions(right: Family) -> Family:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        return np.asarray(w * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu)))

    return replace(right, log_likelihood=likelihood)


@fault(
    "log-likelihood-missing-constants",
    thread="glum 2.0.2",
    says="Poisson and negative binomial log-likelihoods lack log y!",
    cause=r"constant",
)
@with_family("poisson", "negative_binomial", fitting=False)
def log_likelihood_missing_constants(right: Family) -> Family:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        return right.log_likelihood(y, mu, nu, w, phi) + w * special.gammaln(y + 1.0)

    return replace(right, log_likelihood=likelihood)


@fault(
    "log-likelihood-missing-pi",
    thread="glum 2.0.2",
    says="the Gaussian and inverse Gaussian log-likelihoods lack log 2 pi",
    cause=r"constant|2 ?pi",
)
def log_likelihood_missing_pi(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family not in ("gaussian", "inverse_gaussian") or answer.log_likelihood is None:
        return answer
    size = tools.counted(problem) if problem.family == "gaussian" else float(np.sum(problem.prior_weights))
    return with_log_likelihood(problem, answer, answer.log_likelihood + 0.5 * size * float(np.log(2.0 * np.pi)))


@fault(
    "log-likelihood-sign",
    thread="glum 3.2.3",
    says="the log-likelihood is minus itself",
    cause=r"sign reversed",
)
@reports("log_likelihood")
def log_likelihood_sign(problem: Problem, answer: Fit, right: float) -> float:
    return -right


@fault(
    "log-likelihood-nan-for-one-family",
    thread="glum 2.0.2",
    says="the gamma log-likelihood is NaN",
    cause=r"NaN|not a number|not finite",
)
def log_likelihood_nan_for_one_family(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, log_likelihood=np.nan, aic=np.nan, bic=np.nan) if problem.family == "gamma" else answer


@fault(
    "digamma-for-lgamma",
    thread="h2o#6671",
    says="digamma where log-gamma belongs, in the count families' log-likelihood",
    cause=r"digamma",
)
def digamma_for_lgamma(problem: Problem) -> Fit:
    theta = problem.theta or 1.0

    def poisson(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        return np.asarray(w * (special.xlogy(y, mu) - mu - special.digamma(y + 1.0)))

    def negative(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        choose = special.digamma(theta + y) - special.digamma(theta) - special.digamma(y + 1.0)
        return np.asarray(w * (choose - theta * np.log1p(mu / theta) + special.xlogy(y, mu / (mu + theta))))

    wrong = {"poisson": poisson, "negative_binomial": negative}

    def change(right: Family) -> Family:
        return replace(right, log_likelihood=wrong.get(right.name, right.log_likelihood))

    return fit_by(problem, family=change, fitting=False)


@fault(
    "trials-ignored",
    thread="SPARK-18715",
    says="the binomial log-likelihood and AIC count every row as one trial",
    cause=r"trials|weights",
)
@with_family("binomial", fitting=False)
def trials_ignored(right: Family) -> Family:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        return right.log_likelihood(y, mu, nu, np.ones_like(w), phi)

    return replace(right, log_likelihood=likelihood)


@fault(
    "successes-truncated",
    thread="SPARK-18715",
    says="int(m y) for the successes in the binomial log-likelihood: (k/m) m may fall below k",
    cause=r"truncat|round",
)
@with_family("binomial", fitting=False)
def successes_truncated(right: Family) -> Family:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        m, k = np.trunc(w), np.trunc(w * y)
        choose = special.gammaln(m + 1.0) - special.gammaln(k + 1.0) - special.gammaln(m - k + 1.0)
        return np.asarray(choose + special.xlogy(k, mu) + special.xlogy(m - k, nu))

    return replace(right, log_likelihood=likelihood)
