"""Everything that a GLM reports, from the coefficients: R's definitions (summary.glm, residuals.glm, logLik, AIC)."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.irls import Solution, solve
from conformance.fitter.predictor import descending
from conformance.mathematics.link import Array
from conformance.mathematics.quantities import Fit
from conformance.mathematics.response import AtEta, Response
from conformance.question.problem import Problem

NULL_STARTS = 7  # of a null model with an offset, whose likelihood may have several maxima


@np.errstate(all="ignore")  # a perfect fit has an infinite log-likelihood, a row of weight 0 may have no mean ...
def summarise(problem: Problem, solution: Solution, response: Response | None = None) -> Fit:
    """The Fit of ``problem`` at ``solution``: rows of weight 0 count nowhere but have fitted values (R).

    ``response`` stands in for the problem's own where a fault is studied.
    """
    response, columns = response or Response.of(problem), solution.columns
    counts, root_w = response.counts, np.sqrt(response.weights)
    at = response.at(problem.X[:, columns] @ solution.beta + response.offset)
    n, p = int(counts.sum()), len(columns)
    pearson, known = root_w * at.pearson, response.family.known_dispersion
    dispersion = known or (float(np.sum(pearson[counts] ** 2)) / (n - p) if n > p else np.nan)
    S, leverages = _inverse_root(problem.X[:, columns] * _used(root_w * np.abs(at.slope), counts)[:, None])
    coefficients, errors = np.full(problem.p, np.nan), np.full(problem.p, np.nan)
    covariance = np.full((problem.p, problem.p), np.nan)
    coefficients[columns], errors[columns] = solution.beta, np.sqrt(dispersion) * np.linalg.norm(S, axis=1)
    covariance[np.ix_(columns, columns)] = dispersion * (S @ S.T)
    log_likelihood, parameters = _log_likelihood(at), p + (known is None)
    return Fit(
        coefficients=coefficients,
        standard_errors=errors,
        covariance=covariance,
        dispersion=dispersion,
        deviance=_sum_of_deviances(at),
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
        pearson_residuals=pearson,
        deviance_residuals=np.sign(at.residual) * root_w * np.sqrt(at.unit_deviance),
        working_residuals=at.working_residuals,
        leverages=leverages,
        converged=solution.converged,
        iterations=solution.iterations,
        warnings=solution.warnings,
        trace=solution.trace,
    )


def _used(root: Array, counts: NDArray[np.bool_]) -> Array:
    """(n,) roots of the working weights; 0 for a row that does not count, whatever its mean."""
    return np.where(counts & np.isfinite(root), root, 0.0)


def _inverse_root(A: Array) -> tuple[Array, Array]:
    """S (p, p) with S S' the inverse of A'A, and the leverages (n,), the diagonal of A (A'A)^-1 A'; by QR of A (n, p).

    Infinite, and NaN, where the information is singular.
    """
    down, leverages = descending(A), np.full(len(A), np.nan)
    Q, R = np.linalg.qr(A[down])
    if len(R) < A.shape[1] or np.any(np.diag(R) == 0):
        return np.full((A.shape[1],) * 2, np.inf), leverages
    leverages[down] = np.sum(Q**2, axis=1)
    return np.asarray(solve_triangular(R, np.eye(len(R)))), leverages


def _sum_of_deviances(at: AtEta) -> float:
    """The deviance, also where a fault has led out of the domain."""
    return float(np.sum((at.response.weights * at.unit_deviance)[at.response.counts]))


def _log_likelihood(at: AtEta) -> float | None:
    """As R's ``logLik``: an unknown dispersion is taken as deviance / sum of weights (the Gaussian: / rows)."""
    family, w, rows = at.response.family, at.response.weights, at.response.counts
    if family.name == "tweedie":
        return None  # R has none
    size = float(rows.sum() if family.name == "gaussian" else w.sum())
    phi = family.known_dispersion or _sum_of_deviances(at) / size
    return float(np.sum(family.log_likelihood(at.response.y[rows], at.mu[rows], at.nu[rows], w[rows], phi)))


@np.errstate(all="ignore")
def null_deviance(problem: Problem, response: Response | None = None) -> float:
    """The deviance with the intercept and the offset alone; without an intercept, of eta = offset, as R has it."""
    response = (response or Response.of(problem)).counting
    y, w, offset = response.y, response.weights, response.offset
    if problem.intercept and np.any(offset != offset[0]):
        null = replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None, max_iterations=None)
        found = []
        for start in (None, *_null_starts(response)):
            with contextlib.suppress(ValueError):  # some constants may have no mean
                solution = solve(replace(null, start=start), response)
                found.append(response.at(solution.beta + offset).deviance)
                if solution.converged and response.link.name in response.family.concave:
                    break  # the only maximum
        return min(found, default=np.nan)  # there may be several maxima
    if not problem.intercept:
        return _sum_of_deviances(response.at(offset))
    mu, nu = (np.full_like(y, np.average(values, weights=w)) for values in (y, 1.0 - y))
    return float(np.sum(w * response.family.unit_deviance(y, mu, nu)))


def _null_starts(response: Response) -> list[Array]:
    """Constants (1,) from which to look for the null model's best maximum: next to the data, and at the ends."""
    y, offset, linkfun = response.y, response.offset, response.link.linkfun
    middle, etas = linkfun(np.array([np.average(y, weights=response.weights)])), np.sort(linkfun(y) - offset)
    etas = etas[np.isfinite(etas)]
    places = {int(k) for k in np.linspace(0, len(etas) - 1, NULL_STARTS)} if len(etas) else set()
    return [middle - np.min(offset), middle - np.max(offset), *(etas[[k]] for k in sorted(places))]
