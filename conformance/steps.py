"""The steps of an iteration: how far to go along a direction, and in which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from conformance.rows import Rows

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)

MAX_HALVINGS = 40
CLOSER = 0.01  # the least share of its distance from a wall that a step may leave: next to a wall steps are short
BLIND = 1e6  # a fall of the deviance by fewer units in its last place is lost in rounding
SEEN = 1e3  # a fall by more of them is none of rounding, for all that
BLURRED = 10.0  # so many times what rounding eta may do to it, too
NEARLY = 1e-2  # of the deviance: where steps win less, they may be near the end of a long line
SLOW = 0.5  # the share of the last step from which on it pays
STRAIGHT = 0.99  # the cosine of the angle between steps that go on along one line


def hastened(step: Array, last: tuple[Array, float] | None, rows: Rows) -> Array:
    """``step``, or where it goes on along the ``last`` one by a constant ratio, the sum of all steps to come.

    Aitken's process (1926), for Fisher scoring away from the canonical link is linear: it creeps, or swings to and fro.
    Towards an estimate at infinity steps are as straight, but the decrement shrinks faster than they do.
    """
    if last is None or rows.decrement**2 > NEARLY * rows.deviance:
        return step
    R, (before, decrement) = rows.triangle[:-1, :-1], last
    new, old = R @ step, R @ before
    ratio = float(new @ old / (old @ old)) if np.any(old) else 0.0
    straight = abs(new @ old) >= STRAIGHT * np.linalg.norm(new) * np.linalg.norm(old)
    steady = abs(rows.decrement - abs(ratio) * decrement) <= (1.0 - STRAIGHT) * decrement
    return step / (1.0 - ratio) if straight and steady and SLOW < abs(ratio) < 1.0 else step


def halve(at: Callable[[Array], Rows], beta: Array, step: Array, now: Rows) -> tuple[Rows | None, Array, bool]:
    """The first of step, step/2, step/4 ... that stays in the domain and is better; None where none is.

    Better is a deviance that does not rise; near the maximum, where the deviance has no digits left to tell by (it
    would fall by decrement^2), a shorter next step.  Also whether a step left the domain: a wall is in the way.
    """
    seen = max(SEEN * EPS * now.deviance, BLURRED * now.blur)
    walled, near = False, now.settled or now.decrement**2 <= max(BLIND * EPS * now.deviance, BLURRED * now.blur)
    for _ in range(3 if now.settled else MAX_HALVINGS):
        then = at(beta + step)
        if near:
            lower = then.decrement < now.decrement or now.deviance - then.deviance > seen
        else:
            lower = then.deviance <= now.deviance * (1 + 8 * EPS)
        inside = then.valid and then.above == now.above and then.room >= CLOSER * now.room
        if inside and lower:
            return then, step, walled
        walled, step = walled or not inside, step / 2
    return None, np.zeros_like(step), walled
