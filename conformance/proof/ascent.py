"""Damped Newton steps in balls, for maxima that double precision does not reach.

Where a maximum is within 1e-20 of a wall of the domain, or the likelihood nearly flat, whole steps from the nearest
double lead away.  Here no step leaves the domain or lowers the likelihood, and there are digits enough to tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, ctx

from .balls import ball, is_positive_definite, midpoints
from .result import NotProven
from .system import System

BITS = 256
STEPS = 150
HALVINGS = 60
CLOSE = arb(2) ** -100  # the square of a step, in standard errors of unit dispersion


def ascend(system: System, beta: Sequence[arb]) -> list[arb]:
    """(p,) a point next to a maximum, uphill from ``beta``; NotProven says why there is none."""
    with ctx.workprec(BITS):
        point = midpoints(beta)
        here = likelihood(system, point)
        for _ in range(STEPS):
            step, square = _step(system, point)
            if square < CLOSE:
                return point
            share = arb(1)
            for _ in range(HALVINGS):
                trial = [(b + share * s).mid() for b, s in zip(point, step, strict=True)]
                try:
                    there = likelihood(system, trial)
                    if there > here:
                        break
                except NotProven:
                    pass
                share = share / 2
            else:
                raise NotProven("no step from the highest point that was found raises the likelihood")
            point, here = trial, there
        largest = max(float(abs(e).mid()) for e in system.eta(point))
    raise NotProven(f"the likelihood still rises where linear predictors reach {largest:.0e}")


def likelihood(system: System, beta: Sequence[arb]) -> arb:
    """Minus half the deviance of the patterns' means, the middle of its ball; NotProven outside the domain."""
    found = arb(0)
    for eta, total, top in zip(system.eta(beta), system.total, system.sum, strict=True):
        mu, q, _, _ = system.family.mean(eta)
        if not system.family.valid(eta, mu, q):
            raise NotProven("a mean is not provably inside the family's domain")
        found -= ball(total) * system.family.unit_deviance(ball(top) / ball(total), mu, q) / 2
    if not found.is_finite():
        raise NotProven("the likelihood overflows")
    return found.mid()


def _step(system: System, point: Sequence[arb]) -> tuple[list[arb], arb]:
    """Newton's step, Fisher's where the observed information is not positive definite; and its squared length."""
    rows = system.evaluate(point)
    score = system.score([r[0] for r in rows]).mid()
    for k in (2, 1):
        matrix = system.information([r[k].mid() for r in rows])
        if is_positive_definite(matrix):
            try:
                step = (matrix.inv().mid() * score).mid()
            except ZeroDivisionError:
                continue
            return midpoints(step.entries()), (score.transpose() * step)[0, 0].mid()
    raise NotProven("the information is singular at the highest point that was found")
