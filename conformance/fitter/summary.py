"""Everything that a GLM reports, from the coefficients: R's definitions (summary.glm, residuals.glm, logLik, AIC)."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np

from conformance.fitter.diagnose import Ending
from conformance.fitter.irls import Solution, solve
from conformance.mathematics.least_squares import inverse_root
from conformance.mathematics.quantities import Fit
from conformance.mathematics.response import Response
from conformance.question.problem import Problem

NULL_STARTS = 7  # of a null model with an offset, whose likelihood may have several maxima


@np.errstate(all="ignore")  # a perfect fit has an infinite log-likelihood, a row of weight 0 may have no mean ...
def summarise(problem: Problem, solution: Solution, response: Response | None = None) -> Fit:
    """The Fit of ``problem`` at ``solution``: rows of weight 0 count nowhere but have fitted values (R).

    ``response`` stands in for the problem's own where a fault is studied.
    """
    response, columns = response or Response.of(problem), solution.columns
    counts, known = response.counts, response.family.known_dispersion
    at = response.at(problem.X[:, columns] @ solution.beta + response.offset)
    n, p = int(counts.sum()), len(columns)
    dispersion = known or (float(np.sum(at.pearson_residuals[counts] ** 2)) / (n - p) if n > p else np.nan)
    root = np.where(counts & np.isfinite(at.working_weights), np.sqrt(at.working_weights), 0.0)
    S, leverages = inverse_root(root[:, None] * problem.X[:, columns])
    coefficients, errors = np.full(problem.p, np.nan), np.full(problem.p, np.nan)
    covariance = np.full((problem.p, problem.p), np.nan)
    coefficients[columns], errors[columns] = solution.beta, np.sqrt(dispersion) * np.linalg.norm(S, axis=1)
    covariance[np.ix_(columns, columns)] = dispersion * (S @ S.T)
    log_likelihood, parameters = at.log_likelihood, p + (known is None)
    return Fit(
        coefficients=coefficients,
        standard_errors=errors,
        covariance=covariance,
        dispersion=dispersion,
        deviance=at.deviance,
        null_deviance=null_deviance(problem, response),
        log_likelihood=log_likelihood,
        aic=None if log_likelihood is None else 2.0 * parameters - 2.0 * log_likelihood,
        bic=None if log_likelihood is None else np.log(n) * parameters - 2.0 * log_likelihood,
        df_residual=n - p,
        df_null=n - problem.intercept,
        rank=p,
        fitted_values=at.mu,
        linear_predictors=at.eta,
        response_residuals=at.residual,
        pearson_residuals=at.pearson_residuals,
        deviance_residuals=at.deviance_residuals,
        working_residuals=at.working_residuals,
        leverages=leverages,
        converged=solution.ending is Ending.MAXIMUM,
        iterations=solution.iterations,
        warnings=solution.warnings,
        trace=solution.trace,
    )


@np.errstate(all="ignore")
def null_deviance(problem: Problem, response: Response | None = None) -> float:
    """The deviance with the intercept and the offset alone; without an intercept, of eta = offset, as R has it."""
    response = (response or Response.of(problem)).counting
    y, w, offset, linkfun = response.y, response.weights, response.offset, response.link.linkfun
    if not problem.intercept:
        return float(np.sum(w * response.at(offset).unit_deviance))  # also at a wall, as eta = 0 of the square root is
    if np.all(offset == offset[0]):
        mu, nu = (np.full_like(y, np.average(values, weights=w)) for values in (y, 1.0 - y))
        return float(np.sum(w * response.family.unit_deviance(y, mu, nu)))
    # There may be several maxima: the search starts next to the data, at the offset's ends and at some of the data.
    middle, etas = linkfun(np.array([response.average])), np.sort(linkfun(y) - offset)
    etas = etas[np.isfinite(etas)]
    some = etas[np.unique(np.linspace(0, len(etas) - 1, NULL_STARTS).astype(int))] if len(etas) else etas
    null = replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None, max_iterations=None)
    found = []
    for start in (None, middle - np.min(offset), middle - np.max(offset), *some[:, None]):
        with contextlib.suppress(ValueError):  # some constants may have no mean
            solution = solve(replace(null, start=start), response)
            found.append(response.at(solution.beta + offset).deviance)
            if solution.ending is Ending.MAXIMUM and response.link.name in response.family.concave:
                break  # the only maximum
    return min(found, default=np.nan)
