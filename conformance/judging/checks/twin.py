"""A twin is another problem whose answer follows from the first one's by algebra; here the two answers are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from conformance.judging.causes import explain
from conformance.judging.checks.rounding import U, rounding_errors
from conformance.judging.comparison import Cause, Comparison, Demand, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP, agreement, spelled, worst
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.references.reference import Reference

Array = NDArray[np.float64]

NEAR = 3.0  # digits from which on a fit may be said to have stopped early
LEAVE = 0.31  # log10(2): two fits, each with an error of its own


@dataclass(frozen=True)
class Twin:
    """Another problem, and what its answer must be, from the first answer.

    moved   coefficient j of the first is coefficients[back[j]] * factors[j] + shift[j] of the twin
    same    quantities that must be equal, times the number given
    errors  standard errors are moved with the coefficients, but for the shift
    offset_terms   (n,) the size of what the offset was summed of; None: |offset|
    bias    (n,) by how much, relatively, the twin's variances differ from the first's, where it is not quite the same
    """

    problem: Problem
    back: NDArray[np.intp]
    factors: Array
    shift: Array
    same: tuple[tuple[str, float], ...]
    errors: bool = True
    offset_terms: Array | None = None
    bias: Array | None = None

    def of(self, quantity: str, fit: Fit) -> Any:
        """The twin's ``quantity`` in terms of the first problem."""
        value = getattr(fit, quantity)
        if value is None:
            return None
        with np.errstate(all="ignore"):  # whatever was reported
            if quantity == "coefficients":
                return value[self.back] * self.factors + self.shift
            if quantity == "standard_errors":
                return value[self.back] * np.abs(self.factors) * dict(self.same).get(quantity, 1.0)
            return value * dict(self.same)[quantity]

    def error_of(self, quantity: str, errors: Mapping[str, Array]) -> Array:
        """The twin's ``errors`` of ``quantity`` in terms of the first problem; those of a shift are its rounding."""
        found = errors.get(quantity, np.zeros(1))
        if quantity == "coefficients":
            return found[self.back] * np.abs(self.factors) + U * np.abs(self.shift)
        if quantity == "standard_errors":
            found = found[self.back] * np.abs(self.factors)
        return np.asarray(found * dict(self.same)[quantity])

    def onward(self, beta: Array) -> Array:
        """The twin's coefficients from those of the first problem: `of`, the other way round."""
        turned = np.empty(len(self.back))
        turned[self.back] = (beta[: len(self.back)] - self.shift) / self.factors
        return turned


@dataclass(frozen=True)
class LevelTwin(Twin):
    """The twin of an exchanged reference level: the intercept takes up the column's coefficient."""

    column: int = 0

    def of(self, quantity: str, fit: Fit) -> Any:
        """As of any twin; the intercept less the column's coefficient."""
        value = super().of(quantity, fit)
        if quantity == "coefficients":
            value = value.copy()
            value[0] -= value[self.column]
        return value

    def error_of(self, quantity: str, errors: Mapping[str, Array]) -> Array:
        """As of any twin; the intercept has the column's error too."""
        found = super().error_of(quantity, errors)
        if quantity == "coefficients":
            found = found.copy()
            found[0] += found[self.column]
        return found

    def onward(self, beta: Array) -> Array:
        """As of any twin; the intercept with the column's coefficient."""
        turned = beta.copy()
        turned[0] += turned[self.column]
        return super().onward(turned)


def twin(
    problem: Problem,
    *same: str | tuple[str, float],
    back: Any = None,
    factors: Any = None,
    shift: Any = None,
    errors: bool = True,
    offset_terms: Array | None = None,
    bias: Array | None = None,
    **changes: Any,
) -> Twin | None:
    """``problem`` with ``changes``, described anew for those that fit from a formula.

    None where a changed number overflows or underflows, so that the twin can't be put in doubles.
    """
    if any(_leaves_doubles(getattr(problem, name), value) for name, value in changes.items()):
        return None
    p = problem.p
    back = np.arange(p) if back is None else np.asarray(back)
    factors = np.ones(p) if factors is None else np.asarray(factors, dtype=np.float64)
    shift = np.zeros(p) if shift is None else np.asarray(shift, dtype=np.float64)
    if problem.start is not None and "start" not in changes and len(back) == p:
        start = np.empty(p)
        start[back] = (problem.start - shift) / factors
        changes["start"] = start
    changed = described(replace(problem, **changes))
    quantities = tuple((one, 1.0) if isinstance(one, str) else one for one in same)
    return Twin(changed, back, factors, shift, quantities, errors, offset_terms, bias)


