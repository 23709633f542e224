"""Answers put together anew: with other standard errors, another dispersion, log-likelihood or information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.linalg import solve_triangular

from conformance.fitter.diagnose import Ending
from conformance.fitter.irls import Solution
from conformance.fitter.summary import summarise
from conformance.mathematics.least_squares import descending
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Array, Fit
from conformance.mathematics.response import Response
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.remembered import fit

T = TypeVar("T")


def got(value: T | None) -> T:
    """``value``, which the suite's own fitter reports of every fit."""
    assert value is not None
    return value


def reported(
    problem: Problem,
    scored: tools.Scored,
    *,
    converged: bool | None = None,
    warnings: tuple[str, ...] | None = None,
    link: Callable[[Link], Link] | None = None,
) -> Fit:
    """The report at ``scored.beta``, by another link where one is given."""
    said = scored.converged if converged is None else converged
    told = (() if said else ("no convergence",)) if warnings is None else warnings
    right = Response.of(problem)
    response = replace(right, link=link(right.link)) if link else right
    ending = Ending.MAXIMUM if said else Ending.LIMIT
    solution = Solution(scored.beta, scored.columns, scored.iterations, ending, told, ())
    return summarise(problem, solution, response)


def admits(problem: Problem, answer: Fit) -> Fit:
    """``answer`` with the words of the correct fit where that one has any: an honest fitter with one fault."""
    told = fit(problem)
    if told.admits_trouble:
        return replace(answer, converged=told.converged, warnings=told.warnings)
    return answer


# ------------------------------------------------------------------------------- dispersion and covariance


def dispersion_of(answer: Fit) -> float:
    """The dispersion; 1 where none is reported."""
    return 1.0 if answer.dispersion is None else answer.dispersion


def pearson_dispersion(problem: Problem, answer: Fit) -> float:
    """Pearson's X^2 / (n - p), of whatever family."""
    used = problem.prior_weights > 0
    return float(np.sum(got(answer.pearson_residuals)[used] ** 2)) / got(answer.df_residual)


def errors_times(answer: Fit, factor: float) -> Fit:
    """Standard errors times ``factor``, the covariance times its square."""
    errors, covariance = got(answer.standard_errors), got(answer.covariance)
    return replace(answer, standard_errors=errors * factor, covariance=covariance * factor**2)


def with_dispersion(answer: Fit, phi: float) -> Fit:
    """``answer`` with another dispersion, and the errors of it; as it is where the old or the new one is no scale."""
    old = answer.dispersion
    if not old or not np.isfinite(old) or not np.isfinite(phi):
        return answer
    return replace(errors_times(answer, float(np.sqrt(phi / old))), dispersion=phi)


def with_more_rows(problem: Problem, answer: Fit, more: float) -> Fit:
    """``answer`` that counts so many rows more: in the degrees of freedom, the dispersion by them, and its errors."""
    old = got(answer.df_residual)
    df = old + more
    if tools.estimated(problem) and answer.dispersion is not None and old > 0 and df > 0:
        answer = with_dispersion(answer, answer.dispersion * old / df)
    return replace(answer, df_residual=df, df_null=got(answer.df_null) + more)


def with_covariance(problem: Problem, answer: Fit, covariance: Array) -> Fit:
    """``answer`` with another covariance (of the columns that are not aliased), and its standard errors."""
    kept = ~np.isnan(answer.coefficients)
    whole, errors = np.full((problem.p, problem.p), np.nan), np.full(problem.p, np.nan)
    whole[np.ix_(kept, kept)] = covariance
    with np.errstate(all="ignore"):
        errors[kept] = np.sqrt(np.diag(covariance))
    return replace(answer, covariance=whole, standard_errors=errors)


def working_at(problem: Problem, at: tools.Parts, answer: Fit) -> tuple[Array, Array]:
    """The working weights and residuals at the coefficients that ``answer`` reports."""
    return tools.working(tools.family(problem), tools.link(problem), at, answer.coefficients[at.columns])


