"""For which families and links the log-likelihood is concave, so that a maximum is the only one."""

from __future__ import annotations

from .model import CANONICAL, Family
from .result import Claim, Uniqueness

CONCAVITY = "log-likelihood concave in eta, positive definite information"
LOCAL = Claim(Uniqueness.LOCAL, "this log-likelihood need not be concave; exactly one root lies in the box")


def uniqueness(family: Family) -> Claim:
    """Whether a maximum is the only one, by concavity of the log-likelihood in eta, or only inside its box."""
    pair = (family.name, family.link)
    if CANONICAL.get(family.name) == family.link:
        return _concave("canonical link: McCullagh & Nelder 1989, section 2.2; Wedderburn 1976")
    if pair in CONCAVE:
        return _concave(CONCAVE[pair])
    if family.name == "tweedie" and family.link == "log" and 1 < (family.power or 0) < 2:
        return _concave("y mu^(1-p)/(1-p) - mu^(2-p)/(2-p), 1 < p < 2")
    return LOCAL


def _concave(why: str) -> Claim:
    return Claim(Uniqueness.GLOBAL, f"{CONCAVITY} ({why})")


CONCAVE = {
    ("binomial", "probit"): "Pratt 1981",
    ("binomial", "cloglog"): "Pratt 1981; Silvapulle 1981",
    ("binomial", "log"): "k eta + (m - k) log(1 - exp(eta))",
    ("binomial", "identity"): "k log(eta) + (m - k) log(1 - eta)",
    ("poisson", "identity"): "y log(eta) - eta; Wedderburn 1976",
    ("poisson", "sqrt"): "2 y log(eta) - eta^2, eta > 0; Wedderburn 1976",
    ("gamma", "log"): "-y exp(-eta) - eta; Wedderburn 1976",
    ("inverse_gaussian", "inverse"): "eta - y eta^2 / 2",
    ("negative_binomial", "log"): "y eta - (y + theta) log(theta + exp(eta))",
}
