"""Writes the table of docs/adapters.md, and below each implementation the causes of its failures, from gate reports.

python scripts/implementations.py RUN.jsonl...     such as .tox/*.jsonl, which `tox -e NAME` leaves

What stands between ``<!-- table -->`` or ``<!-- causes: NAME -->`` and the next ``<!-- end -->`` is made anew; the
words around it are written by hand.  A truncated report is refused.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from conformance.report.record import Record, read
from conformance.verdict import Outcome, Verdict

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "adapters.md"
BAD = (Outcome.FAIL, Outcome.ERROR)


def by_case(record: Record) -> dict[str, list[Verdict]]:
    """The verdicts of each case."""
    cases: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in record.verdicts:
        cases[verdict.case].append(verdict)
    return cases


def digits(record: Record, check: str) -> str:
    """The worst and the median digits of a check over the cases where it was judged; 0 where none is right."""
    found = [max(0.0, float(v.digits)) for v in record.verdicts if v.check == check and v.digits is not None]
    return f"{min(found):.1f} / {statistics.median(found):.1f}" if found else "-"  # "-Infinity" is a string in JSON


def row(record: Record) -> str:
    """One line of the table."""
    cases = by_case(record)
    unsupported = sum(all(v.outcome is Outcome.UNSUPPORTED for v in verdicts) for verdicts in cases.values())
    failing = sum(any(v.outcome in BAD for v in verdicts) for verdicts in cases.values())
    counts = record.summary["counts"]
    name, version = record.run["implementation"], str(record.run["version"]).replace("R version ", "R ")
    cells = [
        f"[{name}](#{name})", re.sub(r" (Patched )?\(.*\)", "", version), len(cases) - unsupported, unsupported,
        failing, counts["pass"], counts["fail"] + counts["error"], digits(record, "coefficients"),
        digits(record, "standard_errors"),
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def table(records: list[Record]) -> str:
    """All of them, best first."""
    head = (
        "| implementation | version | cases run | unsupported | failing | checks passed | failed | "
        "coefficients: digits, worst / median | standard errors |"
    )
    rule = "|---|---|---:|---:|---:|---:|---:|---:|---:|"

    def failed(record: Record) -> float:
        counts = record.summary["counts"]
        bad = counts["fail"] + counts["error"]
        return float(bad / max(1, bad + counts["pass"]))

    return "\n".join([head, rule, *(row(record) for record in sorted(records, key=failed))])


def causes(record: Record) -> str:
    """Each cause the gate names, with its cases and checks, the commonest first."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for verdict in record.verdicts:
        if verdict.outcome in BAD:
            found[verdict.cause or "none"][verdict.case].add(verdict.check)
    if not found:
        return "Nothing fails."
    lines = ["| what the gate calls it | cases | checks | for instance |", "|---|---:|---|---|"]
    for cause, cases in sorted(found.items(), key=lambda item: -len(item[1])):
        checks = sorted(set().union(*cases.values()))
        shown = ", ".join(checks) if len(checks) <= 4 else f"{', '.join(checks[:3])} and {len(checks) - 3} more"
        whole = "all" if cause == "implementation" else shown  # a refusal is the error of every check
        shown_cause = "refused, or an exception" if cause == "implementation" else cause
        lines.append(f"| {shown_cause} | {len(cases)} | {whole} | {', '.join(list(cases)[:2])} |")
    return "\n".join(lines)


def filled(text: str, records: list[Record]) -> str:
    """``text`` with the table and the causes made anew."""
    by_name = {str(record.run["implementation"]): record for record in records}

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return f"<!-- table -->\n{table(records)}\n<!-- end -->"
        if name not in by_name:
            raise SystemExit(f"no report of {name} was given, which docs/adapters.md describes")
        return f"<!-- causes: {name} -->\n{causes(by_name[name])}\n<!-- end -->"

    return re.sub(r"<!-- (?:table|causes: (?P<name>\S+)) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(filled(text, [read(Path(name)) for name in sys.argv[1:]]), encoding="utf-8")
