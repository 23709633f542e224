"""A record and its views: report, diff, explain, and what the gate writes of its own record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from conformance.adapters.conventions import DEFAULTS
from conformance.cli.common import CasesFolder, Digits, Memory, Strict, Timeout, err, out, the_one, unusable_is_2
from conformance.errors import CallError
from conformance.files import write_whole
from conformance.question.library import Library
from conformance.showing.record import Record


class Format(StrEnum):
    """What a record can be shown as."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JUNIT = "junit"
    BADGE = "badge"
    ANNOTATIONS = "annotations"


@unusable_is_2
def report(
    record: Annotated[Path, typer.Argument(metavar="FILE", help="A record that `gate --report` wrote.")],
    format: Annotated[Format, typer.Option(help="What to show it as.")] = Format.TERMINAL,
) -> None:
    """A record shown again, on standard output, in another form.  A truncated one is refused: exit status 2."""
    from conformance.showing.record import read

    found = read(record)
    if format is Format.TERMINAL:
        from conformance.showing.terminal import show

        show(out, found)
    else:
        print(view_of(format)(found), end="")


@unusable_is_2
def diff(
    old: Annotated[Path, typer.Argument(help="The record of the run before.")],
    new: Annotated[Path, typer.Argument(help="The record of the run after.")],
    lost: Annotated[float, typer.Option(min=0.1, help="How many digits less make a loss, where both pass.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """What changed from one record to another.  Exit status 1 where something is worse.

    Worse is: newly failing, or with fewer digits; listed as known, or no longer judged. What is in one record only is
    shown, and is not worse.
    """
    from conformance.json_numbers import plain
    from conformance.showing.compared import differences, show
    from conformance.showing.record import read

    found = list(differences(read(old), read(new), lost))
    if as_json:
        for one in found:
            print(json.dumps(plain(one.as_json()), allow_nan=False))
    else:
        show(out, found)
    raise typer.Exit(1 if any(one.worse for one in found) else 0)


@unusable_is_2
def explain(
    implementation: Annotated[str, typer.Argument(help="irls, ... or module:attribute, or 'command:...'.")],
    case: Annotated[str, typer.Argument(help="A case's id.")],
    check: Annotated[str, typer.Argument(help="A check.")],
    cases: CasesFolder = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    timeout: Timeout = None,
    memory: Memory = None,
) -> None:
    """One check of one case in full: both numbers to 17 digits, why, and code to paste, in Python and in R."""
    from conformance.adapters import find
    from conformance.judging.comparison import Demand
    from conformance.judging.judge import judge_case, select_checks
    from conformance.question.coverage import faults
    from conformance.showing.explained import show
    from conformance.showing.snippets import snippets

    library, demand = Library.at(cases), Demand(digits, strict)
    found, id = find(*the_one(implementation, None, timeout, memory)), library.one(case)
    checks = select_checks([check])
    if len(checks) > 1:
        raise CallError(f"{check!r} matches {len(checks)} checks, give one: {', '.join(checks)}")
    result = judge_case(found, library, id, demand, checks)
    found.close()
    if result.unusable is not None:
        err.print(escape(result.unusable), soft_wrap=True)
        raise typer.Exit(2)
    asked, known = library.case(id), faults(library)
    declared = [f"{name}: {value}" for name, value in found.conventions.items() if value != DEFAULTS[name]]
    about = {
        "title": asked.title,
        "model": f"{asked.formula}; {asked.family}, {asked.link}",
        "detects": "; ".join(
            f"{name} ({known[name].rstrip('.')})" if name in known else name for name in asked.detects
        ),
        "conventions": ", ".join(declared) or "all as R's",
        "by": f"{found.name} {found.version}",
    }
    (verdict,) = result.verdicts
    verdict = replace(verdict, message=verdict.message.partition(" [detects: ")[0])  # told in full below
    show(out, snippets(verdict, asked, library, implementation, demand), about)


def view_of(format: Format) -> Callable[[Record], str]:
    """The function that makes the text of a view."""
    from conformance.showing.annotations import workflow_commands
    from conformance.showing.badge import badge
    from conformance.showing.junit import junit
    from conformance.showing.markdown import html, markdown

    return {
        Format.TERMINAL: _as_text,
        Format.MARKDOWN: markdown,
        Format.HTML: html,
        Format.JUNIT: junit,
        Format.BADGE: badge,
        Format.ANNOTATIONS: workflow_commands,
    }[format]


def _as_text(record: Record) -> str:
    """The terminal's view without colour, at 80 columns."""
    from conformance.showing.terminal import show

    console = Console(width=80, no_color=True, highlight=False, emoji=False)
    with console.capture() as captured:
        show(console, record)
    return captured.get()


def for_github(record: Record) -> None:
    """In a GitHub workflow: the Markdown view into the job's summary, and annotations on standard output."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(view_of(Format.MARKDOWN)(record))
        except OSError as error:
            raise CallError(f"can't write to $GITHUB_STEP_SUMMARY, {summary}: {error.strerror}") from error
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(view_of(Format.ANNOTATIONS)(record), end="")


def write(path: Path, format: Format, record: Record) -> None:
    """A view into a file, whole or not at all."""
    try:
        write_whole(path, view_of(format)(record))
    except OSError as error:
        raise CallError(f"can't write {path}: {error.strerror}") from error
