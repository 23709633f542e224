"""What the animals are made of: the correct fit with a Family or Link swapped, and plain Fisher scoring to break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.irls import Solution, independent_columns, pass_over_rows
from conformance.fitter.rows import descending
from conformance.fitter.rows import observed_weights as bend
from conformance.fitter.start import start
from conformance.fitter.summary import summarise
from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.quantities import Fit
from conformance.question.case import read_csv
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem, refuse_invalid
from conformance.zoo.remembered import fit

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)
Swap = Callable[[Any], Any]


def same(value: Any) -> Any:
    """``value`` itself."""
    return value


def family(problem: Problem) -> Family:
    """The problem's family, as it should be."""
    return family_of(problem.family, problem.theta, problem.power)


def link(problem: Problem) -> Link:
    """The problem's link, as it should be."""
    return link_of(problem.link)


@contextmanager
def swapped(*, family: Swap = same, link: Swap = same, fitting: bool = True, reporting: bool = True) -> Iterator[None]:
    """The fitter and its report see ``family(right one)`` and ``link(right one)``; the suite's checks do not."""
    places = [f"conformance.fitter.{name}" for name, on in (("irls", fitting), ("summary", reporting)) if on]
    patches = [patch(f"{place}.family_of", lambda *a: family(family_of(*a))) for place in places]
    patches += [patch(f"{place}.link_of", lambda name: link(link_of(name))) for place in places]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def only(names: str | tuple[str, ...], change: Swap) -> Swap:
    """``change`` for the families or links called one of ``names``, the others as they are."""
    chosen = (names,) if isinstance(names, str) else names
    return lambda value: change(value) if value.name in chosen else value


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


def working_at(problem: Problem, at: Parts, answer: Fit) -> tuple[Array, Array]:
    """The same at the coefficients that ``answer`` reports."""
    return working(family(problem), link(problem), at, answer.coefficients[at.columns])


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
    at, f, g = parts(problem), family(problem), link(problem)
    if problem.start is not None:
        return problem.start[at.columns]

    def deviance(candidate: Array) -> float:
        return pass_over_rows(f, g, at.X, at.y, at.w, at.offset, candidate).deviance

    return start(f, g, at.X, at.y, at.w, at.offset, deviance)


def over_the_top(family_: Family, link_: Link, at: Parts, beta: Array, step: Array) -> bool:
    """Whether the likelihood falls at the end of ``step``, and bends upwards: a maximum was passed."""
    W, r = working(family_, link_, at, beta)
    h, move = bend(family_, link_, at.y, at.w, at.X @ beta + at.offset), at.X @ step
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
    before, sizes, deviances = beta, [], [deviance_at(family_, link_, at, beta)]
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


def reported(
    problem: Problem,
    scored: Scored,
    *,
    converged: bool | None = None,
    warnings: tuple[str, ...] | None = None,
    at: Array | None = None,
) -> Fit:
    """The report at ``scored.beta``; the information is that ``at`` other coefficients if they are given."""
    p = parts(problem)
    said = scored.converged if converged is None else converged
    told = (() if said else ("no convergence",)) if warnings is None else warnings
    rows = pass_over_rows(family(problem), link(problem), p.X, p.y, p.w, p.offset, scored.beta if at is None else at)
    solution = Solution(scored.beta, scored.columns, rows, scored.iterations, said, told, ())
    return summarise(problem, solution)


def admits(problem: Problem, answer: Fit) -> Fit:
    """``answer`` with the words of the correct fit where that one has any: an honest fitter with one fault."""
    told = fit(problem)
    if told.admits_trouble:
        return replace(answer, converged=told.converged, warnings=told.warnings)
    return answer


def errors_times(answer: Fit, factor: float) -> Fit:
    """Standard errors times ``factor``, the covariance times its square."""
    assert answer.standard_errors is not None
    assert answer.covariance is not None
    return replace(answer, standard_errors=answer.standard_errors * factor, covariance=answer.covariance * factor**2)


def with_covariance(problem: Problem, answer: Fit, covariance: Array) -> Fit:
    """``answer`` with another covariance (of the columns that are not aliased), and its standard errors."""
    kept = ~np.isnan(answer.coefficients)
    whole, errors = np.full((problem.p, problem.p), np.nan), np.full(problem.p, np.nan)
    whole[np.ix_(kept, kept)] = covariance
    with np.errstate(all="ignore"):
        errors[kept] = np.sqrt(np.diag(covariance))
    return replace(answer, covariance=whole, standard_errors=errors)


def counted(problem: Problem) -> int:
    """How many rows count."""
    return int(np.sum(problem.prior_weights > 0))


def estimated(problem: Problem) -> bool:
    """Whether the family's dispersion is estimated."""
    return family(problem).known_dispersion is None


@cache
def _models_that_lost_rows() -> frozenset[tuple[str, int, str, str]]:
    """The library's models whose data have missing values; a Problem holds the rows that are left, and no trace."""
    library, found = Library.built_in(), []
    for id in library.select():
        case = library.case(id)
        if case.outcome is not CaseOutcome.INVALID and len(read_csv(case.data_file, case)) > case.problem().n:
            found.append((case.formula, case.problem().n, case.family, case.link))
    return frozenset(found)


def lost_rows(problem: Problem) -> bool:
    """Whether rows of this model were dropped for missing values."""
    return (problem.formula, problem.n, problem.family, problem.link) in _models_that_lost_rows()


# ------------------------------------------------------------------------------- observed information


def observed_weights(problem: Problem, beta: Array, link: Swap = same) -> Array:
    """(used rows,) minus the second derivative of the log-likelihood in eta, times the dispersion."""
    at, g = parts(problem), link(link_of(problem.link))
    h = bend(family(problem), g, at.y, at.w, at.X @ beta + at.offset)
    return np.where(np.isfinite(h), h, 0.0)


def with_observed_information(problem: Problem, answer: Fit, link: Swap = same) -> Fit:
    """``answer`` with the covariance and leverages of the observed information."""
    at, kept = parts(problem), ~np.isnan(answer.coefficients)
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
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    return replace(
        with_covariance(problem, answer, phi * inverse),
        leverages=leverages if np.all(np.isfinite(leverages)) else None,
    )
