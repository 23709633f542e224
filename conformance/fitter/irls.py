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

from conformance.fitter.diagnose import Ending, ending, line, recedes
from conformance.fitter.predictor import AtBeta
from conformance.fitter.start import least_squares_start, start
from conformance.mathematics.least_squares import independent_columns
from conformance.mathematics.link import Array
from conformance.mathematics.quantities import Iteration
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
    warnings: tuple[str, ...] = ()
    trace: tuple[Iteration, ...] = ()


@np.errstate(all="ignore")  # a step that overflows is halved
def solve(problem: Problem, response: Response | None = None) -> Solution:
    """Iterate from the start to the maximum, to the limit, or to a proof that there is no maximum.

    ``response`` stands in for the problem's own where a fault is studied.  ValueError for a start outside the domain.
    """
    X, columns, response = _that_count(problem, response or Response.of(problem))

    def at(beta: Array) -> AtBeta:
        return AtBeta(X, response, beta)

    here = at(start(at, X, response) if problem.start is None else problem.start[columns])
    if not np.isfinite(here.at.deviance):
        raise ValueError("the start gives a mean outside the family's domain; give other starting coefficients")
    steps = 1 if problem.start is None else 0  # the start from the data is a weighted least squares step itself
    limit, blind, receding, trace = problem.max_iterations or MAX_ITERATIONS, BLIND_STEPS, False, []
    while True:
        over = receding or here.at.at_wall(here.eta_error) or (steps == limit and not here.score_is_zero)
        step, there = improve(at, here, blind > 0) if not over else (np.zeros_like(here.beta), None)
        trace.append(line(here, step))
        if there is None:
            how, warnings = ending(here, receding, limit if steps == limit else None)
            return Solution(here.beta, columns, steps, how, warnings, tuple(trace))
        steps += not here.score_is_zero  # what polishes the last digits is not counted
        blind -= here.score_is_zero
        here, receding = there, recedes(there, step)


def improve(at: Callable[[Array], AtBeta], here: AtBeta, blind: bool) -> tuple[Array, AtBeta | None]:
    """The first of the step, half of it, a quarter ... that is better, and where it leads; None if none is.

    Better is a lower deviance; where rounding hides that, a shorter next step; where it may hide that too (``blind``),
    any.  Where the score is zero to within rounding only the whole step is tried: it polishes the last digits.
    """
    step = here.step()
    step = step * min(1.0, SHARE * here.at.reach(here.X @ step))
    for _ in range(1 if here.score_is_zero else MAX_HALVINGS):
        there = at(here.beta + step)
        fall = here.at.deviance - there.at.deviance
        shorter = there.decrement < here.decrement or (blind and here.score_is_zero)
        better = fall > 0 if abs(fall) > here.deviance_error else shorter
        if better:
            return step, there
        step = step / 2
    return np.zeros_like(step), None


def one_step(problem: Problem) -> Solution:
    """One weighted least squares step from the data, which are taken for the means."""
    X, columns, response = _that_count(problem, Response.of(problem))
    beta = least_squares_start(X, response, one_step=True)
    return Solution(beta, columns, 1, Ending.ONE_STEP, (Ending.ONE_STEP.value,))


def _that_count(problem: Problem, response: Response) -> tuple[Array, NDArray[np.intp], Response]:
    """The rows of positive weight and the independent columns: X, which columns they are, and the response."""
    columns = independent_columns(problem.X[problem.counts])
    return problem.X[np.ix_(problem.counts, columns)], columns, response.counting
