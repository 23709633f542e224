"""Known failures: a file that lists what is known to fail, with a reason each, so that everything else is enforced.

The file is a YAML list.  An entry names one case and one check, says why it fails, and how many digits it has::

    - case: contraception
      check: standard_errors
      reason: the covariance is taken before the last step
      link: https://github.com/me/mypackage/issues/12
      digits: 4.2

There are no patterns: one would hide tomorrow's failures too.  The list can only shrink by itself, never grow.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML

from conformance.errors import KnownFailuresError
from conformance.files import write_whole
from conformance.judging.verdict import Outcome, Verdict
from conformance.question.yaml_files import explained, line_of, plain, text_of, tree_of

#: What a reason begins with that nobody has written yet; such an entry is refused.
UNWRITTEN = "TODO"

Pair = tuple[str, str]  # a case and a check


class Entry(BaseModel):
    """One failure that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    case: str = Field(description="The case's id.")
    check: str = Field(description="The check that fails.")
    reason: str = Field(min_length=1, description="Why it fails, in words.")
    link: str | None = Field(default=None, pattern=r"^https?://\S+$", description="Where it is followed up.")
    digits: float | None = Field(default=None, allow_inf_nan=True, description="The fewest that it may have.")

    @field_validator("digits", mode="before")
    @classmethod
    def _whole_numbers_are_numbers(cls, value: object) -> object:
        return float(value) if type(value) is int else value

    @field_validator("digits")
    @classmethod
    def _a_number(cls, value: float | None) -> float | None:
        if value is not None and math.isnan(value):
            raise ValueError("digits is a number, or -.inf for a value that is not even one")
        return value


@dataclass(frozen=True)
class KnownFailures:
    """The entries of a file by case and check, and the line on which each stands."""

    path: Path
    entries: Mapping[Pair, Entry]
    lines: Mapping[Pair, int]

    def judged(self, verdict: Verdict) -> Verdict:
        """``verdict`` in the light of the list.

        ===============================  ==============================================
        not listed                       as it was
        fail, no worse than listed       known
        fail, worse than listed          fail, and says so
        error (a crash, a time-out ...)  error: a crash is never known
        anything else                    stale: it does not fail, so the list must shrink
        ===============================  ==============================================
        """
        pair = (verdict.case, verdict.check)
        if pair not in self.entries:
            return verdict
        entry, at = self.entries[pair], f"{self.path}:{self.lines[pair]}"
        match verdict.outcome:
            case Outcome.FAIL:
                worse = _worse(entry.digits, verdict.digits)
                if worse is None:
                    link = f" ({entry.link})" if entry.link else ""
                    return _said(verdict, Outcome.KNOWN, f"known: {entry.reason}{link}, {at}; {verdict.message}")
                words = worse if entry.digits is None else f"worse than is known: {worse}"
                return _said(verdict, Outcome.FAIL, f"{words} ({at}); {verdict.message}")
            case Outcome.ERROR:
                return _said(verdict, Outcome.ERROR, f"{verdict.message}; an error is never a known failure ({at})")
            case Outcome.PASS:
                return _said(verdict, Outcome.STALE, f"listed in {at} as failing, but it passes: delete the entry")
            case _:
                why = f"it is {verdict.outcome}" + (f" ({verdict.message})" if verdict.message else "")
                return _said(verdict, Outcome.STALE, f"listed in {at} as failing, but {why}: delete the entry")


def _said(verdict: Verdict, outcome: Outcome, message: str) -> Verdict:
    return replace(verdict, outcome=outcome, message=message)


def _worse(listed: float | None, digits: float | None) -> str | None:
    """How a failure of ``digits`` is worse than the ``listed`` ones, None where it is not."""
    if digits is None and listed is None:
        return None
    if listed is None:
        return f"it is listed without its digits: write `digits: {rounded_down(digits or 0.0)}`"
    if digits is None:
        return f"{listed:g} digits are listed, and now there is nothing to count"
    shown = round(digits, 1) if math.isfinite(digits) else digits  # one decimal, as every view shows it
    if shown < listed:
        return f"{listed:g} digits are listed, and it has {shown}"
    return None


def rounded_down(digits: float) -> float:
    """``digits`` as they are written in the list: one decimal, never more than was reached."""
    return math.floor(digits * 10.0) / 10.0 if math.isfinite(digits) else digits


