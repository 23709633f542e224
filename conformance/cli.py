"""The command line: gate, regenerate, audit, cases, fit.  It parses, calls and shows; it computes nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from conformance.case import Case
from conformance.errors import CallError, Unusable
from conformance.library import Library
from conformance.verdict import Verdict, exit_status

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Is this GLM implementation right?  Reference validation and conformance for generalized linear models.

    Example: glm-conformance gate mypackage.adapter:fit""",
)
cases_app = typer.Typer(no_args_is_help=True, help="List, show and validate the cases.", rich_markup_mode=None)
app.add_typer(cases_app, name="cases")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

CasesFolder = Annotated[
    Path | None, typer.Option("--cases", help="A folder of cases to use in place of the built-in library.")
]
CaseGlobs = Annotated[
    list[str] | None, typer.Option("--case", help="Only the cases that match this pattern; may be repeated.")
]
Digits = Annotated[float, typer.Option(help="Digits asked of every quantity, where the data can give them.")]
Strict = Annotated[bool, typer.Option("--strict", help="Ask for all the digits that the data can give.")]

P = ParamSpec("P")


def _unusable_is_2(command: Callable[P, None]) -> Callable[P, None]:
    """What can't be used ends the command with its message and exit status 2."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Unusable as error:
            err.print(f"[bold red]glm-conformance[/]: {error.fault}: {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(2) from error

    return wrapped


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar where standard output is a terminal, else nothing; yields ``advance(name of the next)``."""
    if not out.is_terminal:
        yield lambda name: None
        return
    columns = (
        TextColumn(what),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[at]}"),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(what, total=total, at="")
        yield lambda name: bar.update(task, advance=1, at=name)


@app.command(epilog="Example: glm-conformance gate mypackage.adapter:fit --case 'nist-*' --report run.jsonl")
@_unusable_is_2
def gate(
    implementation: Annotated[
        str, typer.Argument(help="irls, statsmodels, r-glm, ... or module:attribute of your own.")
    ],
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    report: Annotated[Path | None, typer.Option(help="Write the record of the run here, as JSON Lines.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to run the cases in.")] = 1,
) -> None:
    """Put an implementation to every case.  Exit status: 0 conforms, 1 does not, 2 something can't be used."""
    from conformance.checks import CHECKS
    from conformance.gate import run, run_line
    from conformance.implementations import find
    from conformance.report.record import Writer, summary_line
    from conformance.report.terminal import show_failures, show_summary
    from conformance.trial import Demand

    found, library = find(implementation), Library.at(cases)
    ids = library.select(case)
    started, fit_seconds, unusable = time.perf_counter(), 0.0, False
    verdicts: list[Verdict] = []
    with Writer(_writable(report)) as writer, _progress(f"gate {implementation}", len(ids)) as advance:
        header = run_line(found, len(ids), len(CHECKS))
        writer.write(header)
        for result in run(implementation, library, ids, Demand(digits, strict), jobs):
            for verdict in result.verdicts:
                writer.write(verdict.as_json())
            show_failures(out, result.verdicts)
            verdicts += result.verdicts
            fit_seconds += result.fit_seconds
            unusable |= result.unusable is not None
            advance(result.case)
        summary = summary_line(verdicts, time.perf_counter() - started, fit_seconds)
        writer.write(summary)
    show_summary(out, header, summary)
    raise typer.Exit(exit_status(summary["counts"], unusable=unusable))


@app.command(epilog="Example: glm-conformance regenerate contraception --source r")
@_unusable_is_2
def regenerate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Cases (or patterns); all without.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare only: write nothing, exit 1 where digits moved.")
    ] = False,
    source: Annotated[list[str] | None, typer.Option(help="r, statsmodels; both without.")] = None,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
) -> None:
    """Ask R and statsmodels again, show how many digits each quantity moved, and store what they say now."""
    from conformance.references.regenerate import SOURCES
    from conformance.references.regenerate import regenerate as remake

    library = Library.at(cases)
    ids = library.select([*(names or []), *(case or [])] or None)
    for one in source or []:
        if one not in SOURCES:
            raise CallError(f"no source {one!r}; there are {', '.join(SOURCES)}")
    tally: dict[str, int] = {"same": 0, "moved": 0, "new": 0, "broken": 0}
    unusable = False
    with _progress("regenerate", len(ids)) as advance:
        for id in ids:
            try:
                movements = [remake(library, library.case(id), one, check=check) for one in source or SOURCES]
            except Unusable as error:
                if error.fault == "implementation":
                    raise
                err.print(f"{error.fault}: {escape(str(error))}", soft_wrap=True)
                unusable = True
                continue
            for moved in movements:
                tally[moved.state] += 1
                if moved.state != "same":
                    shown = (
                        ", ".join(f"{name} {max(d, -99):.1f}" for name, d in moved.digits.items()) or "no number moved"
                    )
                    said = f": {moved.message}" if moved.message else ""
                    out.print(f"{moved.state.upper():6} {moved.source}/{moved.case}{escape(said)}", soft_wrap=True)
                    if moved.state == "moved":
                        out.print(f"       digits that still agree: {escape(shown)}", soft_wrap=True)
            advance(id)
    out.print(
        ", ".join(f"{number} {state}" for state, number in tally.items()) + (" (nothing written)" if check else "")
    )
    off = tally["moved"] + tally["new"] + tally["broken"]
    if check and off:
        out.print("run `glm-conformance regenerate` to store what was shown, and read the diff before you commit it")
    raise typer.Exit(2 if unusable else 1 if check and off else 0)


