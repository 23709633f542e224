"""The command line: gate, report, diff, explain, fuzz, regenerate, certify, audit ... It computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli import cases as cases_commands
from conformance.cli import gate as gate_commands
from conformance.cli import references as references_commands
from conformance.cli import zoo as zoo_command
from conformance.cli.common import (
    CaseGlobs,
    CasesFolder,
    CheckGlobs,
    CommandLine,
    Digits,
    ImplementationName,
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
from conformance.question.library import Library

if TYPE_CHECKING:
    from conformance.running.fuzz import Judged

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Is this GLM implementation right?  Reference validation and conformance for generalized linear models.

    Example: glm-conformance gate mypackage.adapter:fit""",
)
app.add_typer(cases_commands.app, name="cases")
gate_commands.add_to(app)
references_commands.add_to(app)
app.command(epilog="Example: glm-conformance zoo --only offset --case 'ships*'")(zoo_command.zoo)


def _version(asked: bool) -> None:
    if asked:
        from conformance.running.gate import suite_version

        print(f"glm-conformance {suite_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command(epilog="Example: glm-conformance fuzz mypackage.adapter:fit --count 500 --seed 7 --out found")
@unusable_is_2
def fuzz(
    implementation: Annotated[
        str, typer.Argument(help="irls, r-glm, ..., module:attribute of your own, or 'command:...'.")
    ],
    count: Annotated[int, typer.Option(min=1, help="How many problems are drawn.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed draws the same problems.")] = 1,
    cases: Annotated[
        Path, typer.Option("--out", "--cases", help="The folder of cases that what fails is written to.")
    ] = Path("fuzz-cases"),
    case: Annotated[
        list[str] | None, typer.Option("--case", help="Only families and links that match, e.g. 'gamma-*'.")
    ] = None,
    check: CheckGlobs = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    jobs: Annotated[int, typer.Option(min=1, help="Judge in so many processes.")] = 1,
    shrinks: Annotated[
        int, typer.Option(min=0, help="Smaller problems tried for each failure; 0 keeps them as drawn.")
    ] = 400,
    report: Annotated[Path | None, typer.Option(help="Write a line of JSON for each problem here.")] = None,
) -> None:
    """Draw random problems, prove each, gate it, and shrink what fails to a case file.  Exit 1 where something fails.

    `glm-conformance gate IMPLEMENTATION --cases FOLDER` then shows it again.
    """
    from conformance.adapters import find
    from conformance.judging.comparison import Demand
    from conformance.running.gate import select_checks
    from conformance.showing.fuzz import show_found

    try:
        from conformance.running.fuzz import fuzz as search
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise CallError("fuzz draws with Hypothesis: pip install 'glm-conformance[fuzz]'") from error
    if cases.exists() and not cases.is_dir():
        raise CallError(f"can't write cases to {cases}: it is no folder")
    found, checks = find(implementation), select_checks(check)
    with progress(f"fuzz {implementation}", count) as advance, _lines(report) as record:
        demand = Demand(digits, strict)
        tally = search(implementation, count, seed, demand, cases, case or (), advance, jobs, shrinks, record, checks)
    show_found(out, found, implementation, tally, seed, cases)
    raise typer.Exit(1 if tally.found else 0)


@contextmanager
def _lines(path: Path | None) -> Iterator[Callable[[Judged], None]]:
    """Writes each problem's line to ``path`` as soon as it is judged; nothing without a path."""
    if path is None:
        yield lambda judged: None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CallError(f"can't write the report {path}: {error.strerror}") from error
    with file:
        yield lambda judged: print(json.dumps(judged.line), file=file, flush=True)


@app.command(epilog="Example: glm-conformance audit r-glm-default statsmodels --case 'contra*'")
@unusable_is_2
def audit(
    implementations: Annotated[
        list[str], typer.Argument(help="Names, module:attribute, or 'command:...': two or more, to compare them.")
    ],
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    digits: Digits = 6.0,
    strict: Strict = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Digits of coefficients / standard errors of each implementation on each case, and the causes of failures."""
    from conformance.json_numbers import plain
    from conformance.judging.comparison import Demand
    from conformance.running.audit import audit as side_by_side
    from conformance.running.audit import causes, cell

    library = Library.at(cases)
    ids = library.select(case)
    rows = []
    with progress("audit", len(ids)) as advance:
        for row in side_by_side(implementations, library, ids, Demand(digits, strict)):
            rows.append(row)
            advance(row.case)
    for row in rows:
        if row.unusable is not None:
            err.print(f"{row.results[0].verdicts[0].cause}: {escape(row.unusable)}", soft_wrap=True)
    status = 2 if any(row.unusable is not None for row in rows) else 0
    if as_json:
        for row in rows:
            for name, result in zip(implementations, row.results, strict=True):
                for verdict in result.verdicts:
                    print(json.dumps(plain({"implementation": name, **verdict.as_json()}), allow_nan=False))
        raise typer.Exit(status)
    table = Table(pad_edge=False, header_style="bold")
    table.add_column("case", no_wrap=True)
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
    raise typer.Exit(status)


@app.command(epilog="Example: glm-conformance fit contraception statsmodels")
@unusable_is_2
def fit(
    case: Annotated[str, typer.Argument(help="A case's id.")],
    implementation: Annotated[
        str, typer.Argument(help="irls, statsmodels, r-glm, ..., module:attribute, or 'command:...'.")
    ],
    cases: CasesFolder = None,
    trace: Annotated[bool, typer.Option("--trace", help="irls: show every iteration.")] = False,
) -> None:
    """What one implementation says of one case, beside the reference."""
    from conformance.adapters import find
    from conformance.judging.comparison import Comparison
    from conformance.references.lookup import reference_of
    from conformance.running.gate import answer
    from conformance.showing.fits import show_fit

    library = Library.at(cases)
    found, asked = find(implementation), library.case(library.one(case))
    said, refusal, verdicts = answer(found, asked)
    if verdicts:
        err.print(f"{verdicts[0].outcome}: {escape(verdicts[0].message)}", soft_wrap=True)
        raise typer.Exit(1)
    reference, conventions = reference_of(library, asked), found.conventions_of(asked.family, asked.link)
    show_fit(out, Comparison(asked, asked.problem(), said, refusal, reference, conventions), trace)


@app.command(epilog="Example: glm-conformance smoke --command 'Rscript my_adapter.R'")
@unusable_is_2
def smoke(
    implementation: ImplementationName = None,
    command: CommandLine = None,
    timeout: Timeout = None,
    memory: Memory = None,
) -> None:
    """Is the adapter itself right?  Two tiny fits, and the rules.  Exit status: 0 right, 1 wrong, 2 unusable."""
    from conformance.adapters import find
    from conformance.running.smoke import reported
    from conformance.running.smoke import smoke as rules

    found = find(*the_one(implementation, command, timeout, memory))
    wrong = 0
    for finding in rules(found):
        wrong += finding.wrong is not None
        out.print(f"{'ok   ' if finding.wrong is None else 'WRONG'} {escape(finding.rule)}", soft_wrap=True)
        if finding.wrong is not None:
            out.print(f"      {escape(finding.wrong)}", soft_wrap=True)
    has, lacks = reported(found)
    out.print(f"reported: {', '.join(has) or 'nothing'}")
    out.print(f"not reported: {', '.join(lacks) or 'nothing'}")
    out.print(escape(f"{found.name} {found.version}: " + (f"{wrong} wrong" if wrong else "the adapter is right")))
    raise typer.Exit(1 if wrong else 0)


@app.command(epilog="Example: glm-conformance implementations --json")
@unusable_is_2
def implementations(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Which implementations are built in, which of them are installed here, and how to install the others."""
    from conformance.adapters.installed import all_installed

    found = all_installed()
    if as_json:
        for one in found:
            print(json.dumps({"name": one.name, "version": one.version, "install": one.install}))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("implementation", no_wrap=True)
    table.add_column("here")
    for one in found:
        table.add_row(one.name, one.version or "no")
    out.print(table)
    missing = [one for one in found if not one.version]
    for one in missing:  # a line each, never broken: to be pasted
        out.print(f"{one.name}: {escape(one.install)}", soft_wrap=True, highlight=False)
    out.print("Each wants a virtual environment of its own, for they conflict: tox -e NAME makes it and runs the gate.")


def main() -> None:
    """The console script; a closed pipe or Ctrl-C ends it without a traceback."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