# ------------------------------------------------------------------------------------------ reading


def read(path: Path, cases: Iterable[str], checks: Iterable[str]) -> KnownFailures:
    """The known failures in ``path``; KnownError names file, line and mend.

    An entry whose case is not among ``cases`` (the whole library's) or whose check is not among ``checks`` (all that
    there are) matches nothing, and is refused; so is one whose reason nobody has written.
    """
    found, _, _ = _parsed(path)
    for pair, line in found.lines.items():
        for what, name, names in (("case", pair[0], list(cases)), ("check", pair[1], list(checks))):
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = f"did you mean {near[0]!r}?" if near else "delete the entry"
                raise KnownFailuresError(f"{path}:{line}: there is no {what} {name!r}; {hint}")
    unwritten = [found.lines[pair] for pair, entry in found.entries.items() if entry.reason.startswith(UNWRITTEN)]
    if unwritten:
        more = f" and {len(unwritten) - 1} more" if len(unwritten) > 1 else ""
        raise KnownFailuresError(
            f"{path}:{unwritten[0]}{more}: the reason is not written yet; put in place of {UNWRITTEN!r} why it fails "
            "(what failed for one cause has the same words, so that one search and replace does for all)"
        )
    return found


def _parsed(path: Path) -> tuple[KnownFailures, str, Any]:
    """The entries, the file's text, and ruamel's tree of it."""
    text = text_of(path, KnownFailuresError)
    tree = tree_of(path, text, KnownFailuresError, "a YAML list of known failures")
    if tree is not None and not isinstance(tree, list):
        raise KnownFailuresError(f"{path}:1: known failures are a list of entries, found {type(tree).__name__}")
    entries: dict[Pair, Entry] = {}
    lines: dict[Pair, int] = {}
    for number, node in enumerate(tree or []):
        try:
            entry = Entry.model_validate(plain(node))
        except ValidationError as error:
            told = [{**one, "loc": (number, *one["loc"])} for one in error.errors()]
            raise KnownFailuresError(
                "\n".join(explained(path, tree, one, Entry, "an entry") for one in told)
            ) from error
        pair, line = (entry.case, entry.check), line_of(tree, (number,))
        if pair in entries:
            raise KnownFailuresError(
                f"{path}:{line}: {pair[0]}, {pair[1]} is listed on line {lines[pair]} too; keep one"
            )
        entries[pair], lines[pair] = entry, line
    return KnownFailures(path, entries, lines), text, tree


# ------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True)
class Written:
    """What writing the list came to, in numbers of entries."""

    kept: int
    new: int
    gone: int
    errors: int  # verdicts that can't be listed


HEADER = """\
# Known failures, for `glm-conformance gate --known`: what is listed fails, everything else is enforced.
# An entry that passes is stale and fails the run; so does one with fewer digits than are listed.
"""


def write(path: Path, verdicts: Sequence[Verdict]) -> Written:
    """List the failures among ``verdicts`` in ``path``, whole or not at all.

    An entry that was there keeps its reason, its link and the comments above it, and gets the digits that were reached
    now; one whose case and check did not fail goes; one that was not run stays.  A new one has a reason that is still
    to be written, which ``read`` refuses until somebody does.
    """
    before, text, tree = KnownFailures(path, {}, {}), HEADER, list[Any]()
    if path.exists():
        before, text, tree = editable(path)
    failing = {(v.case, v.check): v for v in verdicts if v.outcome is Outcome.FAIL}
    run = {(v.case, v.check) for v in verdicts}
    errors = {(v.case, v.check) for v in verdicts if v.outcome is Outcome.ERROR}
    head, blocks = _blocks(text, [before.lines[pair] for pair in before.entries])
    kept = []

    def stays(pair: Pair) -> bool:  # an error may be hiding the failure: its words are not thrown away
        return pair in failing or pair not in run or pair in errors

    for number, (pair, block) in enumerate(zip(before.entries, blocks, strict=True)):
        if pair in failing:
            kept.append(_with_digits(block, tree[number], before.entries[pair], failing[pair].digits))
        elif stays(pair):
            kept.append(block)
    new = [verdict for pair, verdict in failing.items() if pair not in before.entries]
    text = head + "".join(kept) + "".join(_entry(verdict) for verdict in new)
    _same_entries(path, text, [*(pair for pair in before.entries if stays(pair)), *((v.case, v.check) for v in new)])
    write_whole(path, text)
    return Written(len(kept), len(new), len(blocks) - len(kept), len(errors))


