"""The proven solution in doubles, from which the sensitivities are computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from .model import Family
from .result import Proof
from .root import Setup

Doubles = NDArray[np.float64]
BITS = 106


@dataclass
class Point:
    """The proven solution in doubles, over the n rows with a weight and the p estimable columns; dispersion 1."""

    x: Doubles  # (n, p)
    offset: Doubles  # (n,), as all below that say nothing else
    y: Doubles
    w: Doubles
    beta: Doubles  # (p,)
    g: Doubles  # (n, p) X G, with G the inverse observed information
    b: Doubles  # (n, p) X C, with C the inverse expected information
    inverse_observed: Doubles  # (p, p) G
    inverse_expected: Doubles  # (p, p) C
    mu: Doubles
    q: Doubles  # 1 - mu, of the binomial family
    slope: Doubles  # mu', d mu/d eta
    curve: Doubles  # mu''
    v: Doubles  # V(mu)
    v1: Doubles  # V'(mu)
    residual: Doubles  # y - mu
    deviance: Doubles  # unit deviances
    a: Doubles  # mu'/V
    a1: Doubles  # d a/d eta
    a2: Doubles  # d2 a/d eta2

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
    """The derivatives a' and a'' in eta of a = mu'/V: a' in closed form, a'' as its central difference in many bits."""
    step = arb(2) ** -30 * (abs(eta.mid()) if not eta.contains(0) else arb(1))
    middle, high, low = (_slope(setup, e) for e in (eta, eta + step, eta - step))
    return middle, (high - low) / (2 * step)


def _slope(setup: Setup, eta: arb) -> arb:
    mu, q, slope, curve = setup.family.mean(eta)
    v, v1 = setup.family.variance(mu, q)
    return (curve - slope * slope * v1 / v) / v


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
