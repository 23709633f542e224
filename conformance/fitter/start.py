"""Where an iteration starts when nobody says: coefficients whose every mean is inside the domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linprog

from conformance.fitter.predictor import AtBeta
from conformance.mathematics.least_squares import solution
from conformance.mathematics.link import Array
from conformance.mathematics.response import Response

SHARES = tuple(10.0**-k for k in range(13))  # of the average eta: there may be room for less, or a mean underflows


def start(at: Callable[[Array], AtBeta], X: Array, response: Response) -> Array:
    """(p,) coefficients of one weighted least squares fit to the link of slightly smoothed data.

    Where the data are far from that, of a constant mean or of the offset alone, whichever has the lowest deviance;
    where none has a finite one, of the flattest eta that has means everywhere.
    """
    offset, y = response.offset, response.y
    # where an infinite mean is between positive and negative ones, no step will lead across
    side = float(np.sign(y[0])) if response.link.name == "inverse" and len(y) and np.all(y * y[0] > 0) else 0.0

    def height(beta: Array) -> float:
        return at(beta).at.deviance if side == 0 or np.all(side * (X @ beta + offset) > 0) else np.inf

    beta = least_squares_start(X, response)
    if np.isfinite(height(beta)) and not np.any(offset):
        return beta
    level = float(response.link.linkfun(np.array(response.average)))
    constant = solution(X, level - offset)  # with an intercept and no offset: a constant mean
    flattest = (_flattest(X, offset, level * share) for share in SHARES)
    for candidates in ((beta, constant, np.zeros_like(beta)), *((one,) for one in flattest)):
        best = min(candidates, key=height)
        if np.isfinite(height(best)):
            return best
    return min((beta, constant), key=lambda beta: at(beta).at.deviance)


def least_squares_start(X: Array, response: Response, *, one_step: bool = False) -> Array:
    """(p,) one weighted least squares fit to the link of the data."""
    near = response.near_the_data(one_step)
    root = np.sqrt(near.working_weights)
    z = response.y if response.link.name == "identity" else near.eta  # of the smoothed data only where y has no eta
    return solution(X * root[:, None], (z - response.offset) * root)


def _flattest(X: Array, offset: Array, level: float) -> Array:
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
