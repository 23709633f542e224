"""The changes of the log-likelihoods, AIC and BIC in one jitter of the data (moves.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb

from .ball_arrays import Balls, digamma, log, log_gamma
from .model import Family
from .moves import Moves
from .result import Proof, Value
from .solution import Point


def likelihood_changes(family: Family, proof: Proof, at: Point, d: Moves, phi: dict[str, Any]) -> dict[str, Any]:
    """The changes of every log-likelihood that the proof has; none where it is infinite."""
    value = proof.quantities.get("log_likelihood")
    if value is None or not value.is_finite():
        return {}
    found: dict[str, Any] = {}
    if family.dispersion:
        deviance = proof.quantities["deviance"]
        found["log_likelihood"] = _r_likelihood(family, at, d, deviance)
        for kind in ("pearson", "mle"):
            name = f"dispersion_{kind}"
            scale = proof.quantities[name]
            change = _with_dispersion(family, at, d, deviance, scale, phi[name])
            found[f"log_likelihood_{kind}"] = change
    else:
        found["log_likelihood"] = _without_dispersion(family, at, d)
    for name in ("aic", "bic", "aic_without_dispersion"):
        found[name] = -2 * found["log_likelihood"]
    return found


def _without_dispersion(family: Family, at: Point, d: Moves) -> Value:
    y, mu = at.y, at.mu
    if family.name == "binomial":
        # the trials are counts: their last bit is not moved in the binomial coefficient
        slope_y, own = log(mu / at.q), 0.0
    elif family.name == "poisson":
        slope_y = log(mu) - digamma(y + 1)
        own = y * log(mu) - mu - log_gamma(y + 1)
    else:
        theta = float(family.theta or 1)
        slope_y = digamma(y + theta) - digamma(y + 1) + log(mu / (mu + theta))
        own = log_gamma(y + theta) - arb(theta).lgamma() - log_gamma(y + 1)
        own += theta * log(theta / (mu + theta)) + y * log(mu / (mu + theta))
    by_row = at.w * (at.residual / at.v * d.mu + slope_y * d.y) + d.w * own
    return by_row.sum()


def _r_likelihood(family: Family, at: Point, d: Moves, deviance: Value) -> Value:
    if family.name == "gaussian":
        return ((d.w / at.w).sum() - len(at.w) * d.deviance / deviance) / 2
    total, dtotal = at.w.sum(), d.w.sum()
    phi = deviance / total
    if family.name == "inverse_gaussian":
        logs = 3 * (d.w * log(at.y) + at.w * d.y / at.y).sum()
        by_weight = dtotal * (2 * arb.pi() * phi).log()
        return -(total * d.deviance / deviance + by_weight + logs) / 2
    nu = np.full(len(at.w), 1 / phi, dtype=object)
    dnu = -nu * (d.deviance / deviance - dtotal / total)
    return (d.w * _gamma(at, nu) + at.w * _gamma_change(at, d, nu, dnu)).sum()


def _with_dispersion(family: Family, at: Point, d: Moves, deviance: Value, phi: Value, dphi: Value) -> Value:
    if family.name == "gamma":
        nu = at.w / phi
        return _gamma_change(at, d, nu, d.w / phi - nu * dphi / phi).sum()
    cube = 3 * d.y / at.y if family.name == "inverse_gaussian" else 0.0
    constants = (dphi / phi - d.w / at.w + cube).sum()
    return (deviance * dphi / phi**2 - d.deviance / phi - constants) / 2


def _gamma(at: Point, nu: Balls) -> Balls:
    logs = (nu - 1) * log(at.y) + nu * log(nu / at.mu)
    return np.asarray(logs - at.y * nu / at.mu - log_gamma(nu))


def _gamma_change(at: Point, d: Moves, nu: Balls, dnu: Balls) -> Balls:
    by_nu = log(at.y / at.mu) - at.y / at.mu + log(nu) + 1 - digamma(nu)
    by_mu, by_y = nu * at.residual / at.mu**2, (nu - 1) / at.y - nu / at.mu
    return np.asarray(by_mu * d.mu + by_y * d.y + by_nu * dnu)
