"""The record as workflow commands that GitHub shows beside the code: an annotation for each case that fails.

GitHub shows ten of a step and drops the rest, so that the tenth says how many more there are.
"""

from __future__ import annotations

from conformance.judging.verdict import Outcome, Verdict
from conformance.showing import text as words
from conformance.showing.record import Record

SHOWN = 10


def workflow_commands(record: Record) -> str:
    """Lines such as ``::error file=my_adapter.py,title=dobson%3A deviance::...``; none where it conforms."""
    if record.conforms:
        return ""
    cases = [words.failing(verdicts) for verdicts in words.by_case(record.verdicts).values()]
    cases = [bad for bad in cases if bad]
    lines = [_annotation(record, bad) for bad in cases[: SHOWN if len(cases) <= SHOWN else SHOWN - 1]]
    if len(cases) > SHOWN:
        lines.append(
            _command(record.run.get("file"), "more", f"{len(cases) - SHOWN + 1} more cases fail; see the record")
        )
    if not cases:
        lines.append(_command(record.run.get("file"), "GLM conformance", "; ".join(words.remarks(record))))
    return "".join(f"{line}\n" for line in lines)


def _annotation(record: Record, bad: list[Verdict]) -> str:
    """The first failure of a case; a stale entry belongs to the list of known failures."""
    first = bad[0]
    file = record.run.get("known" if first.outcome is Outcome.STALE else "file")
    more = f" (and {len(bad) - 1} more checks)" if len(bad) > 1 else ""
    explain = f"\n{first.reproduce['explain']}" if first.reproduce else ""
    return _command(file, f"{first.case}: {first.check}", f"{words.line(first.message)}{more}{explain}")


def _command(file: object, title: str, message: str) -> str:
    """``::error file=,title=::message`` with everything escaped that would end or steer it."""
    place = f"file={_property(file)}," if file else ""
    return f"::error {place}title={_property(title)}::{_data(words.clean(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: object) -> str:
    return _data(words.line(text)).replace(":", "%3A").replace(",", "%2C")
