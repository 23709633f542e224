"""Why a number is off: which convention, which other problem, which early stop or which known slip explains it.

Nothing here decides whether a check fails; it names the cause of one that has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.conventions import others, under
from conformance.digits import agreement, worst
from conformance.family import PAIRS, family_of
from conformance.irls import Rows, least_squares_step
from conformance.problem import Problem
from conformance.trial import Trial

Cause = tuple[str, str]  # a short name, and a sentence

#: An explanation must match to this many digits, or to all but two of those that the data allow.
CONVINCING = 6.0


def explain(trial: Trial, quantity: str) -> Cause:
    """The cause of a wrong ``quantity``: the first explanation that fits, else that none does."""
    finders = [_coefficients_first, _convention, _slip, _earlier_iterate]
    if quantity in ("coefficients", "score"):
        finders = [_other_problem, _early_stop]
    for finder in finders:
        found = finder(trial, quantity)
        if found:
            return found
    return "unexplained", "no convention, early stop or known slip explains it"


def _fits(trial: Trial, quantity: str, value: Any, got: Any = None) -> bool:
    """Whether ``value`` is what was reported, to CONVINCING digits and clearly nearer than what was expected."""
    got = getattr(trial.fit, quantity, None) if got is None else got
    if (
        value is None
        or got is None
        or np.shape(value) != np.shape(got)
        or not np.all(np.isfinite(np.asarray(value, dtype=float)))
    ):
        return False
    scale = np.maximum(np.abs(np.asarray(value, dtype=float)), 1e-300)
    new = worst(agreement(got, value, scale))[0]
    old = worst(agreement(got, trial.expected[quantity], scale))[0]
    return new >= CONVINCING and new > old + 2


def _coefficients_first(trial: Trial, quantity: str) -> Cause | None:
    """Whatever is computed from wrong coefficients is wrong too, and that is then the cause."""
    expected = trial.expected.get("coefficients")
    if expected is None or trial.fit is None or np.any(np.isnan(expected) != trial.aliased):
        return None
    digits = worst(agreement(trial.fit.coefficients, expected, trial.scale("coefficients")))[0]
    required = float(np.min(trial.required(trial.attainable("coefficients"))))
    if digits >= min(required, trial.demand.digits):
        return None
    cause, sentence = explain(trial, "coefficients")
    return cause, f"it follows from the coefficients, which have {digits:.1f} digits: {sentence}"


def _convention(trial: Trial, quantity: str) -> Cause | None:
    """Another convention makes of the reference just what was reported."""
    for name, value in others(trial.conventions):
        other = under(trial.reference.values, trial.problem, {**trial.conventions, name: value})
        if _fits(trial, quantity, other.get(quantity)):
            return (
                f"convention {name}: {value}",
                f"the convention {name}: {value} explains it; if that is meant, declare conventions = "
                f"{{{name!r}: {value!r}}} (here it is {trial.conventions[name]!r})",
            )
    return None


# ------------------------------------------------------------------------- which problem was solved instead


def other_problems(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Problems that a faulty program solves in place of ``problem``, each with what it then did."""
    if problem.offset is not None:
        yield "without its offset", replace(problem, offset=None)
        yield "with the offset's sign reversed", replace(problem, offset=-problem.offset)
        yield "with the offset counted twice", replace(problem, offset=2.0 * problem.offset)
        if np.all(problem.offset > 0):
            yield "with the logarithm of the offset", replace(problem, offset=np.log(problem.offset))
    if problem.weights is not None:
        yield "without its prior weights", replace(problem, weights=None)
        yield "with the roots of its prior weights", replace(problem, weights=np.sqrt(problem.weights))
        yield "with its prior weights squared", replace(problem, weights=problem.weights**2)
    if problem.family == "binomial":
        yield "with successes and failures exchanged", replace(problem, y=1.0 - problem.y)
    for link in PAIRS[problem.family]:
        if link != problem.link:
            yield f"with the {link} link", replace(problem, link=link)
    for family, links in PAIRS.items():
        parameter = {"negative_binomial": {"theta": 1.0}, "tweedie": {"power": 1.5}}.get(family, {})
        inside = family_of(family, **parameter).responses.contains(problem.y)
        if family != problem.family and problem.link in links and family != "tweedie" and np.all(inside):
            yield f"with the {family} family", replace(problem, family=family, theta=parameter.get("theta"))
    if problem.theta is not None:
        yield "with 1/theta for theta", replace(problem, theta=1.0 / problem.theta)


def _other_problem(trial: Trial, quantity: str) -> Cause | None:
    """The reported coefficients solve the score equations, but of another problem."""
    right = trial.expected.get("coefficients")
    if trial.fit is None or right is None or trial.rows_at(trial.fit.coefficients).decrement < 1e-6:
        return None
    for words, problem in other_problems(trial.problem):
        rows = trial.rows_at(trial.fit.coefficients, problem)
        tells = trial.rows_at(right, problem).decrement  # the right coefficients must not solve the other problem too
        if rows.valid and rows.decrement < 1e-5 and rows.decrement < 1e-3 * tells and _stays(trial, rows):
            return words, f"these coefficients solve the score equations of the problem {words}"
    return None


