"""Faults of the standard errors and the covariance: the coefficients and the dispersion are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import (
    dispersion_of,
    got,
    inverse_information,
    reported,
    with_covariance,
    with_dispersion,
    with_weights,
    working_at,
)
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "stale-weights-in-covariance",
    thread="R's own glm",
    says="R's stopping rule, and the covariance from the weights of the iterate before",
    cause=r"stale|earlier iterate",
)
def stale_weights_in_covariance(problem: Problem) -> Fit:
    scored = scoring(problem, stop=tools.deviance_stands_still(1e-8))
    if not scored.converged:
        return fit(problem)
    answer, old = fit(problem), reported(problem, replace(scored, beta=scored.before))
    stale = with_dispersion(old, dispersion_of(answer))  # the dispersion is that of the last iterate
    return replace(answer, standard_errors=stale.standard_errors, covariance=stale.covariance)


@fault(
    "stale-weights-in-leverages",
    thread="R's own glm",
    says="R's stopping rule, and leverages from the weights of the iterate before",
    cause=r"stale|earlier iterate",
)
def stale_weights_in_leverages(problem: Problem) -> Fit:
    scored = scoring(problem, stop=tools.deviance_stands_still(1e-8))
    if not scored.converged:
        return fit(problem)
    return replace(fit(problem), leverages=reported(problem, replace(scored, beta=scored.before)).leverages)


@fault(
    "errors-from-floored-weights",
    thread="h2o 3.46, docs/findings.md 105",
    says="right coefficients, but the working weights behind the errors are 1e-6 at least",
    cause=r"working weights of 1e-06 at least",
)
def errors_from_floored_weights(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = working_at(problem, at, answer)
    if np.all(1e-6 * at.w <= W) or not answer.converged:
        return answer
    return with_weights(problem, answer, at, np.maximum(W, 1e-6 * at.w))


@fault(
    "errors-at-eta-without-offset",
    thread="own",
    says="the information is taken at X beta, without the offset",
    cause=r"predictor without the offset",
)
def errors_at_eta_without_offset(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.offset is None or not answer.converged:
        return answer
    at = tools.parts(problem)
    W, _ = working_at(problem, replace(at, offset=np.zeros_like(at.offset)), answer)
    return with_weights(problem, answer, at, W)


@fault(
    "sandwich-as-model-based",
    thread="a common slip, without a thread",
    says="the sandwich covariance (HC0) passed off as the model-based one",
    cause=r"sandwich|robust",
)
def sandwich_as_model_based(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, r = working_at(problem, at, answer)
    inverse = inverse_information(at.X, W)
    if inverse is None:
        return answer
    half = (at.X * (W * r)[:, None]) @ inverse
    return with_covariance(problem, answer, half.T @ half)


@fault(
    "diagonal-information-only",
    thread="a common slip, without a thread",
    says="the reciprocal of the information's diagonal",
    cause=r"diagonal",
)
def diagonal_information_only(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = working_at(problem, at, answer)
    with np.errstate(all="ignore"):
        variances = dispersion_of(answer) / np.sum(W[:, None] * at.X**2, axis=0)
    return with_covariance(problem, answer, np.diag(variances))


@fault(
    "covariance-diagonal-only",
    thread="a common slip, without a thread",
    says="the covariance is reported with zeros off its diagonal",
    cause=r"diagonal",
)
def covariance_diagonal_only(problem: Problem) -> Fit:
    answer = fit(problem)
    kept = ~np.isnan(answer.coefficients)
    return with_covariance(problem, answer, np.diag(np.diag(got(answer.covariance)[np.ix_(kept, kept)])))


@fault(
    "standardisation-not-undone",
    thread="h2o#877",
    says="columns are centred and scaled; the slopes are restored, the intercept is not",
    cause=r"centred|standardis",
)
@reports("coefficients")
def standardisation_not_undone(problem: Problem, answer: Fit, right: Array) -> Array:
    if not problem.intercept:
        return right
    beta, kept, means = right.copy(), ~np.isnan(right), problem.X.mean(axis=0)
    beta[0] += float(means[kept][1:] @ beta[kept][1:])
    return beta


@fault(
    "scale-not-undone",
    thread="h2o#877",
    says="slopes of the scaled columns are reported as those of the columns",
    cause=r"scaled|standardis",
)
def scale_not_undone(problem: Problem) -> Fit:
    answer = fit(problem)
    spread = problem.X.std(axis=0)
    spread[spread == 0] = 1.0
    return replace(
        answer,
        coefficients=answer.coefficients * spread,
        standard_errors=got(answer.standard_errors) * spread,
        covariance=got(answer.covariance) * np.outer(spread, spread),
    )


@fault(
    "standardised-intercept-error",
    thread="h2o#877",
    says="the intercept's standard error is that of centred columns",
    cause=r"centred|standardis",
)
def standardised_intercept_error(problem: Problem) -> Fit:
    answer = fit(problem)
    if not problem.intercept:
        return answer
    kept = np.flatnonzero(~np.isnan(answer.coefficients))
    turn = np.eye(len(kept))
    turn[0, 1:] = problem.X[:, kept[1:]].mean(axis=0)
    whole = got(answer.covariance)[np.ix_(kept, kept)]
    return with_covariance(problem, answer, turn @ whole @ turn.T)


@fault(
    "variances-for-standard-errors",
    thread="own",
    says="the diagonal of the covariance, without the root",
    cause=r"root was not taken",
)
@reports("standard_errors")
def variances_for_standard_errors(problem: Problem, answer: Fit, right: Array) -> Array:
    return right**2


@fault(
    "errors-of-the-last-column-repeated",
    thread="own",
    says="standard errors in the order of a pivoted QR that was not undone",
    cause=r"order|pivot|permut",
)
@reports("standard_errors")
def errors_in_the_order_of_the_pivots(problem: Problem, answer: Fit, right: Array) -> Array:
    kept = np.flatnonzero(~np.isnan(answer.coefficients))
    pivot = np.argsort(-np.linalg.norm(problem.X[:, kept], axis=0), kind="stable")
    errors = right.copy()
    errors[kept] = right[kept][pivot]
    return errors


@fault(
    "correlation-for-covariance",
    thread="own",
    says="the correlation of the estimates is reported as their covariance",
    cause=r"correlation",
)
@reports("covariance")
def correlation_for_covariance(problem: Problem, answer: Fit, right: Array) -> Array:
    errors = got(answer.standard_errors)
    return np.asarray(right / np.outer(errors, errors))
