"""Why a number is off: which convention, which other problem, which early stop or which known slip explains it.

Nothing here decides whether a check fails; it names the cause of one that has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.judging.causes.arithmetic import (
    another_order,
    floored_mean,
    lost_precision,
    lost_row,
    not_a_number,
    other_columns,
    saturated_tail,
    scaled,
)
from conformance.judging.causes.cancellation import cancelled
from conformance.judging.causes.convergence import (
    admitted,
    diverged,
    earlier_iterate,
    early_stop,
    from_its_coefficients,
    null_model_astray,
)
from conformance.judging.causes.mistakes import mistakes
from conformance.judging.causes.problems import another_formula, other_problem
from conformance.judging.comparison import CONVINCING, SMALLEST, Cause, Comparison
from conformance.judging.conventions import others, under
from conformance.mathematics.digits import agreement, root_mean_square, worst

FELLOWS = 1e-3  # of the other entries' size: an entry that should be 0 is judged by them
NEARER = 2.0  # digits by which an explanation must be nearer than what was expected
SAME = 1e-6  # relative: two numbers that are one, to the digits of CONVINCING
FAR = 1e3  # a ratio so far from 1 is told by few digits: an error of 1 / FAR will do


def explain(comparison: Comparison, quantity: str) -> Cause:
    """The cause of a wrong ``quantity``: the first explanation that fits, else that none does."""
    if quantity not in comparison.causes:  # wrong coefficients are the cause of twenty other failures
        comparison.causes[quantity] = _explain(comparison, quantity)
    return comparison.causes[quantity]


def _explain(comparison: Comparison, quantity: str) -> Cause:
    finders = _OF_COEFFICIENTS if quantity in ("coefficients", "score") else _OF_VALUES
    for finder in finders:
        found = finder(comparison, quantity)
        if found:
            return found
    return "unexplained", "no convention, early stop or known slip explains it"


def fits(comparison: Comparison, quantity: str, value: Any, got: Any = None) -> bool:
    """Whether ``value`` is what was reported, to CONVINCING digits and clearly nearer than what was expected.

    NaN agrees with NaN (aliased columns), and a quantity may be no field of Fit.
    """
    got = getattr(comparison.fit, quantity, None) if got is None else got
    if value is None or got is None or np.iscomplexobj(value) or np.shape(value) != np.shape(got):
        return False
    value, want = np.asarray(value, dtype=float), np.asarray(comparison.expected[quantity], dtype=float)
    known = np.isfinite(np.atleast_1d(want)) & np.isfinite(np.atleast_1d(value))
    if not np.any(known):
        return False
    a, b, c = (np.atleast_1d(np.asarray(v, dtype=float))[known] for v in (got, value, want))
    scale = np.maximum(np.abs(b), SMALLEST)
    if a.size > 1:  # an entry that should be 0 is judged by its fellows
        scale = np.maximum(scale, FELLOWS * root_mean_square(b))
    new, old = worst(agreement(a, b, scale))[0], worst(agreement(a, c, scale))[0]
    return new >= CONVINCING and new > old + NEARER


def coefficients_first(comparison: Comparison, quantity: str) -> Cause | None:
    """Whatever is computed from wrong coefficients is wrong too, and that is then the cause."""
    expected, fit = (
        comparison.expected.get("coefficients"),
        comparison.basic.fit,
    )  # dependent columns may have a minimum norm
    if expected is None or fit is None:
        return None
    gone = np.isnan(fit.coefficients) & ~np.isnan(expected)
    if np.any(gone) and not np.any(np.isnan(expected)):
        names = ", ".join(name for name, no in zip(comparison.problem.names, gone, strict=True) if no)
        return "aliasing", f"it follows from the coefficients: NaN, for an aliased column, is reported for {names}"
    if np.any(np.isnan(expected) != np.isnan(fit.coefficients)):
        return None
    digits = worst(agreement(fit.coefficients, expected, comparison.scale("coefficients")))[0]
    required = max(float(np.min(comparison.required(comparison.attainable("coefficients")))), 0.0)
    if digits >= min(required, comparison.demand.digits):
        return None
    cause, sentence = explain(comparison.basic, "coefficients")
    return cause, f"it follows from the coefficients, which have {digits:.1f} digits: {sentence}"


def convention(comparison: Comparison, quantity: str) -> Cause | None:
    """Another convention makes of the reference just what was reported."""
    family = comparison.problem.family
    for name, value in others(comparison.conventions):
        other = under(comparison.reference.values, comparison.problem, {**comparison.conventions, name: value})
        if fits(comparison, quantity, other.get(quantity)):
            return (
                f"convention {name}: {value}",
                f"the convention {name}: {value} explains it; if that is meant, declare conventions = "
                f"{{{name!r}: {value!r}}}, or for this family alone {{{name!r}: {{{family!r}: {value!r}}}}} "
                f"(here it is {comparison.conventions[name]!r})",
            )
    return None


def slip(comparison: Comparison, quantity: str) -> Cause | None:
    """A formula that real programs have got wrong makes of the reference just what was reported."""
    for name, value in mistakes(comparison, quantity):
        if fits(comparison, quantity, value):
            return name, f"it is {name}"
    return None


def follows(comparison: Comparison, quantity: str) -> Cause | None:
    """AIC and BIC from a wrong log-likelihood; errors from a wrong dispersion; the dispersion from a wrong deviance."""
    fit, want = comparison.fit, comparison.expected
    if quantity in ("aic", "bic") and fit.log_likelihood is not None and want.get("log_likelihood") is not None:  # type: ignore[union-attr]
        moved = getattr(fit, quantity) - want[quantity]
        wrong = -2.0 * (fit.log_likelihood - want["log_likelihood"])  # type: ignore[union-attr]
        if not np.isfinite(wrong) or (wrong != 0 and abs(moved - wrong) <= SAME * abs(wrong)):
            cause, sentence = explain(comparison, "log_likelihood")
            return cause, f"it follows from the log-likelihood: {sentence}"
    phi = (fit.dispersion or 0.0) / (want.get("dispersion") or np.inf)  # type: ignore[union-attr]
    if quantity in ("standard_errors", "covariance") and phi > 0:
        ratio = phi ** (0.5 if quantity == "standard_errors" else 1.0)
        with np.errstate(all="ignore"):
            apart = np.abs(getattr(fit, quantity) / (want[quantity] * ratio) - 1.0)
        by_far = not 1.0 / FAR < ratio < FAR and bool(np.nanmax(apart, initial=0.0) < 1.0 / FAR)
        if abs(ratio - 1) > SAME and (by_far or fits(comparison, quantity, want[quantity] * ratio)):
            cause, sentence = explain(comparison, "dispersion")
            return cause, f"it follows from the dispersion: {sentence}"
    return None


_OF_COEFFICIENTS = (other_problem, another_formula, lost_precision, lost_row, early_stop, diverged, admitted)
_OF_VALUES = (
    not_a_number,
    other_columns,
    floored_mean,
    coefficients_first,
    convention,
    slip,
    follows,
    from_its_coefficients,
    another_order,
    lost_precision,
    cancelled,
    scaled,
    saturated_tail,
    earlier_iterate,
    null_model_astray,
    admitted,
)
