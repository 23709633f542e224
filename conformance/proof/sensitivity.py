"""What accuracy may be asked.

The change of every quantity when the data change in their last bit.

``condition`` are the componentwise condition numbers of NUMERICS section 3 (Skeel 1979; Higham
2002, Accuracy and Stability of Numerical Algorithms, chapters 7 and 20), and the norm-wise ones by
column of the working least-squares problem.  ``sigma`` is the RMS change of each quantity over 8
refits with every datum moved by one last bit.  The refits are not done: their first-order changes
(with the squares of the residuals' changes, which alone count in a perfect fit) are computed in
doubles from the proven solution, so that no rounding of a fitter is mixed with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from .model import Family
from .result import Proof
from .root import Setup

Doubles = NDArray[np.float64]
JITTERS = 8
BITS = 106


@dataclass
class Point:
    """The proven solution in doubles.

    (n,) rows, (p,) coefficients, (n, p) rows of X, X G and X C.
    """

    x: Doubles
    offset: Doubles
    y: Doubles
    w: Doubles
    beta: Doubles
    g: Doubles  # X G, with G the inverse observed information
    b: Doubles  # X C, with C the inverse expected information
    inverse_observed: Doubles
    inverse_expected: Doubles
    mu: Doubles
    q: Doubles
    slope: Doubles
    curve: Doubles
    v: Doubles
    v1: Doubles
    residual: Doubles
    deviance: Doubles  # unit deviances
    a: Doubles  # mu'/V
    a1: Doubles  # d a/d eta
    a2: Doubles

    @property
    def psi(self) -> Doubles:
        """(y - mu) mu'/V."""
        return self.residual * self.a

    @property
    def expected(self) -> Doubles:
        """mu'^2 / V."""
        return self.slope * self.a

    @property
    def observed(self) -> Doubles:
        """-d psi / d eta."""
        return self.slope * self.a - self.residual * self.a1


def doubles(values: Any) -> Doubles:
    """Balls (or rationals) as doubles."""
    return np.array([float(v) for v in values])


def point(setup: Setup, proof: Proof) -> Point:
    """The proven solution in doubles, over the rows that have some weight."""
    fit, expected, observed, beta = proof.workings
    rows = setup.rows
    d = rows.point[setup.problem.prior_weights > 0]
    c = np.array(rows.cell)[d]
    x = rows.x[:, setup.estimable]
    cells = arb_mat(x.tolist())
    with ctx.workprec(BITS):
        g, b = (doubles((cells * m).entries()).reshape(x.shape) for m in (observed, expected))
        a1, a2 = (doubles(v) for v in zip(*[_slopes(setup, e) for e in fit.cell_eta], strict=True))
        a = doubles([m[2] / v[0] for m, v in zip(fit.cell, fit.variance, strict=True)])
    p = len(setup.estimable)
    mu, q, slope, curve = (doubles([m[k] for m in fit.cell])[c] for k in range(4))
    v, v1 = (doubles([m[k] for m in fit.variance])[c] for k in range(2))
    return Point(
        x=x[c],
        offset=rows.offset[c],
        y=doubles(rows.y)[d],
        w=doubles(rows.w)[d],
        beta=doubles(beta),
        g=g[c],
        b=b[c],
        inverse_observed=doubles(observed.entries()).reshape(p, p),
        inverse_expected=doubles(expected.entries()).reshape(p, p),
        mu=mu,
        q=q,
        slope=slope,
        curve=curve,
        v=v,
        v1=v1,
        residual=doubles(fit.residual)[d],
        deviance=doubles(fit.deviance)[d],
        a=a[c],
        a1=a1[c],
        a2=a2[c],
    )


def _slopes(setup: Setup, eta: arb) -> tuple[arb, arb]:
    """A' and a'' for a = mu'/V.

    A' in closed form, a'' as its central difference at high precision.
    """
    step = arb(2) ** -30 * (abs(eta.mid()) if not eta.contains(0) else arb(1))
    middle, high, low = (_slope(setup, e) for e in (eta, eta + step, eta - step))
    return middle, (high - low) / (2 * step)


