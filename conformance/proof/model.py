"""The families and links in ball arithmetic, one textbook formula a line.

McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., table 2.1 and chapter 4; Dunn & Smyth
(2018) for the Tweedie family.  mu and q = 1 - mu keep their relative accuracy in both tails, since
neither is made from the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from flint import arb, fmpq

from conformance.question.problem import Problem

from .result import Invalid

Triple = tuple[arb, arb, arb]  # mu, d mu/d eta, d2 mu/d eta2


def _identity(eta: arb) -> Triple:
    return eta, arb(1), arb(0)


def _log(eta: arb) -> Triple:
    mu = eta.exp()
    return mu, mu, mu


def _logit(eta: arb) -> Triple:
    odds = eta.exp()
    q = 1 / (1 + odds)
    mu = odds * q
    return mu, mu * q, mu * q * (q - mu)


def _probit(eta: arb) -> Triple:
    density = (-eta * eta / 2).exp() / (2 * arb.pi()).sqrt()
    return (-eta / arb(2).sqrt()).erfc() / 2, density, -eta * density


def _cauchit(eta: arb) -> Triple:
    density = 1 / (arb.pi() * (1 + eta * eta))
    return _cauchy(eta), density, -2 * eta * arb.pi() * density * density


def _cauchy(eta: arb) -> arb:
    """The Cauchy distribution function, in its lower tail without cancellation: atan(-1/eta)/pi."""
    return (-1 / eta).atan() / arb.pi() if eta < -1 else eta.atan() / arb.pi() + arb(1) / 2


def _cloglog(eta: arb) -> Triple:
    hazard = eta.exp()
    density = (eta - hazard).exp()
    return -(-hazard).expm1(), density, density * (1 - hazard)


def _inverse(eta: arb) -> Triple:
    mu = 1 / eta
    return mu, -mu * mu, 2 * mu * mu * mu


def _inverse_squared(eta: arb) -> Triple:
    mu = eta.rsqrt()
    cube = mu * mu * mu
    return mu, -cube / 2, 3 * cube * mu * mu / 4


def _sqrt(eta: arb) -> Triple:
    return eta * eta, 2 * eta, arb(2)


LINKINV: dict[str, Callable[[arb], Triple]] = {
    "identity": _identity,
    "log": _log,
    "logit": _logit,
    "probit": _probit,
    "cauchit": _cauchit,
    "cloglog": _cloglog,
    "inverse": _inverse,
    "inverse_squared": _inverse_squared,
    "sqrt": _sqrt,
}

COMPLEMENT: dict[str, Callable[[arb], arb]] = {  # 1 - mu from eta
    "identity": lambda eta: 1 - eta,
    "log": lambda eta: -eta.expm1(),
    "logit": lambda eta: 1 / (1 + eta.exp()),
    "probit": lambda eta: (eta / arb(2).sqrt()).erfc() / 2,
    "cauchit": lambda eta: _cauchy(-eta),
    "cloglog": lambda eta: (-eta.exp()).exp(),
}

NEAR_ONE = 0.9  # up to there 1 - mu loses no more than a digit

CANONICAL = {
    "gaussian": "identity",
    "binomial": "logit",
    "poisson": "log",
    "gamma": "inverse",
    "inverse_gaussian": "inverse_squared",
}

POSITIVE = frozenset({"poisson", "gamma", "inverse_gaussian", "negative_binomial", "tweedie"})  # families with mu > 0


def xlog(x: arb, ratio: arb) -> arb:
    """x log(ratio), and 0 where x is exactly 0."""
    return arb(0) if x.is_zero() else x * ratio.log()


@dataclass(frozen=True)
class Family:
    """One family: functions of mu and q = 1 - mu (q is used by the binomial family alone).

    ``name`` is the family of the likelihood: a Tweedie power of 0, 1, 2 or 3 has the formulas of
    the Gaussian, Poisson, gamma or inverse Gaussian family.  ``dispersion`` says whether one is
    estimated, ``tweedie`` whether R leaves the AIC NA.
    """

    name: str
    link: str
    theta: float | None = None
    power: float | None = None
    tweedie: bool = False

    @property
    def dispersion(self) -> bool:
        """Whether R's summary.glm estimates the dispersion (for the negative binomial it is 1)."""
        return self.tweedie or self.name in ("gaussian", "gamma", "inverse_gaussian")

    @property
    def positive(self) -> bool:
        """Whether the mean has to be positive."""
        return self.name in POSITIVE

    def mean(self, eta: arb) -> tuple[arb, arb, arb, arb]:
        """mu, q = 1 - mu (for the binomial family, else 0), d mu/d eta and d2 mu/d eta2."""
        mu, slope, curve = LINKINV[self.link](eta)
        if self.name != "binomial":
            return mu, arb(0), slope, curve
        return mu, 1 - mu if mu < NEAR_ONE else COMPLEMENT[self.link](eta), slope, curve

    def valid(self, eta: arb, mu: arb, q: arb) -> bool:
        """Whether eta and mu provably lie inside the domain (R's valideta and validmu)."""
        if self.name == "binomial":
            return bool(mu > 0 and q > 0)
        if self.link in ("sqrt", "inverse_squared") and not eta > 0:
            return False
        return bool(mu > 0) if self.positive else bool(mu.is_finite())

    def variance(self, mu: arb, q: arb) -> tuple[arb, arb]:
        """V(mu) and V'(mu)."""
        if self.name == "gaussian":
            return arb(1), arb(0)
        if self.name == "binomial":
            return mu * q, q - mu
        if self.name == "poisson":
            return mu, arb(1)
        if self.name == "gamma":
            return mu * mu, 2 * mu
        if self.name == "inverse_gaussian":
            return mu * mu * mu, 3 * mu * mu
        if self.name == "negative_binomial":
            return mu + mu * mu / arb(self.theta), 1 + 2 * mu / arb(self.theta)
        power = arb(self.power)
        return mu**power, power * mu ** (power - 1)

    def residual(self, y: arb, mu: arb, q: arb) -> arb:
        """y - mu, for the binomial family as y q - (1 - y) mu, which loses no digits where y and mu are both near 1."""
        return y * q - (1 - y) * mu if self.name == "binomial" else y - mu

    def unit_deviance(self, y: arb, mu: arb, q: arb) -> arb:
        """d(y, mu), without the prior weight."""
        if self.name == "gaussian":
            return (y - mu) * (y - mu)
        if self.name == "binomial":
            return 2 * (xlog(y, y / mu) + xlog(1 - y, (1 - y) / q))
        if self.name == "poisson":
            return 2 * (xlog(y, y / mu) - (y - mu))
        if self.name == "gamma":
            return 2 * ((y - mu) / mu - (y / mu).log())
        if self.name == "inverse_gaussian":
            return (y - mu) * (y - mu) / (y * mu * mu)
        if self.name == "negative_binomial":
            theta = arb(self.theta)
            return 2 * (xlog(y, y / mu) - (y + theta) * ((y + theta) / (mu + theta)).log())
        p = arb(self.power)
        own = arb(0) if y.is_zero() else y ** (2 - p) / ((1 - p) * (2 - p))
        cross = arb(0) if y.is_zero() else y * mu ** (1 - p) / (1 - p)
        return 2 * (own - cross + mu ** (2 - p) / (2 - p))

    def in_domain(self, y: fmpq) -> bool:
        """Whether the family gives y a likelihood."""
        if self.name == "gaussian":
            return True
        if self.name == "binomial":
            return bool(0 <= y <= 1)
        if self.name in ("gamma", "inverse_gaussian") or (self.power or 0) > 2:
            return bool(y > 0)
        return bool(y >= 0)


