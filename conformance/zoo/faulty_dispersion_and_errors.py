"""Faults of dispersion and standard errors: the coefficients are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import errors_times, reported, scoring, with_covariance


def _phi(answer: Fit) -> float:
    return 1.0 if answer.dispersion is None else answer.dispersion


@fault(
    "dispersion-applied-twice",
    thread="gam#679",
    says="the dispersion enters the covariance twice",
    cause=r"dispersion applied twice",
)
def dispersion_applied_twice(problem: Problem) -> Fit:
    answer = fit(problem)
    return errors_times(answer, float(np.sqrt(_phi(answer))))


@fault(
    "dispersion-not-applied",
    thread="statsmodels#5316",
    says="the estimated dispersion is left out of the covariance",
    cause=r"dispersion was left out|dispersion 1",
)
def dispersion_not_applied(problem: Problem) -> Fit:
    answer = fit(problem)
    with np.errstate(divide="ignore"):
        return errors_times(answer, float(1.0 / np.sqrt(np.float64(_phi(answer)))))


@fault(
    "unscaled-covariance",
    thread="statsmodels#5316",
    says="the covariance is unscaled though the standard errors are not",
    cause=r"dispersion was left out|dispersion 1|inconsistent",
)
def unscaled_covariance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.covariance is not None
    with np.errstate(all="ignore"):
        return replace(answer, covariance=answer.covariance / np.float64(_phi(answer)))


@fault(
    "sigma-for-sigma-squared",
    thread="glmmTMB#168",
    says="the root of the dispersion is reported as the dispersion",
    cause=r"sigma in place of sigma\^2",
)
def sigma_for_sigma_squared(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, dispersion=float(np.sqrt(_phi(answer))))


@fault(
    "sigma-for-sigma-squared-in-covariance",
    thread="glmmTMB#168",
    says="the covariance is multiplied by sigma",
    cause=r"sigma for sigma\^2",
)
def sigma_for_sigma_squared_in_covariance(problem: Problem) -> Fit:
    answer = fit(problem)
    with np.errstate(all="ignore"):
        return errors_times(answer, float(np.float64(_phi(answer)) ** -0.25))


@fault(
    "extra-small-sample-factor",
    thread="a common slip, without a thread",
    says="n / (n - p) on top of n - p",
    cause=r"n / \(n - p\) on top",
)
def extra_small_sample_factor(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.df_residual is not None
    if answer.df_residual <= 0:
        return answer
    return errors_times(answer, float(np.sqrt(tools.counted(problem) / answer.df_residual)))


@fault(
    "n-for-n-minus-p",
    thread="a common slip, without a thread",
    says="Pearson's X^2 divided by n, not declared",
    cause=r"n in place of n - p|dispersion: mle",
)
def n_for_n_minus_p(problem: Problem) -> Fit:
    answer, n = fit(problem), tools.counted(problem)
    assert answer.df_residual is not None
    if not tools.estimated(problem) or answer.df_residual <= 0:
        return answer
    ratio = answer.df_residual / n
    return replace(errors_times(answer, float(np.sqrt(ratio))), dispersion=_phi(answer) * ratio)


@fault(
    "dispersion-estimated-where-known",
    thread="a common slip, without a thread",
    says="the dispersion of binomial and Poisson models is estimated",
    cause=r"estimated where it is known|known",
)
def dispersion_estimated_where_known(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    assert answer.df_residual is not None
    if problem.family not in ("binomial", "poisson") or answer.df_residual <= 0:
        return answer
    used = problem.prior_weights > 0
    phi = float(np.sum(answer.pearson_residuals[used] ** 2)) / answer.df_residual
    return replace(errors_times(answer, float(np.sqrt(phi))), dispersion=phi)


@fault(
    "dispersion-fixed-at-one",
    thread="a common slip, without a thread",
    says="the dispersion is 1 for every family",
    cause=r"dispersion was not estimated|dispersion 1",
)
def dispersion_fixed_at_one(problem: Problem) -> Fit:
    answer = dispersion_not_applied(problem)
    return replace(answer, dispersion=1.0)


@fault(
    "undeclared-deviance-dispersion",
    thread="statsmodels#3138",
    says="deviance / (n - p), not declared",
    cause=r"convention dispersion: deviance",
)
def undeclared_deviance_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    assert answer.df_residual is not None
    if not tools.estimated(problem) or answer.df_residual <= 0 or _phi(answer) == 0:
        return answer
    phi = answer.deviance / answer.df_residual
    return replace(errors_times(answer, float(np.sqrt(phi / _phi(answer)))), dispersion=phi)


@fault(
    "observed-for-expected-information",
    thread="glum, statsmodels",
    says="standard errors of the observed information, not declared",
    cause=r"information: observed",
)
def observed_for_expected_information(problem: Problem) -> Fit:
    return tools.with_observed_information(problem, fit(problem))


@fault(
    "undeclared-negative-binomial-dispersion",
    thread="R's summary.glm on MASS::negative.binomial",
    says="the dispersion of a negative binomial of known theta is estimated, not declared",
    cause=r"negative_binomial_dispersion: estimated",
)
def undeclared_negative_binomial_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    assert answer.df_residual is not None
    if problem.family != "negative_binomial" or answer.df_residual <= 0:
        return answer
    used = problem.prior_weights > 0
    phi = float(np.sum(answer.pearson_residuals[used] ** 2)) / answer.df_residual
    return replace(errors_times(answer, float(np.sqrt(phi))), dispersion=phi)


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
    answer, old = fit(problem), reported(problem, scored, at=scored.before)
    assert old.covariance is not None
    assert answer.covariance is not None
    return replace(answer, standard_errors=old.standard_errors, covariance=old.covariance)


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
    W, _ = tools.working_at(problem, at, answer)
    if np.all(1e-6 * at.w <= W) or not answer.converged:
        return answer
    S = np.linalg.inv(np.linalg.qr(at.X * np.sqrt(np.maximum(W, 1e-6 * at.w))[:, None], mode="r"))
    return with_covariance(problem, answer, (answer.dispersion or 1.0) * S @ S.T)


@fault(
    "sandwich-as-model-based",
    thread="a common slip, without a thread",
    says="the sandwich covariance (HC0) passed off as the model-based one",
    cause=r"sandwich|robust",
)
def sandwich_as_model_based(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, r = tools.working_at(problem, at, answer)
    R = np.linalg.qr(at.X * np.sqrt(W)[:, None], mode="r")
    if np.any(np.diag(R) == 0):
        return answer
    S = np.linalg.inv(R)
    half = (at.X * (W * r)[:, None]) @ S @ S.T
    return with_covariance(problem, answer, half.T @ half)


@fault(
    "diagonal-information-only",
    thread="a common slip, without a thread",
    says="the reciprocal of the information's diagonal",
    cause=r"diagonal",
)
def diagonal_information_only(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = tools.working_at(problem, at, answer)
    with np.errstate(all="ignore"):
        return with_covariance(problem, answer, np.diag(_phi(answer) / np.sum(W[:, None] * at.X**2, axis=0)))


@fault(
    "covariance-diagonal-only",
    thread="a common slip, without a thread",
    says="the covariance is reported with zeros off its diagonal",
    cause=r"diagonal",
)
def covariance_diagonal_only(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.covariance is not None
    kept = ~np.isnan(answer.coefficients)
    return with_covariance(problem, answer, np.diag(np.diag(answer.covariance[np.ix_(kept, kept)])))


@fault(
    "standardisation-not-undone",
    thread="h2o#877",
    says="columns are centred and scaled; the slopes are restored, the intercept is not",
    cause=r"centred|standardis",
)
def standardisation_not_undone(problem: Problem) -> Fit:
    answer = fit(problem)
    if not problem.intercept:
        return answer
    kept = ~np.isnan(answer.coefficients)
    beta, means = answer.coefficients.copy(), problem.X.mean(axis=0)
    beta[0] += float(means[kept][1:] @ beta[kept][1:])
    return replace(answer, coefficients=beta)


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
    errors = None if answer.standard_errors is None else answer.standard_errors * spread
    covariance = None if answer.covariance is None else answer.covariance * np.outer(spread, spread)
    return replace(answer, coefficients=answer.coefficients * spread, standard_errors=errors, covariance=covariance)


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
    assert answer.covariance is not None
    kept = np.flatnonzero(~np.isnan(answer.coefficients))
    turn = np.eye(len(kept))
    turn[0, 1:] = problem.X[:, kept[1:]].mean(axis=0)
    whole = answer.covariance[np.ix_(kept, kept)]
    return with_covariance(problem, answer, turn @ whole @ turn.T)


@fault(
    "negative-residual-df",
    thread="statsmodels#8891",
    says="the intercept is counted on top of the columns: n - p - 1, which is -1 for a saturated model",
    cause=r"one (more|less|fewer)|minus 1|n - p - 1|negative",
)
def negative_residual_df(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.df_residual is not None
    return replace(answer, df_residual=answer.df_residual - problem.intercept)


@fault(
    "variances-for-standard-errors",
    thread="own",
    says="the diagonal of the covariance, without the root",
    cause=r"root was not taken",
)
def variances_for_standard_errors(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.standard_errors is not None
    return replace(answer, standard_errors=answer.standard_errors**2)


@fault(
    "errors-of-the-last-column-repeated",
    thread="own",
    says="standard errors in the order of a pivoted QR that was not undone",
    cause=r"order|pivot|permut",
)
def errors_of_the_last_column_repeated(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.standard_errors is not None
    kept = np.flatnonzero(~np.isnan(answer.coefficients))
    pivot = np.argsort(-np.linalg.norm(problem.X[:, kept], axis=0), kind="stable")
    errors = answer.standard_errors.copy()
    errors[kept] = answer.standard_errors[kept][pivot]
    return replace(answer, standard_errors=errors)


@fault(
    "correlation-for-covariance",
    thread="own",
    says="the correlation of the estimates is reported as their covariance",
    cause=r"correlation",
)
def correlation_for_covariance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.covariance is not None
    assert answer.standard_errors is not None
    with np.errstate(all="ignore"):
        return replace(answer, covariance=answer.covariance / np.outer(answer.standard_errors, answer.standard_errors))


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
    W, _ = tools.working_at(problem, replace(at, offset=np.zeros_like(at.offset)), answer)
    R = np.linalg.qr(at.X * np.sqrt(W)[:, None], mode="r")
    if not np.all(np.diag(R) != 0):
        return answer
    S = np.linalg.inv(R)
    return with_covariance(problem, answer, (answer.dispersion or 1.0) * S @ S.T)
