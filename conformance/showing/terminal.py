"""The terminal's view of a record: failures first-hand, then the counts; 80 columns, with or without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.judging.verdict import Outcome, Verdict
from conformance.showing import text as words
from conformance.showing.record import Record

_STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.STALE: "bold yellow",
    Outcome.KNOWN: "yellow",
}
INDENT = " " * 6


def show(console: Console, record: Record) -> None:
    """The whole record."""
    for verdicts in words.by_case(record.verdicts).values():
        show_failures(console, verdicts)
    show_summary(console, record)


def show_failures(console: Console, verdicts: Sequence[Verdict]) -> None:
    """The verdicts of one case that need words; a message that several share is said once.

    Below the first: how many digits there are and could be, and the command that explains it with snippets to paste.
    """
    for number, group in enumerate(words.by_message(words.failing(verdicts)).values()):
        first = group[0]
        head = f"{words.line(first.case)}: {words.checks_of(group)}"
        console.print(f"[{_STYLE[first.outcome]}]{first.outcome.upper():5}[/] {escape(head)}", soft_wrap=True)
        _print(console, words.line(first.message))
        if number == 0 and words.digits(first):
            _print(console, words.digits(first))
        if number == 0 and first.reproduce:
            why = words.continued(words.line(first.reproduce["explain"]), console.width - len(INDENT) - 7)
            for start, one in zip(["more: ", *[" " * 8] * len(why)], why, strict=False):
                console.print(f"{INDENT}{start}{one}", markup=False, soft_wrap=True)


def _print(console: Console, text: str) -> None:
    """Indented and wrapped here: rich would break a path, which in one piece can be clicked and pasted."""
    width = max(40, console.width - 1)
    options = {"break_long_words": False, "break_on_hyphens": False}
    lines = textwrap.wrap(text, width, initial_indent=INDENT, subsequent_indent=INDENT, **options)  # type: ignore[arg-type]
    console.print(words.clean("\n".join(lines)), markup=False, soft_wrap=True)


def show_summary(console: Console, record: Record) -> None:
    """The counts of every outcome, what they come to, and what was never judged."""
    table = Table(box=box.SIMPLE_HEAD, show_header=True, header_style="bold", pad_edge=False)
    table.add_column("outcome")
    table.add_column("verdicts", justify="right")
    for outcome in Outcome:
        number = record.summary["counts"][outcome.value]
        table.add_row(f"[{_STYLE.get(outcome, 'dim')}]{outcome.value}[/]" if number else outcome.value, str(number))
    table.add_section()
    table.add_row("together", f"{sum(record.summary['counts'].values())}")
    console.print(table)
    show_verdict(console, record)
    for remark in words.remarks(record):
        console.print(escape(remark))


def show_verdict(console: Console, record: Record) -> None:
    """The one line that says whether it conforms."""
    style = "bold green" if record.conforms else "bold red"
    console.print(
        f"{escape(words.name(record))}: [{style}]{words.said(record.conforms)}[/] "
        f"({escape(words.asked(record))}, {record.summary['seconds']:.1f} s)"
    )
