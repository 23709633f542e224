"""Unit deviances and log-likelihoods of the families, a term for each row, where a textbook formula would cancel.

``nu`` is 1 - mu with all its digits, used by the binomial family alone; ``w`` are the prior weights, ``phi`` the
dispersion.  All functions are elementwise on float64 arrays of shape (n,).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial.polynomial import polyval
from scipy import special

from conformance.mathematics.link import QUIET, Array

#: sum v^(2j) / (2j + 1) from j = 1 on; at |v| = 0.1 the first term left out is 4e-26.
_SERIES = np.array([0.0, *(1.0 / (2 * j + 1) for j in range(1, 12))])


def _h(t: Array) -> Array:
    """(1 + t) log(1 + t) - t >= 0, with all its digits near t = 0.

    There 2 v = log(1 + t) in v = t / (2 + t) is expanded (Loader 2000, eq. 5), for the two terms would cancel.
    """
    t = np.asarray(t, dtype=np.float64)
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        v = t / (2.0 + t)
        far = np.where(t == -1.0, 1.0, (1.0 + t) * np.log1p(t) - t)
        return np.where(np.abs(v) < 0.1, t * v + 2.0 * (1.0 + t) * v * polyval(v * v, _SERIES), far)


def _excess(y: Array, mu: Array, residual: Array) -> Array:
    """y log(y/mu) - (y - mu) >= 0, with the residual y - mu given; mu at y = 0."""
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        return np.where(y == 0, mu, mu * _h(residual / mu))


def poisson_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [y log(y/mu) - (y - mu)]."""
    return 2.0 * _excess(y, mu, y - mu)


def binomial_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [y log(y/mu) + (1-y) log((1-y)/(1-mu))], as a sum of two terms that are not negative."""
    residual = proportion_residual(y, mu, nu)
    return 2.0 * (_excess(y, mu, residual) + _excess(1.0 - y, nu, -residual))


def proportion_residual(y: Array, mu: Array, nu: Array) -> Array:
    """y - mu as y (1 - mu) - (1 - y) mu, which keeps the digits where mu is nearly y = 0 or 1."""
    return y * nu - (1.0 - y) * mu


def gamma_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [(y - mu)/mu - log(y/mu)], which is 2 (y/mu) h(mu/y - 1) with h as above."""
    return 2.0 * (y / mu) * _h((mu - y) / y)


def inverse_gaussian_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """(y - mu)^2 / (y mu^2), for a mean whose square overflows too."""
    return ((y - mu) / mu) ** 2 / y


def negative_binomial_deviance(theta: float) -> Callable[[Array, Array, Array], Array]:
    """2 [y log(y/mu) - (y + theta) log((y + theta)/(mu + theta))] (Venables and Ripley 2002, sec. 7.4).

    As a sum of two terms that are not negative: large counts lose no digits.
    """

    def unit_deviance(y: Array, mu: Array, nu: Array) -> Array:
        share = (y - mu) / (y + theta)
        with np.errstate(**QUIET):  # type: ignore[arg-type]
            of_mean = np.where(y == 0, -1.0, theta / mu * share)
            return np.asarray(2.0 * (y + theta) / (mu + theta) * (mu * _h(of_mean) + theta * _h(-share)))

    return unit_deviance


def tweedie_deviance(power: float) -> Callable[[Array, Array, Array], Array]:
    """2 [y^(2-p)/((1-p)(2-p)) - y mu^(1-p)/(1-p) + mu^(2-p)/(2-p)] (Jorgensen 1997, sec. 4.2)."""
    a, b = 1.0 - power, 2.0 - power
    terms = np.array([0.0, 0.0, *((b**k - b) / math.factorial(k) for k in range(2, 16))])

    def unit_deviance(y: Array, mu: Array, nu: Array) -> Array:
        with np.errstate(**QUIET):  # type: ignore[arg-type]
            # with u the log of t = y/mu it is 2 mu^b [(t^b - 1) - b (t - 1)] / (a b)
            u = np.where(y > 0.5 * mu, np.log1p((y - mu) / mu), np.log(y / mu))
            far = np.expm1(b * u) - b * (y - mu) / mu
            near = np.abs(u) < 0.25  # there the two terms are expanded in u, for they would cancel
            return np.asarray(2.0 * np.power(mu, b) / (a * b) * np.where(near, polyval(u, terms), far))

    return unit_deviance


