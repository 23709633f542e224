"""Checks of a reported quantity against its reference value, one function for each quantity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapters.answer import BY_COLUMN, SCALARS
from conformance.adapters.conventions import DEFAULTS
from conformance.judging.causes import explain
from conformance.judging.comparison import Finding, Trial
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP, agreement, spelled, worst

Array = NDArray[np.float64]


def coefficients(trial: Trial) -> Finding:
    """beta, the maximum likelihood estimate; an aliased one is NaN (McCullagh and Nelder 1989, sec. 2.5 and 3.2).

    Which column of a dependent set is dropped is a choice: where another one was, the linear predictors are compared.
    """
    early = _not_comparable(trial, "coefficients")
    if early:
        return early
    assert trial.fit is not None
    if np.any(trial.aliased != np.isnan(trial.expected["coefficients"])):
        return _other_columns(trial)
    return compare(trial, "coefficients")


def standard_errors(trial: Trial) -> Finding:
    """sqrt(phi (X'WX)^-1_jj) with W at the estimate (McCullagh and Nelder 1989, eq. 2.16 and sec. 4.4.4).

    The dispersion phi and the information, expected or observed, are as declared.
    """
    return _by_column(trial, "standard_errors")


def covariance(trial: Trial) -> Finding:
    """phi (X'WX)^-1, whole: not its diagonal alone (McCullagh and Nelder 1989, eq. 2.16)."""
    return _by_column(trial, "covariance")


def dispersion(trial: Trial) -> Finding:
    """phi: Pearson's X^2 / (n - p), or the deviance / (n - p), or the ML estimate, as declared; 1 where it is known.

    For the Gaussian Pearson's is RSS / (n - p) and the ML estimate RSS / n (McCullagh and Nelder 1989, sec. 8.3.6):
    where the fit reports its deviance (RSS) and degrees of freedom, they must be tied in just this way.
    """
    found = _value(trial, "dispersion")
    fit, undefined = trial.fit, np.isnan(trial.expected.get("dispersion", 0.0)) and trial.case.has_estimate
    if undefined and trial.expected["df_residual"] == 0 and fit is not None and 0 < (fit.dispersion or 0.0) < np.inf:
        message = (
            f"the dispersion is {fit.dispersion!r}, but no degree of freedom is left: X^2 / (n - p) is 0 / 0; "
            "report NaN, or nothing"
        )
        return replace(found, outcome=Outcome.FAIL, cause="no degree of freedom", message=message)
    if found.outcome is not Outcome.PASS or fit is None or trial.problem.family != "gaussian" or fit.deviance is None:
        return found
    n = trial.expected["df_residual"] + (trial.expected["rank"] if trial.conventions["dispersion"] == "mle" else 0.0)
    if n <= 0 or fit.dispersion is None:
        return found
    tied = fit.deviance / n
    digits = worst(agreement(fit.dispersion, tied, max(abs(tied), 1e-300)))[0]
    if digits >= min(found.required or 0.0, trial.demand.digits) or trial.expected["deviance"] == 0:
        return found
    return replace(
        found,
        outcome=Outcome.FAIL,
        digits=digits,
        want=tied,
        cause="inconsistent",
        message=f"the dispersion {fit.dispersion!r} is not the reported deviance over its divisor, {tied!r}",
    )


def _simple(quantity: str, doc: str) -> Callable[[Trial], Finding]:
    """The check of a quantity that needs no rule of its own; ``doc`` says what it is and where that is written."""

    def check(trial: Trial) -> Finding:
        return _value(trial, quantity)

    check.__name__, check.__doc__ = quantity, doc
    return check


def bic(trial: Trial) -> Finding:
    """k log n - 2 l, k as for the AIC, n the rows that count (Schwarz 1978).

    R's BIC takes for n all the rows, those of weight 0 too, though its degrees of freedom leave them out: both pass.
    """
    found = _value(trial, "bic")
    rows = float(np.sum(trial.problem.prior_weights > 0))
    if found.outcome is not Outcome.FAIL or rows == trial.problem.n:
        return found
    parameters = (trial.expected["aic"] + 2.0 * trial.expected["log_likelihood"]) / 2.0
    as_r = {**trial.expected, "bic": trial.expected["bic"] + parameters * np.log(trial.problem.n / rows)}
    again = compare(trial, "bic", expected=as_r)
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

VALUE_CHECKS: dict[str, Callable[[Trial], Finding]] = {
    "coefficients": coefficients,
    "standard_errors": standard_errors,
    "covariance": covariance,
    "dispersion": dispersion,
    "bic": bic,
    **{quantity: _simple(quantity, doc) for quantity, doc in _DEFINITIONS.items()},
}


def _not_comparable(trial: Trial, quantity: str) -> Finding | None:
    """The finding where there is nothing to compare, and why."""
    if trial.fit is None or getattr(trial.fit, quantity) is None:
        why = f"the implementation refused the problem: {trial.refusal}" if trial.fit is None else "not reported"
        return Finding(Outcome.NOT_REPORTED, quantity, message=why)
    if not trial.case.has_estimate:
        return Finding(
            Outcome.UNDECIDED, quantity, message=f"the case's outcome is {trial.case.outcome}: no such value"
        )
    if trial.case.max_iterations is not None and trial.fit.admits_trouble:
        message = f"the case allows {trial.case.max_iterations} iterations, and the fit says that they were too few"
        return Finding(Outcome.UNDECIDED, quantity, message=message)
    if trial.elsewhere:
        return Finding(Outcome.UNDECIDED, quantity, message=trial.elsewhere)
    if quantity not in trial.expected:
        message = f"the reference ({trial.reference.source}) has no such value under the declared conventions"
        return Finding(Outcome.UNDECIDED, quantity, message=message)
    return None


def _value(trial: Trial, quantity: str) -> Finding:
    return _not_comparable(trial, quantity) or compare(trial, quantity)


def _by_column(trial: Trial, quantity: str) -> Finding:
    """As ``_value``, for what belongs to columns: not comparable where other columns were dropped."""
    early = _not_comparable(trial, quantity)
    if early:
        return early
    if np.any(trial.aliased != np.isnan(trial.expected["coefficients"])):
        message = "other columns of a dependent set were kept than the reference keeps"
        return Finding(Outcome.UNDECIDED, quantity, message=message)
    return compare(trial, quantity)


def compare(trial: Trial, quantity: str, got: Any = None, expected: Mapping[str, Any] | None = None) -> Finding:
    """The digits of ``quantity`` (or of ``got``), those required, and for a failure its cause."""
    want = np.atleast_1d(np.asarray((expected or trial.expected)[quantity], dtype=np.float64))
    got = np.atleast_1d(np.asarray(getattr(trial.fit, quantity) if got is None else got, dtype=np.float64))
    if quantity != "coefficients":  # what has no finite value is nobody's to know; what is aliased must be NaN
        aliased = _aliased(trial, quantity)
        unknown = ~np.isfinite(want) & ~aliased
        if np.all(unknown):
            message = f"the reference value is {want.flat[0]}: nothing to compare"
            return Finding(
                Outcome.UNDECIDED, quantity, got=float(got.flat[0]), want=float(want.flat[0]), message=message
            )
        want = np.where(unknown, got, want)
    if quantity.endswith("_residuals"):  # the y of a row of weight 0 is nobody's: R sets it to 0
        want = np.where(trial.problem.prior_weights > 0, want, got)
    digits = agreement(got, want, trial.scale(quantity))
    attainable = trial.attainable(quantity)
    required = np.broadcast_to(trial.required(attainable), digits.shape)
    nothing = np.isnan(got) & ~np.isnan(want)  # a NaN is no number, however little is asked
    margin = np.where(nothing, -np.inf, np.nan_to_num(digits - required, nan=0.0, neginf=-np.inf, posinf=np.inf))
    short, at = worst(margin)
    place = np.unravel_index(at, digits.shape)
    digit, need = float(digits[place]), float(required[place])
    found = Finding(
        Outcome.PASS if short >= 0 else Outcome.FAIL,
        quantity=_label(trial, quantity, place),
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
        return replace(found, message=_r_is_off(trial, quantity, want, place, need))
    if _as_undefined_in_r(trial, quantity, found.got):
        message = (
            f"R's own definition of {quantity} gives {found.got} here, and so does this fit; proven is {found.want!r}"
        )
        return replace(found, outcome=Outcome.UNDECIDED, message=message)
    cause, sentence = explain(trial, quantity)
    if quantity != "coefficients" and np.broadcast_to(_aliased(trial, quantity), digits.shape)[place]:
        cause, sentence = "aliasing", "that belongs to an aliased column, which has none: report NaN there, as R does"
    message = (
        f"{found.quantity}: got {found.got!r}, want {found.want!r} ({trial.reference.source}); "
        f"{spelled(digit)} digits where {need:.1f} are required; {sentence}"
    )
    return replace(found, cause=cause, message=message)


def _aliased(trial: Trial, quantity: str) -> NDArray[np.bool_]:
    """Which entries of ``quantity`` belong to an aliased column."""
    gone = np.isnan(np.atleast_1d(trial.expected["coefficients"]))
    if quantity == "covariance":
        return np.asarray(gone[:, None] | gone[None, :])
    return gone if quantity in BY_COLUMN else np.array(False)


def _as_undefined_in_r(trial: Trial, quantity: str, got: Any) -> bool:
    """Whether R, polished, reports the same infinity or NaN: a Gaussian log-likelihood with a weight of 0, say."""
    if quantity in ("log_likelihood", "aic", "bic") and trial.problem.family == "gaussian" and np.isinf(got):
        return bool(np.any(trial.problem.prior_weights == 0))  # the log density has log(weight) in it
    said = trial.reference.beside.get(quantity)
    return quantity in SCALARS and said is not None and not np.isfinite(got) and str(got) == str(float(said))


def _r_is_off(trial: Trial, quantity: str, want: Array, place: tuple[Any, ...], need: float) -> str:
    """A sentence where the fit agrees with the proven value and R, by R's own conventions, does not; else nothing."""
    said = trial.reference.beside.get(quantity)
    estimates_phi = (
        trial.problem.family == "negative_binomial"
    )  # R's summary does, by default, where this suite does not
    if said is None or estimates_phi or dict(trial.conventions) != DEFAULTS or np.size(said) != want.size:
        return ""
    digits = agreement(np.atleast_1d(said), want, trial.scale(quantity))[place]
    if digits >= need:
        return ""
    return (
        f"this agrees with the proven value; R, polished, is the one that is off: it has {max(digits, 0.0):.1f} digits"
    )


def _label(trial: Trial, quantity: str, place: tuple[Any, ...]) -> str:
    """'coefficients[age]', 'fitted_values[12]', 'deviance'."""
    if quantity == "covariance":
        return f"covariance[{', '.join(trial.problem.names[int(k)] for k in place)}]"
    if quantity in BY_COLUMN:
        return f"{quantity}[{trial.problem.names[int(place[0])]}]"
    return quantity if quantity in SCALARS else f"{quantity}[{int(place[0])}]"


def _missing(trial: Trial, cause: str, message: str) -> Finding:
    """The failure of a coefficient that is NaN and should be a number: the first of them."""
    want = trial.expected["coefficients"]
    at = int(np.flatnonzero(trial.aliased & ~np.isnan(want))[0])
    quantity = f"coefficients[{trial.problem.names[at]}]"
    return Finding(Outcome.FAIL, quantity, -np.inf, None, None, np.nan, float(want[at]), cause, message)


def _other_columns(trial: Trial) -> Finding:
    """Coefficients whose aliased ones differ from the reference's, through the linear predictors that they give."""
    fit, problem = trial.fit, trial.problem
    assert fit is not None
    kept = ~trial.aliased
    eta = problem.X[:, kept] @ fit.coefficients[kept] + problem.offsets
    found = compare(trial, "linear_predictors", eta)
    names = ", ".join(
        name for name, gone in zip(problem.names, np.isnan(trial.expected["coefficients"]), strict=True) if gone
    )
    right = int(kept.sum()) == int(trial.expected["rank"])
    if kept.sum() == 0 < trial.expected["rank"]:
        message = "every coefficient is NaN (not a number): the iteration broke down; NaN is for aliased columns"
        return _missing(trial, "NaN", message)
    if kept.sum() < trial.expected["rank"]:
        gone = ", ".join(name for name, nan in zip(problem.names, trial.aliased, strict=True) if nan)
        message = f"NaN means aliased, and is reported for {gone}; but the design has rank {trial.expected['rank']:.0f}"
        return _missing(trial, "aliasing", message)
    if found.outcome is Outcome.PASS and (right or trial.conventions["aliased"] == "minimum_norm"):
        return replace(found, message="other columns of a dependent set carry the fit; the linear predictors agree")
    if found.outcome is Outcome.PASS:
        return replace(
            found,
            outcome=Outcome.FAIL,
            quantity="coefficients",
            cause="convention aliased: minimum_norm",
            message=f"the design has rank {trial.expected['rank']:.0f}; R reports NaN for {names}; this fit reports "
            "numbers for all. If a solution of minimum norm is meant, declare conventions = "
            "{'aliased': 'minimum_norm'}",
        )
    return found
