"""Where an iteration starts when nobody says: coefficients whose every mean is inside the domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import linprog

from conformance.fitter.predictor import AtBeta
from conformance.mathematics.link import Array
from conformance.mathematics.response import Response


def start(at: Callable[[Array], AtBeta], X: Array, response: Response) -> Array:
    """(p,) coefficients of one weighted least squares fit to the link of slightly smoothed data.

    Where the data are far from that, of a constant mean or of the offset alone, whichever has the lowest deviance;
    where none has a finite one, of the flattest eta that has means everywhere.
    """
    link, offset, y = response.link, response.offset, response.y
    # where an infinite mean is between positive and negative ones, no step will lead across
    side = float(np.sign(y[0])) if link.name == "inverse" and len(y) and np.all(y * y[0] > 0) else 0.0

    def height(beta: Array) -> float:
        return at(beta).deviance if side == 0 or np.all(side * (X @ beta + offset) > 0) else np.inf

    beta = least_squares_start(X, response)
    if np.isfinite(height(beta)) and not np.any(offset):
        return beta
    level = float(link.linkfun(np.array(_average(response))))
    constant = _least_squares(X, level - offset)  # with an intercept and no offset: a constant mean
    best = min((beta, constant, np.zeros_like(beta)), key=height)
    if np.isfinite(height(best)):
        return best
    level = np.copysign(min(abs(level), 0.5 * _headroom(X, offset, np.sign(level))), level)
    for share in (1.0, 1e-1, 1e-2, 1e-3):  # where the flattest eta spans too much, a mean underflows
        inside = _inside(X, offset, level * share)
        if np.isfinite(height(inside)):
            return inside
    return min((beta, constant), key=lambda beta: at(beta).deviance)


def least_squares_start(X: Array, response: Response, *, one_step: bool = False) -> Array:
    """(p,) one weighted least squares fit to the link of the data, which are smoothed where they have none.

    The binomial's smoothing is R's.  Elsewhere it is half-way to the mean, which is inside the domain where a y at its
    end is not; but for least squares y itself, from which one step is the answer.
    """
    family, link, y, w = response.family, response.link, response.y, response.weights
    mean = np.full_like(y, _average(response))
    if family.name == "binomial":
        mu = (w * y + 0.5) / (w + 1.0)
    elif family.name == "gaussian" and link.name == "identity":
        mu = y
    else:
        mu = y + 1.0 if one_step else 0.5 * (y + mean)
    mu = np.where(link.means.contains(mu) & family.means.contains(mu), mu, mean)
    eta = link.linkfun(mu)
    root = np.sqrt(w) * link.mu_eta(eta) / family.standard_deviation(mu, 1.0 - mu)
    z = (y if link.name == "identity" else eta) - response.offset
    return _least_squares(X * root[:, None], z * root)


def _average(response: Response) -> float:
    """The weighted mean of y; 1/2 where every y is at the end of the range: no mean of theirs has an eta."""
    average = float(np.average(response.y, weights=response.weights))
    means = response.family.means
    return average if means.low < average < means.high else 0.5


def _headroom(X: Array, offset: Array, sign: float) -> float:
    """The largest t so that some coefficients have sign eta >= t everywhere (a linear program; may be infinite)."""
    found = linprog(
        [0.0] * X.shape[1] + [-1.0],
        A_ub=np.column_stack([-sign * X / np.linalg.norm(X, axis=0), np.ones(len(X))]),
        b_ub=sign * offset,
        bounds=[(None, None)] * (X.shape[1] + 1),
    )
    return np.inf if found.x is None else float(found.x[-1])


def _inside(X: Array, offset: Array, level: float) -> Array:
    """(p,) coefficients of the flattest eta that is at least |level| everywhere, with the sign of ``level``.

    There the means of an identity, inverse or sqrt link are positive, or those of a log-binomial below 1.
    """
    sign, (n, p) = np.sign(level), X.shape
    size = np.linalg.norm(X, axis=0)
    scaled, nothing = sign * X / size, np.zeros((n, 1))
    rows = np.block([[-scaled, nothing], [scaled, nothing - 1.0]])  # |level| <= sign eta <= s, and s is minimised
    limits = np.concatenate([sign * offset - abs(level), -sign * offset])
    found = linprog([0.0] * p + [1.0], A_ub=rows, b_ub=limits, bounds=[(None, None)] * (p + 1))
    return np.zeros(p) if found.x is None else np.asarray(found.x[:p] / size)


def _least_squares(A: Array, b: Array) -> Array:
    """argmin ||A x - b|| by QR."""
    Q, R = np.linalg.qr(A)
    return np.asarray(solve_triangular(R, Q.T @ b))
