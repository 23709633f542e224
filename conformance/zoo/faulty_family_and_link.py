"""Faults of family and link: a wrong formula in the tables, or the right formula of another pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Array, only, reported, scoring, swapped


@fault(
    "link-derivative-swapped",
    thread="paiml/aprender#2122",
    says="d eta/d mu for d mu/d eta in weights and working response",
    cause=r"derivative of the link|1 ?/ ?mu_eta|mu_eta",
)
def link_derivative_swapped(problem: Problem) -> Fit:
    right = tools.link(problem)
    wrong = replace(right, mu_eta=lambda eta: 1.0 / right.mu_eta(eta))
    return tools.admits(problem, reported(problem, scoring(problem, link_=wrong, halve=False), converged=True))


@fault(
    "canonical-formula-for-every-link",
    thread="statsmodels#827",
    says="the score X'w(y - mu) and the weights w V(mu), which hold for the canonical link only",
    cause=r"canonical",
)
def canonical_formula_for_every_link(problem: Problem) -> Fit:
    def working(family: Family, link: Link, at: tools.Parts, beta: Array) -> tuple[Array, Array]:
        eta = at.X @ beta + at.offset
        mu, nu = link.linkinv(eta), link.complement(eta)
        with np.errstate(all="ignore"):
            V = family.variance(mu, nu)
            W, r = at.w * V, family.residual(at.y, mu, nu) / V
        return np.where(np.isfinite(W), W, 0.0), np.where(np.isfinite(r), r, 0.0)

    return tools.admits(problem, reported(problem, scoring(problem, working=working, halve=False), converged=True))


@fault(
    "wrong-second-derivative",
    thread="glum 3.2.2",
    says="the sign of d^2 mu/d eta^2 is wrong, so that only the (declared) observed information suffers",
    cause=r"second derivative",
    conventions={"information": "observed"},
)
def wrong_second_derivative(problem: Problem) -> Fit:
    return tools.with_observed_information(
        problem, fit(problem), lambda right: replace(right, mu_eta2=lambda eta: -right.mu_eta2(eta))
    )


@fault(
    "gradient-sign-of-one-family",
    thread="glum#889",
    says="the gamma gradient has the wrong sign: no step helps, and the start is returned as the estimate",
    cause=r"start|early stop|sign of the score",
)
def gradient_sign_of_one_family(problem: Problem) -> Fit:
    if problem.family != "gamma":
        return fit(problem)
    at = tools.parts(problem)
    beta = tools.begin(problem)
    return reported(problem, tools.Scored(beta, beta, at.columns, 0, True))


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
    return tools.admits(problem, reported(problem, scoring(problem, family_=wrong), converged=True))


@fault(
    "poisson-deviance-without-linear-term",
    thread="statsmodels#3355",
    says="the Poisson deviance lacks -(y - mu)",
    cause=r"y - mu|linear term",
)
def poisson_deviance_without_linear_term(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        right = family.unit_deviance
        return replace(family, unit_deviance=lambda y, mu, nu: right(y, mu, nu) + 2.0 * (y - mu))

    with swapped(family=only("poisson", change), fitting=False):
        answer = fit(problem)
    if problem.family != "poisson" or not problem.intercept:
        return answer
    return replace(answer, null_deviance=_null_without_linear_term(problem))


def _null_without_linear_term(problem: Problem) -> float:
    null = fit(replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None, max_iterations=None))
    assert null.null_deviance is not None
    assert null.fitted_values is not None
    return null.null_deviance + 2.0 * float(np.sum(problem.prior_weights * (problem.y - null.fitted_values)))


@fault(
    "deviance-as-minus-two-loglik",
    thread="GLM.jl#32",
    says="-2 log L reported as the deviance",
    cause=r"-2 log-likelihood",
)
def deviance_as_minus_two_loglik(problem: Problem) -> Fit:
    answer = fit(problem)
    return answer if answer.log_likelihood is None else replace(answer, deviance=-2.0 * answer.log_likelihood)


@fault(
    "nan-for-zero-count",
    thread="SPARK-24024",
    says="y log(y/mu) is NaN at y = 0",
    cause=r"NaN|not a number|not finite",
)
def nan_for_zero_count(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        right = family.unit_deviance
        return replace(family, unit_deviance=lambda y, mu, nu: np.where(y == 0, np.nan, right(y, mu, nu)))

    with swapped(family=only(("poisson", "negative_binomial", "binomial"), change), fitting=False):
        return fit(problem)


@fault(
    "bernoulli-formula-for-proportions",
    thread="GLM.jl#100",
    says="-2 [y log mu + (1 - y) log(1 - mu)] for the deviance of a proportion",
    cause=r"bernoulli|saturated model",
)
def bernoulli_formula_for_proportions(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        return replace(
            family, unit_deviance=lambda y, mu, nu: -2.0 * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu))
        )

    with swapped(family=only("binomial", change), fitting=False):
        return fit(problem)


@fault(
    "bernoulli-likelihood-for-proportions",
    thread="GLM.jl#100",
    says="the binomial log-likelihood lacks its coefficients C(m, k)",
    cause=r"bernoulli|constants|binomial coefficient",
)
def bernoulli_likelihood_for_proportions(problem: Problem) -> Fit:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        return np.asarray(w * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu)))

    with swapped(family=only("binomial", lambda f: replace(f, log_likelihood=likelihood)), fitting=False):
        return fit(problem)


@fault(
    "tweedie-deviance-halved",
    thread="utilsforecast#270",
    says="the Tweedie unit deviance lacks its factor 2",
    cause=r"half",
)
def tweedie_deviance_halved(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        right = family.unit_deviance
        return replace(family, unit_deviance=lambda y, mu, nu: right(y, mu, nu) / 2.0)

    with swapped(family=only("tweedie", change)):
        return fit(problem)


@fault(
    "log-likelihood-missing-constants",
    thread="glum 2.0.2",
    says="Poisson and negative binomial log-likelihoods lack log y!",
    cause=r"constant",
)
def log_likelihood_missing_constants(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        right = family.log_likelihood
        return replace(
            family, log_likelihood=lambda y, mu, nu, w, phi: right(y, mu, nu, w, phi) + w * special.gammaln(y + 1.0)
        )

    with swapped(family=only(("poisson", "negative_binomial"), change), fitting=False):
        return fit(problem)


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
    extra = 0.5 * size * np.log(2.0 * np.pi)
    assert answer.aic is not None
    assert answer.bic is not None
    return replace(
        answer,
        log_likelihood=answer.log_likelihood + extra,
        aic=answer.aic - 2.0 * extra,
        bic=answer.bic - 2.0 * extra,
    )


@fault(
    "log-likelihood-sign",
    thread="glum 3.2.3",
    says="the log-likelihood is minus itself",
    cause=r"sign reversed",
)
def log_likelihood_sign(problem: Problem) -> Fit:
    answer = fit(problem)
    return answer if answer.log_likelihood is None else replace(answer, log_likelihood=-answer.log_likelihood)


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

    def change(family: Family) -> Family:
        return replace(family, log_likelihood=poisson if family.name == "poisson" else negative)

    with swapped(family=only(("poisson", "negative_binomial"), change), fitting=False):
        return fit(problem)


@fault(
    "trials-ignored",
    thread="SPARK-18715",
    says="the binomial log-likelihood and AIC count every row as one trial",
    cause=r"trials|weights",
)
def trials_ignored(problem: Problem) -> Fit:
    def change(family: Family) -> Family:
        right = family.log_likelihood
        return replace(family, log_likelihood=lambda y, mu, nu, w, phi: right(y, mu, nu, np.ones_like(w), phi))

    with swapped(family=only("binomial", change), fitting=False):
        return fit(problem)


@fault(
    "successes-truncated",
    thread="SPARK-18715",
    says="int(m y) for the successes in the binomial log-likelihood: (k/m) m may fall below k",
    cause=r"truncat|round",
)
def successes_truncated(problem: Problem) -> Fit:
    def likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        m, k = np.trunc(w), np.trunc(w * y)
        choose = special.gammaln(m + 1.0) - special.gammaln(k + 1.0) - special.gammaln(m - k + 1.0)
        return np.asarray(choose + special.xlogy(k, mu) + special.xlogy(m - k, nu))

    with swapped(family=only("binomial", lambda f: replace(f, log_likelihood=likelihood)), fitting=False):
        return fit(problem)


@fault(
    "theta-inverted",
    thread="statsmodels#9031, GLM.jl#238",
    says="1/theta for theta",
    cause=r"1/theta",
)
def theta_inverted(problem: Problem) -> Fit:
    return fit(problem if problem.theta is None else replace(problem, theta=1.0 / problem.theta))


@fault(
    "default-link-downstream",
    thread="bayesnec#247",
    says="fitted values by the family's default link, whatever the link",
    cause=r"(logit|log|identity|inverse|inverse_squared|canonical|default) link",
)
def default_link_downstream(problem: Problem) -> Fit:
    answer = fit(problem)
    canonical = tools.family(problem).canonical
    if canonical == "none":
        canonical = "log"
    assert answer.linear_predictors is not None
    return replace(answer, fitted_values=link_of(canonical).linkinv(answer.linear_predictors))


@fault(
    "link-argument-ignored",
    thread="bayesnec#247",
    says="the family's default link is fitted, whatever the link",
    cause=r"with the \w+ link",
)
def link_argument_ignored(problem: Problem) -> Fit:
    canonical = tools.family(problem).canonical
    if canonical in ("none", problem.link):
        return fit(problem)
    return fit(replace(problem, link=canonical, start=None))


@fault(
    "probit-tail-saturation",
    thread="GLM.jl#99",
    says="1 - mu by subtraction: mu rounds to 1, the variance to 0, the row is lost",
    cause=r"saturat|tail|1 - mu|rounds to 1",
)
def probit_tail_saturation(problem: Problem) -> Fit:
    def change(link: Link) -> Link:
        return replace(link, complement=lambda eta: 1.0 - link.linkinv(eta))

    with swapped(link=only(("probit", "logit", "cauchit", "cloglog"), change)):
        return fit(problem)


@fault(
    "mean-floored",
    thread="R 4.2.2 stats::make.link",
    says="the log link's mean is kept above 2.2e-16",
    cause=r"floor",
)
def mean_floored(problem: Problem) -> Fit:
    def change(link: Link) -> Link:
        return replace(link, linkinv=lambda eta: np.maximum(link.linkinv(eta), tools.EPS))

    with swapped(link=only("log", change), fitting=False):
        return fit(problem)


@fault(
    "cloglog-clamped-one-side",
    thread="GLM.jl#187",
    says="the complementary log-log mean is kept off 0 (by 1e-6) and not off 1",
    cause=r"clamp|clip|saturat",
)
def cloglog_clamped_one_side(problem: Problem) -> Fit:
    def change(link: Link) -> Link:
        right = link.linkinv

        def linkinv(eta: Array) -> Array:
            return np.maximum(right(eta), 1e-6)

        return replace(link, linkinv=linkinv, complement=lambda eta: 1.0 - linkinv(eta))

    with swapped(link=only("cloglog", change)):
        return fit(problem)


@fault(
    "logistic-overflow",
    thread="statsmodels#1604",
    says="exp(x) / (1 + exp(x)), NaN from 710 on, is what the report uses",
    cause=r"NaN|overflow|not a number|not finite",
)
def logistic_overflow(problem: Problem) -> Fit:
    def change(link: Link) -> Link:
        return replace(link, linkinv=lambda eta: np.exp(eta) / (1.0 + np.exp(eta)))

    with swapped(link=only("logit", change), fitting=False):
        return fit(problem)


@fault(
    "log-link-for-inverse-sign",
    thread="own",
    says="the inverse link's derivative has lost its sign: the weights are right and the response is not",
    cause=r"derivative of the link|mu_eta|sign",
)
def log_link_for_inverse_sign(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.link not in ("inverse", "inverse_squared"):
        return answer
    assert answer.working_residuals is not None
    return replace(answer, working_residuals=-answer.working_residuals)


@fault(
    "variance-power-off-by-one",
    thread="own",
    says="the inverse Gaussian variance is mu^2",
    cause=r"gamma family|variance",
)
def variance_power_off_by_one(problem: Problem) -> Fit:
    with swapped(family=only("inverse_gaussian", lambda f: replace(f, variance=lambda mu, nu: mu * mu))):
        return fit(problem)


@fault(
    "theta-rounded-to-whole",
    thread="own",
    says="theta is an integer: rounded, and 1 at least",
    cause=r"theta (rounded|= 1)",
)
def theta_rounded_to_whole(problem: Problem) -> Fit:
    if problem.theta is None:
        return fit(problem)
    return fit(replace(problem, theta=max(1.0, float(np.rint(problem.theta)))))


@fault(
    "counts-as-32-bit-integers",
    thread="own",
    says="counts are integers of 32 bits, kept at 2^31 - 1",
    cause=r"32-bit integers",
)
def counts_as_32_bit_integers(problem: Problem) -> Fit:
    if problem.family not in ("poisson", "negative_binomial") or not np.all(np.isfinite(problem.y)):
        return fit(problem)
    return fit(replace(problem, y=np.minimum(problem.y, 2.0**31 - 1.0)))
