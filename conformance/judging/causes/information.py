"""What known mistakes make of a covariance: another information, another dispersion, another scale of the columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.judging.causes.solved import Solved, solved
from conformance.judging.comparison import Comparison

Array = NDArray[np.float64]
FLOORS = tuple(10.0**-k for k in range(3, 17))


def covariance_mistakes(comparison: Comparison, at: Solved) -> Iterator[tuple[str, Array]]:
    """Wrong covariances of the kept columns."""
    kept, p = ~np.isnan(comparison.expected["coefficients"]), at.X.shape[1]
    full = comparison.expected.get("covariance")
    phi = comparison.expected.get("dispersion")
    if full is None or p == 0:
        return
    want = full[np.ix_(kept, kept)]
    yield "the diagonal of the covariance, with zeros off it", np.diag(np.diag(want))
    se = np.sqrt(np.diag(want))
    if np.all(se > 0):
        yield "the correlation of the estimates, not their covariance", want / np.outer(se, se)
    with np.errstate(all="ignore"):
        yield (
            "the reciprocal of the information's diagonal",
            np.diag((phi or 1.0) / np.sum(at.W[:, None] * at.X**2, axis=0)),
        )
    S = _root_of_inverse(at.X, at.W)
    if S is not None:
        half = (at.X * at.pulls[:, None]) @ S @ S.T
        meat = half.T @ half
        yield "the sandwich (robust, HC0) covariance", meat
        n = len(at.X)
        if n > p:
            yield "the sandwich (robust, HC1) covariance", meat * n / (n - p)
    blind = without_offset(comparison)
    S = None if blind is None else _root_of_inverse(at.X, blind)
    if S is not None:
        yield "computed at the linear predictor without the offset", (phi or 1.0) * S @ S.T
    if comparison.problem.intercept and p > 1:
        turn = np.eye(p)
        turn[0, 1:] = comparison.problem.X[:, kept][:, 1:].mean(axis=0)
        yield "that of centred columns: the standardisation was not undone", turn @ want @ turn.T
    spread = comparison.problem.X[:, kept].std(axis=0)
    spread[spread == 0] = 1.0
    yield "that of scaled columns: the standardisation was not undone", want * np.outer(spread, spread)
    ratio = float(np.sum(at.w)) / comparison.problem.n
    if at.family.known_dispersion is not None and comparison.problem.weights is not None:
        yield "computed with the weights rescaled to sum to n", want * ratio
    chi2 = float(np.sum((at.w * at.at.pearson**2)[at.used]))
    df = comparison.expected["df_residual"]
    if at.family.known_dispersion is not None and df > 0 and comparison.conventions["information"] == "expected":
        yield "computed with a dispersion that was estimated where it is known to be 1", want * chi2 / df
    yield from floored_weights(at, phi or 1.0)
    yield from wrong_information(comparison, at, kept)


def without_offset(comparison: Comparison) -> Array | None:
    """The working weights of the used rows at X beta, the offset left out of it; None where there is no offset."""
    if comparison.problem.offset is None:
        return None
    at = solved(replace(comparison, problem=replace(comparison.problem, offset=None)))
    return None if at is None else at.W


def _root_of_inverse(X: Array, W: Array) -> Array | None:
    """S with S S' = (X'WX)^-1, by QR; None where there is no inverse."""
    R = np.linalg.qr(X * np.sqrt(W)[:, None], mode="r")
    return np.asarray(solve_triangular(R, np.eye(X.shape[1]))) if np.all(np.diag(R) != 0) else None


def floored_weights(at: Solved, phi: float) -> Iterator[tuple[str, Array]]:
    """The covariance from working weights that are kept off 0, as programs do that fear to divide by them."""
    w = at.w[at.used]
    for floor in FLOORS:
        W = np.maximum(at.W, floor * w)
        S = _root_of_inverse(at.X, W) if np.any(W != at.W) else None
        if S is not None:
            yield f"computed with working weights of {floor:g} at least", phi * S @ S.T


def wrong_information(comparison: Comparison, at: Solved, kept: NDArray[np.bool_]) -> Iterator[tuple[str, Array]]:
    """The observed information with one of its terms wrong."""
    model = at.at.response.counting.at(at.eta[at.used])
    phi = comparison.expected.get("dispersion") or 1.0
    with np.errstate(all="ignore"):
        second = at.link.mu_eta2(model.eta) / model.deviation
        slope = model.slope**2 * at.family.variance_slope(model.mu, model.nu) / model.deviation
        for words, bend in (
            ("computed with a wrong second derivative of the inverse link (its sign)", -second - slope),
            ("computed without the second derivative of the inverse link", -slope),
            ("computed without the derivative of the variance", second),
        ):
            h = model.response.weights * (model.slope**2 - model.pearson * bend)
            H = at.X.T @ (np.where(np.isfinite(h), h, 0.0)[:, None] * at.X)
            scale = np.sqrt(np.abs(np.diag(H)))
            scale[scale == 0] = 1.0
            try:
                yield words, phi * np.linalg.inv(H / np.outer(scale, scale)) / np.outer(scale, scale)
            except np.linalg.LinAlgError:
                continue


def observed_leverages(comparison: Comparison, at: Solved) -> Array:
    """(n,) h_i x_i' (X'hX)^-1 x_i with h minus the second derivative of the log-likelihood in eta; 0 where unused."""
    used = at.used
    h = at.at.observed_weights
    h, found = np.where(np.isfinite(h), h, 0.0)[used], np.zeros(len(used))
    try:
        found[used] = h * np.sum(at.X * np.linalg.solve(at.X.T @ (h[:, None] * at.X), at.X.T).T, axis=1)
    except np.linalg.LinAlgError:
        found[:] = np.nan
    return found
