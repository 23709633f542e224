"""Writes the tables of docs/implementations.md from the records of gate runs, with the accounts of their failures.

python scripts/implementations.py RUN.jsonl...             such as .tox/*.jsonl, which `tox -e NAME` leaves
python scripts/implementations.py --left-over RUN.jsonl... which failures have none in docs/implementations.yaml

What stands between ``<!-- table -->``, ``<!-- faults -->`` or ``<!-- failures: NAME -->`` and the next ``<!-- end -->``
is made anew; the words around it are written by hand.  What an implementation has there stays as it was if no record of
it is given.  A truncated record is refused.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median
from typing import Any

from ruamel.yaml import YAML

from conformance.judging.verdict import Outcome, Verdict
from conformance.showing.record import Record, read

DOCS = Path(__file__).resolve().parent.parent / "docs"
DOCUMENT, ACCOUNTS, FAULTS = DOCS / "implementations.md", DOCS / "implementations.yaml", DOCS / "faults.yaml"
BAD = (Outcome.FAIL, Outcome.ERROR)
GLOBS = ("causes", "checks", "cases", "messages")
LEFT_OVER = "**not accounted for**"


@dataclass(frozen=True)
class Account:
    """What explains the failing verdicts whose cause, check, case and message match: ``why`` in words, with a link."""

    why: str
    causes: tuple[str, ...] = ("*",)
    checks: tuple[str, ...] = ("*",)
    cases: tuple[str, ...] = ("*",)
    messages: tuple[str, ...] = ("*",)

    def covers(self, verdict: Verdict) -> bool:
        """Whether it is an account of ``verdict``."""
        asked = (
            (verdict.cause or "", self.causes),
            (verdict.check, self.checks),
            (verdict.case, self.cases),
            (verdict.message, self.messages),
        )
        return all(any(fnmatchcase(value, glob) for glob in globs) for value, globs in asked)


@dataclass
class Group:
    """The failing verdicts of one account."""

    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def cases(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(v.case for v in self.verdicts))

    @property
    def checks(self) -> list[str]:
        """Each once, the commonest first."""
        counts: dict[str, int] = defaultdict(int)
        for v in self.verdicts:
            counts[v.check] += 1
        return sorted(counts, key=lambda check: -counts[check])


def accounts_of(name: str) -> list[Account]:
    """Those of one implementation, in order: its own first, then those of all; "like" brings another's."""
    stored = YAML(typ="safe").load(ACCOUNTS.read_text(encoding="utf-8"))

    def of(entries: list[dict[str, Any]]) -> Iterator[Account]:
        for entry in entries:
            if "like" in entry:
                yield from of(stored[entry["like"]])
            else:
                yield Account(entry["why"], **{key: tuple(entry[key]) for key in GLOBS if key in entry})

    return [*of(stored.get(name, [])), *of(stored["all"])]


def grouped(record: Record) -> dict[str, Group]:
    """The failing verdicts by the first account that covers them, the largest group first."""
    accounts = accounts_of(name_of(record))
    groups: dict[str, Group] = defaultdict(Group)
    for verdict in failing(record):
        why = next((account.why for account in accounts if account.covers(verdict)), LEFT_OVER)
        groups[why].verdicts.append(verdict)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1].cases)))


def failing(record: Record) -> list[Verdict]:
    """Failures and errors."""
    return [v for v in record.verdicts if v.outcome in BAD]


def name_of(record: Record) -> str:
    """The implementation's name, as the gate takes it."""
    return str(record.run["implementation"])


def digits(record: Record, check: str) -> str:
    """Digits at the worst case and at the median one, over the cases judged; 0 where none is right."""
    found = [max(0.0, float(v.digits)) for v in record.verdicts if v.check == check and v.digits is not None]
    return f"{min(found):.1f} / {median(found):.1f}" if found else "-"  # "-Infinity" is a string in JSON


