"""Errors that the arithmetic explains: lost or cancelled digits, NaN, a common scale, another order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.judging.causes.solved import solved
from conformance.judging.comparison import CONVINCING, SMALLEST, Cause, Comparison
from conformance.judging.score_at import U
from conformance.mathematics.digits import agreement, worst

Array = NDArray[np.float64]

RIGHT = 1e-5  # an error so small, or a factor so near 1, is one of digits: no definition is wrong by so little
NEAR = 3.0  # digits from which on coefficients are the right ones but for their last digits
COMMON_FACTOR = 12.0  # digits: a factor that all entries have in common to so many is one, whatever its size
ROUNDS = 2e-16  # a tail that 1 - mu no longer shows
SMALL = 1e-6  # a tail, or a mean, so small that the digits of 1 - mu or a floor can be the cause
SUMS = 1e3  # units of rounding that a long sum may lose
ILL_CONDITIONED = 1e3  # with less no solver loses digits that show
SQUARED = 100.0  # times u cond^2: what solvers of the normal equations lose, with a margin


def scaled(comparison: Comparison, quantity: str) -> Cause | None:
    """Every standard error, or all of the covariance, is the right one times the same factor."""
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if quantity not in ("standard_errors", "covariance") or got is None or want is None:
        return None
    known = np.isfinite(np.atleast_1d(want)) & np.isfinite(np.atleast_1d(got)) & (np.atleast_1d(want) != 0)
    a, b = np.atleast_1d(got)[known], np.atleast_1d(want)[known]
    if a.size < 2:
        return None
    factor = float(np.median(a / b))
    size = comparison.scale(quantity)
    needed = CONVINCING - np.log10(max(abs(factor - 1.0), U))  # the same factor far beyond what sets it off from 1
    if abs(factor - 1.0) < RIGHT:
        return None  # digits, and no definition
    if factor <= 0 or worst(agreement(a / factor, b, np.broadcast_to(size, known.shape)[known]))[0] < min(
        needed, COMMON_FACTOR
    ):
        return None
    phi_factor = factor if quantity == "covariance" else factor**2
    df = comparison.expected["df_residual"]
    return (
        "another scale",
        f"all of it is the right one times {factor:.6g}: another dispersion, as if there were {df / phi_factor:.6g} "
        f"residual degrees of freedom where there are {df:g}",
    )


def not_a_number(comparison: Comparison, quantity: str) -> Cause | None:
    """NaN or an infinity where the reference has a number."""
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if got is None or want is None or quantity == "coefficients":
        return None
    bad = ~np.isfinite(np.atleast_1d(got)) & np.isfinite(np.atleast_1d(want))
    if not np.any(bad):
        return None
    at = solved(comparison)
    is_binomial = comparison.problem.family == "binomial"
    if (
        at is not None
        and is_binomial
        and bad.shape == at.mu.shape
        and np.all((at.nu[bad] < ROUNDS) | (at.mu[bad] < ROUNDS))
    ):
        return "saturated tail", (
            f"{int(bad.sum())} of {bad.size} values are NaN: the mean there rounds to 0 or 1 and the variance to 0 (1 "
            "- mu by subtraction, or a clamp on one side); take the complement from eta"
        )
    return (
        "NaN",
        f"{int(bad.sum())} of {bad.size} values are NaN or infinite (not finite) where the reference is finite",
    )


def saturated_tail(comparison: Comparison, quantity: str) -> Cause | None:
    """Wrong only in rows whose mean is so near 0 or 1 that 1 - mu, or mu, has lost its digits."""
    got, want, at = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity), solved(comparison)
    if comparison.problem.family != "binomial" or got is None or want is None or at is None:
        return None
    if np.shape(want) != at.mu.shape:
        return None
    left = np.maximum(np.minimum(at.mu, at.nu), SMALLEST)
    error = np.abs(got - want) / comparison.scale(quantity)
    off = error > 10.0 ** -comparison.required(comparison.attainable(quantity))
    if not np.any(off) or np.any(left[off] > SMALL) or np.any(error[off] > SUMS * U / left[off]):
        return None
    return "saturated tail", (
        f"{int(off.sum())} of {off.size} values are off, all where the mean is within {np.max(left[off]):.1g} of 0 or "
        "1: 1 - mu by subtraction has lost its digits there; take the complement from eta"
    )


def floored_mean(comparison: Comparison, quantity: str) -> Cause | None:
    """Right coefficients, and means that go no lower than a floor: R's log link has one at 2.2e-16."""
    got, want = getattr(comparison.fit, "fitted_values", None), comparison.expected.get("fitted_values")
    if comparison.problem.family == "binomial" or quantity in ("coefficients", "null_deviance"):
        return None
    if got is None or want is None or _error(comparison, "coefficients") > RIGHT:
        return None
    floor = float(np.min(got))
    below = (got == floor) & (want < floor * (1.0 - SMALL))
    if not 0.0 < floor < SMALL or not np.any(below) or np.any((want < floor) & ~below):
        return None
    return "floored mean", (
        f"{int(below.sum())} of {below.size} means are lower than {floor:.3g}, and reported as that: the inverse link "
        "has a floor, so that the row's variance, residuals and deviance are not those of its mean"
    )


