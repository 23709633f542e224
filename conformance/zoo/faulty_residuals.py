"""Faults of residuals, leverages and fitted values: the fit itself is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "deviance-residuals-unsigned",
    thread="statsmodels#4209",
    says="deviance residuals without their sign",
    cause=r"without their sign",
)
def deviance_residuals_unsigned(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance_residuals is not None
    return replace(answer, deviance_residuals=np.abs(answer.deviance_residuals))


@fault(
    "deviance-residuals-unweighted",
    thread="R 1.4.0",
    says="deviance residuals without the prior weights",
    cause=r"without the weights",
)
def deviance_residuals_unweighted(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance_residuals is not None
    with np.errstate(all="ignore"):
        return replace(answer, deviance_residuals=answer.deviance_residuals / np.sqrt(problem.prior_weights))


@fault(
    "pearson-residuals-canonical-or-unweighted",
    thread="R 1.4.0",
    says="Pearson residuals without the prior weights",
    cause=r"without the weights",
)
def pearson_residuals_unweighted(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    with np.errstate(all="ignore"):
        return replace(answer, pearson_residuals=answer.pearson_residuals / np.sqrt(problem.prior_weights))


@fault(
    "pearson-residuals-for-canonical-link",
    thread="R 1.4.0",
    says="Pearson residuals with mu_eta for the variance, which holds for the canonical link only",
    cause=r"canonical",
)
def pearson_residuals_for_canonical_link(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.linear_predictors is not None
    assert answer.response_residuals is not None
    with np.errstate(all="ignore"):
        V = np.abs(tools.link(problem).mu_eta(answer.linear_predictors))
        return replace(answer, pearson_residuals=answer.response_residuals * np.sqrt(problem.prior_weights / V))


@fault(
    "pearson-residuals-studentised",
    thread="own",
    says="Pearson residuals divided by sqrt(phi (1 - h))",
    cause=r"studentis|standardis|1 - h",
)
def pearson_residuals_studentised(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    assert answer.leverages is not None
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    with np.errstate(all="ignore"):
        return replace(answer, pearson_residuals=answer.pearson_residuals / np.sqrt(phi * (1.0 - answer.leverages)))


@fault(
    "pearson-residuals-scaled",
    thread="own",
    says="Pearson residuals divided by the root of the dispersion",
    cause=r"scaled|divided by (the root of )?the dispersion|sigma",
)
def pearson_residuals_scaled(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    with np.errstate(all="ignore"):
        return replace(answer, pearson_residuals=answer.pearson_residuals / np.sqrt(np.float64(phi)))


@fault(
    "leverage-unweighted",
    thread="a common slip, without a thread",
    says="the leverages of X, not of the weighted design",
    cause=r"unweighted|leverages of X",
)
def leverage_unweighted(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    leverages = np.zeros(problem.n)
    leverages[at.used] = np.sum(np.linalg.qr(at.X)[0] ** 2, axis=1)
    return replace(answer, leverages=leverages)


@fault(
    "leverage-without-prior-weights",
    thread="a common slip, without a thread",
    says="the leverages' working weights lack the prior weights",
    cause=r"weights",
)
def leverage_without_prior_weights(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = tools.working_at(problem, at, answer)
    leverages = np.zeros(problem.n)
    leverages[at.used] = np.sum(np.linalg.qr(at.X * np.sqrt(W / at.w)[:, None])[0] ** 2, axis=1)
    return replace(answer, leverages=leverages)


@fault(
    "working-residuals-without-derivative",
    thread="own",
    says="y - mu for the working residuals",
    cause=r"response residuals|mu_eta|derivative",
)
def working_residuals_without_derivative(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, working_residuals=answer.response_residuals)


@fault(
    "residual-sign",
    thread="own",
    says="mu - y for the response residuals",
    cause=r"sign reversed",
)
def residual_sign(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.response_residuals is not None
    return replace(answer, response_residuals=-answer.response_residuals)


@fault(
    "residuals-in-counts",
    thread="own",
    says="successes minus expected successes for the response residuals of proportions",
    cause=r"multiplied by the (prior )?weights?|counts|trials",
)
def residuals_in_counts(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.response_residuals is not None
    if problem.family != "binomial":
        return answer
    return replace(answer, response_residuals=answer.response_residuals * problem.prior_weights)


@fault(
    "fitted-counts-for-proportions",
    thread="own",
    says="expected successes for the fitted values of proportions",
    cause=r"multiplied by the (prior )?weights?|counts|trials",
)
def fitted_counts_for_proportions(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.fitted_values is not None
    if problem.family != "binomial":
        return answer
    return replace(answer, fitted_values=answer.fitted_values * problem.prior_weights)


@fault(
    "fitted-on-link-scale",
    thread="own",
    says="the linear predictor is reported as the fitted values",
    cause=r"linear predictor",
)
def fitted_on_link_scale(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, fitted_values=answer.linear_predictors)


@fault(
    "vectors-in-another-order",
    thread="own",
    says="vectors over the rows in the order of the sorted response",
    cause=r"order|permut",
)
def vectors_in_another_order(problem: Problem) -> Fit:
    answer = fit(problem)
    order = np.argsort(problem.y, kind="stable")
    assert answer.fitted_values is not None
    assert answer.linear_predictors is not None
    return replace(answer, fitted_values=answer.fitted_values[order], linear_predictors=answer.linear_predictors[order])


@fault(
    "working-residuals-weighted",
    thread="own",
    says="working residuals times the roots of the prior weights",
    cause=r"multiplied by the roots of the weights",
)
def working_residuals_weighted(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.working_residuals is not None
    return replace(answer, working_residuals=answer.working_residuals * np.sqrt(problem.prior_weights))
