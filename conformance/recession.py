"""Directions along which a likelihood rises for ever, seen in the last step of an iteration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.family import Family
from conformance.link import Link

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)


def recedes(family: Family, link: Link, X: Array, y: Array, step: Array) -> bool:
    """Whether the likelihood never falls along ``step``, and X ``step`` is no small one: then no maximum exists.

    Binomial: x'd >= 0 where y = 1, <= 0 where y = 0, = 0 between (Albert and Anderson 1984; Silvapulle 1981).
    Poisson, negative binomial and Tweedie (where y may be 0) with log link: x'd <= 0 where y = 0, = 0 elsewhere
    (Santos Silva and Tenreyro 2010).
    """
    move = X @ step
    large = float(np.max(np.abs(move), initial=0.0))
    if large < 1e-3:  # near an estimate the steps vanish; along a direction of recession they do not
        return False
    still = np.maximum(1e-9 * large, 1e4 * EPS * (np.abs(X) @ np.abs(step)))  # near collinearity blurs the zeros
    up, down, slack = move > still, move < -still, np.zeros_like(y, dtype=bool)
    if family.name == "binomial" and link.name != "log":
        slack = np.where(y == 1, down, np.where(y == 0, up, up | down))
    elif family.name in ("poisson", "negative_binomial", "tweedie") and link.name == "log":
        slack = np.where(y == 0, up, up | down)
    else:
        return False
    return not np.any(slack)
