"""The command of those who maintain an implementation: gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from conformance.cli.common import (
    CaseGlobs,
    CasesFolder,
    CheckGlobs,
    CommandLine,
    Digits,
    Families,
    ImplementationName,
    Jobs,
    LevelName,
    Memory,
    Strict,
    Timeout,
    ends_with_its_status,
    out,
    progress,
    the_one,
    unusable_is_2,
)
from conformance.cli.report import Format, for_github, write
from conformance.errors import CallError
from conformance.judging.known_failures import Written
from conformance.judging.verdict import Verdict
from conformance.question.library import Library
from conformance.showing.record import Record
from conformance.showing.terminal import show_failures, show_summary, show_verdict

if TYPE_CHECKING:
    from conformance.question.case import Case
    from conformance.running.session import Session


@unusable_is_2
@ends_with_its_status
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
    jobs: Jobs = None,
    fail_fast: Annotated[bool, typer.Option("-x", "--fail-fast", help="Stop after the first case that fails.")] = False,
    last_failed: Annotated[
        bool, typer.Option("--last-failed", help="Ask the cases first that fail in the last record, --report's.")
    ] = False,
    last_record: Annotated[Path | None, typer.Option(help="The record that --last-failed is to go by.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the verdict alone.")] = False,
) -> int:
    """Put an implementation to every case.  Exit status: 0 conforms, 1 does not, 2 something can't be used."""
    from conformance.judging import known_failures
    from conformance.judging.checks import CHECKS
    from conformance.judging.comparison import Demand
    from conformance.judging.judge import select_checks
    from conformance.question.selection import choose
    from conformance.question.selection import level as find_level
    from conformance.running.session import Session
    from conformance.showing.record import Writer

    name, limits = the_one(implementation, command, timeout, memory)
    library, of_level = Library.at(cases), None if level is None else find_level(level)
    chosen = choose(library, select_checks(check), case, family, of_level)
    listed = None if known is None else known_failures.read(known, library.files, CHECKS)
    demand = Demand(digits, strict or bool(of_level and of_level.strict))
    session = Session(name, library, chosen, demand, listed, limits, jobs, fail_fast)
    _apart(report, junit, markdown, badge, write_known)
    if write_known is not None and write_known.exists():
        known_failures.editable(write_known)  # before the run, not after it
    if last_failed:
        session.failed_first(_last_verdicts(last_record, report))
    _ = session.header  # an implementation that can't be used leaves the last record alone
    with Writer(report) as writer, _progress(f"gate {name}", len(session.chosen.cases), quiet) as advance:
        for told in session.run(writer.write, _mended_by(session)):
            if not quiet:
                show_failures(out, told.counting)
            advance(told.case)
    session.close()
    _tell(session, {Format.JUNIT: junit, Format.MARKDOWN: markdown, Format.BADGE: badge}, quiet)
    if write_known is not None:
        try:
            written = known_failures.write(write_known, session.as_found)
        except OSError as error:
            raise CallError(f"can't write {write_known}: {error.strerror}") from error
        _show_written(write_known, written)
    return session.status


def _mended_by(session: Session) -> Callable[[Verdict, Case], Verdict]:
    """What adds to a failure of the session the command that explains it, and code to paste."""
    from conformance.showing.snippets import mendable, snippets

    told = (session.library, session.name, session.demand, session.limits)
    return lambda verdict, case: snippets(verdict, case, *told) if mendable(verdict) else verdict


def _tell(session: Session, files: Mapping[Format, Path | None], quiet: bool) -> None:
    """The end of a run, on the terminal and in files, and for GitHub."""
    assert session.summary is not None
    record = Record(session.header, tuple(session.verdicts), session.summary, tuple(session.unscored))
    with suppress(BrokenPipeError, SystemExit):  # the run has its verdict, whether it is read or not
        show_verdict(out, record) if quiet else show_summary(out, record)
    for view, path in files.items():
        if path is not None:
            write(path, view, record)
    for_github(record)


def _last_verdicts(last: Path | None, report: Path | None) -> tuple[Verdict, ...]:
    """Those of the record to go by; of a run that was interrupted the record is the one before it."""
    from conformance.showing.record import read

    if last is None and report is None:
        raise CallError("--last-failed goes by a record: name it, with --report or --last-record")
    if last is None and report is not None:
        before = report.with_name(report.name + ".before")
        last = before if before.exists() else report
    assert last is not None
    return read(last).verdicts


def _progress(what: str, total: int, quiet: bool) -> AbstractContextManager[Callable[[str], None]]:
    """The progress of a run; nothing where it is to be quiet."""
    return nullcontext(lambda name: None) if quiet else progress(what, total)


def _show_written(path: Path, written: Written) -> None:
    """What `--write-known` did, and what is left to do."""
    told = f"{path}: {written.kept + written.new} known failures, {written.new} of them new"
    out.print(escape(f"{told}; {written.gone} entries gone"))
    if written.new:
        out.print("write the reason of each new entry: --known refuses the file until that is done")
    if written.errors:
        out.print(f"{written.errors} errors are not listed: an error is never a known failure")


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
