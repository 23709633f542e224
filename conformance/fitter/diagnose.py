"""How an iteration went and ended: its trace, and the reason why its end is no maximum."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from conformance.fitter.predictor import EPS, AtBeta
from conformance.mathematics.link import Array

LONG = 1e-3  # of eta: near an estimate steps vanish, along a direction of recession they do not
FEW = 1e-9  # of the longest move: what is no move
CORRECTION = 100.0  # roundings of eta, which a step may correct in rows that do not move
COLLINEAR = 1e4 * EPS  # of the terms of a move: near collinearity they are so much larger than it


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
    if here.at_wall:
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
    """Whether the likelihood never falls along ``step``, which led ``here``, and the step is long: no maximum exists.

    Binomial: x'd >= 0 where y = 1, <= 0 where y = 0, = 0 between (Albert and Anderson 1984; Silvapulle 1981).
    Log link, where y may be 0: x'd <= 0 where y <= 0, = 0 elsewhere (Santos Silva and Tenreyro 2010); of the
    log-binomial too, for its eta end at 0.
    """
    family, y, X = here.response.family, here.response.y, here.X
    to_zero = here.response.link.name == "log" and bool(family.responses.contains(np.zeros(1))[0])
    move = X @ step
    longest = float(np.max(np.abs(move), initial=0.0))
    if not (family.name == "binomial" or to_zero) or longest < LONG:
        return False
    none = max(FEW * longest, CORRECTION * float(np.max(here.eta_error, initial=0.0)))
    still = np.maximum(none, COLLINEAR * (np.abs(X) @ np.abs(step)))
    up, down = move > still, move < -still
    slack = np.where(y <= 0, up, up | down)
    if not to_zero:
        slack = np.where(y == 1, down, slack)
    return bool(np.any(up | down)) and not np.any(slack)


@dataclass(frozen=True)
class Iteration:
    """One line of the trace: all of it at the coefficients before the step, the information by the step's metric."""

    deviance: float
    max_change: float  # largest |delta_j|; 0 where no further step was taken
    score_norm: float  # largest |U_j| / sqrt(information_jj): the score in standard-error units
    condition: float  # of the information, in the 2-norm
    smallest_weight: float  # the smallest working weight of a row that counts

    @classmethod
    def of(cls, here: AtBeta, step: Array) -> Iteration:
        """The line of ``here`` and the step that was taken from it."""
        norms = np.linalg.norm(here.R, axis=0)
        score = np.divide(np.abs(here.score), norms, out=np.zeros_like(norms), where=norms > 0)
        return cls(
            deviance=here.deviance,
            max_change=float(np.max(np.abs(step), initial=0.0)),
            score_norm=float(np.max(score, initial=0.0)),
            condition=float(np.square(np.linalg.cond(here.R))) if here.R.size else 1.0,
            smallest_weight=float(np.min(here.at.working_weights, initial=np.inf)),
        )