def lost_row(comparison: Comparison, quantity: str) -> Cause | None:
    """A row whose mean rounds to 1 though y is 0, or to 0 though y is 1: by subtraction its variance is 0."""
    at = solved(comparison)
    if comparison.problem.family != "binomial" or at is None or _error(comparison, "coefficients") < RIGHT:
        return None
    rounds = at.used & (np.abs(at.at.residual) > 0.5) & (np.minimum(at.mu, at.nu) < U)
    if not np.any(rounds):
        return None
    i = int(np.argmax(rounds))
    return "saturated tail", (
        f"at the maximum the mean of row {i} rounds to {np.rint(at.mu[i]):g} where y is {at.y[i]:g}: 1 - mu by "
        "subtraction is 0 there, the variance with it, and a row that pulls is lost or clamped"
    )


def condition(comparison: Comparison) -> float:
    """The 2-norm condition of sqrt(W) X with unit columns at the reference."""
    at = solved(comparison)
    if at is None or at.X.size == 0:
        return 1.0
    B = at.X * np.sqrt(at.W)[:, None]
    norms = np.linalg.norm(B, axis=0)
    unit = B / np.where(norms > 0, norms, 1.0)
    return float(np.linalg.cond(unit)) if np.all(np.isfinite(unit)) else np.inf


def _error(comparison: Comparison, quantity: str) -> float:
    digits, _ = worst(
        agreement(getattr(comparison.fit, quantity), comparison.expected[quantity], comparison.scale(quantity))
    )
    return float(10.0**-digits)


def lost_precision(comparison: Comparison, quantity: str) -> Cause | None:
    """Errors that the arithmetic explains: single precision, printed digits, or a squared condition number."""
    fit = comparison.fit
    if fit is None or quantity in ("df_residual", "df_null", "rank"):
        return None
    name = "coefficients" if quantity == "score" else quantity
    got, want = getattr(fit, name, None), comparison.expected.get(name)
    if got is None or want is None:
        return None
    b = fit.coefficients[np.isfinite(fit.coefficients)]
    right = np.asarray(comparison.expected["coefficients"])[np.isfinite(comparison.expected["coefficients"])]

    digits_right, _ = worst(
        agreement(fit.coefficients, comparison.expected["coefficients"], comparison.scale("coefficients"))
    )

    def all_are(change: Any) -> bool:
        exact = [v == change(v) for v in right]
        return bool(len(b) and all(v == change(v) for v in b) and not all(exact))

    if digits_right > NEAR and all_are(lambda v: float(np.float32(v))):
        return "single precision", "every reported coefficient is a float32: single precision inside"
    for digits in (10, 9, 8, 7, 6, 5, 4):
        if digits_right > NEAR and all_are(lambda v, d=digits: float(f"{v:.{d}g}")):
            return "rounded", f"every reported coefficient has {digits} significant digits at most: they were rounded"
    if digits_right < 0 and not comparison.score_at(fit.coefficients).valid:  # no rounding leads out of the domain
        return None
    error, cond = _error(comparison, name), condition(comparison)
    loses = SQUARED * U * cond**2
    if cond > ILL_CONDITIONED and error <= loses:
        return (
            "lost precision",
            f"the error {error:.1e} is within {SQUARED:.0f} u cond^2 = {loses:.1e}; u cond is {U * cond:.1e}: lost "
            "precision, as from normal equations or an explicit inverse on an ill-conditioned design",
        )
    return None


def another_order(comparison: Comparison, quantity: str) -> Cause | None:
    """The right numbers in the wrong places."""
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if got is None or want is None or np.ndim(want) != 1 or len(np.unique(want)) < 2:
        return None
    a, b = np.sort(got), np.sort(want)
    if worst(agreement(got, want, comparison.scale(quantity)))[0] > NEAR:
        return None
    if worst(agreement(a, b, np.maximum(np.abs(b), SMALLEST)))[0] < CONVINCING:
        return None
    return "another order", "the right numbers in another order (a permutation that was not undone)"


def other_columns(comparison: Comparison, quantity: str) -> Cause | None:
    """Numbers for aliased columns, or the right numbers under other names."""
    want = comparison.expected.get("coefficients")
    if quantity not in ("linear_predictors", "coefficients") or want is None or comparison.fit is None:
        return None
    gone = np.isnan(want)
    if not np.any(gone) or not np.any(comparison.aliased != gone):
        return None
    a, b = np.sort(comparison.fit.coefficients[~comparison.aliased]), np.sort(want[~gone])
    if len(a) == len(b) and worst(agreement(a, b, np.maximum(np.abs(b), SMALLEST)))[0] > CONVINCING:
        return "another order", "the right numbers under other names: shifted when an aliased column was dropped"
    if not np.any(comparison.aliased) and comparison.conventions["aliased"] != "minimum_norm":
        return "rank", "the design is singular (some columns are aliased), but every coefficient is given a number"
    return None
