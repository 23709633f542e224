"""Correct fitters that solve another way: other factorisations, steps, orders and scales of rows and columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.linalg import qr, solve_triangular

from conformance.adapters.answer import Unsupported
from conformance.fitter import fit as fit_anew
from conformance.mathematics.quantities import BY_ROW, Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import (
    admits,
    dispersion_of,
    got,
    observed_weights,
    reported,
    with_covariance,
    with_observed_information,
    working_at,
)
from conformance.zoo.registry import correct
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Solver, Stop, by_qr, scoring, stands_still

LOST = ("binomial-cloglog-lost-weights",)  # where no expected information is left, by which Fisher scoring goes
PATIENT = 20_000  # steps: Fisher scoring creeps in some cases, and a correct fitter has the time


@correct("irls", says="the suite's own")
def irls(problem: Problem) -> Fit:
    return fit_anew(problem)


def _fisher(problem: Problem, solver: Solver = by_qr, stop: Stop = stands_still) -> Fit:
    """Fisher scoring to its end; Unsupported where an estimate exists and no expected information leads to it."""
    try:
        answer = admits(problem, reported(problem, scoring(problem, solver=solver, stop=stop, limit=PATIENT)))
    except np.linalg.LinAlgError as error:
        if fit(problem).converged:
            raise Unsupported("on the way the expected information is singular") from error
        raise  # separated, say: a refusal is right
    if (answer.deviance is None or not np.isfinite(answer.deviance)) and fit(problem).converged:
        raise Unsupported("on the way the expected information vanishes")
    return answer


@correct("householder-qr", says="Householder QR of sqrt(W) X, all digits", leaves=LOST)
def householder_qr(problem: Problem) -> Fit:
    return _fisher(problem)


def _pivoted(X: Array, W: Array, r: Array) -> Array:
    root = np.sqrt(W)
    Q, R, order = qr(X * root[:, None], mode="economic", pivoting=True)
    step = np.zeros(X.shape[1])
    if np.all(np.diag(R) != 0):
        step[order] = solve_triangular(R, Q.T @ (r * root))
    return step


@correct("pivoted-qr", says="QR with column pivoting, the covariance from it too", leaves=LOST)
def pivoted_qr(problem: Problem) -> Fit:
    answer = _fisher(problem, _pivoted)
    at = tools.parts(problem)
    W, _ = working_at(problem, at, answer)
    _, R, order = qr(at.X * np.sqrt(W)[:, None], mode="economic", pivoting=True)
    if np.any(np.diag(R) == 0) or not answer.converged:
        return answer
    S = solve_triangular(R, np.eye(len(order)))
    inverse = np.zeros_like(S)
    inverse[np.ix_(order, order)] = S @ S.T
    return with_covariance(problem, answer, dispersion_of(answer) * inverse)


def _svd(X: Array, W: Array, r: Array) -> Array:
    B = X * np.sqrt(W)[:, None]
    scale = np.linalg.norm(B, axis=0)
    scale[scale == 0] = 1.0
    U, s, Vt = np.linalg.svd(B / scale, full_matrices=False)
    return np.asarray((Vt.T @ np.divide(U.T @ (np.sqrt(W) * r), s, out=np.zeros_like(s), where=s > 0)) / scale)


@correct("scaled-svd", says="singular values of the column-scaled weighted design", leaves=LOST)
def scaled_svd(problem: Problem) -> Fit:
    return _fisher(problem, _svd)


def _newton(problem: Problem) -> Fit:
    """Newton with the observed information in difference form, from the end of Fisher scoring's first steps."""
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    told = fit(problem)
    if not told.converged or problem.max_iterations is not None:
        return told
    try:
        first = scoring(replace(problem, max_iterations=None), stop=lambda s, d: s[-1] < 1e-2, limit=PATIENT)
    except np.linalg.LinAlgError:  # the expected information has vanished on the way
        return told
    beta, best = first.beta, np.inf
    for _ in range(50):
        W, r = tools.working(f, g, at, beta)
        h = observed_weights(problem, beta)
        scale = np.sqrt(np.sum(np.abs(h)[:, None] * at.X**2, axis=0))
        scale[scale == 0] = 1.0
        Z = at.X / scale
        try:
            step = np.linalg.solve(Z.T @ (h[:, None] * Z), Z.T @ (W * r)) / scale
        except np.linalg.LinAlgError:
            return told
        size = float(np.linalg.norm(np.sqrt(W) * (at.X @ step)))
        if not np.isfinite(size) or size > 1 or not np.isfinite(tools.deviance_at(f, g, at, beta + step)):
            return told
        beta = beta + step
        if size == 0 or best <= size < 1e-8:
            break
        best = min(best, size)
    if tools.deviance_at(f, g, at, beta) > tools.deviance_at(f, g, at, told.coefficients[at.columns]) * (1 + 1e-9):
        return told  # the first steps ended on a plain of the likelihood, away from its top
    return reported(problem, tools.Scored(beta, beta, at.columns, 1, True))


