"""A path through the inside of the domain, to the maximum or to the wall that it lies on.

A log-barrier path in doubles (Fiacco & McCormick 1968; Boyd & Vandenberghe 2004, section 11.3) ends next to a maximum,
however close to the walls it is, and tells which rows may lie on one.  It proposes; krawczyk.py and boundary.py prove.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from .balls import ball
from .model import POSITIVE, Family
from .result import NotProven
from .system import System

Doubles = NDArray[np.float64]
BITS = 64  # no overflow or lost tail as in doubles
SMALLEST = -13  # of tau, as a power of ten


def walls(family: Family) -> tuple[float | None, float | None]:
    """The linear predictors that bound the domain from below and from above.

    Below 0 the Gaussian family's inverse link has means too, but none between: where all y > 0 the region above 0 has a
    maximum of its own.
    """
    if family.name == "binomial":
        return {"log": (None, 0.0), "identity": (0.0, 1.0)}.get(family.link, (None, None))
    walled = family.link in ("inverse", "inverse_squared", "sqrt") or (family.name in POSITIVE and family.link != "log")
    return (0.0 if walled else None), None


@dataclass
class End:
    """Where a path led: (p,) coefficients inside the domain, and sets of rows to try on a wall.

    A set says of each row (by its place in the system) the mean there, 0 or 1, the most credible set first.  For the
    inverse Gaussian family's inverse link 0 stands for the linear predictor, and the mean is infinite.
    """

    beta: Doubles
    active: list[dict[int, int]] = field(default_factory=list)


def follow(system: System) -> End | None:
    """The path from the middle of the domain; None where there are no walls, or no inside."""
    if walls(system.family) == (None, None):
        return None
    path = _Path(system)
    beta = path.interior()
    if beta is None:
        return None
    path.size = float(np.median([np.median(d) for _, d in path.distances(path.eta(beta))]))
    end, middle = End(beta), beta
    with ctx.workprec(BITS):
        for power in np.arange(1.0, SMALLEST - 0.5, -0.5):
            tau = 10.0**power
            end.beta = path.climb(end.beta, tau)
            for reach in _reaches(system.family) if power <= -4 else ():
                active = path.near(end.beta, reach * np.sqrt(tau))
                if active and active not in end.active:
                    end.active.insert(0, active)
    end.beta = _inside(system, end.beta / path.scale, middle / path.scale)
    return end


def _reaches(family: Family) -> tuple[float, ...]:
    """In square roots of tau, how near to a wall a row is that may lie on it: the most credible comes last.

    A row whose likelihood rises towards its wall with slope f ends at a distance of tau / f.  Under a square-root link
    the slope vanishes at the wall, and the distance is of the order of sqrt(tau / (w c)), with -c the curvature there:
    2 for counts of 0, and -2 y for a Gaussian y, which may be next to 0.
    """
    return (30.0, 1.0) if (family.name, family.link) == ("gaussian", "sqrt") else (1.0,)


def _inside(system: System, beta: Doubles, middle: Doubles) -> Doubles:
    """``beta`` as a row next to a wall provably has a mean at it: moved towards the ``middle`` by as little as does."""
    for share in (0.0, *10.0 ** np.arange(-16, 0)):
        moved = beta + share * (middle - beta)
        try:
            system.slopes([arb(b) for b in moved])
        except NotProven:
            continue
        return np.asarray(moved)
    return middle


def on_wall(system: System, c: int) -> int | None:
    """The mean (0 or 1) with which row ``c`` has a likelihood on a wall of the domain, None where it has none.

    Every row has one with an infinite mean under the inverse Gaussian family's inverse link, and with a mean of 0 under
    the Gaussian family's square-root link.
    """
    family, top = system.family, system.sum[c]
    low, high = walls(family)
    if (family.name, family.link) in (("inverse_gaussian", "inverse"), ("gaussian", "sqrt")):
        return 0
    if low is not None and top == 0 and family.name in ("binomial", "poisson", "negative_binomial"):
        return 0
    return 1 if high is not None and top == system.total[c] else None


class _Path:
    """The maxima of log-likelihood + tau sum log(d / (d + size)), with d the distance from the walls."""

    def __init__(self, system: System) -> None:
        x = np.array([[float(ball(v)) for v in row] for row in system.x]).reshape(len(system.x), system.p)
        self.scale = np.abs(x).max(axis=0)
        self.x = x / self.scale
        self.system = system
        self.offset = np.array([float(ball(o)) for o in system.offset])
        self.low, self.high = walls(system.family)
        self.size = 1.0
        self.total = [ball(w) for w in system.total]
        self.mean = [ball(s) / ball(w) for s, w in zip(system.sum, system.total, strict=True)]
        self.wall = [on_wall(system, c) for c in range(len(system.x))]

    def eta(self, beta: Doubles) -> Doubles:
        return np.asarray(self.x @ beta + self.offset)

    def distances(self, eta: Doubles) -> list[tuple[int, Doubles]]:
        """(1: the upper wall or 0: the lower, (c,) distance from it) for the walls that this model has; inside > 0."""
        sides = [(0, eta - self.low)] if self.low is not None else []
        return sides + ([(1, self.high - eta)] if self.high is not None else [])

    def interior(self) -> Doubles | None:
        """Coefficients of the flattest eta that is half as far from the walls as can be (or 1/2); None: none inside."""
        from scipy.optimize import linprog  # slow to import, and rarely needed

        (n, p), one = self.x.shape, np.ones((len(self.x), 1))
        zero, free = np.zeros((n, 1)), [(None, None)] * p
        rows = [(-self.x, self.offset - self.low)] if self.low is not None else []  # -x'b <= offset - low
        rows += [(self.x, self.high - self.offset)] if self.high is not None else []
        right = np.concatenate([r for _, r in rows])
        for most in (1.0, 1e-4, 1e-8):  # where there is little room it has to be asked in little numbers
            upper = np.vstack([np.hstack([x, one]) for x, _ in rows])
            found: Any = linprog(np.r_[np.zeros(p), -1.0], A_ub=upper, b_ub=right, bounds=[*free, (0, most)])
            if found.status == 0 and self.inside(found.x[:p]):
                break
        else:
            return None
        half = found.x[p] / 2
        limits = [(np.hstack([x, zero]), r - half) for x, r in rows] + [(np.hstack([-x, -one]), -r) for x, r in rows]
        upper, right = np.vstack([x for x, _ in limits]), np.concatenate([r for _, r in limits])
        flat: Any = linprog(np.r_[np.zeros(p), 1.0], A_ub=upper, b_ub=right, bounds=[*free, (None, None)])
        best = flat if flat.status == 0 and self.inside(flat.x[:p]) else found
        return np.asarray(best.x[:p])

    def inside(self, beta: Doubles) -> bool:
        return all((d > 0).all() for _, d in self.distances(self.eta(beta)))

    def value(self, beta: Doubles, tau: float) -> tuple[float, Doubles, Doubles]:
        """The objective, and its first and (minus) second derivatives (c,) in eta; -inf outside."""
        eta, family = self.eta(beta), self.system.family
        nothing: tuple[float, Doubles, Doubles] = (-np.inf, eta, eta)
        sides = self.distances(eta)
        if not np.isfinite(eta).all() or any((d <= 0).any() for _, d in sides):
            return nothing
        size, first, second = arb(0), np.empty(len(eta)), np.empty(len(eta))
        try:
            for c, value in enumerate(eta.tolist()):
                e = arb(value)
                mu, q, _, _ = family.mean(e)
                score, expected, observed = self.system.row(e, self.system.total[c], self.system.sum[c])
                size -= self.total[c] * family.unit_deviance(self.mean[c], mu, q) / 2
                first[c], second[c] = float(score), float(observed if observed > 0 else expected)
        except NotProven:
            return nothing
        found = float(size)
        for side, d in sides:  # log(d) next to the wall, and no reward for being far from it
            far = d + self.size
            found += tau * float(np.log(d / far).sum())
            slope = tau * self.size / (d * far)
            first, second = first + (slope if side == 0 else -slope), second + tau / d**2
        good = np.isfinite(found) and np.isfinite(first).all() and np.isfinite(second).all()
        return (found, first, second) if good else nothing

    def climb(self, beta: Doubles, tau: float) -> Doubles:
        """Damped Newton at one tau."""
        here = self.value(beta, tau)
        for _ in range(60):
            size, first, second = here
            if not np.isfinite(size):
                break
            root = np.sqrt(np.maximum(second, 1e-300))
            step = np.linalg.lstsq(root[:, None] * self.x, first / root, rcond=1e-15)[0]
            share = 1.0
            while share > 1e-12:
                there = self.value(beta + share * step, tau)
                if there[0] > size:
                    break
                share /= 2
            else:
                return beta
            beta, here = beta + share * step, there
            if there[0] - size < 1e-13 * (1 + abs(size)):
                break
        return beta

    def near(self, beta: Doubles, reach: float) -> dict[int, int]:
        """The rows within ``reach`` of a wall on which their data have a likelihood, with the mean there."""
        found: dict[int, int] = {}
        for side, distance in self.distances(self.eta(beta)):
            found |= {int(c): side for c in np.flatnonzero(distance < reach) if self.wall[int(c)] == side}
        return found
