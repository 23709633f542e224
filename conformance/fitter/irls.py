"""Iteratively reweighted least squares for every family and link: the suite's own small fitter.

Fisher scoring in difference form (Green 1984, eq. 4).  Each step solves the weighted least squares problem
    min || sqrt(W) (X delta - r) ||,   W = w mu_eta^2 / V(mu),   r = (y - mu) / mu_eta,
by QR of sqrt(W) X, never through an explicit inverse, and adds delta to beta.  The next step corrects the rounding of
the last, so that the answer is as exact as the score is.  Where Fisher scoring is slow, Newton's steps follow, by the
observed information in the basis of the same triangle.  No weight is floored and no probability clipped: what has no
estimate is reported, not hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.fitter.recession import recedes
from conformance.fitter.rows import Rows, pass_over_rows
from conformance.fitter.start import start
from conformance.fitter.steps import CLOSER, NEARLY, SLOW, fisher_step, halve, newton_step
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem, refuse_invalid

__all__ = ["Iteration", "Rows", "Solution", "fit", "independent_columns", "pass_over_rows", "solve"]

Array = NDArray[np.float64]

MAX_ITERATIONS = 500  # away from the canonical link Fisher scoring is linear: some fits need many steps
RANK_TOLERANCE = 1e-12  # exact dependence leaves about 1e-15; R draws the line at 1e-11
BLIND_STEPS = 2  # where the rounding of a few heavy rows is all of the score, the others have these to settle
SEPARATION = (
    "separation: the likelihood rises for ever along the last step, so that no maximum likelihood "
    "estimate exists (Albert and Anderson 1984); the coefficients are where the iteration stopped"
)
FREE_STEPS = 3  # after a step that the edge of the domain cut short, so many whole ones must follow


def fit(problem: Problem, *, one_step: bool = False) -> Fit:
    """Fit ``problem`` by maximum likelihood and report all that R's ``glm`` and ``summary`` do.

    ``one_step`` takes a single weighted least squares step from the data themselves (for Poisson with identity link:
    weights 1/(y + 1)), an approximation to compare with the full fit.
    Raises ValueError for data that the family can't have and for a start outside the domain.
    """
    from conformance.fitter.summary import summarise  # it needs `solve` for the null model

    return summarise(problem, solve(problem, one_step=one_step))


@dataclass(frozen=True)
class Iteration:
    """One line of the trace: all of it at the coefficients before the step."""

    deviance: float
    max_change: float  # largest |delta_j|; 0 where no further step was taken
    score_norm: float  # largest |U_j| / sqrt((X'WX)_jj): the score in standard-error units
    condition: float  # of X'WX, in the 2-norm
    smallest_weight: float  # the smallest working weight of a row that counts


@dataclass(frozen=True)
class Solution:
    """Where the iteration ended: coefficients of the independent ``columns``, and what it said on the way."""

    beta: Array
    columns: NDArray[np.intp]
    rows: Rows
    iterations: int
    converged: bool
    warnings: tuple[str, ...]
    trace: tuple[Iteration, ...]


@np.errstate(all="ignore")  # a step that overflows is halved
def solve(problem: Problem, *, one_step: bool = False) -> Solution:
    """Iterate from the start to the maximum, to the limit, or to a proof that there is no maximum."""
    refuse_invalid(problem)
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    used = problem.prior_weights > 0
    y, w, offset = problem.y[used], problem.prior_weights[used], problem.offsets[used]
    columns = independent_columns(problem.X[used])
    X = problem.X[np.ix_(used, columns)]

    steep = False  # whether the triangle is of the observed weights too: after a wall, or where nothing else helps

    def at(beta: Array) -> Rows:
        return pass_over_rows(family, link, X, y, w, offset, beta, steep=steep)

    def deviance(beta: Array) -> float:
        return at(beta).deviance

    given = problem.start
    beta = given[columns] if given is not None else start(family, link, X, y, w, offset, deviance, one_step)
    now, trace = at(beta), []
    steps = 0 if problem.start is not None else 1  # the start from the data is a weighted least squares step itself
    if one_step:
        return Solution(beta, columns, now, 1, False, ("one weighted least squares step only",), ())
    if not now.valid:
        raise ValueError("the start gives a mean outside the family's domain; give other starting coefficients")
    limit, last_wall, separated = problem.max_iterations or MAX_ITERATIONS, -FREE_STEPS, False
    before, slow, cut, blind = np.inf, False, False, 0
    while not separated:
        if steps == limit and not now.settled:
            trace.append(_line(now, 0.0))
            break
        slow = slow or ((cut or now.decrement > SLOW * before) and now.decrement**2 < NEARLY * now.deviance)
        before, whole = now.decrement, newton_step(now) if slow else fisher_step(now)
        then, step, walled = halve(at, beta, whole, now)
        if then is None and not (slow or now.settled):  # the expected weights may be next to nothing, far from the data
            slow, whole = True, newton_step(now)
            then, step, walled = halve(at, beta, whole, now)
        if then is None and not (steep or now.settled):  # or so far from the observed ones that those lose their digits
            steep = True
            now = at(beta)
            whole = newton_step(now)
            then, step, walled = halve(at, beta, whole, now)
        cut = step is not whole  # too long a step, where Fisher scoring overshoots
        if then is None and now.settled and blind < BLIND_STEPS:
            blind, step = blind + 1, newton_step(now)
            then = at(beta + step)
            then = then if then.settled and then.room >= CLOSER * now.room else None
        trace.append(_line(now, float(np.max(np.abs(step), initial=0.0))))
        last_wall = len(trace) if walled else last_wall
        if then is None:
            break
        steps += not now.settled  # what polishes the last digits is not counted
        beta, steep = beta + step, steep or walled
        now = at(beta) if walled else then
        separated = recedes(family, link, X, y, beta, step)
    ended_at_wall = now.at_edge or len(trace) - last_wall <= FREE_STEPS
    trouble = SEPARATION if separated else _trouble(now, ended_at_wall, limit if steps == limit else None)
    return Solution(beta, columns, now, steps, not trouble, (trouble,) if trouble else (), tuple(trace))


def _trouble(now: Rows, walled: bool, limit: int | None) -> str:
    """Why ``now``, where the iteration ended, is no maximum; "" where it is one."""
    if walled:
        said = "boundary: a mean has reached the edge of its domain, where there is no variance"
    elif not np.all(np.diag(now.triangle[:-1, :-1])):  # the score is 0 and says nothing
        said = "the information is singular here: the iteration has left every mean that the data could tell of"
    elif not now.settled:
        said = "no step from here raises the likelihood" if limit is None else f"iteration limit of {limit} reached"
    elif not now.concave:
        said = "the likelihood is not concave here, so that this is no maximum"
    else:
        return ""
    return f"{said}; the score is {now.decrement / (now.unit or 1.0):.2g} standard errors from zero"


def independent_columns(X: Array) -> NDArray[np.intp]:
    """The columns of X (n, p) that no earlier ones span: the later of dependent columns is the aliased one, as in R."""
    basis, kept = np.zeros((X.shape[0], 0)), []
    for j, column in enumerate(X.T):
        length = float(np.linalg.norm(column))
        v = column / (length or 1.0)
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            v = v - basis @ (basis.T @ v)
        if np.linalg.norm(v) > RANK_TOLERANCE:
            basis = np.column_stack([basis, v / np.linalg.norm(v)])
            kept.append(j)
    return np.array(kept, dtype=np.intp)


def _line(now: Rows, change: float) -> Iteration:
    """The trace's record of ``now`` and the step that was taken from it."""
    R = now.triangle[:-1, :-1]
    norms = np.linalg.norm(R, axis=0)
    score = np.divide(np.abs(now.score), norms, out=np.zeros_like(norms), where=norms > 0)
    condition = float(np.square(np.linalg.cond(R))) if R.size else 1.0
    return Iteration(now.deviance, change, float(np.max(score, initial=0.0)), condition, now.smallest_weight)
