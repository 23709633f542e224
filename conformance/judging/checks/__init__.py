"""The checks: each is a function from a Comparison to a Finding, and each gives one verdict for every case."""

from __future__ import annotations

from collections.abc import Callable

from conformance.judging.checks.consistency import CONSISTENCY_CHECKS
from conformance.judging.checks.invariance import INVARIANCE_CHECKS
from conformance.judging.checks.optimiser import optimiser
from conformance.judging.checks.outcome import outcome
from conformance.judging.checks.repeat import arrays_untouched, same_answer_twice
from conformance.judging.checks.score import score
from conformance.judging.checks.values import VALUE_CHECKS
from conformance.judging.comparison import Comparison, Finding

Check = Callable[[Comparison], Finding]

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
