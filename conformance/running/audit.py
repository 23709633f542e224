"""The audit: several implementations on the same cases, digits side by side, and the cause where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.judging.checks import CHECKS
from conformance.judging.comparison import Demand
from conformance.judging.judge import CaseResult
from conformance.judging.verdict import Outcome, Verdict
from conformance.question.library import Library
from conformance.question.selection import Chosen
from conformance.running.session import Session


@dataclass(frozen=True)
class Row:
    """One case: for each implementation what it came to."""

    case: str
    results: tuple[CaseResult, ...]

    @property
    def unusable(self) -> str | None:
        """Why nobody could be asked: the case or its reference is at fault, and no implementation."""
        return self.results[0].unusable


def audit(names: Sequence[str], library: Library, ids: Sequence[str], demand: Demand = Demand()) -> Iterator[Row]:
    """One Row for each case, of which every implementation is asked before the next."""
    chosen = Chosen(tuple(ids), tuple(CHECKS))
    sessions = [Session(name, library, chosen, demand, jobs=1) for name in names]
    for session in sessions:
        _ = session.implementation  # what can't be used is told before anything is run
    try:
        for row in zip(*(session.results() for session in sessions), strict=True):
            yield Row(row[0].case, row)
    finally:
        for session in sessions:
            session.close()


def cell(result: CaseResult, check: str) -> str:
    """The digits of one check, or a word for why there are none."""
    verdict = next(v for v in result.verdicts if v.check == check)
    if verdict.digits is not None:
        return f"{verdict.digits:.1f}" + ("" if verdict.outcome is Outcome.PASS else "!")
    words = {Outcome.NOT_REPORTED: "-", Outcome.UNDECIDED: "?", Outcome.UNSUPPORTED: "n/a", Outcome.ERROR: "error"}
    return words.get(verdict.outcome, verdict.outcome.value)


def causes(rows: Sequence[Row], names: Sequence[str]) -> dict[tuple[str, str], list[Verdict]]:
    """The failing verdicts by implementation and cause, most frequent first; without those of unusable cases."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for row in rows:
        for name, result in zip(names, row.results, strict=True):
            for verdict in result.verdicts if result.unusable is None else ():
                if verdict.outcome in (Outcome.FAIL, Outcome.ERROR):
                    found.setdefault((name, verdict.cause or "unexplained"), []).append(verdict)
    return dict(sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]))))
