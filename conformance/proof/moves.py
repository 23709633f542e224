"""One jitter: all data moved by one last bit, and the fit with them, to first order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ball_arrays import Balls, Doubles, doubles, product
from .result import Value
from .root import Setup
from .solution import Point, deviance_in_y


@dataclass(frozen=True)
class Moves:
    """The changes of the data in one jitter, and of the fit that follow from them; n counts the rows with a weight."""

    x: Balls  # (n, p)
    y: Balls  # (n,)
    w: Balls  # (n,)
    offset: Balls  # (n,)
    beta: Balls  # (p,)
    eta: Balls  # (n,)
    mu: Balls  # (n,)
    residual: Balls  # (n,) of y - mu
    row_deviance: Balls  # (n,) of w d(y, mu)
    deviance: Value
    pearson: Value  # of Pearson's statistic


def moves(setup: Setup, at: Point, rng: np.random.Generator) -> Moves:
    """Move every datum by one last bit, and the fit with it.

    The deviance and Pearson's statistic include the squares of the residuals' changes, which
    alone count in a perfect fit.
    """
    dx, dy, dw, do = (last_bits(rng, v) for v in (at.x, doubles(at.y), at.w, at.offset))
    if setup.problem.weights is None:
        dw = np.zeros_like(at.w)
    inner = product(dx, at.beta[:, None])[:, 0] + do
    ddl_deta = at.w * (at.a * dy - at.observed * inner) + dw * at.psi  # of each row's dl/deta, beta held
    of_g = at.transposed[1]
    dbeta = product(at.inverse_observed, product(dx.T, (at.w * at.psi)[:, None])) + product(of_g, ddl_deta[:, None])
    deta = inner + product(at.x, dbeta)[:, 0]
    dmu = at.slope * deta
    dres = dy - dmu
    slope_y = deviance_in_y(setup.family, at.y, at.mu, at.q, at.residual, at.v)
    rows = dw * at.deviance + at.w * (slope_y * dy - 2 * at.residual / at.v * dmu)
    second = (at.w * dres * dres / at.v).sum()  # a product: the power of a ball around 0 is NaN
    terms = at.residual * at.residual / at.v
    by_row = dw * terms + at.w * (2 * at.residual * dres - terms * at.v1 * dmu) / at.v
    return Moves(
        dx, dy, dw, do, dbeta[:, 0], deta, dmu, dres, rows, rows.sum() + second, by_row.sum() + second,
    )  # fmt: skip


def last_bits(rng: np.random.Generator, values: Doubles) -> Doubles:
    """Plus or minus the distance to the next double; 0 stays."""
    signs = rng.integers(0, 2, values.shape) * 2.0 - 1.0
    return np.where(values == 0, 0.0, signs * np.spacing(np.abs(values)))
