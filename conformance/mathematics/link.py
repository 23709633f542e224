"""Links of generalized linear models: a table of textbook formulas (McCullagh and Nelder 1989, sec. 2.2.3).

Tails: a probability near 1 has no digits left in ``1 - mu``, so a link gives both mu and its complement.
All functions are elementwise on float64 arrays of shape (n,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

#: exp overflows from 709.78; beyond this an inverse link saturates at infinity, on purpose and without a warning.
QUIET = {"over": "ignore", "under": "ignore", "divide": "ignore", "invalid": "ignore"}


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


@dataclass(frozen=True)
class Link:
    """eta = linkfun(mu), mu = linkinv(eta), mu_eta = d mu / d eta, mu_eta2 = d^2 mu / d eta^2.

    ``complement`` is 1 - mu computed from eta without cancellation.  ``etas`` are the linear predictors that have
    a mean (R's ``valideta``), ``means`` the means that have a linear predictor.
    """

    name: str
    linkfun: Function
    linkinv: Function
    mu_eta: Function
    mu_eta2: Function
    means: Interval
    etas: Interval = REAL
    complement: Function = lambda eta: eta  # every link below has its own
    left: Function | None = None  # mu / mu_eta and
    right: Function | None = None  # (1 - mu) / mu_eta, for links where both underflow and their ratio does not

    def __post_init__(self) -> None:
        for name in ("linkfun", "linkinv", "mu_eta", "mu_eta2", "complement", "left", "right"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _quiet(getattr(self, name)))


def _quiet(function: Function) -> Function:
    """``function`` with IEEE saturation (inf, 0) in place of floating-point warnings."""

    def quiet(values: Array) -> Array:
        with np.errstate(**QUIET):  # type: ignore[arg-type]
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
    """tan(pi (p - 1/2)); outside the quartiles by 1/tan of the distance from 0 or 1, which keeps its digits."""
    tail = np.where(p < 0.5, -1.0, 1.0) / np.tan(np.pi * np.minimum(p, 1.0 - p))
    return np.where(np.abs(p - 0.5) > 0.25, tail, np.tan(np.pi * (p - 0.5)))


LINKS: dict[str, Link] = {
    link.name: link
    for link in (
        Link(
            "identity",
            linkfun=lambda mu: mu,
            linkinv=lambda eta: eta,
            mu_eta=np.ones_like,
            mu_eta2=np.zeros_like,
            complement=lambda eta: 1.0 - eta,
            means=REAL,
        ),
        Link(
            "log",
            linkfun=np.log,
            linkinv=np.exp,
            mu_eta=np.exp,
            mu_eta2=np.exp,
            complement=lambda eta: -np.expm1(eta),
            left=np.ones_like,
            right=lambda eta: np.expm1(-eta),
            means=POSITIVE,
        ),
        Link(
            "logit",
            linkfun=special.logit,
            linkinv=special.expit,
            mu_eta=lambda eta: special.expit(eta) * special.expit(-eta),
            mu_eta2=lambda eta: np.tanh(-eta / 2.0) / (4.0 * np.cosh(eta / 2.0) ** 2),  # mu_eta (1 - 2 mu)
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
            mu_eta2=lambda eta: -eta * np.exp(-0.5 * eta * eta) / np.sqrt(2.0 * np.pi),
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
            mu_eta2=lambda eta: -2.0 * eta / (np.pi * (1.0 + eta * eta) ** 2),
            complement=lambda eta: _cauchy_cdf(-eta),
            means=UNIT,
        ),
        Link(
            "cloglog",
            linkfun=lambda mu: np.log(-np.log1p(-mu)),
            linkinv=lambda eta: -np.expm1(-np.exp(eta)),
            mu_eta=lambda eta: np.exp(eta - np.exp(eta)),
            mu_eta2=lambda eta: np.exp(eta - np.exp(eta)) * -np.expm1(eta),
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
            mu_eta2=lambda eta: 2.0 / eta**3,
            complement=lambda eta: (eta - 1.0) / eta,
            means=REAL,
        ),
        Link(
            "inverse_squared",
            linkfun=lambda mu: 1.0 / (mu * mu),
            linkinv=lambda eta: 1.0 / np.sqrt(eta),
            mu_eta=lambda eta: -0.5 / (eta * np.sqrt(eta)),
            mu_eta2=lambda eta: 0.75 / (eta * eta * np.sqrt(eta)),
            complement=lambda eta: 1.0 - 1.0 / np.sqrt(eta),
            means=POSITIVE,
            etas=POSITIVE,
        ),
        Link(
            "sqrt",
            linkfun=np.sqrt,
            linkinv=lambda eta: eta * eta,
            mu_eta=lambda eta: 2.0 * eta,
            mu_eta2=lambda eta: np.full_like(eta, 2.0),
            complement=lambda eta: (1.0 - eta) * (1.0 + eta),
            means=POSITIVE,
            etas=POSITIVE,
        ),
    )
}


def link_of(name: str) -> Link:
    """The link called ``name``; ValueError for an unknown name."""
    if name not in LINKS:
        raise ValueError(f"unknown link {name!r}; the links are {', '.join(LINKS)}")
    return LINKS[name]