def _slope(setup: Setup, eta: arb) -> arb:
    mu, q, slope, curve = setup.family.mean(eta)
    v, v1 = setup.family.variance(mu, q)
    return (curve - slope * slope * v1 / v) / v


def condition(at: Point) -> Doubles:
    """(p,) A_k: an absolute bound, so that a coefficient of 0 needs no rule of its own."""
    p = len(at.beta)
    found = np.empty(p)
    root = np.sqrt(at.w * at.expected)
    safe = np.where(root > 0, root, np.inf)
    size = np.abs(at.y) + np.abs(at.mu)
    working = at.x @ at.beta + np.where(at.residual == 0, 0.0, at.residual / at.slope)
    columns = np.linalg.norm(root[:, None] * at.x, axis=0)
    score = (at.w * at.psi)[:, None]
    for k in range(p):
        g = at.g[:, k]
        tangent = score * at.inverse_observed[k] - np.outer(at.w * at.observed * g, at.beta)
        component = (
            np.abs(at.x * tangent).sum()
            + (at.w * np.abs(at.a * g) * size).sum()
            + np.abs(at.offset * at.w * at.observed * g).sum()
        )
        tangent = score * at.inverse_observed[k] - np.outer(at.w * at.expected * g, at.beta)
        by_column = (columns * np.linalg.norm(tangent / safe[:, None], axis=0)).sum() + np.linalg.norm(
            root * working
        ) * np.linalg.norm(root * g)
        found[k] = max(component, by_column)
    return found


def deviance_in_y(family: Family, y: Doubles, mu: Doubles, q: Doubles, residual: Doubles, v: Doubles) -> Doubles:
    """d/dy of the unit deviance, 2 (theta(y) - theta(mu)).

    It is 2 (y - mu)/V next to y = mu, and taken as 0 where y is on the boundary of its domain.
    """
    near = 2 * residual / v
    if family.name == "gaussian":
        return np.asarray(near)
    if family.name == "binomial":
        found = 2 * (np.log(y / mu) - np.log((1 - y) / q))
    elif family.name == "poisson":
        found = 2 * np.log(y / mu)
    elif family.name == "gamma":
        found = 2 * residual / (mu * y)
    elif family.name == "inverse_gaussian":
        found = residual * (y + mu) / (y * mu) ** 2
    elif family.name == "negative_binomial":
        theta = float(family.theta or 1)
        found = 2 * (np.log(y / mu) - np.log((y + theta) / (mu + theta)))
    else:
        power = 1 - float(family.power or 0)
        found = 2 * (y**power - mu**power) / power
    found = np.where(np.abs(residual) < 1e-5 * np.sqrt(v), near, found)
    return np.where(np.isfinite(found), found, 0.0)


def add_sensitivities(setup: Setup, proof: Proof) -> None:
    """Put ``condition`` and ``sigma`` on a proof of an estimate."""
    from .jitter import changes, moves, null_models

    if proof.workings is None:
        return
    with np.errstate(all="ignore"):
        at = point(setup, proof)
        found = condition(at)
        proof.condition = [
            _number(found[setup.estimable.index(j)]) if j in setup.estimable else None for j in range(setup.problem.p)
        ]
        null = null_models(setup, proof, at)
        squares: dict[str, Any] = {}
        rng = np.random.default_rng(20240601)
        for _ in range(JITTERS):
            for name, change in changes(setup, proof, at, null, moves(setup, at, rng)).items():
                squares[name] = squares.get(name, 0.0) + np.square(change)
        proof.sigma = {
            name: _numbers(np.sqrt(total / JITTERS)) for name, total in squares.items() if name in proof.quantities
        }


def _number(value: float) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _numbers(values: Any) -> Any:
    array = np.asarray(values)
    return [_numbers(v) for v in array] if array.ndim else _number(float(array))
