"""Other conventions: each fitter here is right where it declares what it does, and at fault where it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.fitter.summary import null_deviance
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import (
    got,
    pearson_dispersion,
    with_covariance,
    with_dispersion,
    with_likelihood_at,
    with_more_parameters,
    with_observed_information,
)
from conformance.zoo.registry import correct, fault
from conformance.zoo.remembered import fit


@fault(
    "undeclared-deviance-dispersion",
    thread="statsmodels#3138",
    says="deviance / (n - p), not declared",
    cause=r"convention dispersion: deviance",
)
@correct("dispersion-deviance", says="deviance / (n - p), declared", conventions={"dispersion": "deviance"})
def deviance_for_pearson_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    df = got(answer.df_residual)
    if not tools.estimated(problem) or df <= 0:
        return answer
    return with_dispersion(answer, got(answer.deviance) / df)


@fault(
    "undeclared-negative-binomial-dispersion",
    thread="R's summary.glm on MASS::negative.binomial",
    says="the dispersion of a negative binomial of known theta is estimated, not declared",
    cause=r"negative_binomial_dispersion: estimated",
)
@correct(
    "negative-binomial-dispersion-estimated",
    says="declared",
    conventions={"negative_binomial_dispersion": "estimated"},
)
def negative_binomial_dispersion_estimated(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family != "negative_binomial":
        return answer
    if got(answer.df_residual) <= 0:
        return replace(answer, dispersion=None, standard_errors=None, covariance=None)
    return with_dispersion(answer, pearson_dispersion(problem, answer))


@fault(
    "observed-for-expected-information",
    thread="glum, statsmodels",
    says="standard errors of the observed information, not declared",
    cause=r"information: observed",
)
def observed_for_expected_information(problem: Problem) -> Fit:
    return with_observed_information(problem, fit(problem))


@fault(
    "aic-without-dispersion-parameter",
    thread="a common slip, without a thread",
    says="the AIC does not count the dispersion where R does, not declared",
    cause=r"aic: without_dispersion",
)
@correct("aic-without-dispersion", says="declared", conventions={"aic": "without_dispersion"})
def aic_without_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_more_parameters(problem, answer, -1) if tools.estimated(problem) else answer


@fault(
    "undeclared-pearson-likelihood",
    thread="a common slip, without a thread",
    says="the log-likelihood uses Pearson's dispersion, not declared",
    cause=r"log_likelihood_dispersion: pearson",
)
@correct("likelihood-pearson", says="declared", conventions={"log_likelihood_dispersion": "pearson"})
def likelihood_at_pearson_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_likelihood_at(problem, answer, answer.dispersion)


@fault(
    "null-model-with-intercept-always",
    thread="R's glm has the offset alone; statsmodels a constant",
    says="the null model has an intercept though the model has none, not declared",
    cause=r"null_model_without_intercept: constant|intercept",
)
@correct("null-model-constant", says="declared", conventions={"null_model_without_intercept": "constant"})
def null_model_constant(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.intercept:
        return answer
    deviance = null_deviance(replace(problem, intercept=True))
    return replace(answer, null_deviance=deviance, df_null=tools.counted(problem) - 1)


@fault(
    "undeclared-minimum-norm",
    thread="statsmodels#8670",
    says="the solution of minimum norm on a singular design, not declared",
    cause=r"aliased: minimum_norm",
)
@correct("minimum-norm", says="the solution of minimum norm, declared", conventions={"aliased": "minimum_norm"})
def minimum_norm(problem: Problem) -> Fit:
    answer = fit(problem)
    gone = np.isnan(answer.coefficients)
    if not np.any(gone):
        return answer
    eta = problem.X[:, ~gone] @ answer.coefficients[~gone]
    inverse = np.linalg.pinv(problem.X)
    turn = inverse @ problem.X[:, ~gone]
    covariance = turn @ got(answer.covariance)[np.ix_(~gone, ~gone)] @ turn.T
    return with_covariance(problem, replace(answer, coefficients=inverse @ eta), covariance)


@fault(
    "rank-deficiency-refused-undeclared",
    thread="a common slip, without a thread",
    says="a singular design is refused, not declared",
    cause=r"raised|refused|aliased",
)
@correct("aliased-refused", says="a singular design is refused, declared", conventions={"aliased": "refused"})
def aliased_refused(problem: Problem) -> Fit:
    answer = fit(problem)
    if np.any(np.isnan(answer.coefficients)):
        raise np.linalg.LinAlgError("the design is singular")
    return answer
