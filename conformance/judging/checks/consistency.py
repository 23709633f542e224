"""Self-consistency: what a fit reports must agree with itself, whatever the reference says.

Each check ties two reported quantities by the definition of one of them.  Where one is missing there is no tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conformance.judging.comparison import FLOOR, Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import agreement, root_mean_square, spelled, worst
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.mathematics.quantities import Fit

Array = NDArray[np.float64]
Tie = tuple[ArrayLike, ArrayLike, ArrayLike]  # got, what it must be, and the scale of its error

#: Half a digit of leave: both sides of a tie have errors of their own.
LEAVE = 0.5

#: Below this part of the null deviance a deviance is rounding; the gate's six digits of nothing.
NOTHING = 1e-8
#: A residual this much smaller than its fellows, or than y, has a sign that rounding decides.
SIGNLESS = 1e-6
SIGNLESS_OF_Y = 1e-12


def _tied(name: str, needs: tuple[str, ...], words: str) -> Callable[[Callable[[Comparison, Fit], Tie | None]], Check]:
    """A check out of a function that gives the two sides of a tie; ``needs`` are the quantities it needs."""

    def decorate(sides: Callable[[Comparison, Fit], Tie | None]) -> Check:
        def check(comparison: Comparison) -> Finding:
            fit = comparison.fit
            missing = [quantity for quantity in needs if fit is None or getattr(fit, quantity) is None]
            if fit is None or missing:
                return Finding(Outcome.NOT_REPORTED, name, message=f"not reported: {', '.join(missing)}")
            if comparison.why_undecided or fit.converged is False:
                message = comparison.why_undecided or "the fit says that it did not converge"
                return Finding(Outcome.UNDECIDED, name, message=message)
            with np.errstate(all="ignore"):  # whatever was reported
                tie = sides(comparison, fit)
            return (
                _compare(comparison, name, words, *tie)
                if tie
                else Finding(Outcome.UNDECIDED, name, message="no tie here")
            )

        check.__name__, check.__doc__ = name, sides.__doc__
        return check

    return decorate


Check = Callable[[Comparison], Finding]


def _compare(
    comparison: Comparison, name: str, words: str, got: ArrayLike, want: ArrayLike, scale: ArrayLike
) -> Finding:
    got, want = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (got, want))
    scale = np.broadcast_to(np.asarray(scale, dtype=np.float64), want.shape)
    good = np.isfinite(want) & np.isfinite(got) & (scale > 0)
    if not np.any(good):
        return Finding(Outcome.UNDECIDED, name, message="no finite numbers to tie")
    digits, at = worst(agreement(got[good], want[good], scale[good]))
    need = min(FLOOR, comparison.demand.digits) - LEAVE
    said, tied = float(got[good].flat[at]), float(want[good].flat[at])
    if digits >= need:
        return Finding(Outcome.PASS, name, digits, need, got=said, want=tied)
    message = f"{words}: {said!r} is not {tied!r} ({spelled(digits)} digits agree)"
    return Finding(Outcome.FAIL, name, digits, need, got=said, want=tied, cause="inconsistent", message=message)


@_tied("eta_is_linear", ("linear_predictors",), "eta = X beta + offset")
def eta_is_linear(comparison: Comparison, fit: Fit) -> Tie | None:
    """eta = X beta + offset, the offset included (McCullagh and Nelder 1989, sec. 2.1.1)."""
    kept, problem = ~np.isnan(fit.coefficients), comparison.problem
    if not np.all(np.isfinite(fit.coefficients[kept])):
        return None
    size = np.abs(problem.X[:, kept]) @ np.abs(fit.coefficients[kept]) + np.abs(problem.offsets)
    return fit.linear_predictors, problem.X[:, kept] @ fit.coefficients[kept] + problem.offsets, size  # type: ignore[return-value]


@_tied("mu_is_linkinv", ("fitted_values", "linear_predictors"), "fitted = linkinv(eta)")
def mu_is_linkinv(comparison: Comparison, fit: Fit) -> Tie:
    """mu = linkinv(eta) (McCullagh and Nelder 1989, sec. 2.1.1)."""
    link, used, eta = (
        link_of(comparison.problem.link),
        comparison.problem.prior_weights > 0,
        np.asarray(fit.linear_predictors),
    )
    mu = link.linkinv(eta)
    with np.errstate(all="ignore"):
        return (
            np.asarray(fit.fitted_values)[used],
            mu[used],
            np.maximum(np.abs(mu), np.abs(link.mu_eta(eta) * eta))[used],
        )


@_tied("deviance_is_a_sum", ("deviance", "deviance_residuals"), "deviance = sum of squared deviance residuals")
def deviance_is_a_sum(comparison: Comparison, fit: Fit) -> Tie:
    """D = sum of r_D^2 (McCullagh and Nelder 1989, sec. 2.4.3)."""
    used = comparison.problem.prior_weights > 0
    total = float(np.sum(np.asarray(fit.deviance_residuals)[used] ** 2))
    return total, fit.deviance, max(abs(fit.deviance or 0.0), _least(comparison, fit))  # type: ignore[return-value]


def _least(comparison: Comparison, fit: Fit) -> float:
    """The size below which a deviance is rounding: NOTHING of the null one, or six digits of its rounding error."""
    error, null = comparison.reference.errors.get("deviance"), fit.null_deviance
    return max(
        NOTHING * (abs(null) if null and math.isfinite(null) else 1.0),  # NaN: the offset alone has no mean
        comparison.guard * float(np.max(error)) / NOTHING if error is not None else 0.0,
    )


@_tied("deviance_is_not_negative", ("deviance",), "a deviance is a sum of unit deviances, none negative")
def deviance_is_not_negative(comparison: Comparison, fit: Fit) -> Tie:
    """D >= 0, for every unit deviance is (McCullagh and Nelder 1989, sec. 2.3)."""
    deviance = float(fit.deviance or 0.0)
    return deviance, max(deviance, 0.0), _least(comparison, fit)


@_tied("residual_signs", ("deviance_residuals",), "a deviance residual has the sign of y - mu")
def residual_signs(comparison: Comparison, fit: Fit) -> Tie | None:
    """sign(r_D) = sign(y - mu), wherever r_D is not nearly 0 (McCullagh and Nelder 1989, sec. 2.4.3)."""
    mu = fit.fitted_values
    if mu is None and fit.response_residuals is None:
        return None
    raw = fit.response_residuals if mu is None else comparison.problem.y - mu
    d = np.asarray(fit.deviance_residuals)
    clear = (comparison.problem.prior_weights > 0) & (np.abs(d) > SIGNLESS * root_mean_square(d))
    clear &= np.abs(np.asarray(raw)) > SIGNLESS_OF_Y * np.abs(comparison.problem.y)
    return np.sign(d[clear]), np.sign(np.asarray(raw)[clear]), 1.0


@_tied("leverages_sum_to_the_rank", ("leverages", "rank"), "leverages sum to the rank")
def leverages_sum_to_the_rank(comparison: Comparison, fit: Fit) -> Tie | None:
    """The trace of a projection is its rank (Hoaglin and Welsch 1978); of the expected information only."""
    if comparison.conventions["information"] != "expected":
        return None
    used = comparison.problem.prior_weights > 0
    return float(np.sum(np.asarray(fit.leverages)[used])), fit.rank, max(fit.rank or 0.0, 1.0)  # type: ignore[return-value]


@_tied("errors_of_the_covariance", ("covariance", "standard_errors"), "standard errors are roots of the diagonal")
def errors_of_the_covariance(comparison: Comparison, fit: Fit) -> Tie:
    """SE_j^2 = cov_jj."""
    diagonal = np.diag(np.asarray(fit.covariance))
    return np.asarray(fit.standard_errors) ** 2, diagonal, np.abs(diagonal)


@_tied("aic_of_the_likelihood", ("aic", "log_likelihood", "rank"), "AIC = 2 k - 2 log-likelihood")
def aic_of_the_likelihood(comparison: Comparison, fit: Fit) -> Tie:
    """AIC = 2 k - 2 l (Akaike 1974), k with the dispersion where it is estimated and so declared."""
    family = family_of(comparison.problem.family, comparison.problem.theta, comparison.problem.power)
    counted = family.known_dispersion is None and comparison.conventions["aic"] == "with_dispersion"
    likelihood = float(fit.log_likelihood or 0.0)
    want = 2.0 * ((fit.rank or 0.0) + counted) - 2.0 * likelihood
    return fit.aic, want, max(abs(likelihood), 1.0)  # type: ignore[return-value]


@_tied("df_is_rows_less_rank", ("df_residual", "rank"), "df = rows - rank")
def df_is_rows_less_rank(comparison: Comparison, fit: Fit) -> Tie | None:
    """df = rows that count - rank, by the declared convention for rows of weight 0."""
    if comparison.conventions["weights"] != "prior":
        return None
    problem = comparison.problem
    rows = problem.n if comparison.conventions["zero_weights"] == "counted" else int(np.sum(problem.prior_weights > 0))
    return fit.df_residual, rows - (fit.rank or 0.0), 1.0  # type: ignore[return-value]


CONSISTENCY_CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        eta_is_linear,
        mu_is_linkinv,
        deviance_is_a_sum,
        deviance_is_not_negative,
        residual_signs,
        leverages_sum_to_the_rank,
        errors_of_the_covariance,
        aic_of_the_likelihood,
        df_is_rows_less_rank,
    )
}
