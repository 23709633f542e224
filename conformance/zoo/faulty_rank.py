"""Faults of rank: what becomes of a column that others make up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import dispersion_of, got
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "names-shifted-after-aliasing",
    thread="speedglm 0.3-1",
    says="the kept coefficients take the first names, NaN comes last",
    cause=r"names|shifted|order",
)
def names_shifted_after_aliasing(problem: Problem) -> Fit:
    answer = fit(problem)
    order = np.argsort(np.isnan(answer.coefficients), kind="stable")
    beta, errors = answer.coefficients[order], got(answer.standard_errors)[order]
    return replace(answer, coefficients=beta, standard_errors=errors, covariance=None)


@fault(
    "nonsense-on-singular-design",
    thread="statsmodels#8670",
    says="no rank check: X'WX is solved as it is, and its rounding is reported as estimates",
    cause=r"rank|singular|raised|aliased",
)
def nonsense_on_singular_design(problem: Problem) -> Fit:
    answer = fit(problem)
    gone = np.isnan(answer.coefficients)
    if not np.any(gone):
        return answer
    at = tools.parts(problem)
    W, r = tools.working(tools.family(problem), tools.link(problem), at, answer.coefficients[~gone])
    X = problem.X[at.used]
    z = at.X @ answer.coefficients[~gone] + r
    H = X.T @ (W[:, None] * X)
    try:
        beta, covariance = np.linalg.solve(H, X.T @ (W * z)), np.linalg.inv(H)
    except np.linalg.LinAlgError:
        pivot = 1e-15 * np.trace(H)
        H = H + pivot * np.diag(np.random.default_rng(0).uniform(0.5, 1.5, len(H)))
        beta, covariance = np.linalg.solve(H, X.T @ (W * z)), np.linalg.inv(H)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.abs(dispersion_of(answer) * np.diag(covariance)))
    return replace(
        answer,
        coefficients=np.asarray(beta, dtype=np.float64),
        standard_errors=errors,
        covariance=None,
        rank=problem.p,
        df_residual=tools.counted(problem) - problem.p,
    )


@fault(
    "aliased-as-zero",
    thread="speedglm 0.3-1",
    says="an aliased coefficient is reported as 0, as if it were estimated",
    cause=r"aliased|rank",
)
def aliased_as_zero(problem: Problem) -> Fit:
    answer = fit(problem)
    beta = answer.coefficients.copy()
    beta[np.isnan(beta)] = 0.0
    return replace(
        answer,
        coefficients=beta,
        standard_errors=np.nan_to_num(got(answer.standard_errors)),
        covariance=np.nan_to_num(got(answer.covariance)),
    )


@fault(
    "covariance-of-aliased-zero",
    thread="own",
    says="the covariance of an aliased column is 0, a number, though its coefficient is NaN",
    cause=r"belongs to an aliased column",
)
@reports("covariance")
def covariance_of_aliased_zero(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.asarray(np.nan_to_num(right))
