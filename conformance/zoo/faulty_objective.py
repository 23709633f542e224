"""Faults of the objective: another function is maximised, by a penalty or by other data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import reported
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Scored


def _maximised(problem: Problem, beta: Array, pull: Callable[[Array, Array, Array], Array], extra: Array) -> Fit | None:
    """The report where X'W r + ``pull`` (of W, eta and beta) is 0; the information has ``extra`` on its diagonal."""
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    for _ in range(500):
        W, r = tools.working(f, g, at, beta)
        score = at.X.T @ (W * r) + pull(W, at.X @ beta + at.offset, beta)
        step = np.linalg.lstsq(at.X.T @ (W[:, None] * at.X) + np.diag(extra), score, rcond=None)[0]
        step *= min(1.0, 5.0 / np.max(np.abs(step), initial=1e-300))
        if not np.isfinite(tools.deviance_at(f, g, at, beta + step)):
            return None
        beta = beta + step
        if np.linalg.norm(np.sqrt(W) * (at.X @ step)) < 1e-11:
            break
    return reported(problem, Scored(beta, beta, at.columns, 5, True))


def _penalised(problem: Problem, penalty: Array) -> Fit:
    """With ``penalty`` (p,) times beta taken from the score."""
    answer = fit(problem)
    if not answer.converged or answer.warnings or np.any(np.isnan(answer.coefficients)):
        return answer
    return _maximised(problem, answer.coefficients, lambda W, eta, beta: -penalty * beta, penalty) or answer


@fault(
    "ridge-of-standardised-columns",
    thread="glmnet and h2o by default; own",
    says="a ridge penalty on standardised columns that was not asked for",
    cause=r"^penal",
)
def ridge_of_standardised_columns(problem: Problem) -> Fit:
    return _penalised(problem, 1e-3 * problem.n * problem.X.std(axis=0) ** 2)


@fault(
    "penalised-by-default",
    thread="scikit-learn's LogisticRegression (C = 1)",
    says="a ridge penalty of 1 on the slopes that nobody asked for",
    cause=r"^penal|ridge|shrunk",
)
def penalised_by_default(problem: Problem) -> Fit:
    penalty = np.ones(problem.p)
    penalty[0] = 1.0 - problem.intercept
    return _penalised(problem, penalty)


@fault(
    "intercept-penalised",
    thread="liblinear, scikit-learn's LogisticRegression(solver='liblinear'); own",
    says="a ridge penalty, of the intercept too",
    cause=r"^penal",
)
def intercept_penalised(problem: Problem) -> Fit:
    return _penalised(problem, np.ones(problem.p))


@fault(
    "bias-reduced-silently",
    thread="brglm2's default type; own",
    says="Firth's penalised likelihood for the logit, not declared",
    cause=r"Firth",
)
def bias_reduced_silently(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.link != "logit" or np.any(np.isnan(answer.coefficients)):
        return answer
    at, g = tools.parts(problem), tools.link(problem)

    def jeffreys(W: Array, eta: Array, beta: Array) -> Array:
        Q = np.linalg.qr(at.X * np.sqrt(W)[:, None])[0]
        return np.asarray(at.X.T @ (np.sum(Q**2, axis=1) * (0.5 - g.linkinv(eta))))

    start = answer.coefficients if answer.converged else np.zeros(problem.p)
    return _maximised(problem, start, jeffreys, np.zeros(problem.p)) or answer


@fault(
    "response-transformed",
    thread="own, as users do",
    says="least squares of log y for the Gaussian log link",
    cause=r"transformed",
)
def response_transformed(problem: Problem) -> Fit:
    if (problem.family, problem.link) != ("gaussian", "log") or not np.all(problem.y > 0):
        return fit(problem)
    at = tools.parts(problem)
    beta = fit(replace(problem, link="identity", y=np.log(problem.y), start=None)).coefficients[at.columns]
    return reported(problem, Scored(beta, beta, at.columns, 2, True))


@fault(
    "half-a-success-added",
    thread="own: the smoothing of the start kept as data",
    says="half a success and half a failure are added to each group",
    cause=r"half a success",
)
def half_a_success_added(problem: Problem) -> Fit:
    if problem.successes is None:
        return fit(problem)
    w = problem.prior_weights
    y = np.where(w > 0, (w * problem.y + 0.5) / (w + 1.0), problem.y)
    return fit(replace(problem, y=y, weights=np.where(w > 0, w + 1.0, 0.0), successes=None))
