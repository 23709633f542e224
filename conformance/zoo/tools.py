"""What the animals are made of: the model at given coefficients, and plain Fisher scoring to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.predictor import AtBeta
from conformance.fitter.start import start
from conformance.mathematics.family import Family, family_of
from conformance.mathematics.least_squares import independent_columns
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.response import Response
from conformance.question.problem import Problem, refuse_invalid

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)


def family(problem: Problem) -> Family:
    """The problem's family, as it should be."""
    return family_of(problem.family, problem.theta, problem.power)


def link(problem: Problem) -> Link:
    """The problem's link, as it should be."""
    return link_of(problem.link)


@dataclass(frozen=True)
class Parts:
    """The rows that count and the independent columns."""

    X: Array
    y: Array
    w: Array
    offset: Array
    columns: NDArray[np.intp]
    used: NDArray[np.bool_]


def parts(problem: Problem) -> Parts:
    """The rows of positive weight, the columns that are no combination of earlier ones."""
    refuse_invalid(problem)
    used = problem.prior_weights > 0
    columns = independent_columns(problem.X[used])
    return Parts(
        problem.X[np.ix_(used, columns)],
        problem.y[used],
        problem.prior_weights[used],
        problem.offsets[used],
        columns,
        used,
    )


Working = Callable[[Family, Link, Parts, Array], tuple[Array, Array]]
Solver = Callable[[Array, Array, Array], Array]
Stop = Callable[[list[float], list[float]], bool]


def working(family: Family, link: Link, at: Parts, beta: Array) -> tuple[Array, Array]:
    """The working weights W and the working residuals r at ``beta``."""
    eta = at.X @ beta + at.offset
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    with np.errstate(all="ignore"):
        W, r = at.w * mu_eta**2 / family.variance(mu, nu), family.residual(at.y, mu, nu) / mu_eta
    live = np.isfinite(W) & np.isfinite(r)
    return np.where(live, W, 0.0), np.where(live, r, 0.0)


def by_qr(X: Array, W: Array, r: Array) -> Array:
    """argmin ||sqrt(W) (X d - r)|| by Householder QR."""
    root = np.sqrt(W)
    Q, R = np.linalg.qr(X * root[:, None])
    return np.asarray(solve_triangular(R, Q.T @ (r * root)))


def stands_still(sizes: list[float], deviances: list[float]) -> bool:
    """The step, in standard errors, is small and has not fallen for five steps: all digits are there."""
    return sizes[-1] == 0 or (len(sizes) > 5 and max(sizes[-5:]) < 1e-8 and min(sizes[-5:]) >= min(sizes[:-5]))


def deviance_stands_still(epsilon: float) -> Stop:
    """R's rule: the deviance moves by less than ``epsilon`` of itself."""

    def stop(sizes: list[float], deviances: list[float]) -> bool:
        new, old = deviances[-1], deviances[-2]
        return bool(abs(new - old) < epsilon * (abs(new) + 0.1))

    return stop


@dataclass(frozen=True)
class Scored:
    """Where Fisher scoring ended, and the iterate before."""

    beta: Array
    before: Array
    columns: NDArray[np.intp]
    iterations: int
    converged: bool


def deviance_at(family: Family, link: Link, at: Parts, beta: Array) -> float:
    """The deviance at ``beta``; infinite outside the domain."""
    eta = at.X @ beta + at.offset
    mu, nu = link.linkinv(eta), link.complement(eta)
    inside = np.all(link.etas.contains(eta)) and np.all(family.means.contains(mu) | (mu == family.means.high))
    with np.errstate(all="ignore"):
        value = float(np.sum(at.w * family.unit_deviance(at.y, mu, nu)))
    return value if inside and not np.isnan(value) else np.inf


def begin(problem: Problem) -> Array:
    """(rank,) where the iteration begins: the coefficients that are given, else irls' own start."""
    at, response = parts(problem), Response.of(problem).counting
    if problem.start is not None:
        return problem.start[at.columns]
    return start(lambda beta: AtBeta(at.X, response, beta), at.X, response)


def over_the_top(family_: Family, link_: Link, at: Parts, beta: Array, step: Array) -> bool:
    """Whether the likelihood falls at the end of ``step``, and bends upwards: a maximum was passed."""
    W, r = working(family_, link_, at, beta)
    response = Response(at.y, at.w, at.offset, np.ones(len(at.y), dtype=bool), family_, link_)
    h, move = response.at(at.X @ beta + at.offset).observed_weights, at.X @ step
    return bool(np.sum(W * r * move) < 0 and np.nansum(h * move**2) < 0)


def scoring(
    problem: Problem,
    *,
    family_: Family | None = None,
    link_: Link | None = None,
    beta: Array | None = None,
    working: Working = working,
    solver: Solver = by_qr,
    stop: Stop = stands_still,
    limit: int = 200,
    halve: bool = True,
) -> Scored:
    """Fisher scoring in difference form: solve for the change of beta, halve it where the deviance rises."""
    at, family_, link_ = parts(problem), family_ or family(problem), link_ or link(problem)
    beta = begin(problem) if beta is None else beta
    limit = problem.max_iterations or limit
    damping, last = 1.0, np.zeros(len(at.y))
    sizes: list[float] = []
    before, deviances = beta, [deviance_at(family_, link_, at, beta)]
    for i in range(limit):
        W, r = working(family_, link_, at, beta)
        step = solver(at.X, W, r)
        move = np.sqrt(W) * (at.X @ step)
        size = float(np.linalg.norm(move))
        if halve and sizes and size > 0.7 * sizes[-1] and float(move @ last) < 0:
            damping /= 2  # it swings about the maximum: the full step is too long, however small it is
        last, step = move, damping * step
        dev = deviance_at(family_, link_, at, beta + step)
        whole, judged = step, halve and size > 1e-5  # below that the deviance has no digits left to judge by
        for _ in range((6 if size < 1e-3 else 40) if judged else 0):
            lower = dev <= deviances[-1] + 8 * EPS * abs(deviances[-1])
            if lower and not over_the_top(family_, link_, at, beta + step, step):
                break
            step = step / 2
            dev = deviance_at(family_, link_, at, beta + step)
        else:
            if judged and size < 1e-3:  # nor has it here: no step however small would lower it
                step, dev = whole, deviance_at(family_, link_, at, beta + whole)
        before, beta = beta, beta + step
        sizes.append(size)
        deviances.append(dev)
        if not np.all(np.isfinite(beta)):
            return Scored(beta, before, at.columns, i + 1, False)
        if stop(sizes, deviances):
            return Scored(beta, before, at.columns, i + 1, True)
    return Scored(beta, before, at.columns, limit, False)


def counted(problem: Problem) -> int:
    """How many rows count."""
    return int(np.sum(problem.prior_weights > 0))


def estimated(problem: Problem) -> bool:
    """Whether the family's dispersion is estimated."""
    return family(problem).known_dispersion is None
