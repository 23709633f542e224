"""A Verdict is what one check says of one case; ``conforms`` and ``exit_status`` say what all of them come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The eight ways a check can end."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"  # a crash, a time-out, no answer; or a case or reference that can't be used
    UNSUPPORTED = "unsupported"  # the implementation said so
    NOT_REPORTED = "not_reported"  # the fit does not have the quantity
    KNOWN = "known"  # a listed failure that still fails
    STALE = "stale"  # a listed failure that passes: the list must shrink
    UNDECIDED = "undecided"  # the reference itself can't tell, or the question does not arise


#: The outcomes that no conforming implementation has.
FAILING = (Outcome.FAIL, Outcome.ERROR, Outcome.STALE)


#: What is said where every verdict is moot.
NOTHING_RUN = "nothing was run: no check could pass or fail, and that is no conformance"


@dataclass(frozen=True)
class Verdict:
    """One line of the report.  ``cause`` is short (a convention, 'early stop', 'case', ...), ``message`` a sentence.

    ``reproduce`` has, for a failure, what to paste: a snippet for each language (reproduce.py).
    """

    case: str
    check: str
    quantity: str
    outcome: Outcome
    digits: float | None = None
    required: float | None = None
    attainable: float | None = None
    got: Any = None
    want: Any = None
    cause: str | None = None
    message: str = ""
    reproduce: Mapping[str, str] | None = None

    @property
    def failing(self) -> bool:
        """Whether an implementation with this verdict can't conform."""
        return self.outcome in FAILING

    def as_json(self, kind: str = "verdict") -> dict[str, Any]:
        """The report's line, of the given kind; ``reproduce`` only where there is something to paste."""
        line = {"type": kind, **asdict(self)}
        return line if self.reproduce else {key: value for key, value in line.items() if key != "reproduce"}


def count(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts ended each way; every outcome is there, also with 0."""
    counted = Counter(verdict.outcome for verdict in verdicts)
    return {outcome.value: counted[outcome] for outcome in Outcome}


def conforms(counts: Mapping[str, int]) -> bool:
    """No fail, no error, no stale entry, and something was run.  The exit status, report and badge all ask this."""
    return sum(counts[outcome] for outcome in FAILING) == 0 and counts[Outcome.PASS] + counts[Outcome.KNOWN] > 0


def exit_status(counts: Mapping[str, int], *, unusable: bool) -> int:
    """0 conforming, 1 not, 2 where a case, a reference or the adapter could not be used at all."""
    return 2 if unusable else 0 if conforms(counts) else 1