@correct("newton-expected", says="Newton with the observed information; standard errors of the expected one")
def newton_expected(problem: Problem) -> Fit:
    return _newton(problem)


@correct(
    "newton-observed",
    says="Newton; standard errors of the observed information, declared",
    conventions={"information": "observed"},
)
def newton_observed(problem: Problem) -> Fit:
    return with_observed_information(problem, _newton(problem))


@correct("another-stopping-rule", says="stops where no coefficient moves by more than its last bits", leaves=LOST)
def another_stopping_rule(problem: Problem) -> Fit:
    def stop(sizes: list[float], deviances: list[float]) -> bool:
        return sizes[-1] < 1e-15 or (len(sizes) > 8 and max(sizes[-8:]) < 1e-9 and min(sizes[-4:]) >= min(sizes[-8:-4]))

    return _fisher(problem, stop=stop)


@correct("rows-shuffled", says="rows in another order, and the answer put back")
def rows_shuffled(problem: Problem) -> Fit:
    if any(v is not None and len(v) != problem.n for v in (problem.weights, problem.offset)):
        return fit(problem)
    order = np.random.default_rng(7).permutation(problem.n)
    back = np.argsort(order)
    by_row = ("X", "y", "weights", "offset", "successes")
    mixed: Any = {name: v[order] for name in by_row if (v := getattr(problem, name)) is not None}
    answer = fit(replace(problem, **mixed))
    put_back: Any = {name: v[back] for name in BY_ROW if (v := getattr(answer, name)) is not None}
    return replace(answer, **put_back)


@correct("columns-reversed", says="columns in another order where no column is aliased, and the answer put back")
def columns_reversed(problem: Problem) -> Fit:
    right = fit(problem)
    if np.any(np.isnan(right.coefficients)) or not right.converged:
        return right
    start = None if problem.start is None else problem.start[::-1]
    answer = fit(replace(problem, X=problem.X[:, ::-1], names=problem.names[::-1], start=start))
    return replace(
        answer,
        coefficients=answer.coefficients[::-1],
        standard_errors=got(answer.standard_errors)[::-1],
        covariance=got(answer.covariance)[::-1, ::-1],
        null_deviance=right.null_deviance,
        df_null=right.df_null,
    )


@correct("columns-scaled", says="columns scaled to unit length, and the answer put back")
def columns_scaled(problem: Problem) -> Fit:
    if not np.all(np.isfinite(problem.X)):
        return fit(problem)
    scale = np.linalg.norm(problem.X, axis=0)
    scale[scale == 0] = 1.0
    start = None if problem.start is None else problem.start * scale
    answer = fit(replace(problem, X=problem.X / scale, start=start))
    return replace(
        answer,
        coefficients=answer.coefficients / scale,
        standard_errors=got(answer.standard_errors) / scale,
        covariance=got(answer.covariance) / np.outer(scale, scale),
    )


@correct("last-column-kept", says="of a dependent set the first column is dropped, not the last")
def last_column_kept(problem: Problem) -> Fit:
    right = fit(problem)
    if not np.any(np.isnan(right.coefficients)):
        return right
    X = problem.X[:, ::-1]
    if problem.intercept:
        X = np.column_stack([problem.X[:, :1], problem.X[:, :0:-1]])
    answer = fit(replace(problem, X=X, start=None))
    order = np.concatenate([[0], np.arange(problem.p - 1, 0, -1)]) if problem.intercept else np.arange(problem.p)[::-1]
    back = np.argsort(order)
    return replace(
        answer,
        coefficients=answer.coefficients[back],
        standard_errors=got(answer.standard_errors)[back],
        covariance=got(answer.covariance)[np.ix_(back, back)],
    )


@correct("own-start", says="ignores start values, and reaches the maximum all the same")
def own_start(problem: Problem) -> Fit:
    try:
        return fit(replace(problem, start=None))
    except ValueError:
        return fit(problem)


@correct("iteration-limit-ignored", says="goes on to the maximum though an iteration limit is given")
def iteration_limit_ignored(problem: Problem) -> Fit:
    return fit(replace(problem, max_iterations=None))