def inverse_information(X: Array, W: Array) -> Array | None:
    """(X'WX)^-1 by QR of sqrt(W) X; None where that is singular."""
    R = np.linalg.qr(X * np.sqrt(W)[:, None], mode="r")
    if not np.all(np.diag(R) != 0):
        return None
    S = np.linalg.inv(R)
    return np.asarray(S @ S.T)


def with_weights(problem: Problem, answer: Fit, at: tools.Parts, W: Array) -> Fit:
    """``answer`` with the covariance of the working weights ``W``; as it is where they leave no information."""
    inverse = inverse_information(at.X, W)
    return answer if inverse is None else with_covariance(problem, answer, dispersion_of(answer) * inverse)


# ------------------------------------------------------------------------------- likelihood and what is made of it


def parameters(problem: Problem, answer: Fit) -> float:
    """How many parameters the AIC counts: the rank, and the dispersion where it is estimated."""
    return got(answer.rank) + tools.estimated(problem)


def with_log_likelihood(problem: Problem, answer: Fit, value: float) -> Fit:
    """``answer`` with another log-likelihood, and the AIC and BIC of it."""
    k = parameters(problem, answer)
    bic = np.log(tools.counted(problem)) * k - 2.0 * value
    return replace(answer, log_likelihood=value, aic=2.0 * k - 2.0 * value, bic=bic)


def with_more_parameters(problem: Problem, answer: Fit, more: int) -> Fit:
    """``answer`` whose AIC and BIC count so many parameters more."""
    if answer.aic is None or answer.bic is None:
        return answer
    return replace(answer, aic=answer.aic + 2.0 * more, bic=answer.bic + more * np.log(tools.counted(problem)))


def with_likelihood_at(problem: Problem, answer: Fit, phi: float | None) -> Fit:
    """``answer`` with the log-likelihood of variance phi V / w (not R's w times the log density), its AIC and BIC."""
    if not tools.estimated(problem) or answer.log_likelihood is None or not phi or not np.isfinite(phi):
        return answer
    used = problem.prior_weights > 0
    mu, y, w = got(answer.fitted_values)[used], problem.y[used], problem.prior_weights[used]
    terms = tools.family(problem).log_likelihood(y, mu, 1.0 - mu, np.ones_like(w), phi / w)  # type: ignore[arg-type]
    return with_log_likelihood(problem, answer, float(np.sum(terms)))


# ------------------------------------------------------------------------------- observed information


def observed_weights(problem: Problem, beta: Array, link: Callable[[Link], Link] | None = None) -> Array:
    """(used rows,) minus the second derivative of the log-likelihood in eta, times the dispersion."""
    at, right = tools.parts(problem), Response.of(problem).counting
    response = replace(right, link=link(right.link)) if link else right
    h = response.at(at.X @ beta + at.offset).observed_weights
    return np.where(np.isfinite(h), h, 0.0)


def with_observed_information(problem: Problem, answer: Fit, link: Callable[[Link], Link] | None = None) -> Fit:
    """``answer`` with the covariance and leverages of the observed information."""
    at, kept = tools.parts(problem), ~np.isnan(answer.coefficients)
    beta = answer.coefficients[kept]
    h = observed_weights(problem, beta, link)
    # X'hX = R' M R with R of the QR of sqrt|h| X and M = Q' sign(h) Q: no squared condition number
    weighted = at.X * np.sqrt(np.abs(h))[:, None]
    down = descending(weighted)
    Q, R = np.linalg.qr(weighted[down])
    Q[down] = Q.copy()  # the rows in their own order again
    inverse, leverages = np.full((len(beta), len(beta)), np.nan), np.zeros(problem.n)
    if np.all(np.diag(R) != 0):
        S = solve_triangular(R, np.eye(len(beta)))
        with np.errstate(all="ignore"):
            middle = np.eye(len(beta)) if np.all(h >= 0) else np.linalg.inv(Q.T @ (np.sign(h)[:, None] * Q))
            inverse = S @ middle @ S.T
            leverages[at.used] = np.sign(h) * np.sum((Q @ middle) * Q, axis=1)
    return replace(
        with_covariance(problem, answer, dispersion_of(answer) * inverse),
        leverages=leverages if np.all(np.isfinite(leverages)) else None,
    )