@app.command(epilog="Example: glm-conformance audit r-glm-default statsmodels --case 'contra*'")
@_unusable_is_2
def audit(
    implementations: Annotated[list[str], typer.Argument(help="Two or more, by name or module:attribute.")],
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Digits of coefficients / standard errors of each implementation on each case, and the causes of failures."""
    from conformance.audit import audit as side_by_side
    from conformance.audit import causes, cell
    from conformance.references.store import plain
    from conformance.trial import Demand

    library = Library.at(cases)
    ids = library.select(case)
    rows = []
    with _progress("audit", len(ids)) as advance:
        for row in side_by_side(implementations, library, ids, Demand(digits, strict)):
            rows.append(row)
            advance(row.case)
    if as_json:
        for row in rows:
            for name, result in zip(implementations, row.results, strict=True):
                for verdict in result.verdicts:
                    print(json.dumps(plain({"implementation": name, **verdict.as_json()}), allow_nan=False))
        return
    table = Table(pad_edge=False, header_style="bold")
    table.add_column("case", overflow="fold")
    for name in implementations:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        cells = (f"{cell(r, 'coefficients')} / {cell(r, 'standard_errors')}" for r in row.results)
        table.add_row(row.case, *cells)
    out.print(table)
    out.print("digits of coefficients / standard errors, the worst one each; ! less than required; - not reported;")
    out.print("? no reference value; n/a unsupported")
    for (name, cause), verdicts in causes(rows, implementations).items():
        cases_hit = len({v.case for v in verdicts})
        out.print(f"\n{escape(name)}: {escape(cause)} ({len(verdicts)} verdicts, {cases_hit} cases)", style="bold")
        out.print(f"  {verdicts[0].case}: {escape(verdicts[0].message)}", soft_wrap=False)


@app.command(epilog="Example: glm-conformance fit contraception statsmodels")
@_unusable_is_2
def fit(
    case: Annotated[str, typer.Argument(help="A case's id.")],
    implementation: Annotated[str, typer.Argument(help="irls, statsmodels, r-glm, ... or module:attribute.")],
    cases: CasesFolder = None,
    trace: Annotated[bool, typer.Option("--trace", help="irls: show every iteration.")] = False,
) -> None:
    """What one implementation says of one case, beside the reference."""
    from conformance.gate import answer
    from conformance.implementations import find
    from conformance.references.known import reference_of
    from conformance.report.fits import show_fit
    from conformance.trial import Trial

    library = Library.at(cases)
    found, asked = find(implementation), library.case(library.select([case])[0])
    said, refusal, verdicts = answer(found, asked)
    if verdicts:
        err.print(f"{verdicts[0].outcome}: {escape(verdicts[0].message)}", soft_wrap=True)
        raise typer.Exit(1)
    show_fit(out, Trial(asked, asked.problem(), said, refusal, reference_of(library, asked), found.conventions), trace)


@cases_app.command("list", epilog="Example: glm-conformance cases list --case 'nist-*'")
@_unusable_is_2
def list_cases(
    cases: CasesFolder = None, case: CaseGlobs = None, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Every case: family, link, outcome, title."""
    library = Library.at(cases)
    found = [library.case(id) for id in library.select(case)]
    if as_json:
        for one in found:
            print(one.model_dump_json(exclude_defaults=True))
        return
    table = Table(pad_edge=False, header_style="bold")
    for name in ("case", "family", "link", "outcome", "title"):
        table.add_column(name, overflow="fold")
    for one in found:
        table.add_row(one.id, one.family, one.link, one.outcome, escape(one.title))
    out.print(table)
    out.print(f"{len(found)} cases")


@cases_app.command(epilog="Example: glm-conformance cases show contraception")
@_unusable_is_2
def show(id: Annotated[str, typer.Argument(metavar="CASE")], cases: CasesFolder = None) -> None:
    """One case: its file, its design and its response."""
    library = Library.at(cases)
    one = library.case(library.select([id])[0])
    problem = one.problem()
    out.print(one.file.read_text(encoding="utf-8"), markup=False, soft_wrap=True)
    out.print(f"{problem.n} rows, {problem.p} columns: {', '.join(problem.names)}", markup=False)
    out.print(f"asked sha256 {one.asked_sha256}\ndata  sha256 {one.data_sha256}")


@cases_app.command(epilog="Example: glm-conformance cases validate --cases mycases")
@_unusable_is_2
def validate(cases: CasesFolder = None, case: CaseGlobs = None) -> None:
    """Read every case and build its design; every fault is shown with its file and line, then exit status 2."""
    library = Library.at(cases)
    bad = 0
    for id in library.select(case):
        try:
            library.case(id).problem()
        except Unusable as error:
            bad += 1
            err.print(escape(str(error)), soft_wrap=True)
    out.print(f"{len(library.files) if not case else len(library.select(case))} cases, {bad} unusable")
    raise typer.Exit(2 if bad else 0)


@cases_app.command(epilog="Example: glm-conformance cases schema > case.schema.json")
def schema() -> None:
    """The JSON Schema of a case, for editors."""
    described: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
    print(json.dumps(described, indent=1))


def _writable(path: Path | None) -> Path | None:
    """``path``, if a file can be written there; CallError otherwise, before any case is run."""
    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise CallError(f"can't write a report to {path}: {'it is a folder' if path.is_dir() else 'no such folder'}")
    return path


def main() -> None:
    """The console script; a closed pipe or Ctrl-C ends it without a traceback."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
