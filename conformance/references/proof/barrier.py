"""Which rows a maximum on the boundary lies on.

A log-barrier path in doubles proposes, boundary.py proves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .balls import ball
from .system import System

Doubles = NDArray[np.float64]
KINDS = {
    ("binomial", "log"): (None, 1),
    ("binomial", "identity"): (0, 1),
    ("poisson", "identity"): (0, None),
}  # means on the boundary


def propose(system: System) -> list[dict[int, int]]:
    """Sets to try of patterns on the boundary, each with its mean there (0 or 1).

    The most credible first.
    """
    path = _Path(system)
    beta = path.interior()
    if beta is None:
        return []
    found: list[dict[int, int]] = []
    for power in np.arange(0.0, 12.5, 0.5):
        tau = 10.0**-power
        beta = path.climb(beta, tau)
        active = path.near(beta, np.sqrt(tau)) if power >= 4 else {}
        if active and active not in found:
            found.insert(0, active)
    return found


class _Path:
    """The maxima of log-likelihood + tau sum log(distance from the boundary)."""

    def __init__(self, system: System) -> None:
        family = system.family
        self.log = family.link == "log"
        self.low, self.high = KINDS[family.name, family.link]
        self.x = np.array([[float(ball(v)) for v in row] for row in system.x]).reshape(len(system.x), system.p)
        self.x = self.x / np.abs(self.x).max(axis=0)
        self.offset = np.array([float(ball(o)) for o in system.offset])
        self.total = np.array([float(ball(w)) for w in system.total])
        self.top = np.array([float(ball(s)) for s in system.sum])
        self.bound = 0.0 if self.log else 1.0

    def eta(self, beta: Doubles) -> Doubles:
        return np.asarray(self.x @ beta + self.offset)

    def distances(self, eta: Doubles) -> list[tuple[int, Doubles]]:
        """(mean there, (c,) distance from it) for the boundaries that this model has.

        Positive inside.
        """
        sides = [(0, eta)] if self.low is not None else []
        return sides + ([(1, self.bound - eta)] if self.high is not None else [])

    def interior(self) -> Doubles | None:
        """A point as far from the boundary as a linear program finds one."""
        from scipy.optimize import linprog  # slow to import, and rarely needed

        one = np.ones((len(self.x), 1))
        upper: list[Doubles] = []
        right: list[Doubles] = []
        if self.low is not None:
            upper, right = [np.hstack([-self.x, one])], [self.offset]
        if self.high is not None:
            upper, right = [*upper, np.hstack([self.x, one])], [*right, self.bound - self.offset]
        cost = np.r_[np.zeros(self.x.shape[1]), -1.0]
        bounds = [(None, None)] * self.x.shape[1] + [(0, 1)]
        result: Any = linprog(cost, A_ub=np.vstack(upper), b_ub=np.concatenate(right), bounds=bounds, method="highs")
        return np.asarray(result.x[:-1]) if result.status == 0 and result.x[-1] > 0 else None

    def value(self, beta: Doubles, tau: float) -> tuple[float, Doubles, Doubles]:
        """The objective, and its first and (minus) second derivatives (c,) in eta."""
        eta = self.eta(beta)
        sides = self.distances(eta)
        if any((d <= 0).any() for _, d in sides):
            return -np.inf, eta, eta
        rest = self.total - self.top
        if self.log:
            mu = np.exp(eta)
            q = -np.expm1(eta)
            size, first, second = (
                self.top * eta + rest * np.log(q),
                self.top - rest * mu / q,
                rest * mu / q**2,
            )
        elif self.high is None:
            size, first, second = (
                self.top * np.log(eta) - self.total * eta,
                self.top / eta - self.total,
                self.top / eta**2,
            )
        else:
            size = self.top * np.log(eta) + rest * np.log1p(-eta)
            first, second = (
                self.top / eta - rest / (1 - eta),
                self.top / eta**2 + rest / (1 - eta) ** 2,
            )
        for side, d in sides:
            size, second = size + tau * np.log(d), second + tau / d**2
            first = first + (tau / d if side == 0 else -tau / d)
        return float(size.sum()), first, second

    def climb(self, beta: Doubles, tau: float) -> Doubles:
        """Damped Newton at one tau."""
        here = self.value(beta, tau)
        for _ in range(50):
            size, first, second = here
            step = np.linalg.lstsq(self.x.T @ (second[:, None] * self.x), self.x.T @ first, rcond=None)[0]
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
        """The patterns within ``reach`` of a boundary on which their data have a likelihood."""
        found: dict[int, int] = {}
        for side, distance in self.distances(self.eta(beta)):
            own = self.top == (self.total if side else 0)
            found |= {int(c): side for c in np.flatnonzero((distance < reach) & own)}
        return found