_AS_BLOCKS = "--write-known edits a list of blocks only, each beginning with '- case:' at the left edge: write it so"


def _same_entries(path: Path, text: str, want: Sequence[Pair]) -> None:
    """KnownError where ``text`` would not be read as the entries ``want``: nothing is written then."""
    try:
        tree = tree_of(path, text, KnownFailuresError, "a YAML list of known failures")
        found = [(one["case"], one["check"]) for one in tree or []]
    except (KnownFailuresError, KeyError, TypeError) as error:
        raise KnownFailuresError(f"{path}: {_AS_BLOCKS} (what it would write can't be read: {error})") from error
    if found != list(want):
        raise KnownFailuresError(f"{path}: {_AS_BLOCKS}")


def editable(path: Path) -> tuple[KnownFailures, str, Any]:
    """What `_parsed` reads, or KnownError where `write` could not put entries beside those that are there."""
    known, text, tree = _parsed(path)
    if known.entries and (tree.fa.flow_style() or tree.lc.col != 0):
        raise KnownFailuresError(f"{path}: {_AS_BLOCKS}")
    return known, text, tree


def _blocks(text: str, lines: Sequence[int]) -> tuple[str, list[str]]:
    """What stands before the first entry, and the text of each entry with the comments right above it."""
    rows = text.splitlines(keepends=True)
    if rows and not rows[-1].endswith("\n"):
        rows[-1] += "\n"
    if not lines:  # no entry: the file is comments, or an empty list
        return "".join(row for row in rows if row.strip() not in ("[]", "null", "~")), []
    starts = []
    for line in lines:
        start = line - 1
        while start > 0 and rows[start - 1].lstrip().startswith("#"):
            start -= 1
        starts.append(start)
    if starts[0] == 0 and "".join(rows).startswith(HEADER):
        starts[0] = HEADER.count("\n")
    ends = [*starts[1:], len(rows)]
    return "".join(rows[: starts[0]]), ["".join(rows[a:b]) for a, b in zip(starts, ends, strict=True)]


def _with_digits(block: str, node: Any, entry: Entry, digits: float | None) -> str:
    """``block`` with the digits that were reached; its words and comments stay."""
    now = None if digits is None else rounded_down(digits)
    if now == entry.digits:
        return block
    rows = block.splitlines(keepends=True)
    comments = next(number for number, row in enumerate(rows) if not row.lstrip().startswith("#"))
    if node.fa.flow_style() or "digits" not in node or now is None:  # written anew, a key a line
        more = {"link": entry.link and json.dumps(entry.link), "digits": None if now is None else _yaml(now)}
        reason = json.dumps(entry.reason, ensure_ascii=False)
        text = f"- case: {_id(entry.case)}\n  check: {entry.check}\n  reason: {reason}\n"
        return "".join(rows[:comments]) + text + "".join(f"  {key}: {value}\n" for key, value in more.items() if value)
    at = comments + node.lc.key("digits")[0] - node.lc.line
    rows[at] = re.sub(r"digits:[^#\n]*?(?=\s*(#|$))", f"digits: {_yaml(now)}", rows[at], count=1)
    return "".join(rows)


def _entry(verdict: Verdict) -> str:
    """A new entry; its reason names the cause that the suite found, and is still to be written."""
    cause = re.sub(r"[^\w .:/-]", " ", verdict.cause or "unexplained")
    lines = [f"- case: {_id(verdict.case)}", f"  check: {verdict.check}", f'  reason: "{UNWRITTEN} ({cause})"']
    if verdict.digits is not None:
        lines.append(f"  digits: {_yaml(rounded_down(verdict.digits))}")
    return "\n".join(lines) + "\n"


def _id(text: str) -> str:
    """A case's id, in quotes where YAML would read another thing than text: 1990, 1e5, true."""
    return text if YAML(typ="safe").load(text) == text else json.dumps(text)


def _yaml(number: float) -> str:
    """A number as YAML has it."""
    return f"{number:g}" if math.isfinite(number) else "-.inf" if number < 0 else ".inf"
