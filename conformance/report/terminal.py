"""The terminal's view of a record: failures first-hand, then the counts; 80 columns, with or without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.verdict import Outcome, Verdict

_STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.STALE: "bold yellow",
    Outcome.KNOWN: "yellow",
}


def show_failures(console: Console, verdicts: tuple[Verdict, ...]) -> None:
    """The verdicts of one case that need words; a message that all of them share is said once."""
    bad = [v for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.STALE)]
    said: dict[str, list[Verdict]] = {}
    for verdict in bad:
        said.setdefault(verdict.message, []).append(verdict)
    for message, group in said.items():
        checks = ", ".join(v.check for v in group) if len(group) < 4 else f"all of {len(group)} checks"
        style = _STYLE[group[0].outcome]
        console.print(f"[{style}]{group[0].outcome.upper():5}[/] {escape(group[0].case)}: {escape(checks)}")
        indent = " " * 6
        lines = textwrap.wrap(
            message,
            max(40, console.width - 1),
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,  # a path in one piece can be clicked and pasted
            break_on_hyphens=False,
        )
        console.print("\n".join(lines), markup=False, soft_wrap=True)  # wrapped already; rich would break a path


def show_summary(
    console: Console, run: Mapping[str, Any], verdicts: Sequence[Verdict], summary: Mapping[str, Any]
) -> None:
    """The counts of every outcome, what they come to, and what was never judged."""
    table = Table(box=box.SIMPLE_HEAD, show_header=True, header_style="bold", pad_edge=False)
    table.add_column("outcome")
    table.add_column("verdicts", justify="right")
    for outcome in Outcome:
        number = summary["counts"][outcome.value]
        table.add_row(f"[{_STYLE.get(outcome, 'dim')}]{outcome.value}[/]" if number else outcome.value, str(number))
    table.add_section()
    table.add_row("together", f"{sum(summary['counts'].values())}")
    console.print(table)
    verdict = "[bold green]CONFORMS[/]" if summary["conforms"] else "[bold red]DOES NOT CONFORM[/]"
    console.print(
        f"{escape(str(run['implementation']))} {escape(str(run['version']))}: {verdict} "
        f"({run['cases']} cases x {run['checks']} checks, {summary['seconds']:.1f} s)"
    )
    judged = {v.check for v in verdicts if v.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.KNOWN)}
    silent = [check for check in dict.fromkeys(v.check for v in verdicts) if check not in judged]
    if silent and judged:
        console.print(f"never judged, for want of an answer or of a value: {', '.join(silent)}")
    if not any(summary["counts"][one] for one in (Outcome.PASS, Outcome.KNOWN, Outcome.FAIL, Outcome.ERROR)):
        console.print("nothing was run: no check could pass or fail, and that is no conformance")
