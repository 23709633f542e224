"""The suite's own iteratively reweighted least squares, for every family and link.

The response (mathematics/response.py) knows no X and the predictor no family; the loop (irls) joins them.  start says
where it begins, diagnose how it ended, summary what is reported.  Nothing here knows of references or checks.
"""

from __future__ import annotations

from conformance.fitter.irls import one_step as take_one_step
from conformance.fitter.irls import solve
from conformance.fitter.summary import summarise
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem, refuse_invalid

__all__ = ["fit"]


def fit(problem: Problem, *, one_step: bool = False) -> Fit:
    """Fit ``problem`` by maximum likelihood and report all that R's ``glm`` and ``summary`` do.

    ``one_step`` takes a single weighted least squares step from the data themselves (for Poisson with identity link:
    weights 1/(y + 1)), an approximation to compare with the full fit.
    Raises ValueError for data that the family can't have and for a start outside the domain.
    """
    refuse_invalid(problem)
    return summarise(problem, take_one_step(problem) if one_step else solve(problem))
