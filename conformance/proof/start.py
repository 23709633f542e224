"""Where a proof may look: Fisher scoring with step halving in doubles.  Nothing here has to be right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from .balls import ball
from .model import Family
from .system import System

Doubles = NDArray[np.float64]
PART = 5_000  # rows that are enough for a first guess
CLOSE = 1e-7  # the step after which Newton's method in balls takes over
BITS = 64  # enough for a start, and no overflow or lost tail as in doubles


@dataclass(frozen=True)
class Start:
    """Where Fisher scoring ended: coefficients (p,), the deviance there, and whether it settled."""

    beta: Doubles
    deviance: float
    converged: bool


def linkfun(link: str, mu: float) -> float:
    """The linear predictor of the mean ``mu``, in doubles."""
    functions: dict[str, Callable[[float], float]] = {
        "identity": lambda m: m,
        "log": math.log,
        "logit": lambda m: math.log(m) - math.log1p(-m),
        "probit": lambda m: NormalDist().inv_cdf(m),
        "cauchit": lambda m: math.tan(math.pi * (m - 0.5)),
        "cloglog": lambda m: math.log(-math.log1p(-m)),
        "inverse": lambda m: 1 / m,
        "inverse_squared": lambda m: 1 / (m * m),
        "sqrt": math.sqrt,
    }
    return functions[link](mu)


def first_means(system: System) -> Doubles:
    """(c,) means inside the domain and next to the data, as R's family()$initialize makes them."""
    total = np.array([float(ball(w)) for w in system.total])
    mean = np.array([float(ball(s)) for s in system.sum]) / total
    overall = float(np.sum(mean * total) / np.sum(total))
    if system.family.name == "binomial":
        return np.asarray((total * mean + 0.5) / (total + 1))
    if system.family.positive:
        return np.where(mean > 0, mean, max(overall, 1e-3) / 10)
    if system.family.link in ("log", "sqrt"):
        return np.asarray(np.maximum(mean, max(abs(overall), 1e-3) / 100))
    return np.where(mean == 0, 1e-3, mean) if system.family.link == "inverse" else mean


class _Doubles:
    """The model at a point, in doubles that come from 64-bit balls."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.x = np.array([[float(ball(v)) for v in row] for row in system.x]).reshape(len(system.x), system.p)
        self.offset = np.array([float(ball(o)) for o in system.offset])
        self.total = [ball(w) for w in system.total]
        self.mean = [ball(s) / ball(w) for s, w in zip(system.sum, system.total, strict=True)]
        self.scale = np.sqrt((self.x**2).sum(axis=0))
        self.scale[self.scale == 0] = 1

    def solve(self, z: Doubles, weights: Doubles) -> Doubles:
        root = np.sqrt(weights)
        found, *_ = np.linalg.lstsq(root[:, None] * (self.x / self.scale), root * (z - self.offset), rcond=1e-15)
        return np.asarray(found / self.scale)

    def at(self, beta: Doubles) -> tuple[float, Doubles, Doubles] | None:
        """The deviance, working response and working weights, or None outside the domain."""
        family: Family = self.system.family
        eta = self.x @ beta + self.offset
        if not np.isfinite(eta).all() or np.abs(eta).max(initial=0) > 1e8 * (1 + self.size):
            return None
        deviance, z, weights = arb(0), np.empty(len(eta)), np.empty(len(eta))
        for i, value in enumerate(eta.tolist()):
            e = arb(value)
            mu, q, slope, _ = family.mean(e)
            if not family.valid(e, mu, q):
                return None
            deviance += self.total[i] * family.unit_deviance(self.mean[i], mu, q)
            variance, _ = family.variance(mu, q)
            z[i] = value + float(family.residual(self.mean[i], mu, q) / slope) if slope != 0 else value
            weights[i] = float(self.total[i] * slope * slope / variance)
        good = np.isfinite(z) & np.isfinite(weights)
        z, weights = np.where(good, z, eta), np.where(good, weights, 0.0)
        size = float(deviance)
        return (size, z, weights) if math.isfinite(size) else None

    size: float = 1.0


def fisher_scoring(system: System, beta: Doubles | None = None, limit: int = 60) -> Start | None:
    """Fisher scoring of at most ``limit`` steps from ``beta`` (p,), or from R's starting means.

    None where no point inside the family's domain was found to begin at.
    """
    with ctx.workprec(BITS):
        if beta is None and len(system.x) > 2 * PART:
            beta = _from_a_part(system)
        model = _Doubles(system)
        for guess in _guesses(model, beta):
            here = model.at(guess)
            if here is not None:
                return _iterate(model, guess, here, limit)
        return None


def _from_a_part(system: System) -> Doubles | None:
    """The fit of evenly spaced rows, so that all rows need a few steps only."""
    step = len(system.x) // PART
    part = System(
        system.family,
        system.x[::step],
        system.offset[::step],
        system.total[::step],
        system.sum[::step],
    )
    found = fisher_scoring(part)
    return found.beta if found is not None and found.converged else None


def _guesses(model: _Doubles, beta: Doubles | None) -> list[Doubles]:
    """Where to begin: what is given, the regression of g(y) on X, and ever flatter ones."""
    system = model.system
    given = [] if beta is None else [np.asarray(beta, dtype=float)]
    means = first_means(system)
    weights = np.array([float(w) for w in model.total])
    overall = np.full(len(means), np.sum(means * weights) / np.sum(weights))
    found = given
    for share in (1.0, 0.5, 0.1, 0.01, 0.0):
        eta = np.array([linkfun(system.family.link, m) for m in share * means + (1 - share) * overall])
        model.size = max(model.size, float(np.abs(eta).max()))
        found.append(model.solve(eta, weights))
    if system.family.link in ("log", "identity", "inverse", "sqrt", "inverse_squared"):
        floor = -1.0 if (system.family.name, system.family.link) == ("binomial", "log") else 1.0
        for level in (1.0, 3.0, 10.0):
            found.append(
                model.solve(
                    np.full(
                        len(means),
                        floor * level * max(1.0, abs(linkfun(system.family.link, overall[0]))),
                    ),
                    weights,
                )
            )
    found.append(np.zeros(system.p))
    return found


def _iterate(model: _Doubles, beta: Doubles, here: tuple[float, Doubles, Doubles], limit: int) -> Start:
    """Fisher scoring; a step is halved until it stays in the domain and does not go up."""
    for _ in range(limit):
        deviance, z, weights = here
        target = model.solve(z, weights)
        share, best = 1.0, None
        while best is None and share > 1e-12:
            trial = beta + share * (target - beta)
            best = model.at(trial)
            if best is not None and best[0] > deviance + 1e-9 * (abs(deviance) + 1e-3):
                best = None
            share /= 2
        if best is None:
            return Start(beta, deviance, False)
        with np.errstate(over="ignore"):  # from 0 every move is infinite
            moved = np.max(np.abs(trial - beta) * model.scale) / (np.max(np.abs(trial) * model.scale) + 1e-300)
        beta, here = trial, best
        if moved < CLOSE:
            return Start(beta, here[0], share == 0.5)  # a short step because it was cut short is no end
    return Start(beta, here[0], False)
