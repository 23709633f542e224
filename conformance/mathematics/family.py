"""Families of generalized linear models, as a table of textbook formulas (McCullagh and Nelder 1989, ch. 2).

A family knows its variance function, unit deviance, log-likelihood and domain; a link (link.py) knows the rest.
Neither knows of X or of iterations.  All functions are elementwise on float64 arrays of shape (n,).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conformance.mathematics.deviance import (
    binomial_deviance,
    binomial_log_likelihood,
    gamma_deviance,
    gamma_log_likelihood,
    gaussian_log_likelihood,
    inverse_gaussian_deviance,
    inverse_gaussian_log_likelihood,
    negative_binomial_deviance,
    negative_binomial_log_likelihood,
    poisson_deviance,
    poisson_log_likelihood,
    proportion_residual,
    tweedie_deviance,
)
from conformance.mathematics.link import POSITIVE, REAL, UNIT, Array, Interval


@dataclass(frozen=True)
class Family:
    """A family of the exponential kind, with its known parameter (theta, power) bound.

    variance(mu, nu)               V(mu); nu is 1 - mu, used by the binomial alone
    variance_slope(mu, nu)         dV / d mu
    unit_deviance(y, mu, nu)       d(y, mu) >= 0, its weighted sum is the deviance
    log_likelihood(y, mu, nu, w, phi)   one term a row, constants included, as R's ``logLik`` counts them;
                                   phi is the dispersion, for the families that have one
    responses, means               the y and mu that make sense
    known_dispersion               1 for binomial, Poisson and negative binomial; None where it is estimated
    canonical                      the canonical link's name
    concave                        the links with which the log-likelihood is concave in eta, whatever y is, so that a
                                   maximum is the only one (Wedderburn 1976; Pratt 1981; canonical links: McCullagh
                                   and Nelder 1989, sec. 2.2)
    """

    name: str
    variance: Callable[[Array, Array], Array]
    variance_slope: Callable[[Array, Array], Array]
    unit_deviance: Callable[[Array, Array, Array], Array]
    log_likelihood: Callable[[Array, Array, Array, Array, float], Array]
    responses: Interval
    means: Interval
    canonical: str
    concave: tuple[str, ...]
    known_dispersion: float | None = None

    root_variance: Callable[[Array, Array], Array] | None = (
        None  # where the square would underflow: V = 1e-324 at 1e-162
    )

    def standard_deviation(self, mu: Array, nu: Array) -> Array:
        """sqrt(V(mu)) of one observation of weight and dispersion 1."""
        return self.root_variance(mu, nu) if self.root_variance else np.sqrt(self.variance(mu, nu))

    def residual(self, y: Array, mu: Array, nu: Array) -> Array:
        """y - mu, with the digits that both tails of a proportion have."""
        return proportion_residual(y, mu, nu) if self.name == "binomial" else y - mu


def _no_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """NaN: R gives no log-likelihood for a Tweedie family."""
    return np.full_like(y, np.nan)


GAUSSIAN = Family(
    "gaussian",
    variance=lambda mu, nu: np.ones_like(mu),
    variance_slope=lambda mu, nu: np.zeros_like(mu),
    unit_deviance=lambda y, mu, nu: (y - mu) ** 2,
    log_likelihood=gaussian_log_likelihood,
    responses=REAL,
    means=REAL,
    canonical="identity",
    concave=("identity",),
)
BINOMIAL = Family(
    "binomial",
    variance=lambda mu, nu: mu * nu,
    variance_slope=lambda mu, nu: nu - mu,
    unit_deviance=binomial_deviance,
    log_likelihood=binomial_log_likelihood,
    responses=Interval(0.0, 1.0, True, True),
    means=UNIT,
    canonical="logit",
    concave=("logit", "probit", "cloglog", "log", "identity"),
    known_dispersion=1.0,
)
POISSON = Family(
    "poisson",
    variance=lambda mu, nu: mu,
    variance_slope=lambda mu, nu: np.ones_like(mu),
    unit_deviance=poisson_deviance,
    log_likelihood=poisson_log_likelihood,
    responses=Interval(0.0, low_closed=True),
    means=POSITIVE,
    canonical="log",
    concave=("log", "identity", "sqrt"),
    known_dispersion=1.0,
)
GAMMA = Family(
    "gamma",
    variance=lambda mu, nu: mu * mu,
    root_variance=lambda mu, nu: mu,
    variance_slope=lambda mu, nu: 2.0 * mu,
    unit_deviance=gamma_deviance,
    log_likelihood=gamma_log_likelihood,
    responses=POSITIVE,
    means=POSITIVE,
    canonical="inverse",
    concave=("inverse", "log"),
)
INVERSE_GAUSSIAN = Family(
    "inverse_gaussian",
    variance=lambda mu, nu: mu**3,
    root_variance=lambda mu, nu: mu * np.sqrt(mu),
    variance_slope=lambda mu, nu: 3.0 * mu * mu,
    unit_deviance=inverse_gaussian_deviance,
    log_likelihood=inverse_gaussian_log_likelihood,
    responses=POSITIVE,
    means=POSITIVE,
    canonical="inverse_squared",
    concave=("inverse_squared", "inverse"),
)


def negative_binomial(theta: float) -> Family:
    """V = mu + mu^2/theta, theta known: R's ``MASS::negative.binomial(theta)``."""
    return Family(
        "negative_binomial",
        variance=lambda mu, nu: mu + mu * mu / theta,
        variance_slope=lambda mu, nu: 1.0 + 2.0 * mu / theta,
        unit_deviance=negative_binomial_deviance(theta),
        log_likelihood=negative_binomial_log_likelihood(theta),
        responses=Interval(0.0, low_closed=True),
        means=POSITIVE,
        canonical="none",  # log(mu / (mu + theta)) is not among the links
        concave=("log",),
        known_dispersion=1.0,
    )


