"""The likelihood from the link side in mpmath: the log-density as a function of eta, differentiated numerically.

It shares nothing with the package but the arrays: no score, no weights, no variance function, no derivative of a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath as mp

from conformance.question.problem import Problem

DIGITS = 60
STEP = mp.mpf(10) ** -(DIGITS // 2 + 5)  # central differences are then right to 70 digits, less what cancels
MEAN: dict[str, Callable[[Any], Any]] = {
    "identity": lambda e: e,
    "log": mp.exp,
    "logit": lambda e: 1 / (1 + mp.exp(-e)),
    "probit": mp.ncdf,
    "cauchit": lambda e: mp.atan(e) / mp.pi + mp.mpf(1) / 2,
    "cloglog": lambda e: 1 - mp.exp(-mp.exp(e)),
    "inverse": lambda e: 1 / e,
    "inverse_squared": lambda e: 1 / mp.sqrt(e),
    "sqrt": lambda e: e**2,
}


def log_density(problem: Problem, y: Any, mu: Any) -> Any:
    """Up to terms without mu, with dispersion 1."""
    match problem.family:
        case "gaussian":
            return -((y - mu) ** 2) / 2
        case "binomial":
            return (y * mp.log(mu) if y else 0) + ((1 - y) * mp.log(1 - mu) if y != 1 else 0)
        case "poisson":
            return (y * mp.log(mu) if y else 0) - mu
        case "gamma":
            return -y / mu - mp.log(mu)
        case "inverse_gaussian":
            return -((y - mu) ** 2) / (2 * mu**2 * y)
        case "negative_binomial":
            theta = mp.mpf(problem.theta)
            return theta * mp.log(theta / (theta + mu)) + (y * mp.log(mu / (theta + mu)) if y else 0)
    p = mp.mpf(problem.power)
    if p in (1, 2, 3):
        raise NotImplementedError("a Tweedie power of 1, 2 or 3 is a family of its own")
    return (y * mu ** (1 - p) / (1 - p) if y else 0) - mu ** (2 - p) / (2 - p)


@dataclass(frozen=True)
class Solution:
    """The estimate (p,), the deviance, and the observed information (p, p) of dispersion 1, as mpmath numbers."""

    coefficients: list[Any]
    deviance: Any
    information: Any


def maximum_likelihood(problem: Problem, near: Sequence[float]) -> Solution:
    """The root of the numerically differentiated log-likelihood next to ``near``, which it gets six digits of."""
    with mp.workdps(DIGITS + 15):
        rows = _rows(problem)
        mean = MEAN[problem.link]

        def score(beta: Any) -> Any:
            found = [mp.mpf(0)] * problem.p
            for x, offset, y, w in rows:
                slope = mp.diff(lambda e, y=y: log_density(problem, y, mean(e)), mp.fdot(x, beta) + offset, h=STEP)
                found = [f + w * slope * v for f, v in zip(found, x, strict=True)]
            return mp.matrix(found)

        def jacobian(beta: Any) -> Any:
            columns = []
            for j in range(problem.p):
                h = mp.mpf(10) ** -20 * (abs(beta[j]) or 1)
                up, down = beta.copy(), beta.copy()
                up[j], down[j] = beta[j] + h, beta[j] - h
                columns.append(list((score(up) - score(down)) / (2 * h)))
            return mp.matrix(columns).T

        beta = mp.matrix([mp.mpf(float(f"{b:.6g}")) for b in near])
        slopes = jacobian(beta)
        for _ in range(60):  # Newton's method with one Jacobian
            step = mp.lu_solve(slopes, -score(beta))
            beta += step
            if mp.norm(step) < mp.mpf(10) ** -(DIGITS - 18) * mp.norm(beta):
                break
        else:
            raise AssertionError("mpmath did not settle")
        deviance = mp.fsum(
            2 * w * (log_density(problem, y, y) - log_density(problem, y, mean(mp.fdot(x, beta) + offset)))
            for x, offset, y, w in rows
        )
        return Solution(list(beta), deviance, -jacobian(beta))


def _rows(problem: Problem) -> list[tuple[tuple[Any, ...], Any, Any, Any]]:
    """(x, offset, y, weight) of the distinct rows that have some weight, their weights added."""
    w = [mp.mpf(v) for v in problem.prior_weights.tolist()]
    y = [mp.mpf(v) for v in problem.y.tolist()]
    if problem.successes is not None:
        y = [mp.mpf(k) / m if m else mp.mpf(0) for k, m in zip(problem.successes.tolist(), w, strict=True)]
    weights: dict[tuple[tuple[Any, ...], Any, Any], Any] = {}
    for x, offset, one, weight in zip(problem.X.tolist(), problem.offsets.tolist(), y, w, strict=True):
        key = (tuple(map(mp.mpf, x)), mp.mpf(offset), one)
        weights[key] = weights.get(key, 0) + weight
    return [(*key, weight) for key, weight in weights.items() if weight]
