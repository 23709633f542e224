"""Everything that a GLM reports, from the coefficients: R's definitions (summary.glm, residuals.glm, logLik, AIC)."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.rows import descending
from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem

if TYPE_CHECKING:
    from conformance.fitter.irls import Solution

Array = NDArray[np.float64]
NULL_STARTS = 7  # of a null model with an offset, whose likelihood may have several maxima


@np.errstate(all="ignore")  # a perfect fit has an infinite log-likelihood, a row of weight 0 may have no mean ...
def summarise(problem: Problem, solution: Solution) -> Fit:
    """The Fit of ``problem`` at ``solution``: rows of weight 0 count nowhere but have fitted values (R)."""
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    w, used, columns = problem.prior_weights, problem.prior_weights > 0, solution.columns
    n, p = int(used.sum()), len(columns)
    eta = problem.X[:, columns] @ solution.beta + problem.offsets
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    V, residual = family.variance(mu, nu), family.residual(problem.y, mu, nu)
    unit_deviance = np.maximum(family.unit_deviance(problem.y, mu, nu), 0.0)
    pearson = np.where(residual == 0, 0.0, residual * np.sqrt(w / V))
    root_W = np.where(mu_eta == 0, 0.0, np.sqrt(w * mu_eta**2 / V))
    working = residual / mu_eta
    if family.name == "binomial" and link.left and link.right:  # (y - mu) / mu_eta, which far out would be 0 / 0
        y = problem.y
        working = np.where(y == 0, 0.0, y * link.right(eta)) - np.where(y == 1, 0.0, (1.0 - y) * link.left(eta))
    deviance = float(np.sum((w * unit_deviance)[used]))
    estimated = float(np.sum(pearson[used] ** 2)) / (n - p) if n > p else np.nan
    dispersion = estimated if family.known_dispersion is None else family.known_dispersion

    weighted = problem.X[:, columns] * np.where(used & np.isfinite(root_W), root_W, 0.0)[:, None]
    down, leverages = descending(weighted), np.full(problem.n, np.nan)
    Q, R = np.linalg.qr(weighted[down])
    informed = bool(np.all(np.diag(R) != 0))
    S = solve_triangular(R, np.eye(p)) if informed else np.full((p, p), np.inf)  # X'WX = R'R, its inverse is S S'
    leverages[down] = np.sum(Q**2, axis=1) if informed else np.nan  # the diagonal of the hat matrix Q Q'
    standard_errors, covariance = np.full(problem.p, np.nan), np.full((problem.p, problem.p), np.nan)
    standard_errors[columns] = np.sqrt(dispersion) * np.linalg.norm(S, axis=1)
    covariance[np.ix_(columns, columns)] = dispersion * (S @ S.T)

    log_likelihood = _log_likelihood(family, problem, mu, nu, deviance)
    parameters = p + (family.known_dispersion is None)
    coefficients = np.full(problem.p, np.nan)
    coefficients[columns] = solution.beta
    return Fit(
        coefficients=coefficients,
        standard_errors=standard_errors,
        covariance=covariance,
        dispersion=dispersion,
        deviance=deviance,
        null_deviance=null_deviance(problem),
        log_likelihood=log_likelihood,
        aic=None if log_likelihood is None else 2.0 * parameters - 2.0 * log_likelihood,
        bic=None if log_likelihood is None else np.log(n) * parameters - 2.0 * log_likelihood,
        df_residual=n - p,
        df_null=n - problem.intercept,
        rank=p,
        fitted_values=mu,
        linear_predictors=eta,
        response_residuals=residual,
        pearson_residuals=pearson,
        deviance_residuals=np.sign(residual) * np.sqrt(w * unit_deviance),
        working_residuals=working,
        leverages=leverages,
        converged=solution.converged,
        iterations=solution.iterations,
        warnings=solution.warnings,
        trace=solution.trace,
    )


def _log_likelihood(family: Family, problem: Problem, mu: Array, nu: Array, deviance: float) -> float | None:
    """As R's ``logLik``: an unknown dispersion is taken as deviance / sum of weights (the Gaussian: / rows)."""
    if family.name == "tweedie":
        return None  # R has none
    used, w = problem.prior_weights > 0, problem.prior_weights
    size = float(used.sum() if family.name == "gaussian" else w.sum())
    phi = family.known_dispersion or deviance / size
    return float(np.sum(family.log_likelihood(problem.y[used], mu[used], nu[used], w[used], phi)))


@np.errstate(all="ignore")
def null_deviance(problem: Problem) -> float:
    """The deviance with the intercept and the offset alone; without an intercept, of eta = offset, as R has it."""
    from conformance.fitter.irls import solve

    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    used = problem.prior_weights > 0
    y, w, offset = problem.y[used], problem.prior_weights[used], problem.offsets[used]
    if problem.intercept and np.any(offset != offset[0]):
        null = replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None, max_iterations=None)
        found = []
        for start in (None, *_null_starts(link, y, w, offset)):
            with contextlib.suppress(ValueError):  # some constants may have no mean
                solution = solve(replace(null, start=start))
                found.append(solution.rows.deviance)
                if solution.converged and link.name in family.concave:
                    break  # the only maximum
        return min(found, default=np.nan)  # there may be several maxima
    if problem.intercept:
        mu, nu = (np.full_like(y, np.average(values, weights=w)) for values in (y, 1.0 - y))
    else:
        mu, nu = link.linkinv(offset), link.complement(offset)
    return float(np.sum(w * family.unit_deviance(y, mu, nu)))


def _null_starts(link: Link, y: Array, w: Array, offset: Array) -> list[Array]:
    """Constants (1,) from which to look for the null model's best maximum: next to the data, and at the ends."""
    middle, etas = link.linkfun(np.array([np.average(y, weights=w)])), np.sort(link.linkfun(y) - offset)
    etas = etas[np.isfinite(etas)]
    places = {int(k) for k in np.linspace(0, len(etas) - 1, NULL_STARTS)} if len(etas) else set()
    return [middle - np.min(offset), middle - np.max(offset), *(etas[[k]] for k in sorted(places))]
