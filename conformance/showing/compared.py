"""Two records of the same implementation, before and after: what got worse, what got better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.markup import escape

from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.digits import spelled
from conformance.showing import text as words
from conformance.showing.record import Record


class Change(StrEnum):
    """What became of a check of a case; the first six are worse."""

    FAILS = "newly failing"
    STALE = "no longer fails, and is still listed as known"
    WORSE = "fails with fewer digits"
    LOST = "passes with fewer digits"
    SILENT = "no longer judged"
    EXCUSED = "newly listed as known"
    MENDED = "mended"
    JUDGED = "newly judged, and passes"
    GONE = "only in the old record"
    NEW = "only in the new record"


WORSE = (Change.FAILS, Change.STALE, Change.WORSE, Change.LOST, Change.SILENT, Change.EXCUSED)
_JUDGED = (Outcome.PASS, Outcome.KNOWN, Outcome.FAIL, Outcome.ERROR, Outcome.STALE)


@dataclass(frozen=True)
class Difference:
    """One pair whose verdict changed; ``check`` is '' for a case that is in one record only."""

    change: Change
    case: str
    check: str = ""
    old: str | None = None
    new: str | None = None
    old_digits: float | None = None
    new_digits: float | None = None
    message: str = ""

    @property
    def worse(self) -> bool:
        """Whether the new record is the worse one here."""
        return self.change in WORSE

    def as_json(self) -> dict[str, Any]:
        """One line for programs."""
        return asdict(self)


def differences(old: Record, new: Record, lost: float = 1.0) -> Iterator[Difference]:
    """What changed, in the order of the new record; fewer digits means fewer by at least ``lost``."""
    before = {(v.case, v.check): v for v in old.verdicts}
    cases = ({v.case: None for v in old.verdicts}, {v.case: None for v in new.verdicts})
    for verdict in new.verdicts:
        pair = (verdict.case, verdict.check)
        change = _change(before[pair], verdict, lost) if pair in before else None
        if change is not None:
            old_one = before[pair]
            outcomes = (old_one.outcome.value, verdict.outcome.value)
            yield Difference(change, *pair, *outcomes, old_one.digits, verdict.digits, verdict.message)
    after = {(v.case, v.check) for v in new.verdicts}
    yield from (Difference(Change.GONE, *pair) for pair in before if pair not in after and pair[0] in cases[1])
    yield from (Difference(Change.GONE, case) for case in cases[0] if case not in cases[1])
    yield from (Difference(Change.NEW, case) for case in cases[1] if case not in cases[0])


def _change(old: Verdict, new: Verdict, lost: float) -> Change | None:
    """What became of one pair; None where nothing that matters."""
    if new.outcome is Outcome.STALE:
        return None if old.outcome is Outcome.STALE else Change.STALE
    was, now = (one.outcome in (Outcome.FAIL, Outcome.ERROR) for one in (old, new))  # what is stale has passed
    if now and not was:
        return Change.FAILS
    if old.outcome is Outcome.FAIL and now and (new.outcome is Outcome.ERROR or old.digits is not None is new.digits):
        return Change.WORSE
    if old.failing and not new.failing:
        if new.outcome is Outcome.PASS:
            return Change.MENDED
        return Change.EXCUSED if new.outcome is Outcome.KNOWN else Change.SILENT
    if old.outcome is Outcome.KNOWN and new.outcome is Outcome.PASS:
        return Change.MENDED
    if old.outcome in _JUDGED and new.outcome not in _JUDGED:
        return Change.SILENT
    if old.outcome not in _JUDGED and new.outcome is Outcome.PASS:
        return Change.JUDGED
    if old.outcome is not Outcome.KNOWN and new.outcome is Outcome.KNOWN:
        return Change.EXCUSED
    if old.digits is None or new.digits is None or not _fewer(old.digits, new.digits, lost):
        return None
    return Change.LOST if new.outcome is Outcome.PASS else Change.WORSE


def _fewer(old: float, new: float, lost: float) -> bool:
    return new < old and (math.isinf(new) or old - new >= lost)


def show(console: Console, found: list[Difference]) -> None:
    """Each kind of change with its pairs, and how many there are."""
    for change in Change:
        group = [one for one in found if one.change is change]
        if not group:
            continue
        console.print(f"{change.value}: {len(group)}", style="bold red" if change in WORSE else "bold")
        for one in group:
            shown = (words.line(one.old or ""), words.line(one.new or ""))
            moved = f": {shown[0]} -> {shown[1]}" if shown[0] != shown[1] else ""
            if one.old_digits is not None and one.new_digits is not None:
                moved += f", {spelled(one.old_digits)} -> {spelled(one.new_digits)} digits"
            check = f" {words.line(one.check)}" if one.check else ""
            console.print(f"  {escape(words.line(one.case))}{escape(check)}{escape(moved)}", soft_wrap=True)
    worse = sum(one.worse for one in found)
    console.print(f"{worse} worse, {len(found) - worse} other changes")
