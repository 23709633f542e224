"""Faults of the link: a wrong derivative, a tail that is lost, or another link than was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.family import Family
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, got, reported, with_observed_information
from conformance.zoo.making import reports, with_link
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "link-derivative-swapped",
    thread="paiml/aprender#2122",
    says="d eta/d mu for d mu/d eta in weights and working response",
    cause=r"derivative of the link|1 ?/ ?mu_eta|mu_eta",
)
def link_derivative_swapped(problem: Problem) -> Fit:
    right = tools.link(problem)
    wrong = replace(right, mu_eta=lambda eta: 1.0 / right.mu_eta(eta))
    return admits(problem, reported(problem, scoring(problem, link_=wrong, halve=False), converged=True))


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

    return admits(problem, reported(problem, scoring(problem, working=working, halve=False), converged=True))


@fault(
    "wrong-second-derivative",
    thread="glum 3.2.2",
    says="the sign of d^2 mu/d eta^2 is wrong, so that only the (declared) observed information suffers",
    cause=r"second derivative",
    conventions={"information": "observed"},
)
def wrong_second_derivative(problem: Problem) -> Fit:
    def change(right: Link) -> Link:
        return replace(right, mu_eta2=lambda eta: -right.mu_eta2(eta))

    return with_observed_information(problem, fit(problem), change)


@fault(
    "log-link-for-inverse-sign",
    thread="own",
    says="the inverse link's derivative has lost its sign: the weights are right and the response is not",
    cause=r"derivative of the link|mu_eta|sign",
)
@reports("working_residuals")
def derivative_without_its_sign(problem: Problem, answer: Fit, right: Array) -> Array:
    return -right if problem.link in ("inverse", "inverse_squared") else right


@fault(
    "default-link-downstream",
    thread="bayesnec#247",
    says="fitted values by the family's default link, whatever the link",
    cause=r"(logit|log|identity|inverse|inverse_squared|canonical|default) link",
)
@reports("fitted_values")
def default_link_downstream(problem: Problem, answer: Fit, right: Array) -> Array:
    canonical = tools.family(problem).canonical
    return link_of("log" if canonical == "none" else canonical).linkinv(got(answer.linear_predictors))


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


# ------------------------------------------------------------------------------- the tails


@fault(
    "probit-tail-saturation",
    thread="GLM.jl#99",
    says="1 - mu by subtraction: mu rounds to 1, the variance to 0, the row is lost",
    cause=r"saturat|tail|1 - mu|rounds to 1",
)
@with_link("probit", "logit", "cauchit", "cloglog")
def probit_tail_saturation(right: Link) -> Link:
    return replace(right, complement=lambda eta: 1.0 - right.linkinv(eta))


@fault(
    "mean-floored",
    thread="R 4.2.2 stats::make.link",
    says="the log link's mean is kept above 2.2e-16",
    cause=r"floor",
)
@with_link("log", fitting=False)
def mean_floored(right: Link) -> Link:
    return replace(right, linkinv=lambda eta: np.maximum(right.linkinv(eta), tools.EPS))


@fault(
    "cloglog-clamped-one-side",
    thread="GLM.jl#187",
    says="the complementary log-log mean is kept off 0 (by 1e-6) and not off 1",
    cause=r"clamp|clip|saturat",
)
@with_link("cloglog")
def cloglog_clamped_one_side(right: Link) -> Link:
    def linkinv(eta: Array) -> Array:
        return np.maximum(right.linkinv(eta), 1e-6)

    return replace(right, linkinv=linkinv, complement=lambda eta: 1.0 - linkinv(eta))


@fault(
    "logistic-overflow",
    thread="statsmodels#1604",
    says="exp(x) / (1 + exp(x)), NaN from 710 on, is what the report uses",
    cause=r"NaN|overflow|not a number|not finite",
)
@with_link("logit", fitting=False)
def logistic_overflow(right: Link) -> Link:
    return replace(right, linkinv=lambda eta: np.exp(eta) / (1.0 + np.exp(eta)))