def _leaves_doubles(before: Any, after: Any) -> bool:
    """Whether a number of ``after`` is infinite or has lost digits to underflow, where none of ``before`` is so."""

    def outside(values: Any) -> bool:
        size = np.abs(values)
        return bool(np.any(~np.isfinite(size) | ((size > 0) & (size < np.finfo(np.float64).tiny))))

    numbers = isinstance(after, np.ndarray | float)
    return numbers and outside(after) and not (isinstance(before, np.ndarray | float) and outside(before))


def described(problem: Problem) -> Problem:
    """``problem`` with a formula and data of its own: a column for each of X, and the response."""
    columns = [f"x{j}" for j in range(problem.p)]
    terms = columns[1:] if problem.intercept else columns
    data = pd.DataFrame(dict(zip(columns, problem.X.T, strict=True)) | {"y": problem.y})
    right = " + ".join(terms) if terms else "1"
    return replace(
        problem, formula=f"y ~ {right}" + ("" if problem.intercept else " - 1"), data=data, names=tuple(columns)
    )


def compared(comparison: Comparison, name: str, why: str, other: Twin, again: Fit) -> Finding:
    """The first quantity that does not come back, else a pass with the digits of the coefficients."""
    assert comparison.fit is not None
    if again.converged is False:  # a warning alone excuses nothing: some warn of every fit
        return Finding(Outcome.UNDECIDED, name, message="the twin's fit says that it did not converge")
    if _moved(comparison, other, again).other_root is not None:
        return Finding(Outcome.UNDECIDED, name, message="the twin's fit is at another root of the score, of several")
    best, any_number = CAP, False
    errors = _errors(comparison, other)
    quantities: Iterable[str] = ("coefficients", *(one for one, _ in other.same))
    for quantity in quantities:
        mine, value = getattr(comparison.fit, quantity), other.of(quantity, again)
        if mine is None or value is None or quantity not in comparison.expected:
            continue
        whole, size = np.shape(np.atleast_1d(mine)), np.size(value)
        mine, scale = np.atleast_1d(mine)[:size], np.broadcast_to(comparison.scale(quantity), whole)[:size]
        known = np.isfinite(mine)  # what the first fit lacks is no question to the twin, but it must have the rest
        any_number |= bool(np.any(known))
        digits = np.where(known, agreement(value, mine, scale), CAP)
        need = np.broadcast_to(_needed(comparison, other, quantity, errors), whole)[:size] - LEAVE
        short, at = worst(digits - need)
        best = min(best, float(digits[at]))
        if short < 0:
            named = quantity in ("coefficients", "standard_errors")
            label = f"{quantity}[{comparison.problem.names[at]}]" if named else quantity
            got, want = float(np.atleast_1d(value)[at]), float(mine[at])
            raw = np.atleast_1d(getattr(again, quantity))[:size]
            cause, sentence = _cause(
                comparison, other, again, quantity, bool(np.array_equal(raw, mine, equal_nan=True))
            )
            message = (
                f"{why} Here {label} comes back as {got!r} where it was {want!r}: {spelled(float(digits[at]))} "
                f"digits, {float(need[at]):.1f} are required{sentence}"
            )
            numbers = (float(digits[at]), float(need[at]), None, got, want)
            return Finding(Outcome.FAIL, f"{name}: {label}", *numbers, cause, message)
    if not any_number:
        return Finding(Outcome.UNDECIDED, name, message="the fit has no finite number to come back")
    return Finding(Outcome.PASS, name, best)


def _errors(comparison: Comparison, other: Twin) -> dict[str, Array]:
    """The errors that rounding makes in the twin's own answer, in its own terms; none where no estimate is known."""
    beta = comparison.expected.get("coefficients")
    if beta is None or not np.any(np.isfinite(beta)):
        return {}
    phi = comparison.expected.get("dispersion")
    phi = None if phi is None else phi / dict(other.same).get("dispersion", 1.0)
    return rounding_errors(other.problem, other.onward(beta), phi, other.offset_terms, other.bias)


