"""What the views share: a record in words, and text that can do no harm where it is shown."""

from __future__ import annotations

import math
import re
import shlex
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.judging.verdict import NOTHING_RUN, Outcome, Verdict, count
from conformance.showing.record import Record

#: What no terminal, no XML and no Markdown is to get: control characters, half surrogate pairs, what is no character.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
#: What GitHub's runner takes for a command, wherever it is printed.
_COMMAND = re.compile(r"^(\s*):(?=:)|##(?=\[)", re.MULTILINE)


def clean(text: object) -> str:
    """``text`` without characters that steer a terminal, break XML, or are taken for a command by a CI runner."""
    return _COMMAND.sub(lambda found: f"{found[0]} ", _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", str(text)))


def line(text: object) -> str:
    """``clean`` text on one line."""
    return " ".join(clean(text).split())


def number(value: Any) -> str:
    """A number to 17 digits, which restore every double; what is no number as it is; nothing as '-'."""
    if value is None:
        return "-"
    return f"{value:.17g}" if isinstance(value, float) else line(value)


def digits(verdict: Verdict) -> str:
    """'2.0 digits reached, 6.0 required, 14.9 attainable', as far as they are known; '' where there are none."""
    known = {"reached": verdict.digits, "required": verdict.required, "attainable": verdict.attainable}
    if verdict.digits is None:
        return ""
    shown = {name: "no" if not math.isfinite(v) and v < 0 else f"{v:.1f}" for name, v in known.items() if v is not None}
    return ", ".join(f"{value} {name}" for name, value in shown.items()).replace(" ", " digits ", 1)


def said(conforms: bool) -> str:
    """The two words that every view uses."""
    return "CONFORMS" if conforms else "DOES NOT CONFORM"


def asked(record: Record) -> str:
    """'core 2026: 67 cases x 48 checks'."""
    level = f"{line(record.run['level'])}: " if record.run.get("level") else ""
    of = f"{record.cases} of " if record.stopped else ""
    end = ", stopped at the first failure" if record.stopped else ""
    return f"{level}{of}{record.run['cases']} cases x {record.run['checks']} checks{end}"


def name(record: Record) -> str:
    """The implementation and its version."""
    return f"{line(record.run['implementation'])} {line(record.run['version'])}"


def remarks(record: Record) -> list[str]:
    """What the counts alone do not say: what was never judged, what is not scored, and that nothing was run."""
    found, counts = [], record.summary["counts"]
    judged = {
        v.check for v in record.verdicts if v.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.KNOWN, Outcome.STALE)
    }
    silent = [line(check) for check in dict.fromkeys(v.check for v in record.verdicts) if check not in judged]
    if silent and judged:
        found.append(f"never judged, for want of an answer or of a value: {', '.join(silent)}")
    if record.unscored:
        counted = ", ".join(f"{n} {outcome}" for outcome, n in count(record.unscored).items() if n)
        new = len({v.case for v in record.unscored} - {v.case for v in record.verdicts})
        found.append(f"not scored, for it is newer than the level ({new} cases): {counted}")
    if not any(counts[one] for one in (Outcome.PASS, Outcome.KNOWN, Outcome.FAIL, Outcome.ERROR, Outcome.STALE)):
        found.append(NOTHING_RUN)
    return found


def failing(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that keep an implementation from conforming."""
    return [verdict for verdict in verdicts if verdict.failing]


def by_case(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts of each case, in order."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.case, []).append(verdict)
    return found


def by_message(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], list[Verdict]]:
    """Verdicts that say the same are said once."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault((verdict.outcome, verdict.message), []).append(verdict)
    return found


def checks_of(group: Sequence[Verdict]) -> str:
    """'deviance, aic' or 'all of 48 checks'."""
    return ", ".join(line(v.check) for v in group) if len(group) < 4 else f"all of {len(group)} checks"


def by_cause(verdicts: Iterable[Verdict]) -> list[tuple[str, list[Verdict]]]:
    """Failing verdicts by outcome and cause, the most frequent first."""
    found: dict[str, list[Verdict]] = {}
    for verdict in failing(verdicts):
        cause = "stale entry" if verdict.outcome is Outcome.STALE else line(verdict.cause or "unexplained")
        found.setdefault(cause, []).append(verdict)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def continued(command: str, width: int) -> list[str]:
    """A shell command in lines of ``width``, each but the last ended by a backslash."""
    words = [shlex.quote(word) for word in shlex.split(command)]
    held = textwrap.wrap(" ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in words), width - 2,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip
    lines = [one.replace("\N{NO-BREAK SPACE}", " ") for one in held]
    return [*(f"{one} \\" for one in lines[:-1]), *lines[-1:]]