def _stays(trial: Trial, rows: Rows) -> bool:
    """Whether one more step moves little: where all information has vanished the score is zero and means nothing."""
    assert trial.fit is not None
    size = float(np.max(np.abs(trial.fit.coefficients[~trial.aliased]), initial=0.0))
    return float(np.max(np.abs(least_squares_step(rows)), initial=0.0)) <= 1e-4 * size and rows.smallest_weight > 0


def _early_stop(trial: Trial, quantity: str) -> Cause | None:
    """One more step of Fisher scoring from the reported coefficients comes nearer."""
    if trial.fit is None or "coefficients" not in trial.expected:
        return None
    kept = ~trial.aliased
    rows = trial.rows_at(trial.fit.coefficients)
    if not rows.valid or not np.isfinite(rows.decrement):
        return None
    step = least_squares_step(rows)
    want, scale = trial.expected["coefficients"][kept], trial.scale("coefficients")[kept]
    before = worst(agreement(trial.fit.coefficients[kept], want, scale))[0]
    after = worst(agreement(trial.fit.coefficients[kept] + step, want, scale))[0]
    if after <= before + 0.3:
        return None
    if trial.problem.family == "gaussian" and trial.problem.link == "identity":
        return (
            "lost precision",
            "least squares needs no iteration, so that digits were lost in solving it, as normal equations, an "
            "explicit inverse or a truncated pseudo-inverse lose them: one refinement brings "
            f"{before:.1f} digits to {after:.1f}",
        )
    return (
        "early stop",
        f"it stopped early: the score is still {rows.decrement:.1e} standard errors from zero, and one more step of "
        f"Fisher scoring brings {before:.1f} digits to {after:.1f}",
    )


# ------------------------------------------------------------------------------------------ known slips


def _slip(trial: Trial, quantity: str) -> Cause | None:
    """A formula that real programs have got wrong makes of the reference just what was reported."""
    for name, value in slips(trial, quantity):
        if _fits(trial, quantity, value):
            return name, f"it is {name}"
    return None


def slips(trial: Trial, quantity: str) -> Iterator[tuple[str, Any]]:
    """What known slips make of ``quantity``, each with its name."""
    want, n = trial.expected.get(quantity), trial.problem.n
    if want is None:
        return
    phi, df = trial.expected.get("dispersion"), trial.expected["df_residual"]
    general: dict[str, Callable[[Any], Any]] = {
        "the value with its sign reversed": lambda v: -v,
        "half the value": lambda v: v / 2,
        "twice the value": lambda v: 2 * v,
        "the value for one observation (divided by n)": lambda v: v / n,
    }
    if quantity in ("standard_errors", "covariance"):
        power = 0.5 if quantity == "standard_errors" else 1.0
        if phi:
            yield "computed with dispersion 1: the dispersion was left out", want / phi**power
            yield "computed with the dispersion applied twice", want * phi**power
            yield "computed with sigma for sigma^2", want * phi ** (-power / 2)
        if df > 0:
            yield "computed with n in place of n - p", want * (df / n) ** power
            yield "computed with n / (n - p) on top of n - p", want * (n / df) ** power
        if quantity == "standard_errors":
            yield "the variances: the root was not taken", want**2
    if quantity == "dispersion" and df > 0:
        yield "computed with n in place of n - p", want * df / n
        yield "computed with n - 1 in place of n - p", want * df / (n - 1)
        yield "sigma in place of sigma^2", np.sqrt(want)
        yield "1: the dispersion was not estimated", 1.0
    if quantity == "deviance" and trial.expected.get("log_likelihood") is not None:
        yield "-2 log-likelihood, without the saturated model's", -2.0 * trial.expected["log_likelihood"]
    if quantity == "deviance" and phi:
        yield "the scaled deviance (divided by the dispersion)", want / phi
    if quantity == "df_residual":
        yield "n minus the number of columns, aliased ones included", float(n - trial.problem.p)
    if quantity in ("aic", "bic"):
        yield "counted with one parameter more", want + (2.0 if quantity == "aic" else np.log(n))
        yield "counted with one parameter less", want - (2.0 if quantity == "aic" else np.log(n))
    if quantity == "linear_predictors":
        yield "the linear predictor without the offset", want - trial.problem.offsets
    if quantity.endswith("_residuals") and trial.problem.weights is not None:
        with np.errstate(all="ignore"):
            yield "the residuals without the weights", want / np.sqrt(trial.problem.weights)
    if quantity == "deviance_residuals":
        yield "the residuals without their sign", np.abs(want)
    for name, function in general.items():
        yield name, function(want)


def _earlier_iterate(trial: Trial, quantity: str) -> Cause | None:
    """Right coefficients, but errors that agree to some digits only: from the weights of an earlier iterate."""
    if quantity not in ("standard_errors", "covariance", "leverages", "working_residuals", "dispersion"):
        return None
    digits = worst(agreement(getattr(trial.fit, quantity), trial.expected[quantity], trial.scale(quantity)))[0]
    if digits < 2:
        return None
    return (
        "stale weights",
        f"it has {digits:.1f} digits though the coefficients are right: computed from the working weights of an "
        "earlier iterate, as programs do that stop before they weigh again",
    )
