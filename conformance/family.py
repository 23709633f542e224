"""Families and links of generalized linear models, as two tables of textbook formulas.

A family knows its variance function, unit deviance, log-likelihood and domain; a link knows linkfun, linkinv,
mu_eta and the means that it can take.  Neither knows of X or of iterations (McCullagh and Nelder 1989, ch. 2).

Tails: a probability near 1 has no digits left in ``1 - mu``, so a link gives both mu and its complement, and
everything binomial is written with both.  All functions are elementwise on float64 arrays of shape (n,).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

#: exp overflows from 709.78; beyond this an inverse link saturates at infinity, on purpose and without a warning.
_QUIET = {"over": "ignore", "under": "ignore", "divide": "ignore", "invalid": "ignore"}


@dataclass(frozen=True)
class Interval:
    """The open or closed interval of the values that make sense."""

    low: float = -np.inf
    high: float = np.inf
    low_closed: bool = False
    high_closed: bool = False

    def contains(self, values: Array) -> NDArray[np.bool_]:
        """Elementwise: inside, and finite."""
        above = values >= self.low if self.low_closed else values > self.low
        below = values <= self.high if self.high_closed else values < self.high
        return above & below & np.isfinite(values)

    def inside(self, other: Interval) -> bool:
        """Whether ``other`` holds all of this interval."""
        return self.low >= other.low and self.high <= other.high

    def __str__(self) -> str:
        return f"{'[' if self.low_closed else '('}{self.low:g}, {self.high:g}{']' if self.high_closed else ')'}"


REAL, POSITIVE, UNIT = Interval(), Interval(0.0), Interval(0.0, 1.0)


# ---------------------------------------------------------------------------------------------- links


@dataclass(frozen=True)
class Link:
    """eta = linkfun(mu), mu = linkinv(eta), mu_eta = d mu / d eta.

    ``complement`` is 1 - mu computed from eta without cancellation.  ``etas`` are the linear predictors that have
    a mean (R's ``valideta``), ``means`` the means that have a linear predictor.
    """

    name: str
    linkfun: Function
    linkinv: Function
    mu_eta: Function
    means: Interval
    etas: Interval = REAL
    complement: Function = lambda eta: eta  # every link below has its own
    left: Function | None = None  # mu / mu_eta and
    right: Function | None = None  # (1 - mu) / mu_eta, for links where both underflow and their ratio does not

    def __post_init__(self) -> None:
        for name in ("linkfun", "linkinv", "mu_eta", "complement", "left", "right"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _quiet(getattr(self, name)))


def _quiet(function: Function) -> Function:
    """``function`` with IEEE saturation (inf, 0) in place of floating-point warnings."""

    def quiet(values: Array) -> Array:
        with np.errstate(**_QUIET):  # type: ignore[arg-type]
            return function(np.asarray(values, dtype=np.float64))

    return quiet


def _expm1_ratio(x: Array) -> Array:
    """(exp(x) - 1) / x, 1 at x = 0."""
    return np.where(x < 1e-17, 1.0, np.where(x > 709.0, np.inf, np.expm1(x) / x))


def _cauchy_cdf(x: Array) -> Array:
    """1/2 + atan(x)/pi; for x < 0 as atan(-1/x)/pi, which keeps the digits of a small probability."""
    return np.where(x < 0, np.arctan2(1.0, -x) / np.pi, 0.5 + np.arctan(x) / np.pi)


def _cauchy_density(x: Array) -> Array:
    """1 / (pi (1 + x^2))."""
    return 1.0 / (np.pi * (1.0 + x * x))


def _cauchy_quantile(p: Array) -> Array:
    """tan(pi (p - 1/2)); below 1/4 as -1/tan(pi p), which keeps the digits of a small p."""
    return np.where(p < 0.25, -1.0 / np.tan(np.pi * p), np.tan(np.pi * (p - 0.5)))


LINKS: dict[str, Link] = {
    link.name: link
    for link in (
        Link(
            "identity",
            linkfun=lambda mu: mu,
            linkinv=lambda eta: eta,
            mu_eta=np.ones_like,
            complement=lambda eta: 1.0 - eta,
            means=REAL,
        ),
        Link(
            "log",
            linkfun=np.log,
            linkinv=np.exp,
            mu_eta=np.exp,
            complement=lambda eta: -np.expm1(eta),
            means=POSITIVE,
        ),
        Link(
            "logit",
            linkfun=special.logit,
            linkinv=special.expit,
            mu_eta=lambda eta: special.expit(eta) * special.expit(-eta),
            complement=lambda eta: special.expit(-eta),
            left=lambda eta: 1.0 + np.exp(eta),
            right=lambda eta: 1.0 + np.exp(-eta),
            means=UNIT,
        ),
        Link(
            "probit",
            linkfun=special.ndtri,
            linkinv=special.ndtr,
            mu_eta=lambda eta: np.exp(-0.5 * eta * eta) / np.sqrt(2.0 * np.pi),
            complement=lambda eta: special.ndtr(-eta),
            left=lambda eta: np.sqrt(np.pi / 2.0) * special.erfcx(-eta / np.sqrt(2.0)),  # Mills' ratio
            right=lambda eta: np.sqrt(np.pi / 2.0) * special.erfcx(eta / np.sqrt(2.0)),
            means=UNIT,
        ),
        Link(
            "cauchit",
            linkfun=_cauchy_quantile,
            linkinv=_cauchy_cdf,
            mu_eta=_cauchy_density,
            complement=lambda eta: _cauchy_cdf(-eta),
            means=UNIT,
        ),
        Link(
            "cloglog",
            linkfun=lambda mu: np.log(-np.log1p(-mu)),
            linkinv=lambda eta: -np.expm1(-np.exp(eta)),
            mu_eta=lambda eta: np.exp(eta - np.exp(eta)),
            complement=lambda eta: np.exp(-np.exp(eta)),
            left=lambda eta: _expm1_ratio(np.exp(eta)),
            right=lambda eta: np.exp(-eta),
            means=UNIT,
        ),
        Link(
            "inverse",
            linkfun=lambda mu: 1.0 / mu,
            linkinv=lambda eta: 1.0 / eta,
            mu_eta=lambda eta: -1.0 / (eta * eta),
            complement=lambda eta: (eta - 1.0) / eta,
            means=REAL,
        ),
        Link(
            "inverse_squared",
            linkfun=lambda mu: 1.0 / (mu * mu),
            linkinv=lambda eta: 1.0 / np.sqrt(eta),
            mu_eta=lambda eta: -0.5 / (eta * np.sqrt(eta)),
            complement=lambda eta: 1.0 - 1.0 / np.sqrt(eta),
            means=POSITIVE,
            etas=POSITIVE,
        ),
        Link(
            "sqrt",
            linkfun=np.sqrt,
            linkinv=lambda eta: eta * eta,
            mu_eta=lambda eta: 2.0 * eta,
            complement=lambda eta: (1.0 - eta) * (1.0 + eta),
            means=POSITIVE,
            etas=POSITIVE,
        ),
    )
}


# ------------------------------------------------------------------------------------------- families


@dataclass(frozen=True)
class Family:
    """A family of the exponential kind, with its known parameter (theta, power) bound.

    variance(mu, nu)               V(mu); nu is 1 - mu, used by the binomial alone
    unit_deviance(y, mu, nu)       d(y, mu) >= 0, its weighted sum is the deviance
    log_likelihood(y, mu, nu, w, phi)   one term a row, constants included, as R's ``logLik`` counts them;
                                   phi is the dispersion, for the families that have one
    responses, means               the y and mu that make sense
    known_dispersion               1 for binomial, Poisson and negative binomial; None where it is estimated
    canonical                      the canonical link's name
    """

    name: str
    variance: Callable[[Array, Array], Array]
    unit_deviance: Callable[[Array, Array, Array], Array]
    log_likelihood: Callable[[Array, Array, Array, Array, float], Array]
    responses: Interval
    means: Interval
    canonical: str
    known_dispersion: float | None = None

    def residual(self, y: Array, mu: Array, nu: Array) -> Array:
        """y - mu, with the digits that both tails of a proportion have."""
        return _proportion_residual(y, mu, nu) if self.name == "binomial" else y - mu


def _h(t: Array) -> Array:
    """(1 + t) log(1 + t) - t >= 0, with all its digits near t = 0.

    There 2 v = log(1 + t) in v = t / (2 + t) is expanded (Loader 2000, eq. 5), for the two terms would cancel.
    """
    t = np.asarray(t, dtype=np.float64)
    with np.errstate(**_QUIET):  # type: ignore[arg-type]
        v = t / (2.0 + t)
        far = np.where(t == -1.0, 1.0, (1.0 + t) * np.log1p(t) - t)
        series = np.zeros_like(v)  # v^2/3 + v^4/5 + ... + v^22/23, by Horner's rule
        for j in range(11, 0, -1):
            series = v * v * (series + 1.0 / (2 * j + 1))
        return np.where(np.abs(v) < 0.1, t * v + 2.0 * (1.0 + t) * v * series, far)


def _excess(y: Array, mu: Array, residual: Array) -> Array:
    """y log(y/mu) - (y - mu) >= 0, with the residual y - mu given; mu at y = 0."""
    with np.errstate(**_QUIET):  # type: ignore[arg-type]
        return np.where(y == 0, mu, mu * _h(np.where(y == 0, 0.0, residual / mu)))


def _poisson_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [y log(y/mu) - (y - mu)]."""
    return 2.0 * _excess(y, mu, y - mu)


def _binomial_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [y log(y/mu) + (1-y) log((1-y)/(1-mu))], as a sum of two terms that are not negative."""
    residual = _proportion_residual(y, mu, nu)
    return 2.0 * (_excess(y, mu, residual) + _excess(1.0 - y, nu, -residual))


def _proportion_residual(y: Array, mu: Array, nu: Array) -> Array:
    """y - mu as y (1 - mu) - (1 - y) mu, which keeps the digits where mu is nearly y = 0 or 1."""
    return y * nu - (1.0 - y) * mu


def _gamma_deviance(y: Array, mu: Array, nu: Array) -> Array:
    """2 [(y - mu)/mu - log(y/mu)], which is 2 (y/mu) h(mu/y - 1) with h as above."""
    return 2.0 * (y / mu) * _h((mu - y) / y)


def _negative_binomial_deviance(theta: float) -> Callable[[Array, Array, Array], Array]:
    """2 [y log(y/mu) - (y + theta) log((y + theta)/(mu + theta))] (Venables and Ripley 2002, sec. 7.4).

    As a sum of two terms that are not negative: large counts lose no digits.
    """

    def unit_deviance(y: Array, mu: Array, nu: Array) -> Array:
        share = (y - mu) / (y + theta)
        with np.errstate(**_QUIET):  # type: ignore[arg-type]
            of_mean = np.where(y == 0, -1.0, theta / mu * share)
            return np.asarray(2.0 * (y + theta) / (mu + theta) * (mu * _h(of_mean) + theta * _h(-share)))

    return unit_deviance


def _tweedie_deviance(power: float) -> Callable[[Array, Array, Array], Array]:
    """2 [y^(2-p)/((1-p)(2-p)) - y mu^(1-p)/(1-p) + mu^(2-p)/(2-p)] (Jorgensen 1997, sec. 4.2)."""
    a, b = 1.0 - power, 2.0 - power

    def unit_deviance(y: Array, mu: Array, nu: Array) -> Array:
        with np.errstate(**_QUIET):  # type: ignore[arg-type]
            u = np.log1p((y - mu) / mu)  # of t = y/mu: it is 2 mu^b [(t^b - 1) - b (t - 1)] / (a b)
            far = np.where(y == 0, a, np.expm1(b * u) - b * (y - mu) / mu)
            series = sum((b**k - b) * u**k / math.factorial(k) for k in range(2, 16))
            return np.asarray(2.0 * np.power(mu, b) / (a * b) * np.where(np.abs(u) < 0.25, series, far))

    return unit_deviance


def _stirling_error(n: Array) -> Array:
    """log n! - log(sqrt(2 pi n) (n/e)^n), by Stirling's series from 16 on (Loader 2000, sec. 2)."""
    with np.errstate(**_QUIET):  # type: ignore[arg-type]
        exact = special.gammaln(n + 1.0) - (n + 0.5) * np.log(n) + n - 0.5 * np.log(2.0 * np.pi)
        m = 1.0 / (n * n)
        series = (1 / 12 - m * (1 / 360 - m * (1 / 1260 - m * (1 / 1680 - m / 1188)))) / n
        return np.where(n > 15.0, series, exact)


def _binomial_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """log of C(m, k) mu^k nu^(m-k) with m = round(w) trials and k = round(w y) successes, as R's ``binomial()$aic``.

    The saturated log-likelihood less half the deviance, so that no large numbers cancel (Loader 2000).
    """
    m, k = np.rint(w), np.rint(w * y)
    with np.errstate(**_QUIET):  # type: ignore[arg-type]
        errors = _stirling_error(m) - _stirling_error(k) - _stirling_error(m - k)
        inside = errors + 0.5 * np.log(m / (2.0 * np.pi * k * (m - k)))
        saturated = np.where((k == 0) | (k == m), 0.0, inside)
        proportion = np.where(k == w * y, y, k / m)
        return np.where(m > 0, saturated - 0.5 * m * _binomial_deviance(proportion, mu, nu), 0.0)


def _poisson_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """w times log(mu^y e^-mu / y!): the saturated one less half the deviance (Loader 2000)."""
    with np.errstate(**_QUIET):  # type: ignore[arg-type]
        saturated = np.where(y == 0, 0.0, -_stirling_error(y) - 0.5 * np.log(2.0 * np.pi * y))
    return w * (saturated - 0.5 * _poisson_deviance(y, mu, nu))


def _gamma_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """w times the log density of shape k = 1/phi and mean mu: the saturated one less half the scaled deviance."""
    if np.all(np.asarray(phi) == 0.0):
        return np.full_like(y, np.inf)  # a perfect fit: the density is unbounded
    k = np.full_like(y, 1.0 / phi)
    saturated = 0.5 * np.log(k / (2.0 * np.pi)) - _stirling_error(k) - np.log(y)
    return w * (saturated - 0.5 * k * _gamma_deviance(y, mu, nu))


def _inverse_gaussian_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """-w/2 [log(2 pi phi y^3) + (y - mu)^2 / (phi mu^2 y)]."""
    return -0.5 * w * (np.log(2.0 * np.pi * phi * y**3) + (y - mu) ** 2 / (phi * mu * mu * y))


def _negative_binomial_log_likelihood(theta: float) -> Callable[[Array, Array, Array, Array, float], Array]:
    """log of the negative binomial density with mean mu and shape theta."""

    def log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
        choose = special.gammaln(theta + y) - special.gammaln(theta) - special.gammaln(y + 1.0)
        return w * (choose - theta * np.log1p(mu / theta) + special.xlogy(y, mu / (mu + theta)))

    return log_likelihood


def _no_log_likelihood(y: Array, mu: Array, nu: Array, w: Array, phi: float) -> Array:
    """NaN: R gives no log-likelihood for a Tweedie family between powers 1 and 2."""
    return np.full_like(y, np.nan)


GAUSSIAN = Family(
    "gaussian",
    variance=lambda mu, nu: np.ones_like(mu),
    unit_deviance=lambda y, mu, nu: (y - mu) ** 2,
    log_likelihood=lambda y, mu, nu, w, phi: -0.5 * (np.log(2.0 * np.pi * phi / w) + w * (y - mu) ** 2 / phi),
    responses=REAL,
    means=REAL,
    canonical="identity",
)
BINOMIAL = Family(
    "binomial",
    variance=lambda mu, nu: mu * nu,
    unit_deviance=_binomial_deviance,
    log_likelihood=_binomial_log_likelihood,
    responses=Interval(0.0, 1.0, True, True),
    means=UNIT,
    canonical="logit",
    known_dispersion=1.0,
)
POISSON = Family(
    "poisson",
    variance=lambda mu, nu: mu,
    unit_deviance=_poisson_deviance,
    log_likelihood=_poisson_log_likelihood,
    responses=Interval(0.0, low_closed=True),
    means=POSITIVE,
    canonical="log",
    known_dispersion=1.0,
)
GAMMA = Family(
    "gamma",
    variance=lambda mu, nu: mu * mu,
    unit_deviance=_gamma_deviance,
    log_likelihood=_gamma_log_likelihood,
    responses=POSITIVE,
    means=POSITIVE,
    canonical="inverse",
)
INVERSE_GAUSSIAN = Family(
    "inverse_gaussian",
    variance=lambda mu, nu: mu**3,
    unit_deviance=lambda y, mu, nu: (y - mu) ** 2 / (y * mu * mu),
    log_likelihood=_inverse_gaussian_log_likelihood,
    responses=POSITIVE,
    means=POSITIVE,
    canonical="inverse_squared",
)


def negative_binomial(theta: float) -> Family:
    """V = mu + mu^2/theta, theta known: R's ``MASS::negative.binomial(theta)``."""
    return Family(
        "negative_binomial",
        variance=lambda mu, nu: mu + mu * mu / theta,
        unit_deviance=_negative_binomial_deviance(theta),
        log_likelihood=_negative_binomial_log_likelihood(theta),
        responses=Interval(0.0, low_closed=True),
        means=POSITIVE,
        canonical="none",  # log(mu / (mu + theta)) is not among the links
        known_dispersion=1.0,
    )


def tweedie(power: float) -> Family:
    """V = mu^power; powers 1, 2 and 3 are the Poisson, gamma and inverse Gaussian deviances, 0 the Gaussian."""
    limits = {0.0: GAUSSIAN, 1.0: POISSON, 2.0: GAMMA, 3.0: INVERSE_GAUSSIAN}
    return Family(
        "tweedie",
        variance=lambda mu, nu: np.power(mu, power),
        unit_deviance=limits[power].unit_deviance if power in limits else _tweedie_deviance(power),
        log_likelihood=_no_log_likelihood,
        responses=limits[power].responses if power in limits else Interval(0.0, low_closed=power < 2.0),
        means=REAL if power == 0 else POSITIVE,
        canonical="log" if power == 1.0 else "none",
    )


_FIXED = {f.name: f for f in (GAUSSIAN, BINOMIAL, POISSON, GAMMA, INVERSE_GAUSSIAN)}

#: Which links each family may have: R's own pairs, and what DESIGN adds to them.
PAIRS: dict[str, tuple[str, ...]] = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cauchit", "log", "cloglog"),
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
        if theta is None or not theta > 0:
            raise ValueError(f"the negative_binomial family needs theta > 0, got {theta}")
        return negative_binomial(theta)
    if name == "tweedie":
        if power is None or 0 < power < 1:
            raise ValueError(f"the tweedie family needs a power that is 0 or at least 1, got {power}")
        return tweedie(power)
    raise ValueError(f"unknown family {name!r}; the families are {', '.join(PAIRS)}")


def link_of(name: str) -> Link:
    """The link called ``name``; ValueError for an unknown name."""
    if name not in LINKS:
        raise ValueError(f"unknown link {name!r}; the links are {', '.join(LINKS)}")
    return LINKS[name]
