"""A fit is a function of its problem: it leaves the arrays alone, and the same question has the same answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from conformance.adapters.answer import AdapterError, Unsupported
from conformance.errors import in_words
from conformance.judging.checks.twin import described
from conformance.judging.comparison import Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP, agreement, spelled, worst
from conformance.mathematics.quantities import Fit

#: Threads may add in another order, so that the last bits may differ; more may not.
SAME_DIGITS = 12.0
#: With so many digits it is likelier to be the order of sums than a memory of the fit before.
ROUNDING = 9.0
#: An entry of a vector that is this much smaller than the largest is judged by that one.
SMALL_ENTRY = 1e-8
LEAST = 1e-300  # against dividing by zero
_COMPARED = ("coefficients", "standard_errors", "deviance", "log_likelihood", "dispersion", "leverages")


def arrays_untouched(comparison: Comparison) -> Finding:
    """The problem's arrays and data are as they were before the fit."""
    if not comparison.mutated:
        return Finding(Outcome.PASS, "arrays_untouched")
    message = f"the fit changed the problem's {', '.join(comparison.mutated)} in place; copy before you write"
    return Finding(Outcome.FAIL, "arrays_untouched", cause="arrays touched", message=message)


def same_answer_twice(comparison: Comparison) -> Finding:
    """The same problem again, at once and after another one, has the same answer."""
    name = "same_answer_twice"
    if comparison.fit is None:
        return Finding(
            Outcome.NOT_REPORTED, name, message=f"the implementation refused the problem: {comparison.refusal}"
        )
    if comparison.ask is None or not comparison.case.has_estimate:
        return Finding(Outcome.UNDECIDED, name, message=comparison.why_undecided or "nobody to ask again")
    X = comparison.problem.X.copy()
    X[:, -1:] *= 1024.0
    another = described(replace(comparison.problem, X=X, start=None))
    for other, when in ((None, "at once"), (another, "after the fit of another problem")):
        try:
            if other is not None:
                _forgiving(comparison, other)
            again = comparison.ask(comparison.problem)
        except AdapterError as error:
            message = f"asked again {when}, it {error}"
            return Finding(Outcome.ERROR, name, cause="implementation", message=message)
        except Exception as error:
            message = f"asked again {when}, it refuses what it fitted before: {in_words(error)}"
            return Finding(Outcome.FAIL, name, cause="remembers", message=message)
        found = _difference(comparison, again, when)
        if found:
            return found
    return Finding(Outcome.PASS, name)


def _forgiving(comparison: Comparison, other: object) -> None:
    """Put ``other`` to the implementation, whatever it says of it; a crash is no word."""
    try:
        comparison.ask(other)  # type: ignore[misc, arg-type]
    except AdapterError:
        raise
    except (Unsupported, Exception):
        return


def _difference(comparison: Comparison, second: Fit, when: str) -> Finding | None:
    """The finding where a second answer is not the first, to the digits that doubles have there."""
    for quantity in _COMPARED:
        a, b = getattr(comparison.fit, quantity), getattr(second, quantity)
        known = np.isfinite(np.asarray(comparison.expected.get(quantity, 0.0), dtype=np.float64))
        if a is None or b is None or not np.any(known):  # the logarithm of a deviance that is all rounding
            continue
        size = np.abs(np.nan_to_num(np.atleast_1d(a)))
        scale = np.maximum(size, SMALL_ENTRY * float(np.max(size, initial=0.0)) + LEAST)
        if quantity in comparison.expected:  # a deviance that is 0 but for rounding has no digits of its own
            scale = np.maximum(scale, np.broadcast_to(comparison.scale(quantity), scale.shape))
        attainable = comparison.attainable(quantity) if quantity in comparison.expected else None
        can = SAME_DIGITS if attainable is None else float(np.nanmin(attainable, initial=CAP))
        required = min(SAME_DIGITS, can - math.log10(comparison.guard))
        digits, _ = worst(agreement(b, a, scale))
        if digits < required:
            message = f"asked again {when}, it gives another answer: {quantity} agrees to {spelled(digits)} digits"
            cause = "remembers" if digits < ROUNDING else "order of sums"
            if digits >= ROUNDING:
                message += "; threads that add in another order each time can do that: fit with one thread and see"
            return Finding(
                Outcome.FAIL, f"same_answer_twice: {quantity}", digits, required, cause=cause, message=message
            )
    return None
