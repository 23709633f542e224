"""The commands of those who maintain an implementation: gate, report, diff, explain."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from conformance.adapters.conventions import DEFAULTS
from conformance.cli.common import (
    CaseGlobs,
    CasesFolder,
    CheckGlobs,
    CommandLine,
    Digits,
    Families,
    ImplementationName,
    LevelName,
    Memory,
    Strict,
    Timeout,
    err,
    out,
    progress,
    the_one,
    unusable_is_2,
)
from conformance.errors import CallError
from conformance.files import write_whole
from conformance.judging.known_failures import Written
from conformance.judging.verdict import Verdict, exit_status
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


def add_to(app: typer.Typer) -> None:
    """The four commands."""
    app.command(epilog="Example: glm-conformance gate mypackage.adapter:fit --level core --known known.yaml")(gate)
    app.command(epilog="Example: glm-conformance report run.jsonl --format markdown")(report)
    app.command(epilog="Example: glm-conformance diff before.jsonl after.jsonl")(diff)
    app.command(epilog="Example: glm-conformance explain mypackage.adapter:fit dobson deviance")(explain)


@unusable_is_2
def gate(
    implementation: ImplementationName = None,
    command: CommandLine = None,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    family: Families = None,
    level: LevelName = None,
    check: CheckGlobs = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    known: Annotated[Path | None, typer.Option(help="A YAML list of known failures; all else is enforced.")] = None,
    write_known: Annotated[
        Path | None, typer.Option(help="Write what fails now into such a list; reasons that are there stay.")
    ] = None,
    timeout: Timeout = None,
    memory: Memory = None,
    report: Annotated[Path | None, typer.Option(help="Write the record of the run here, as JSON Lines.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the record as JUnit XML too.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write it as Markdown ($GITHUB_STEP_SUMMARY gets it too).")
    ] = None,
    badge: Annotated[Path | None, typer.Option(help="Write the JSON of a shields.io endpoint badge.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to run the cases in.")] = 1,
) -> None:
    """Put an implementation to every case.  Exit status: 0 conforms, 1 does not, 2 something can't be used."""
    from conformance.adapters import find
    from conformance.judging import known_failures as known_failures
    from conformance.judging.checks import CHECKS
    from conformance.judging.comparison import Demand
    from conformance.question.selection import choose
    from conformance.question.selection import level as find_level
    from conformance.running.gate import in_checkout, run, run_line, select_checks, source_of
    from conformance.showing.record import Writer, summary_line
    from conformance.showing.snippets import mendable, snippets
    from conformance.showing.terminal import show_failures, show_summary

    name, limits = the_one(implementation, command, timeout, memory)
    found, library, of_level = find(name, limits), Library.at(cases), None if level is None else find_level(level)
    chosen = choose(library, select_checks(check), case, family, of_level)
    listed = None if known is None else known_failures.read(known, library.files, CHECKS)
    demand = Demand(digits, strict or bool(of_level and of_level.strict))
    _apart(report, junit, markdown, badge, write_known)
    if write_known is not None and write_known.exists():
        known_failures.editable(write_known)  # before the run, not after it
    started, fit_seconds, unusable = time.perf_counter(), 0.0, False
    as_found: list[Verdict] = []  # before the list of known failures is looked at
    verdicts: list[Verdict] = []
    unscored: list[Verdict] = []
    with Writer(report) as writer, progress(f"gate {name}", len(chosen.cases)) as advance:
        header = run_line(
            found,
            chosen.scored_cases,
            chosen.scored_checks,
            called=name,
            digits=demand.digits,
            strict=demand.strict,
            level=chosen.level and chosen.level.name,
            unscored=chosen.level and chosen.unscored,
            known=known and (in_checkout(known) or str(known)),
            file=source_of(name, found),
        )
        writer.write(header)
        subject = found if jobs == 1 else name
        del found  # with --jobs every worker has its own: a command is not to wait here unused
        for result in run(subject, library, chosen.cases, demand, jobs, chosen.checks, limits):
            as_found += result.verdicts
            told = list(result.verdicts)
            if listed is not None:
                told = [listed.judged(verdict) for verdict in told]
            if result.unusable is None:
                asked = library.case(result.case)
                told = [
                    snippets(verdict, asked, library, name, demand, limits) if mendable(verdict) else verdict
                    for verdict in told
                ]
            counting, others = chosen.parted(told)
            for kind, group in (("verdict", counting), ("unscored", others)):
                for verdict in group:
                    writer.write(verdict.as_json(kind))
            show_failures(out, counting)
            verdicts += counting
            unscored += others
            fit_seconds += result.fit_seconds
            unusable |= result.unusable is not None and bool(counting)
            advance(result.case)
        summary = summary_line(verdicts, time.perf_counter() - started, fit_seconds)
        writer.write(summary)
    record = Record(header, tuple(verdicts), summary, tuple(unscored))
    show_summary(out, record)
    for path, view in ((junit, Format.JUNIT), (markdown, Format.MARKDOWN), (badge, Format.BADGE)):
        if path is not None:
            _write(path, view, record)
    _for_github(record)
    if write_known is not None:
        try:
            written = known_failures.write(write_known, as_found)
        except OSError as error:
            raise CallError(f"can't write {write_known}: {error.strerror}") from error
        _show_written(write_known, written)
    raise typer.Exit(exit_status(summary["counts"], unusable=unusable))


def _show_written(path: Path, written: Written) -> None:
    """What `--write-known` did, and what is left to do."""
    told = f"{path}: {written.kept + written.new} known failures, {written.new} of them new"
    out.print(escape(f"{told}; {written.gone} entries gone"))
    if written.new:
        out.print("write the reason of each new entry: --known refuses the file until that is done")
    if written.errors:
        out.print(f"{written.errors} errors are not listed: an error is never a known failure")


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
    from conformance.question.coverage import faults
    from conformance.running.gate import judge, select_checks
    from conformance.showing.explained import show
    from conformance.showing.snippets import snippets

    library, demand = Library.at(cases), Demand(digits, strict)
    found, id = find(*the_one(implementation, None, timeout, memory)), library.one(case)
    checks = select_checks([check])
    if len(checks) > 1:
        raise CallError(f"{check!r} matches {len(checks)} checks, give one: {', '.join(checks)}")
    result = judge(found, library, id, demand, checks)
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


def _for_github(record: Record) -> None:
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


def _write(path: Path, format: Format, record: Record) -> None:
    """A view into a file, whole or not at all."""
    try:
        write_whole(path, view_of(format)(record))
    except OSError as error:
        raise CallError(f"can't write {path}: {error.strerror}") from error


def _apart(*paths: Path | None) -> None:
    """CallError where one can't be written, or two are the same file."""
    seen: set[Path] = set()
    for path in paths:
        _writable(path)
        if path is not None and (path.is_file() or not path.exists()):
            if path.resolve() in seen:
                raise CallError(
                    f"{path} is given for two reports, and the second would replace the first; name another"
                )
            seen.add(path.resolve())


def _writable(path: Path | None) -> Path | None:
    """``path``, if a file can be written there; CallError otherwise, before any case is run."""
    existed = path is not None and path.exists()
    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise CallError(f"can't write a report to {path}: {'it is a folder' if path.is_dir() else 'no such folder'}")
    if path is not None and (path.is_file() or not existed):  # a device or a pipe is only opened when it is written
        try:
            path.open("a", encoding="utf-8").close()
            if not existed:
                path.resolve().unlink()  # of a link that leads to nothing yet: the file, and not the link
        except OSError as error:
            raise CallError(f"can't write a report to {path}: {error.strerror}") from error
    return path