def row(record: Record) -> str:
    """One line of the table."""
    by_case: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in record.verdicts:
        by_case[verdict.case].append(verdict)
    unsupported = sum(all(v.outcome is Outcome.UNSUPPORTED for v in verdicts) for verdicts in by_case.values())
    name, counts = name_of(record), record.summary["counts"]
    bad, passed = failing(record), counts["pass"]
    cells = [
        f"[{name}](#{name})", shortened(str(record.run["version"])), record.run["checks"],
        len(by_case) - unsupported, unsupported, len({v.case for v in bad}), len(bad), passed,
        digits(record, "coefficients"), digits(record, "standard_errors"),
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def shortened(version: str) -> str:
    """'R version 4.2.2 Patched (2022-11-10 r83330)' as 'R 4.2.2'."""
    return re.sub(r" (Patched )?\(.*\)", "", version.replace("R version ", "R "))


def table(records: Iterable[Record], before: str = "") -> str:
    """All of them, the smallest share of failures first; with the rows of ``before`` for those that have no record."""
    head = (
        "| implementation | version | checks | cases run | unsupported | failing cases | failing checks | passed | "
        "coefficients: digits, worst / median | standard errors |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    rows = {match[1]: match[0] for match in re.finditer(r"^\| \[([^]]+)\].*$", before, re.MULTILINE)}
    rows |= {name_of(record): row(record) for record in records}

    def share(line: str) -> float:
        bad, passed = (int(cell) for cell in line.split(" | ")[6:8])
        return bad / max(1, bad + passed)

    return "\n".join([head, *sorted(rows.values(), key=share)])


def failures(record: Record) -> str:
    """What fails of one implementation, and why."""
    groups = grouped(record)
    if not groups:
        return "Nothing fails."
    lines = ["| why | cases | verdicts | checks | for instance |", "|---|---:|---:|---|---|"]
    for why, group in groups.items():
        checks, cases = group.checks, group.cases
        shown = ", ".join(checks) if len(checks) <= 4 else f"{', '.join(checks[:3])} and {len(checks) - 3} more"
        lines.append(f"| {why} | {len(cases)} | {len(group.verdicts)} | {shown} | {', '.join(cases[:2])} |")
    return "\n".join(lines)


def faults(by_name: Mapping[str, Record], before: str = "") -> str:
    """Faults that were reported once, and whether the present release still has each; ``before`` as for the table."""
    lines = ["| reported | fault | implementation | case, check | now |", "|---|---|---|---|---|"]
    for entry in YAML(typ="safe").load(FAULTS.read_text(encoding="utf-8")):
        asked = "-" if "case" not in entry else f"{entry['case']}, {entry['check']}"
        line = f"| {entry['thread']} | {entry['fault']} | {entry['of']} | {asked} | "
        if entry["of"] in by_name:
            now = "; ".join(filter(None, [verdict_on(entry, by_name[entry["of"]]), entry.get("note")]))
            lines.append(f"{line}{now} |")
        else:
            lines.extend(old for old in before.splitlines() if old.startswith(line))
    return "\n".join(lines)


def verdict_on(entry: Mapping[str, str], record: Record) -> str:
    """What the record says of the case and check that would show a fault; an early stop is another matter."""
    for v in record.verdicts:
        if (v.case, v.check) != (entry.get("case"), entry.get("check")):
            continue
        shown = "" if v.digits is None else f" ({float(v.digits):.1f} digits)"
        if v.outcome is Outcome.PASS or v.cause in ("early stop", "stale weights"):
            return f"not there{shown}"
        if v.outcome not in BAD:
            return v.outcome.value.replace("_", " ")
        return f"**found**: {v.got}, proven {v.want}" if isinstance(v.got, (int, float)) else "**found**"
    return ""


def filled(text: str, records: list[Record]) -> str:
    """``text`` with the tables made anew."""
    by_name = {name_of(record): record for record in records}

    def block(match: re.Match[str]) -> str:
        kind, name, before = match["kind"], match["name"], match["before"]
        if name is not None:
            made = failures(by_name[name]) if name in by_name else before
        else:
            made = table(records, before) if kind == "table" else faults(by_name, before)
        return f"<!-- {kind} -->\n{made}\n<!-- end -->"

    marked = r"<!-- (?P<kind>table|faults|failures: (?P<name>\S+)) -->\n(?P<before>.*?)\n<!-- end -->"
    return re.sub(marked, block, text, flags=re.DOTALL)


def left_over(records: Iterable[Record]) -> str:
    """The failures without an account: implementation, cause, check, how many cases and the first few."""
    lines = []
    for record in records:
        group = grouped(record).get(LEFT_OVER, Group())
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for v in group.verdicts:
            found[v.cause or "", v.check].append(v.case)
        for (cause, check), cases in sorted(found.items(), key=lambda item: -len(item[1])):
            lines.append(f"{name_of(record)}: {cause}: {check}: {len(cases)}: {', '.join(cases[:4])}")
    return "\n".join(lines) or "every failure has its account"


if __name__ == "__main__":
    words = sys.argv[1:]
    records = [read(Path(word)) for word in words if not word.startswith("--")]
    if "--left-over" in words:
        print(left_over(records))
    else:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8"), records), encoding="utf-8")
