"""What rounding costs a twin: the errors that doubles make in its data, its linear predictor and its answer.

A twin follows from the first problem by algebra, but not in doubles: its data are rounded once more, and where its
coefficients or its offset are larger than the first one's, so is every rounding error.  To first order, at the estimate
that follows; no fit is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.proof.sensitivity import condition
from conformance.proof.solution import Point
from conformance.question.problem import Problem

Array = NDArray[np.float64]
U = 2.0**-53  # the unit roundoff of doubles


@np.errstate(all="ignore")  # a mean may underflow: its row has no part in anything
def rounding_errors(
    problem: Problem, beta: Array, phi: float | None, offset_terms: Array | None = None, bias: Array | None = None
) -> dict[str, Array]:
    """By quantity the error of a fit of ``problem`` whose estimate is ``beta`` (p,), NaN where aliased; absolute.

    phi            the dispersion, None or 0 where there is none
    offset_terms   (n,) the size of what the offset was summed of, |offset| unless told
    bias           (n,) by how much, relatively, the variance of a row is another one than the first problem's

    coefficients: u (A_k + |beta_k|), A_k the condition of the problem's own data (proof/sensitivity.py), the weights
    included.  deviance, dispersion and standard_errors: what an error of u times the terms of eta makes of them.
    """
    used, kept = problem.prior_weights > 0, ~np.isnan(beta)
    sizes = np.abs(problem.offsets) if offset_terms is None else offset_terms
    at = _point(problem, beta, used, kept)
    found = np.zeros(problem.p)
    found[kept] = U * (condition(_with_offset(at, sizes[used])) + np.abs(at.beta))
    by_row = np.abs(at.g) * (at.w * np.abs(at.psi))[:, None]  # what a relative error of a row's weight does
    found[kept] += U * by_row.sum(axis=0) + (0.0 if bias is None else (by_row * bias[used, None]).sum(axis=0))

    of_eta = U * (np.abs(at.x) @ np.abs(at.beta) + sizes[used])
    square = at.expected * of_eta**2
    deviance = float(np.nansum(at.w * (2.0 * np.abs(at.psi) * of_eta + square)))
    slope = np.abs(2.0 * at.curve / at.slope - at.v1 * at.slope / at.v)  # d log W / d eta
    lever = np.nansum(at.b * at.x, axis=1) * at.w * at.expected
    relative = float(np.nansum(lever * np.minimum(slope * of_eta, 1.0))) / max(1, len(at.beta))
    scale, errors, dispersion = np.sqrt(np.diag(at.inverse_expected)), np.zeros(problem.p), 0.0
    errors[kept] = scale * np.sqrt(phi or 1.0) * relative
    if phi and family_of(problem.family, problem.theta, problem.power).known_dispersion is None:
        moved = 2.0 * np.abs(at.psi) + at.residual**2 * np.abs(at.v1 * at.slope) / at.v**2  # d of Pearson's / d eta
        dispersion = float(np.nansum(at.w * (moved * of_eta + square))) / max(1, len(at.y) - len(at.beta))
        errors[kept] += scale * min(dispersion / (2.0 * np.sqrt(phi)), np.sqrt(dispersion))
    return {
        "coefficients": np.nan_to_num(found),
        "standard_errors": np.nan_to_num(errors),
        "deviance": np.array([deviance]),
        "dispersion": np.array([dispersion]),
    }


def _point(problem: Problem, beta: Array, used: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Point:
    """The rows that count at ``beta``, in doubles; a row whose mean has underflown has weights of 0."""
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    X, y, w, offset = problem.X[np.ix_(used, kept)], problem.y[used], problem.prior_weights[used], problem.offsets[used]
    eta = X @ beta[kept] + offset
    mu, nu, slope, curve = link.linkinv(eta), link.complement(eta), link.mu_eta(eta), link.mu_eta2(eta)
    v, v1, residual = family.variance(mu, nu), family.variance_slope(mu, nu), family.residual(y, mu, nu)
    a, a1 = slope / v, (curve - slope**2 * v1 / v) / v
    dead = ~(np.isfinite(a) & np.isfinite(a1) & (slope != 0))
    mu, residual, slope, curve, a, a1 = (np.where(dead, 0.0, one) for one in (mu, residual, slope, curve, a, a1))
    v, v1 = np.where(dead, 1.0, v), np.where(dead, 0.0, v1)
    expected, observed = _inverses(X, w * slope * a, w * (slope * a - residual * a1))
    deviance = family.unit_deviance(y, mu, nu)
    products = (X @ observed, X @ expected, observed, expected)
    return Point(X, offset, y, w, beta[kept], *products, mu, nu, slope, curve, v, v1, residual, deviance, a, a1, a1)


def _inverses(X: Array, expected: Array, observed: Array) -> tuple[Array, Array]:
    """(p, p) the inverses of X'WX with the expected and the observed weights (n,), by a QR of scaled columns."""
    root = np.sqrt(expected)
    columns = root[:, None] * X
    lengths = np.linalg.norm(columns, axis=0)
    scale = np.where(lengths > 0, lengths, 1.0)
    if not np.all(np.isfinite(columns / scale)):  # coefficients outside the domain: nothing is known there
        nothing = np.full((X.shape[1],) * 2, np.nan)
        return nothing, nothing
    Q, R = np.linalg.qr(columns / scale)
    S = solve_triangular(R, np.eye(len(R))) if np.all(np.diag(R) != 0) else _pseudo_inverse(R)
    S = S / scale[:, None]
    ratio = np.divide(observed, expected, out=np.zeros_like(root), where=expected > 0)
    bend = Q.T @ (ratio[:, None] * Q)
    return S @ S.T, S @ _pseudo_inverse(bend) @ S.T


def _pseudo_inverse(A: Array) -> Array:
    """That of A (p, p); NaN where coefficients far from any estimate have made A overflow: nothing is known then."""
    return np.asarray(np.linalg.pinv(A) if np.all(np.isfinite(A)) else np.full_like(A, np.nan))


def _with_offset(at: Point, sizes: Array) -> Point:
    """The point, with an offset of these sizes (n,), as far as it is perturbed."""
    return Point(**{**at.__dict__, "offset": sizes})
