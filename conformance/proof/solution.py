"""The proven solution in balls, from which the sensitivities are computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import arb, arb_mat

from .ball_arrays import Balls, balls, doubles, is_finite, log, matrix, root
from .model import Family
from .result import Proof
from .root import Setup


@dataclass
class Point:
    """The proven solution over the n rows with a weight and the p estimable columns; dispersion 1.

    In balls beside data that are doubles; what asks for ``condition`` alone may give doubles throughout.
    """

    x: Balls  # (n, p)
    offset: Balls  # (n,), as all below that say nothing else
    y: Balls
    w: Balls
    beta: Balls  # (p,)
    g: Balls  # (n, p) X G, with G the inverse observed information
    b: Balls  # (n, p) X C, with C the inverse expected information
    inverse_observed: Balls  # (p, p) G
    inverse_expected: Balls  # (p, p) C
    mu: Balls
    q: Balls  # 1 - mu, of the binomial family
    slope: Balls  # mu', d mu/d eta
    curve: Balls  # mu''
    v: Balls  # V(mu)
    v1: Balls  # V'(mu)
    residual: Balls  # y - mu
    deviance: Balls  # unit deviances
    a: Balls  # mu'/V
    a1: Balls  # d a/d eta
    a2: Balls  # d2 a/d eta2

    @cached_property
    def transposed(self) -> tuple[arb_mat, arb_mat]:
        """X' (p, n) and (X G)' (p, n), which every jitter multiplies by."""
        return matrix(self.x.T), matrix(self.g.T)

    @property
    def psi(self) -> Balls:
        """(y - mu) mu'/V."""
        return self.residual * self.a

    @property
    def expected(self) -> Balls:
        """mu'^2 / V."""
        return self.slope * self.a

    @property
    def observed(self) -> Balls:
        """-d psi / d eta."""
        return np.asarray(self.slope * self.a - self.residual * self.a1)


def point(setup: Setup, proof: Proof) -> Point:
    """The proven solution in balls of the precision of now, over the rows that have some weight."""
    fit, expected, observed, beta = proof.workings
    rows = setup.rows
    d = rows.point[setup.problem.prior_weights > 0]
    c = np.array(rows.cell)[d]
    x = rows.x[:, setup.estimable]
    cells = arb_mat(x.tolist())
    g, b = (balls((cells * m).entries(), *x.shape) for m in (observed, expected))
    a1, a2 = (balls(v) for v in zip(*[_slopes(setup, e) for e in fit.cell_eta], strict=True))
    a = balls([m[2] / v[0] for m, v in zip(fit.cell, fit.variance, strict=True)])
    p = len(setup.estimable)
    mu, q, slope, curve = (balls([m[k] for m in fit.cell])[c] for k in range(4))
    v, v1 = (balls([m[k] for m in fit.variance])[c] for k in range(2))
    return Point(
        x=x[c],
        offset=rows.offset[c],
        y=balls(rows.y)[d],
        w=doubles(rows.w)[d],
        beta=balls(beta),
        g=g[c],
        b=b[c],
        inverse_observed=balls(observed.entries(), p, p),
        inverse_expected=balls(expected.entries(), p, p),
        mu=mu,
        q=q,
        slope=slope,
        curve=curve,
        v=v,
        v1=v1,
        residual=balls(fit.residual)[d],
        deviance=balls(fit.deviance)[d],
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


def deviance_in_y(family: Family, y: Balls, mu: Balls, q: Balls, residual: Balls, v: Balls) -> Balls:
    """d/dy of the unit deviance, 2 (theta(y) - theta(mu)).

    It is 2 (y - mu)/V next to y = mu, and taken as 0 where y is on the boundary of its domain.
    """
    near = 2 * residual / v
    if family.name == "gaussian":
        return np.asarray(near)
    if family.name == "binomial":
        found = 2 * (log(y / mu) - log((1 - y) / q))
    elif family.name == "poisson":
        found = 2 * log(y / mu)
    elif family.name == "gamma":
        found = 2 * residual / (mu * y)
    elif family.name == "inverse_gaussian":
        found = residual * (y + mu) / (y * mu) ** 2
    elif family.name == "negative_binomial":
        theta = float(family.theta or 1)
        found = 2 * (log(y / mu) - log((y + theta) / (mu + theta)))
    else:
        power = 1 - float(family.power or 0)
        found = 2 * (y**power - mu**power) / power
    found = np.where(abs(residual) < 1e-5 * root(v), near, found)
    return np.where(is_finite(found), found, 0.0)
