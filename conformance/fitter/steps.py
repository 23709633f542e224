"""The steps of an iteration: how far to go along a direction, and in which."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.rows import EPS, Rows

Array = NDArray[np.float64]

MAX_HALVINGS = 40
CLOSER = 0.01  # the least share of its distance from a wall that a step may leave: next to a wall steps are short
BLIND = 1e6  # a fall of the deviance by fewer units in its last place is lost in rounding
SEEN = 1e3  # a fall by more of them is none of rounding, for all that
BLURRED = 10.0  # so many times what rounding eta may do to it, too
SLOW = 0.5  # the share of the last decrement from which on it pays to take the observed information
FLAT = 1e-12  # of the expected information: where the observed one is less, Newton's step leads far out
NEARLY = 1e-2  # of the deviance: where steps win less, they may be near the end of a long line


def fisher_step(rows: Rows) -> Array:
    """(p,) delta of Fisher scoring, by back substitution; zeros where the triangle is singular."""
    R, rhs = rows.triangle[:-1, :-1], rows.triangle[:-1, -1]
    return np.asarray(solve_triangular(R, rhs)) if np.all(np.diag(R) != 0) else np.zeros_like(rhs)


def newton_step(rows: Rows) -> Array:
    """(p,) delta by the observed information; by the expected one in directions where the likelihood is not concave.

    Away from the canonical link Fisher scoring is linear, it creeps or swings to and fro; Newton's method is quadratic.
    """
    R, rhs = rows.triangle[:-1, :-1], rows.triangle[:-1, -1]
    if not np.all(np.diag(R)):
        return np.zeros_like(rhs)
    bends, directions = np.linalg.eigh(rows.curvature)
    bends = np.where(bends > FLAT, bends, 1.0)
    return np.asarray(solve_triangular(R, directions @ ((directions.T @ rhs) / bends)))


def halve(at: Callable[[Array], Rows], beta: Array, step: Array, now: Rows) -> tuple[Rows | None, Array, bool]:
    """The first of step, step/2, step/4 ... that stays in the domain and is better; None where none is.

    Better is a deviance that does not rise; near the maximum, where the deviance has no digits left to tell by (it
    would fall by decrement^2), a shorter next step.  Also whether a step left the domain: a wall is in the way.
    """
    seen = max(SEEN * EPS * now.deviance, BLURRED * now.blur)
    walled, near = False, now.settled or now.decrement**2 <= max(BLIND * EPS * now.deviance, BLURRED * now.blur)
    for _ in range(1 if now.settled else MAX_HALVINGS):
        then = at(beta + step)
        if near:
            lower = then.decrement < now.decrement or now.deviance - then.deviance > seen
        else:
            lower = then.deviance <= now.deviance * (1 + 8 * EPS)
        inside = then.valid and then.above == now.above and then.room >= CLOSER * now.room
        past = inside and float(then.score @ step) < 0 and not then.concave  # over the top, and out on a plain
        if inside and lower and not past:
            return then, step, walled
        walled, step = walled or (not inside and np.isfinite(now.room)), step / 2  # an overflow is no wall
    return None, np.zeros_like(step), walled