def tweedie(power: float) -> Family:
    """V = mu^power; powers 1, 2 and 3 are the Poisson, gamma and inverse Gaussian deviances, 0 the Gaussian."""
    limits = {0.0: GAUSSIAN, 1.0: POISSON, 2.0: GAMMA, 3.0: INVERSE_GAUSSIAN}
    return Family(
        "tweedie",
        variance=lambda mu, nu: np.power(mu, power),
        root_variance=lambda mu, nu: np.power(mu, power / 2.0),
        variance_slope=lambda mu, nu: power * np.power(mu, power - 1.0),
        unit_deviance=limits[power].unit_deviance if power in limits else tweedie_deviance(power),
        log_likelihood=_no_log_likelihood,
        responses=limits[power].responses if power in limits else Interval(0.0, low_closed=power < 2.0),
        means=REAL if power == 0 else POSITIVE,
        canonical="log" if power == 1.0 else "none",
        concave=("log",) if 1 <= power <= 2 else (),
    )


_FIXED = {f.name: f for f in (GAUSSIAN, BINOMIAL, POISSON, GAMMA, INVERSE_GAUSSIAN)}

#: Which links each family may have: those that R's glm takes (the binomial's identity and the Gaussian's sqrt by way of
#: make.link), and the log link of the Tweedie family.
PAIRS: dict[str, tuple[str, ...]] = {
    "gaussian": ("identity", "log", "inverse", "sqrt"),
    "binomial": ("logit", "probit", "cauchit", "log", "cloglog", "identity"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
    "inverse_gaussian": ("inverse_squared", "inverse", "identity", "log"),
    "negative_binomial": ("log", "sqrt", "identity"),
    "tweedie": ("log",),
}


def family_of(name: str, theta: float | None = None, power: float | None = None) -> Family:
    """The family called ``name``; ValueError for an unknown name, or a theta or power that is missing or senseless."""
    if name in _FIXED:
        return _FIXED[name]
    if name == "negative_binomial":
        if theta is None or not 0 < theta < math.inf:
            raise ValueError(f"the negative_binomial family needs a finite theta > 0, got {theta}")
        return negative_binomial(theta)
    if name == "tweedie":
        if power is None or not (power == 0 or 1 <= power < math.inf):
            raise ValueError(f"the tweedie family needs a power that is 0 or at least 1, got {power}")
        return tweedie(power)
    raise ValueError(f"unknown family {name!r}; the families are {', '.join(PAIRS)}")
