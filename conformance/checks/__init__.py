"""The checks: each is a function from a Trial to a Finding, and each gives one verdict for every case."""

from __future__ import annotations

from collections.abc import Callable

from conformance.checks.consistency import CONSISTENCY_CHECKS
from conformance.checks.invariance import INVARIANCE_CHECKS
from conformance.checks.optimiser import optimiser
from conformance.checks.outcome import outcome
from conformance.checks.repeat import arrays_untouched, same_answer_twice
from conformance.checks.score import score
from conformance.checks.values import VALUE_CHECKS
from conformance.trial import Finding, Trial

Check = Callable[[Trial], Finding]

CHECKS: dict[str, Check] = {
    "outcome": outcome,
    **VALUE_CHECKS,
    "score": score,
    "optimiser": optimiser,
    **CONSISTENCY_CHECKS,
    "arrays_untouched": arrays_untouched,
    "same_answer_twice": same_answer_twice,
    **INVARIANCE_CHECKS,
}
