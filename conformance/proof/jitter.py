"""The change of every quantity in one jitter of the data (moves.py), to first order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import digamma, polygamma

from .jitter_likelihood import likelihood_changes
from .moves import Moves
from .null import null_fit
from .result import Proof
from .root import Setup
from .solution import BITS, Doubles, Point, deviance_in_y, doubles


def changes(setup: Setup, proof: Proof, at: Point, null: dict[str, Null], d: Moves) -> dict[str, Any]:
    """Name -> the change, shaped as the stored quantity (row-wise: of the first of equal rows)."""
    phi = _dispersions(setup, proof, at, d)
    covariances, inverse, weight = _covariances(setup, proof, at, d, phi)
    found = {"coefficients": _spread(setup, d.beta), "deviance": d.deviance}
    found |= phi | covariances
    found |= _rowwise(setup, at, d, inverse, weight)
    found |= likelihood_changes(setup.family, proof, at, d, phi)
    return found | {name: model.change(at, d) for name, model in null.items()}


def _spread(setup: Setup, values: Doubles) -> Doubles:
    """Values over the estimable columns as values over all columns, NaN for the aliased ones."""
    found = np.full((setup.problem.p,) * values.ndim, np.nan)
    found[np.ix_(*[setup.estimable] * values.ndim)] = values
    return found


def _dispersions(setup: Setup, proof: Proof, at: Point, d: Moves) -> dict[str, Any]:
    df = setup.rows.n_used - len(setup.estimable)
    found = {
        "dispersion_pearson": d.pearson / df if df else np.nan,
        "dispersion_deviance": d.deviance / df if df else np.nan,
    }
    found["dispersion"] = found["dispersion_pearson"] if setup.family.dispersion else 0.0
    if "dispersion_mle" in proof.quantities:
        found["dispersion_mle"] = d.deviance / len(at.w)
        if setup.family.name == "gamma":
            nu = 1 / np.float64(proof.quantities["dispersion_mle"])
            share = at.w * nu
            by_nu = (at.w * (1 / nu - at.w * polygamma(1, share))).sum()
            by_w = np.log(share) - digamma(share) + 1 - share * polygamma(1, share)
            found["dispersion_mle"] = -(d.deviance / 2 - (d.w * by_w).sum()) / by_nu / nu**2
    return found


def _covariances(
    setup: Setup, proof: Proof, at: Point, d: Moves, phi: dict[str, Any]
) -> tuple[dict[str, Any], Doubles, Doubles]:
    """Changes of covariances and standard errors, of X'WX's inverse (p, p), and of W (n,)."""
    slope = 2 * at.slope * at.curve / at.v - at.slope**3 * at.v1 / at.v**2
    weight = d.w * at.expected + at.w * slope * d.eta
    expected = _inverse_change(at, d, at.inverse_expected, at.expected, weight)
    slope = at.curve * at.a + 2 * at.slope * at.a1 - at.residual * at.a2
    other = d.w * at.observed + at.w * (slope * d.eta - at.a1 * d.y)
    observed = _inverse_change(at, d, at.inverse_observed, at.observed, other)
    found: dict[str, Any] = {"covariance_unscaled": _spread(setup, expected)}
    for suffix, kind, inverse, change in (
        ("", "dispersion", at.inverse_expected, expected),
        ("_estimated_dispersion", "dispersion_pearson", at.inverse_expected, expected),
        ("_observed", "dispersion", at.inverse_observed, observed),
    ):
        scale = float(proof.quantities[kind])
        moved = scale * change + phi[kind] * inverse
        old = np.sqrt(scale * np.diag(inverse))
        new = np.sqrt(np.abs(np.diag(scale * inverse + moved)))
        found["covariance" + suffix] = _spread(setup, moved)
        found["standard_errors" + suffix] = _spread(setup, np.diag(moved) / (old + new))
    return found, expected, weight


def _inverse_change(at: Point, d: Moves, inverse: Doubles, weight: Doubles, change: Doubles) -> Doubles:
    """The change of (X' diag(w weight) X)^-1, where that of w weight is ``change``."""
    cross = d.x.T @ ((at.w * weight)[:, None] * at.x)
    moved = cross + cross.T + at.x.T @ (change[:, None] * at.x)
    return np.asarray(-inverse @ moved @ inverse)


def _rowwise(setup: Setup, at: Point, d: Moves, inverse: Doubles, weight: Doubles) -> dict[str, Any]:
    root = np.sqrt(at.w / at.v)
    size = np.sqrt(at.w * at.deviance)
    far = np.abs(at.residual) > 1e-5 * np.sqrt(at.v)
    signed = np.sign(at.residual) / (2 * np.where(size > 0, size, 1))
    pearson = d.residual - at.residual * at.v1 * d.mu / (2 * at.v) + at.residual * d.w / (2 * at.w)
    quadratic = (at.b * at.x).sum(axis=1)
    moved = 2 * (d.x * at.b).sum(axis=1) + ((at.x @ inverse) * at.x).sum(axis=1)
    found = {
        "fitted_values": d.mu,
        "linear_predictors": d.eta,
        "response_residuals": d.residual,
        "pearson_residuals": root * pearson,
        "deviance_residuals": np.where(far, signed * d.row_deviance, root * d.residual),
        "working_residuals": (d.residual - at.residual * at.curve * d.eta / at.slope) / at.slope,
        "leverages": weight * quadratic + at.w * at.expected * moved,
    }
    return {name: _first(setup, values) for name, values in found.items()}


def _first(setup: Setup, values: Doubles) -> Doubles:
    """(d,) the value at the first row of each point; NaN for points without weight."""
    everything = np.full(setup.problem.n, np.nan)
    everything[setup.problem.prior_weights > 0] = values
    return np.asarray(everything[setup.rows.first])


@dataclass(frozen=True)
class Null:
    """A null model in doubles, (n,) rows with weight: unit deviances, slopes in y and offset."""

    deviance: Doubles
    slope_y: Doubles
    slope_offset: Doubles

    def change(self, at: Point, d: Moves) -> float:
        """Its intercept is at its maximum: the intercept's own change is of second order."""
        slopes = self.slope_y * d.y + self.slope_offset * d.offset
        return float((d.w * self.deviance + at.w * slopes).sum())


def null_models(setup: Setup, proof: Proof, at: Point) -> dict[str, Null]:
    """Name -> the null models that the proof has a deviance of."""
    found = {}
    d = setup.rows.point[setup.problem.prior_weights > 0]
    c = np.array(setup.rows.cell)[d]
    own = {"null_deviance": setup.problem.intercept, "null_deviance_constant": True}
    for name, constant in own.items():
        if name not in proof.quantities or not proof.quantities[name].is_finite():
            continue
        fit = null_fit(setup, constant, BITS)
        mu, q, slope = (doubles([m[k] for m in fit.cell])[c] for k in range(3))
        v, residual = doubles([m[0] for m in fit.variance])[c], doubles(fit.residual)[d]
        by_y = deviance_in_y(setup.family, at.y, mu, q, residual, v)
        by_offset = -2 * residual / v * slope * bool(setup.rows.offset.any())
        found[name] = Null(doubles(fit.deviance)[d], by_y, by_offset)
    return found