def _needed(comparison: Comparison, other: Twin, quantity: str, errors: Mapping[str, Array]) -> Array:
    """The digits asked of the twin: what rounding leaves in the first fit and in the twin's together."""
    lenient, attainable = replace(comparison, demand=Demand(comparison.demand.digits)), comparison.attainable(quantity)
    if attainable is None or not errors:
        return lenient.required(attainable)
    scale, theirs = np.atleast_1d(comparison.scale(quantity)), other.error_of(quantity, errors)
    more = np.pad(theirs, (0, scale.size - theirs.size))  # what the offset absorbed is no question
    with np.errstate(all="ignore"):
        error = 10.0**-attainable + np.where(scale > 0, more / scale, 0.0)
        return lenient.required(-np.log10(error))


def _cause(comparison: Comparison, other: Twin, again: Fit, quantity: str, untouched: bool) -> Cause:
    """Why the answers differ: the change had no effect, or what explains the one that is farther from the reference."""
    cause, sentence = explain(comparison, "coefficients")
    if cause == "divergence" and _digits(comparison, "coefficients") < NEAR:  # at 1e15 no change of the problem shows
        return cause, f"; of the fit: {sentence}"
    if untouched and other.problem is not comparison.problem:
        changed = [
            name for name in ("offset", "weights") if _differ(getattr(comparison.problem, name), other.problem, name)
        ]
        ignored = f"the {' and '.join(changed)} has no effect (ignored), or " if changed else ""
        return "remembers", f"; it is, to the last bit, the answer to the earlier fit: {ignored}it remembers that fit"
    moved = _moved(comparison, other, again, quantity)
    if _digits(comparison, quantity) <= _digits(moved, quantity):
        who, (cause, sentence) = "the fit", explain(comparison, quantity)
    else:
        who, own, cause, sentence = "the twin", _own(comparison, other, again), "unexplained", ""
        if quantity in own.expected:
            cause, sentence = explain(own, quantity)
        if cause == "unexplained" and quantity != "coefficients":
            cause, sentence = explain(moved, quantity)
    farther = comparison if who == "the fit" else moved
    if cause == "unexplained" or (cause == "early stop" and _digits(farther, quantity) < NEAR):
        return "invariance", ""
    return cause, f"; of {who}: {sentence}"


#: What a twin's reference has of the first one's.
FOLLOWS = ("deviance", "dispersion", "dispersion_pearson", "dispersion_deviance")


def _own(comparison: Comparison, other: Twin, again: Fit) -> Comparison:
    """The twin's answer as one to its own problem, whose reference values follow from the first one's."""
    first, factors = comparison.reference.values, dict(other.same)
    beta = other.onward(first["coefficients"])
    rows, rank = float(np.sum(other.problem.prior_weights > 0)), float(np.sum(~np.isnan(beta)))
    values: dict[str, Any] = {"coefficients": beta, "rank": rank, "df_residual": rows - rank}
    values["df_null"] = rows - other.problem.intercept
    for name in FOLLOWS:
        if first.get(name) is not None:
            values[name] = first[name] / factors.get("dispersion" if name.startswith("dispersion") else name, 1.0)
    errors = first.get("standard_errors")
    if errors is not None and "standard_errors" in factors:
        values["standard_errors"] = np.empty(len(other.back))
        values["standard_errors"][other.back] = errors[: len(other.back)] / np.abs(other.factors)
    reference = Reference(
        values, comparison.reference.source, comparison.reference.uniqueness, _errors(comparison, other)
    )
    return replace(comparison, problem=other.problem, fit=again, reference=reference, mutated=())


def _moved(comparison: Comparison, other: Twin, again: Fit, *quantities: str) -> Comparison:
    """The twin's answer in terms of the first problem: its coefficients, and ``quantities``."""
    assert comparison.fit is not None
    value = other.of("coefficients", again)
    theirs = np.concatenate(
        [value, comparison.fit.coefficients[len(value) :]]
    )  # what the offset absorbed has not moved
    moved = {quantity: other.of(quantity, again) for quantity in quantities if quantity != "coefficients"}
    return replace(comparison, fit=replace(comparison.fit, coefficients=theirs, **moved))


def _digits(comparison: Comparison, quantity: str) -> float:
    """How near to the reference."""
    got, want = np.atleast_1d(getattr(comparison.fit, quantity)), np.atleast_1d(comparison.expected[quantity])
    return float(worst(agreement(got, want, comparison.scale(quantity)))[0])


def _differ(values: Array | None, problem: Problem, name: str) -> bool:
    """Whether an array of the twin is another one."""
    others = getattr(problem, name)
    return (values is None) != (others is None) or (values is not None and not np.array_equal(values, others))