def _stirling_error(n: Array) -> Array:
    """log n! - log(sqrt(2 pi n) (n/e)^n), by Stirling's series from 16 on (Loader 2000, sec. 2)."""
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        exact = special.gammaln(n + 1.0) - (n + 0.5) * np.log(n) + n - 0.5 * np.log(2.0 * np.pi)
        m = 1.0 / (n * n)
        series = (1 / 12 - m * (1 / 360 - m * (1 / 1260 - m * (1 / 1680 - m / 1188)))) / n
        return np.where(n > 15.0, series, exact)


def binomial_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """log of C(m, k) mu^k nu^(m-k) with m = round(w) trials and k = round(w y) successes, as R's ``binomial()$aic``.

    The saturated log-likelihood less half the deviance, so that no large numbers cancel (Loader 2000).
    """
    m, k = np.rint(w), np.rint(w * y)
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        errors = _stirling_error(m) - _stirling_error(k) - _stirling_error(m - k)
        inside = errors + 0.5 * np.log(m / (2.0 * np.pi * k * (m - k)))
        saturated = np.where((k == 0) | (k == m), 0.0, inside)
        return np.where(m > 0, saturated - 0.5 * m * binomial_deviance(k / m, mu, nu), 0.0)


def poisson_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """w times log(mu^y e^-mu / y!): the saturated one less half the deviance (Loader 2000)."""
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        saturated = np.where(y == 0, 0.0, -_stirling_error(y) - 0.5 * np.log(2.0 * np.pi * y))
    return w * (saturated - 0.5 * poisson_deviance(y, mu, nu))


def gamma_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """w times the log density of shape k = 1/phi and mean mu: the saturated one less half the scaled deviance."""
    if np.all(np.asarray(phi) == 0.0):
        return np.full_like(y, np.inf)  # a perfect fit: the density is unbounded
    k = np.full_like(y, 1.0 / phi)
    saturated = 0.5 * np.log(k / (2.0 * np.pi)) - _stirling_error(k) - np.log(y)
    return w * (saturated - 0.5 * k * gamma_deviance(y, mu, nu))


def gaussian_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """-1/2 [log(2 pi phi / w) + w (y - mu)^2 / phi]."""
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        fit = np.where(y == mu, 0.0, w * (y - mu) ** 2 / phi)  # a perfect one: infinity, not NaN
        return np.asarray(-0.5 * (np.log(2.0 * np.pi * phi / w) + fit))


def inverse_gaussian_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """-w/2 [log(2 pi phi y^3) + (y - mu)^2 / (phi mu^2 y)]."""
    with np.errstate(**QUIET):  # type: ignore[arg-type]
        fit = np.where(y == mu, 0.0, inverse_gaussian_deviance(y, mu, nu) / phi)  # a perfect one: infinity, not NaN
        return np.asarray(-0.5 * w * (np.log(2.0 * np.pi * phi) + 3.0 * np.log(y) + fit))


def negative_binomial_log_likelihood(theta: float) -> Callable[[Array, Array, Array, Array, float], Array]:
    """log of the negative binomial density with mean mu and shape theta: the saturated one less half the deviance."""
    unit_deviance = negative_binomial_deviance(theta)

    def log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        with np.errstate(**QUIET):  # type: ignore[arg-type]
            errors = _stirling_error(theta + y) - _stirling_error(np.full_like(y, theta)) - _stirling_error(y)
            saturated = errors + 0.5 * np.log(theta / (2.0 * np.pi * y * (theta + y)))
        return w * (np.where(y == 0, 0.0, saturated) - 0.5 * unit_deviance(y, mu, nu))

    return log_likelihood