PAIRS: dict[str, frozenset[str]] = {
    "gaussian": frozenset({"identity", "log", "inverse", "sqrt"}),
    "binomial": frozenset({"logit", "probit", "cauchit", "log", "cloglog", "identity"}),
    "poisson": frozenset({"log", "identity", "sqrt"}),
    "gamma": frozenset({"inverse", "identity", "log"}),
    "inverse_gaussian": frozenset({"inverse_squared", "inverse", "identity", "log"}),
    "negative_binomial": frozenset({"log", "sqrt", "identity"}),
    "tweedie": frozenset({"log", "identity", "inverse", "inverse_squared", "sqrt"}),
}


def family_of(problem: Problem) -> Family:
    """The family and link of a problem; Invalid for a pair that is not in PAIRS, or a senseless theta or power."""
    name, link = problem.family, problem.link
    if link not in PAIRS.get(name, ()):
        raise Invalid(f"no proof is known for family {name!r} with link {link!r}")
    if name == "negative_binomial" and not 0 < (problem.theta or 0) < math.inf:
        raise Invalid("the negative binomial family needs a finite theta > 0")
    if name != "tweedie":
        return Family(name, link, theta=problem.theta)
    if problem.power is None or not (problem.power == 0 or 1 <= problem.power < math.inf):
        raise Invalid("the Tweedie family needs a power, and none between 0 and 1")
    limits = {0.0: "gaussian", 1.0: "poisson", 2.0: "gamma", 3.0: "inverse_gaussian"}
    return Family(limits.get(float(problem.power), "tweedie"), link, power=problem.power, tweedie=True)
