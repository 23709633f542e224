"""Checks of a reported quantity against its reference value, one function for each quantity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapters.conventions import DEFAULTS
from conformance.judging.causes import explain
from conformance.judging.comparison import SMALLEST, Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP, agreement, spelled, worst
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, SCALARS

Array = NDArray[np.float64]


def coefficients(comparison: Comparison) -> Finding:
    """beta, the maximum likelihood estimate; an aliased one is NaN (McCullagh and Nelder 1989, sec. 2.5 and 3.2).

    Which column of a dependent set is dropped is a choice: where another one was, the linear predictors are compared.
    """
    early = _not_comparable(comparison, "coefficients")
    if early:
        return early
    assert comparison.fit is not None
    if np.any(comparison.aliased != np.isnan(comparison.expected["coefficients"])):
        return _other_columns(comparison)
    return compare(comparison, "coefficients")


def standard_errors(comparison: Comparison) -> Finding:
    """sqrt(phi (X'WX)^-1_jj) with W at the estimate (McCullagh and Nelder 1989, eq. 2.16 and sec. 4.4.4).

    The dispersion phi and the information, expected or observed, are as declared.
    """
    return _by_column(comparison, "standard_errors")


def covariance(comparison: Comparison) -> Finding:
    """phi (X'WX)^-1, whole: not its diagonal alone (McCullagh and Nelder 1989, eq. 2.16)."""
    return _by_column(comparison, "covariance")


def dispersion(comparison: Comparison) -> Finding:
    """phi: Pearson's X^2 / (n - p), or the deviance / (n - p), or the ML estimate, as declared; 1 where it is known.

    For the Gaussian Pearson's is RSS / (n - p) and the ML estimate RSS / n (McCullagh and Nelder 1989, sec. 8.3.6):
    where the fit reports its deviance (RSS) and degrees of freedom, they must be tied in just this way.
    """
    found = _value(comparison, "dispersion")
    fit, undefined = (
        comparison.fit,
        np.isnan(comparison.expected.get("dispersion", 0.0)) and comparison.case.has_estimate,
    )
    if (
        undefined
        and comparison.expected["df_residual"] == 0
        and fit is not None
        and 0 < (fit.dispersion or 0.0) < np.inf
    ):
        message = (
            f"the dispersion is {fit.dispersion!r}, but no degree of freedom is left: X^2 / (n - p) is 0 / 0; "
            "report NaN, or nothing"
        )
        return replace(found, outcome=Outcome.FAIL, cause="no degree of freedom", message=message)
    if (
        found.outcome is not Outcome.PASS
        or fit is None
        or comparison.problem.family != "gaussian"
        or fit.deviance is None
    ):
        return found
    n = comparison.expected["df_residual"] + (
        comparison.expected["rank"] if comparison.conventions["dispersion"] == "mle" else 0.0
    )
    if n <= 0 or fit.dispersion is None:
        return found
    tied = fit.deviance / n
    digits = worst(agreement(fit.dispersion, tied, max(abs(tied), SMALLEST)))[0]
    if digits >= min(found.required or 0.0, comparison.demand.digits) or comparison.expected["deviance"] == 0:
        return found
    return replace(
        found,
        outcome=Outcome.FAIL,
        digits=digits,
        want=tied,
        cause="inconsistent",
        message=f"the dispersion {fit.dispersion!r} is not the reported deviance over its divisor, {tied!r}",
    )


def _simple(quantity: str, doc: str) -> Callable[[Comparison], Finding]:
    """The check of a quantity that needs no rule of its own; ``doc`` says what it is and where that is written."""

    def check(comparison: Comparison) -> Finding:
        return _value(comparison, quantity)

    check.__name__, check.__doc__ = quantity, doc
    return check


def bic(comparison: Comparison) -> Finding:
    """k log n - 2 l, k as for the AIC, n the rows that count (Schwarz 1978).

    R's BIC takes for n all the rows, those of weight 0 too, though its degrees of freedom leave them out: both pass.
    """
    found = _value(comparison, "bic")
    rows = float(np.sum(comparison.problem.prior_weights > 0))
    if found.outcome is not Outcome.FAIL or rows == comparison.problem.n or "bic" not in comparison.expected:
        return found
    parameters = (comparison.expected["aic"] + 2.0 * comparison.expected["log_likelihood"]) / 2.0
    as_r = {**comparison.expected, "bic": comparison.expected["bic"] + parameters * np.log(comparison.problem.n / rows)}
    again = compare(comparison, "bic", expected=as_r)
    return again if again.outcome is Outcome.PASS else found


_DEFINITIONS = {
    "deviance": "2 phi (l(y; y) - l(mu; y)), the weighted sum of unit deviances (McCullagh and Nelder 1989, sec. 2.3).",
    "null_deviance": "The deviance with the intercept and the offset alone; without an intercept, of eta = offset (R).",
    "log_likelihood": "l at the estimate with every constant; an unknown phi is the declared one (R's logLik).",
    "aic": "2 k - 2 l; k counts the coefficients, and an estimated dispersion if so declared (Akaike 1974; R's AIC).",
    "df_residual": "Rows that count minus the rank.",
    "df_null": "Rows that count minus 1 for an intercept.",
    "rank": "The number of independent columns.",
    "fitted_values": "mu = linkinv(eta), for every row (a proportion for grouped binomial data).",
    "linear_predictors": "eta = X beta + offset, the offset included.",
    "response_residuals": "y - mu.",
    "pearson_residuals": "(y - mu) sqrt(w / V(mu)) (McCullagh and Nelder 1989, sec. 2.4.1).",
    "deviance_residuals": "sign(y - mu) sqrt(w d(y, mu)) (McCullagh and Nelder 1989, sec. 2.4.3).",
    "working_residuals": "(y - mu) / mu_eta, those of the last weighted least squares fit at the estimate.",
    "leverages": "The diagonal of W^1/2 X (X'WX)^-1 X' W^1/2 (McCullagh and Nelder 1989, sec. 12.7.1).",
}

VALUE_CHECKS: dict[str, Callable[[Comparison], Finding]] = {
    "coefficients": coefficients,
    "standard_errors": standard_errors,
    "covariance": covariance,
    "dispersion": dispersion,
    "bic": bic,
    **{quantity: _simple(quantity, doc) for quantity, doc in _DEFINITIONS.items()},
}


def _not_comparable(comparison: Comparison, quantity: str) -> Finding | None:
    """The finding where there is nothing to compare, and why."""
    if comparison.fit is None or getattr(comparison.fit, quantity) is None:
        why = (
            f"the implementation refused the problem: {comparison.refusal}"
            if comparison.fit is None
            else "not reported"
        )
        return Finding(Outcome.NOT_REPORTED, quantity, message=why)
    if not comparison.case.has_estimate:
        return Finding(
            Outcome.UNDECIDED, quantity, message=f"the case's outcome is {comparison.case.outcome}: no such value"
        )
    if comparison.case.max_iterations is not None and comparison.fit.admits_trouble:
        message = (
            f"the case allows {comparison.case.max_iterations} iterations, and the fit says that they were too few"
        )
        return Finding(Outcome.UNDECIDED, quantity, message=message)
    if comparison.at_another_maximum:
        return Finding(Outcome.UNDECIDED, quantity, message=comparison.at_another_maximum)
    if quantity not in comparison.expected:
        message = f"the reference ({comparison.reference.source}) has no such value under the declared conventions"
        return _not_finite(comparison, quantity) or Finding(Outcome.UNDECIDED, quantity, message=message)
    return None


def _not_finite(comparison: Comparison, quantity: str) -> Finding | None:
    """The failure of a number that is infinite or none, where no reference says what it is but the problem is regular.

    Regular: there is an estimate, a degree of freedom is left, and the fit is no perfect one, which has an infinite
    likelihood.  Every quantity is then finite, a row's where it has some weight and a column's where it is not aliased.
    """
    expected, got = comparison.expected, np.atleast_1d(getattr(comparison.fit, quantity))
    if not expected.get("deviance") or not expected.get("df_residual") or not np.isfinite(expected["deviance"]):
        return None
    asked = np.ones(got.shape, dtype=bool)
    if quantity in BY_ROW:
        asked = comparison.problem.prior_weights > 0
    elif quantity not in SCALARS:
        asked = np.broadcast_to(~_aliased(comparison, quantity), got.shape)
    if np.all(np.isfinite(got[asked])):
        return None
    place = tuple(int(k) for k in np.argwhere(asked & ~np.isfinite(got))[0])
    label, value = _label(comparison, quantity, place), float(got[place])
    if _as_undefined_in_r(comparison, quantity, value):
        return None
    message = (
        f"{label} is {value}, but it has a finite value: the problem has an estimate, and the fit is no perfect one; "
        "report a number, or nothing"
    )
    return Finding(Outcome.FAIL, label, got=value, cause="not finite", message=message)


def _value(comparison: Comparison, quantity: str) -> Finding:
    return _not_comparable(comparison, quantity) or compare(comparison, quantity)


def _by_column(comparison: Comparison, quantity: str) -> Finding:
    """As ``_value``, for what belongs to columns: not comparable where other columns were dropped."""
    early = _not_comparable(comparison, quantity)
    if early:
        return early
    if np.any(comparison.aliased != np.isnan(comparison.expected["coefficients"])):
        message = "other columns of a dependent set were kept than the reference keeps"
        return Finding(Outcome.UNDECIDED, quantity, message=message)
    return compare(comparison, quantity)


def compare(
    comparison: Comparison, quantity: str, got: Any = None, expected: Mapping[str, Any] | None = None
) -> Finding:
    """The digits of ``quantity`` (or of ``got``), those required, and for a failure its cause."""
    want = np.atleast_1d(np.asarray((expected or comparison.expected)[quantity], dtype=np.float64))
    got = np.atleast_1d(np.asarray(getattr(comparison.fit, quantity) if got is None else got, dtype=np.float64))
    if quantity != "coefficients":  # what has no finite value is nobody's to know; what is aliased must be NaN
        aliased = _aliased(comparison, quantity)
        unknown = ~np.isfinite(want) & ~aliased
        if np.all(unknown):
            message = f"the reference value is {want.flat[0]}: nothing to compare"
            return Finding(
                Outcome.UNDECIDED, quantity, got=float(got.flat[0]), want=float(want.flat[0]), message=message
            )
        want = np.where(unknown, got, want)
    if quantity.endswith("_residuals"):  # the y of a row of weight 0 is nobody's: R sets it to 0
        want = np.where(comparison.problem.prior_weights > 0, want, got)
    digits = agreement(got, want, comparison.scale(quantity))
    attainable = comparison.attainable(quantity)
    required = np.broadcast_to(comparison.required(attainable), digits.shape)
    nothing = np.isnan(got) & ~np.isnan(want)  # a NaN is no number, however little is asked
    margin = np.where(nothing, -np.inf, np.nan_to_num(digits - required, nan=0.0, neginf=-np.inf, posinf=np.inf))
    short, at = worst(margin)
    place = np.unravel_index(at, digits.shape)
    digit, need = float(digits[place]), float(required[place])
    found = Finding(
        Outcome.PASS if short >= 0 else Outcome.FAIL,
        quantity=_label(comparison, quantity, place),
        digits=digit,
        required=need,
        attainable=None if attainable is None else min(CAP, float(np.broadcast_to(attainable, digits.shape)[place])),
        got=float(got[place]),
        want=float(want[place]),
    )
    if found.outcome is Outcome.PASS and digit < 0:
        message = "rounding alone may be larger than it is: no digit can be asked, and none is there"
        return replace(found, outcome=Outcome.UNDECIDED, message=message)
    if found.outcome is Outcome.PASS:
        return replace(found, message=_r_is_off(comparison, quantity, want, place, need))
    if _as_undefined_in_r(comparison, quantity, found.got):
        message = (
            f"R's own definition of {quantity} gives {found.got} here, and so does this fit; proven is {found.want!r}"
        )
        return replace(found, outcome=Outcome.UNDECIDED, message=message)
    cause, sentence = explain(comparison, quantity)
    if quantity != "coefficients" and np.broadcast_to(_aliased(comparison, quantity), digits.shape)[place]:
        cause, sentence = "aliasing", "that belongs to an aliased column, which has none: report NaN there, as R does"
    message = (
        f"{found.quantity}: got {found.got!r}, want {found.want!r} ({comparison.reference.source}); "
        f"{spelled(digit)} digits where {need:.1f} are required; {sentence}"
    )
    return replace(found, cause=cause, message=message)


def _aliased(comparison: Comparison, quantity: str) -> NDArray[np.bool_]:
    """Which entries of ``quantity`` belong to an aliased column."""
    gone = np.isnan(np.atleast_1d(comparison.expected["coefficients"]))
    if quantity == "covariance":
        return np.asarray(gone[:, None] | gone[None, :])
    return gone if quantity in BY_COLUMN else np.array(False)


def _as_undefined_in_r(comparison: Comparison, quantity: str, got: Any) -> bool:
    """Whether R, polished, reports the same infinity or NaN: a Gaussian log-likelihood with a weight of 0, say."""
    family = comparison.problem.family
    if quantity in ("log_likelihood", "aic", "bic") and family == "gaussian" and np.isinf(got):
        return bool(np.any(comparison.problem.prior_weights == 0))  # the log density has log(weight) in it
    if quantity in ("log_likelihood", "aic", "bic") and family == "tweedie":
        return bool(np.isnan(got))  # statmod's tweedie()$aic is NA: no number, and said to be none
    said = comparison.reference.r_polished.get(quantity)
    return quantity in SCALARS and said is not None and not np.isfinite(got) and str(got) == str(float(said))


def _r_is_off(comparison: Comparison, quantity: str, want: Array, place: tuple[Any, ...], need: float) -> str:
    """A sentence where the fit agrees with the proven value and R, by R's own conventions, does not; else nothing."""
    said = comparison.reference.r_polished.get(quantity)
    estimates_phi = (
        comparison.problem.family == "negative_binomial"
    )  # R's summary does, by default, where this suite does not
    if said is None or estimates_phi or dict(comparison.conventions) != DEFAULTS or np.size(said) != want.size:
        return ""
    digits = agreement(np.atleast_1d(said), want, comparison.scale(quantity))[place]
    if digits >= need:
        return ""
    return (
        f"this agrees with the proven value; R, polished, is the one that is off: it has {max(digits, 0.0):.1f} digits"
    )


def _label(comparison: Comparison, quantity: str, place: tuple[Any, ...]) -> str:
    """'coefficients[age]', 'fitted_values[12]', 'deviance'."""
    if quantity == "covariance":
        return f"covariance[{', '.join(comparison.problem.names[int(k)] for k in place)}]"
    if quantity in BY_COLUMN:
        return f"{quantity}[{comparison.problem.names[int(place[0])]}]"
    return quantity if quantity in SCALARS else f"{quantity}[{int(place[0])}]"


def _missing(comparison: Comparison, cause: str, message: str) -> Finding:
    """The failure of a coefficient that is NaN and should be a number: the first of them."""
    want = comparison.expected["coefficients"]
    at = int(np.flatnonzero(comparison.aliased & ~np.isnan(want))[0])
    quantity = f"coefficients[{comparison.problem.names[at]}]"
    return Finding(Outcome.FAIL, quantity, -np.inf, None, None, np.nan, float(want[at]), cause, message)


def _other_columns(comparison: Comparison) -> Finding:
    """Coefficients whose aliased ones differ from the reference's, through the linear predictors that they give."""
    fit, problem = comparison.fit, comparison.problem
    assert fit is not None
    kept = ~comparison.aliased
    eta = problem.X[:, kept] @ fit.coefficients[kept] + problem.offsets
    found = compare(comparison, "linear_predictors", eta)
    names = ", ".join(
        name for name, gone in zip(problem.names, np.isnan(comparison.expected["coefficients"]), strict=True) if gone
    )
    right = int(kept.sum()) == int(comparison.expected["rank"])
    if kept.sum() == 0 < comparison.expected["rank"]:
        message = "every coefficient is NaN (not a number): the iteration broke down; NaN is for aliased columns"
        return _missing(comparison, "NaN", message)
    if kept.sum() < comparison.expected["rank"]:
        gone = ", ".join(name for name, nan in zip(problem.names, comparison.aliased, strict=True) if nan)
        message = (
            f"NaN means aliased, and is reported for {gone}; but the design has rank {comparison.expected['rank']:.0f}"
        )
        return _missing(comparison, "aliasing", message)
    if found.outcome is Outcome.PASS and (right or comparison.conventions["aliased"] == "minimum_norm"):
        return replace(found, message="other columns of a dependent set carry the fit; the linear predictors agree")
    if found.outcome is Outcome.PASS:
        return replace(
            found,
            outcome=Outcome.FAIL,
            quantity="coefficients",
            cause="convention aliased: minimum_norm",
            message=f"the design has rank {comparison.expected['rank']:.0f}; R reports NaN for {names}; this fit "
            "reports numbers for all. If a solution of minimum norm is meant, declare conventions = "
            "{'aliased': 'minimum_norm'}",
        )
    return found
