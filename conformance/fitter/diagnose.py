"""How an iteration went and ended: its trace, and the reason why its end is no maximum."""

from __future__ import annotations

from enum import Enum

import numpy as np

from conformance.fitter.predictor import AtBeta
from conformance.mathematics.link import Array
from conformance.mathematics.quantities import Iteration

LONG = 1e-3  # of eta: near an estimate steps vanish, along a direction of recession they do not
CORRECTION = 100.0  # roundings of eta, which a step may correct in rows that do not move


class Ending(Enum):
    """How an iteration ended."""

    MAXIMUM = "the score is zero, and the likelihood concave"
    SEPARATION = (
        "separation: the likelihood rises for ever along the last step, so that no maximum likelihood estimate exists "
        "(Albert and Anderson 1984); the coefficients are where the iteration stopped"
    )
    BOUNDARY = "boundary: a mean has reached the edge of its domain, where there is no variance"
    SINGULAR = "the information is singular here: the iteration has left every mean that the data could tell of"
    LIMIT = "iteration limit of {limit} reached"
    NO_STEP = "no step from here raises the likelihood"
    NOT_CONCAVE = "the likelihood is not concave here, so that this is no maximum"
    ONE_STEP = "one weighted least squares step only"


def ending(here: AtBeta, receding: bool, limit: int | None) -> tuple[Ending, tuple[str, ...]]:
    """How the iteration that came ``here`` ended, and the warning if that is no maximum; ``limit`` where it was met."""
    if receding:
        return Ending.SEPARATION, (Ending.SEPARATION.value,)
    if here.at.at_wall(here.eta_error):
        how = Ending.BOUNDARY
    elif not here.informed:  # the score is 0 and says nothing
        how = Ending.SINGULAR
    elif not here.score_is_zero:
        how = Ending.NO_STEP if limit is None else Ending.LIMIT
    else:
        how = Ending.MAXIMUM if here.concave else Ending.NOT_CONCAVE
    length = here.decrement / (here.standard_error or 1.0)
    warning = f"{how.value.format(limit=limit)}; the score is {length:.2g} standard errors from zero"
    return how, () if how is Ending.MAXIMUM else (warning,)


def recedes(here: AtBeta, step: Array) -> bool:
    """Whether the step that led ``here`` is long, and the likelihood rises along it for ever: no maximum exists.

    No row moves but in the direction in which its own likelihood rises without end (Albert and Anderson 1984;
    Silvapulle 1981; Santos Silva and Tenreyro 2010).
    """
    move = here.X @ step
    moves = np.abs(move) > CORRECTION * np.max(here.eta_error, initial=0.0)
    along = np.sign(move[moves]) == here.response.endless[moves]
    return bool(np.max(np.abs(move), initial=0.0) >= LONG and np.any(moves) and np.all(along))


def line(here: AtBeta, step: Array) -> Iteration:
    """The trace's line of ``here`` and the step that was taken from it, the information by the step's metric."""
    R, norms = here.R, np.linalg.norm(here.R, axis=0)
    return Iteration(
        deviance=here.at.deviance,
        max_change=float(np.max(np.abs(step), initial=0.0)),
        score_norm=float(np.max(np.abs(here.score[norms > 0]) / norms[norms > 0], initial=0.0)),
        condition=float(np.square(np.linalg.cond(R))) if R.size else 1.0,
        smallest_weight=float(np.min(here.at.working_weights, initial=np.inf)),
    )
