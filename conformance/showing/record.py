"""The record of a run: JSON Lines, a run line, a line for each verdict, and a summary without which it is truncated.

With a level, verdicts that are not scored stand on lines of the type "unscored": they are no part of the counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from conformance.errors import CallError
from conformance.json_numbers import plain, restore
from conformance.judging.verdict import Outcome, Verdict, conforms, count


@dataclass(frozen=True)
class Record:
    """A whole report; ``unscored`` are the verdicts that do not count."""

    run: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    summary: Mapping[str, Any]
    unscored: tuple[Verdict, ...] = ()

    @property
    def conforms(self) -> bool:
        """What `verdict.conforms` says of the counts."""
        return conforms(self.summary["counts"])

    @property
    def stopped(self) -> bool:
        """Whether the run was told to stop at the first failure, and did before its last case."""
        return bool(self.summary.get("stopped", False))

    @property
    def cases(self) -> int:
        """How many cases that count were asked."""
        return int(self.summary["cases"] if self.stopped else self.run["cases"])


_OF_VERDICT = (
    *("case", "check", "quantity", "outcome", "digits", "required"),
    *("attainable", "got", "want", "cause", "message"),
)
#: The keys that each kind of line has (docs/adapter.md); more may follow.
_KEYS = {
    "run": ("implementation", "version", "conventions", "suite", "python", "platform", "cases", "checks"),
    "verdict": _OF_VERDICT,
    "unscored": _OF_VERDICT,
    "summary": ("conforms", "counts", "seconds", "fit_seconds"),
}


class TruncatedReport(CallError, ValueError):
    """A report without its summary line, or one whose lines do not add up."""


#: Half a surrogate pair, which a message may hold and UTF-8 does not have, is written as JSON's own escape.
_ENCODING: Any = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}


class Writer:
    """Writes lines as they come, so that an interrupted run leaves a report that is seen to be truncated.

    An earlier file of that name stands beside it, as ``name.before``, until the new one is whole: of several
    interrupted runs the file before the first of them.
    """

    def __init__(self, path: Path | None, append: bool = False):
        self._before: Path | None = None
        if path is not None and not append and path.is_file() and path.stat().st_size > 0:
            path = path.resolve()  # a link goes on naming the report
            self._before = path.with_name(path.name + ".before")
            if not self._before.exists():
                path.replace(self._before)
        self._file: TextIO | None = None if path is None else path.open("a" if append else "w", **_ENCODING)

    def write(self, line: Mapping[str, Any]) -> None:
        """One line, at once on disk."""
        if self._file is not None:
            try:
                self._file.write(json.dumps(plain(line), allow_nan=False, ensure_ascii=False) + "\n")
                self._file.flush()
            except OSError as error:
                raise CallError(f"can't write the report {self._file.name}: {error.strerror}") from error

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._file is not None:
            with suppress(OSError):  # every line was flushed; what could not be written was said
                self._file.close()
        if self._before is not None and kind is None:
            self._before.unlink(missing_ok=True)


def read(path: Path) -> Record:
    """The record in ``path``; TruncatedReport where it has no summary or its counts do not add up."""
    mend = "run the gate again"
    try:
        lines = [json.loads(line) for line in _text(path).split("\n") if line.strip()]
        kinds = [line.pop("type") for line in lines]
        if (
            len(kinds) < 2
            or kinds[0] != "run"
            or kinds[-1] != "summary"
            or not {*kinds[1:-1]} <= {"verdict", "unscored"}
        ):
            raise TruncatedReport(f"{path}: the report is truncated: no summary line at its end; {mend}")
        for number, (kind, line) in enumerate(zip(kinds, lines, strict=True), 1):
            if missing := [key for key in _KEYS[kind] if key not in line]:
                raise TruncatedReport(f"{path}:{number}: the {kind} line has no {', '.join(missing)}; {mend}")
        run, summary = {"type": "run", **lines[0]}, {"type": "summary", **lines[-1]}
        told = [(kind, _verdict(line)) for kind, line in zip(kinds[1:-1], lines[1:-1], strict=True)]
        verdicts = tuple(verdict for kind, verdict in told if kind == "verdict")
        unscored = tuple(verdict for kind, verdict in told if kind == "unscored")
        found, counts = Record(run, verdicts, summary, unscored), count(verdicts)
        if len(verdicts) != found.cases * run["checks"] or counts != summary["counts"]:
            raise TruncatedReport(f"{path}: its verdicts do not add up to cases x checks; {mend}")
        not_scored = summary["unscored"] if found.stopped else run.get("unscored", 0)
        if len(unscored) != not_scored:
            raise TruncatedReport(f"{path}: {not_scored} verdicts are said not to be scored; {mend}")
        if summary["conforms"] is not conforms(counts) or (found.stopped and conforms(counts)):
            raise TruncatedReport(f"{path}: its summary contradicts its counts; {mend}")
    except TruncatedReport:
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise TruncatedReport(f"{path}: not a report of whole lines ({error}); {mend}") from error
    return found


def _text(path: Path) -> str:
    """The file's text; CallError where there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CallError(f"can't read the report {path}: {error.strerror}") from error


def _verdict(line: Mapping[str, Any]) -> Verdict:
    """A line as a Verdict; digits that are no finite number are words in JSON."""
    numbers = {key: restore(line[key]) for key in ("digits", "required", "attainable")}
    return Verdict(**{**line, **numbers, "outcome": Outcome(line["outcome"])})
