"""Faults of residuals, leverages and fitted values: the fit itself is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import dispersion_of, got, working_at
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "deviance-residuals-unsigned",
    thread="statsmodels#4209",
    says="deviance residuals without their sign",
    cause=r"without their sign",
)
@reports("deviance_residuals")
def deviance_residuals_unsigned(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.abs(right)


@fault(
    "deviance-residuals-unweighted",
    thread="R 1.4.0",
    says="deviance residuals without the prior weights",
    cause=r"without the weights",
)
@reports("deviance_residuals")
def deviance_residuals_unweighted(problem: Problem, answer: Fit, right: Array) -> Array:
    return right / np.sqrt(problem.prior_weights)


@fault(
    "pearson-residuals-canonical-or-unweighted",
    thread="R 1.4.0",
    says="Pearson residuals without the prior weights",
    cause=r"without the weights",
)
@reports("pearson_residuals")
def pearson_residuals_unweighted(problem: Problem, answer: Fit, right: Array) -> Array:
    return right / np.sqrt(problem.prior_weights)


@fault(
    "pearson-residuals-for-canonical-link",
    thread="R 1.4.0",
    says="Pearson residuals with mu_eta for the variance, which holds for the canonical link only",
    cause=r"canonical",
)
@reports("pearson_residuals")
def pearson_residuals_for_canonical_link(problem: Problem, answer: Fit, right: Array) -> Array:
    V = np.abs(tools.link(problem).mu_eta(got(answer.linear_predictors)))
    return np.asarray(got(answer.response_residuals) * np.sqrt(problem.prior_weights / V))


@fault(
    "pearson-residuals-studentised",
    thread="own",
    says="Pearson residuals divided by sqrt(phi (1 - h))",
    cause=r"studentis|standardis|1 - h",
)
@reports("pearson_residuals")
def pearson_residuals_studentised(problem: Problem, answer: Fit, right: Array) -> Array:
    return right / np.sqrt(dispersion_of(answer) * (1.0 - got(answer.leverages)))


@fault(
    "pearson-residuals-scaled",
    thread="own",
    says="Pearson residuals divided by the root of the dispersion",
    cause=r"scaled|divided by (the root of )?the dispersion|sigma",
)
@reports("pearson_residuals")
def pearson_residuals_scaled(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.asarray(right / np.sqrt(np.float64(dispersion_of(answer))))


def _leverages(problem: Problem, at: tools.Parts, weighted: Array) -> Array:
    """(n,) the diagonal of the projection on the columns of ``weighted`` (used rows, rank); 0 for the other rows."""
    leverages = np.zeros(problem.n)
    leverages[at.used] = np.sum(np.linalg.qr(weighted)[0] ** 2, axis=1)
    return leverages


@fault(
    "leverage-unweighted",
    thread="a common slip, without a thread",
    says="the leverages of X, not of the weighted design",
    cause=r"unweighted|leverages of X",
)
def leverage_unweighted(problem: Problem) -> Fit:
    at = tools.parts(problem)
    return replace(fit(problem), leverages=_leverages(problem, at, at.X))


@fault(
    "leverage-without-prior-weights",
    thread="a common slip, without a thread",
    says="the leverages' working weights lack the prior weights",
    cause=r"weights",
)
def leverage_without_prior_weights(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = working_at(problem, at, answer)
    return replace(answer, leverages=_leverages(problem, at, at.X * np.sqrt(W / at.w)[:, None]))


@fault(
    "working-residuals-without-derivative",
    thread="own",
    says="y - mu for the working residuals",
    cause=r"response residuals|mu_eta|derivative",
)
@reports("working_residuals")
def working_residuals_without_derivative(problem: Problem, answer: Fit, right: Array) -> Array | None:
    return answer.response_residuals


@fault(
    "residual-sign",
    thread="own",
    says="mu - y for the response residuals",
    cause=r"sign reversed",
)
@reports("response_residuals")
def residual_sign(problem: Problem, answer: Fit, right: Array) -> Array:
    return -right


@fault(
    "residuals-in-counts",
    thread="own",
    says="successes minus expected successes for the response residuals of proportions",
    cause=r"multiplied by the (prior )?weights?|counts|trials",
)
@reports("response_residuals")
def residuals_in_counts(problem: Problem, answer: Fit, right: Array) -> Array:
    return right * problem.prior_weights if problem.family == "binomial" else right


@fault(
    "fitted-counts-for-proportions",
    thread="own",
    says="expected successes for the fitted values of proportions",
    cause=r"multiplied by the (prior )?weights?|counts|trials",
)
@reports("fitted_values")
def fitted_counts_for_proportions(problem: Problem, answer: Fit, right: Array) -> Array:
    return right * problem.prior_weights if problem.family == "binomial" else right


@fault(
    "fitted-on-link-scale",
    thread="own",
    says="the linear predictor is reported as the fitted values",
    cause=r"linear predictor",
)
@reports("fitted_values")
def fitted_on_link_scale(problem: Problem, answer: Fit, right: Array) -> Array | None:
    return answer.linear_predictors


@fault(
    "vectors-in-another-order",
    thread="own",
    says="vectors over the rows in the order of the sorted response",
    cause=r"order|permut",
)
def vectors_in_another_order(problem: Problem) -> Fit:
    answer = fit(problem)
    order = np.argsort(problem.y, kind="stable")
    mu, eta = got(answer.fitted_values)[order], got(answer.linear_predictors)[order]
    return replace(answer, fitted_values=mu, linear_predictors=eta)


@fault(
    "working-residuals-weighted",
    thread="own",
    says="working residuals times the roots of the prior weights",
    cause=r"multiplied by the roots of the weights",
)
@reports("working_residuals")
def working_residuals_weighted(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.asarray(right * np.sqrt(problem.prior_weights))
