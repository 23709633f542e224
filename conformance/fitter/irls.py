"""Iteratively reweighted least squares: from a start to the maximum, or to the reason why there is none.

Each step is solved for the change of beta (Green 1984, eq. 4): a metric turns the score into a step, so that the metric
needs few digits, the score decides, and the next step corrects the rounding of the last.  No weight is floored and no
probability clipped: what has no estimate is reported, not hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.fitter.diagnose import Ending, Iteration, ending, recedes
from conformance.fitter.predictor import AtBeta, independent_columns
from conformance.fitter.start import least_squares_start, start
from conformance.mathematics.link import Array
from conformance.mathematics.response import Response
from conformance.question.problem import Problem

MAX_ITERATIONS = 500  # Newton's method takes ten; the boundary and walls on the way may take more
MAX_HALVINGS = 60  # of a step as long as all doubles to one of its last digits
BLIND_STEPS = 2  # where the rounding of a few heavy rows is all of the score, the others have these to settle
SHARE = 0.99  # of the way to a wall of the domain that a step may go (Nocedal and Wright 2006, eq. 19.9)


@dataclass(frozen=True)
class Solution:
    """Where the iteration ended: the coefficients of the independent ``columns``, and how it came there."""

    beta: Array
    columns: NDArray[np.intp]
    iterations: int
    ending: Ending
    warnings: tuple[str, ...]
    trace: tuple[Iteration, ...]

    @property
    def converged(self) -> bool:
        """Whether ``beta`` is a maximum."""
        return self.ending is Ending.MAXIMUM


@np.errstate(all="ignore")  # a step that overflows is halved
def solve(problem: Problem, response: Response | None = None) -> Solution:
    """Iterate from the start to the maximum, to the limit, or to a proof that there is no maximum.

    ``response`` stands in for the problem's own where a fault is studied.
    """
    response = (response or Response.of(problem)).counting
    rows = problem.counts
    columns = independent_columns(problem.X[rows])
    X = problem.X[np.ix_(rows, columns)]

    def at(beta: Array) -> AtBeta:
        return AtBeta(X, response, beta)

    here = at(start(at, X, response) if problem.start is None else problem.start[columns])
    if not np.isfinite(here.deviance):
        raise ValueError("the start gives a mean outside the family's domain; give other starting coefficients")
    steps = 1 if problem.start is None else 0  # the start from the data is a weighted least squares step itself
    limit, blind, receding, trace = problem.max_iterations or MAX_ITERATIONS, BLIND_STEPS, False, []
    while True:
        over = receding or here.at_wall or (steps == limit and not here.score_is_zero)
        step, there = improve(at, here, blind > 0) if not over else (np.zeros_like(here.beta), None)
        trace.append(Iteration.of(here, step))
        if there is None:
            break
        steps += not here.score_is_zero  # what polishes the last digits is not counted
        blind -= here.score_is_zero
        here, receding = there, recedes(there, step)
    how, warning = ending(here, receding, limit if steps == limit else None)
    return Solution(here.beta, columns, steps, how, warning, tuple(trace))


def improve(at: Callable[[Array], AtBeta], here: AtBeta, blind: bool) -> tuple[Array, AtBeta | None]:
    """The first of Newton's step, half of it, a quarter ... that is better, and where it leads; None if none is.

    Where the score is zero to within rounding only the whole step is tried: it polishes the last digits.
    """
    step = here.step()
    step = step * min(1.0, SHARE * here.reach(step))
    for _ in range(1 if here.score_is_zero else MAX_HALVINGS):
        there = at(here.beta + step)
        if better(here, there, blind) and not over_the_top(there, step):
            return step, there
        step = step / 2
    return np.zeros_like(step), None


def better(here: AtBeta, there: AtBeta, blind: bool) -> bool:
    """Whether ``there`` the deviance is lower; where rounding hides that, whether the next step is shorter.

    Where it may hide that too, ``blind``, the step is believed.
    """
    fall = here.deviance - there.deviance
    if abs(fall) > here.deviance_error:
        return fall > 0
    return there.decrement < here.decrement or (blind and here.score_is_zero)


def over_the_top(there: AtBeta, step: Array) -> bool:
    """Whether the step has passed a maximum and ended on a slope that leads away from it, where no step will turn."""
    return float(there.score @ step) < 0 and not there.concave


def one_step(problem: Problem) -> Solution:
    """One weighted least squares step from the data, which are taken for the means."""
    response, rows = Response.of(problem).counting, problem.counts
    columns = independent_columns(problem.X[rows])
    beta = least_squares_start(problem.X[np.ix_(rows, columns)], response, one_step=True)
    return Solution(beta, columns, 1, Ending.ONE_STEP, ("one weighted least squares step only",), ())
