"""Directions along which a likelihood rises for ever, seen in the last step of an iteration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.fitter.rows import EPS
from conformance.mathematics.family import Family
from conformance.mathematics.link import Link

Array = NDArray[np.float64]
MUCH = 100.0  # so many roundings of a linear predictor may be what a step corrects


def recedes(family: Family, link: Link, X: Array, y: Array, beta: Array, step: Array) -> bool:
    """Whether the likelihood never falls along ``step`` to ``beta``, and X ``step`` is no small one: no maximum exists.

    Binomial: x'd >= 0 where y = 1, <= 0 where y = 0, = 0 between (Albert and Anderson 1984; Silvapulle 1981).
    Log link, where y may be 0: x'd <= 0 where y <= 0, = 0 elsewhere (Santos Silva and Tenreyro 2010); of the
    log-binomial too, for its eta end at 0.
    """
    to_zero = link.name == "log" and bool(family.responses.contains(np.zeros(1))[0])
    if family.name != "binomial" and not to_zero:
        return False
    move = X @ step
    large = float(np.max(np.abs(move), initial=0.0))
    if large < 1e-3:  # near an estimate the steps vanish; along a direction of recession they do not
        return False
    rounding = EPS * float(np.max(np.abs(X) @ np.abs(beta)))  # of one row's eta, which the step corrects in all rows
    blur = 1e4 * EPS * (np.abs(X) @ np.abs(step))  # near collinearity blurs the zeros
    still = np.maximum(blur, max(1e-9 * large, MUCH * rounding))
    up, down = move > still, move < -still
    slack = np.where(y <= 0, up, up | down)
    if not to_zero:
        slack = np.where(y == 1, down, slack)
    return bool(np.any(up | down)) and not np.any(slack)
