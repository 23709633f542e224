"""The command line: gate, report, diff, explain, fuzz, regenerate, certify, audit ... It computes nothing."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli import ask as ask_commands
from conformance.cli import cases as cases_commands
from conformance.cli import fuzz as fuzz_command
from conformance.cli import gate as gate_command
from conformance.cli import report as report_commands
from conformance.cli import zoo as zoo_command
from conformance.cli.common import CaseGlobs, CasesFolder, err, out, progress, unusable_is_2
from conformance.errors import CallError, Unusable
from conformance.mathematics.digits import spelled
from conformance.question.library import Library

if TYPE_CHECKING:
    from conformance.references.reference_change import ReferenceChange

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Is this GLM implementation right?  Reference validation and conformance for generalized linear models.

    Example: glm-conformance gate mypackage.adapter:fit""",
)
app.add_typer(cases_commands.app, name="cases")
for command, example in (
    (gate_command.gate, "gate mypackage.adapter:fit --level core --known known.yaml"),
    (report_commands.report, "report run.jsonl --format markdown"),
    (report_commands.diff, "diff before.jsonl after.jsonl"),
    (report_commands.explain, "explain mypackage.adapter:fit dobson deviance"),
    (ask_commands.smoke, "smoke --command 'Rscript my_adapter.R'"),
    (ask_commands.fit, "fit contraception statsmodels"),
    (ask_commands.audit, "audit r-glm-default statsmodels --case 'contra*'"),
    (fuzz_command.fuzz, "fuzz mypackage.adapter:fit --count 500 --seed 7 --out found"),
    (zoo_command.zoo, "zoo --only offset --case 'ships*'"),
):
    app.command(epilog=f"Example: glm-conformance {example}")(command)


def _version(asked: bool) -> None:
    if asked:
        from conformance.running.header import suite_version

        print(f"glm-conformance {suite_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command(epilog="Example: glm-conformance regenerate contraception --source r")
@unusable_is_2
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
    from conformance.running.regenerate import SOURCES
    from conformance.running.regenerate import regenerate as remake

    library = Library.at(cases)
    ids = library.select([*(names or []), *(case or [])] or None)
    for one in source or []:
        if one not in SOURCES:
            raise CallError(f"no source {one!r}; there are {', '.join(SOURCES)}")
    tally: dict[str, int] = {"same": 0, "moved": 0, "new": 0, "broken": 0}
    unusable = False
    with progress("regenerate", len(ids)) as advance:
        for id in ids:
            try:
                movements = [remake(library, library.case(id), one, check=check) for one in source or SOURCES]
            except Unusable as error:
                if error.fault == "implementation":
                    raise
                err.print(f"{error.fault}: {escape(str(error))}", soft_wrap=True)
                unusable = True
                continue
            for movement in movements:
                tally[movement.state] += 1
                show_movement(movement)
            advance(id)
    out.print(
        ", ".join(f"{number} {state}" for state, number in tally.items()) + (" (nothing written)" if check else "")
    )
    off = tally["moved"] + tally["new"] + tally["broken"]
    if check and off:
        out.print("run `glm-conformance regenerate` to store what was shown, and read the diff before you commit it")
    raise typer.Exit(2 if unusable else 1 if check and off else 0)


@app.command(epilog="Example: glm-conformance certify contraception --check")
@unusable_is_2
def certify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Cases (or patterns); all without.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Prove what is stored again, from the stored box alone; write nothing.")
    ] = False,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
) -> None:
    """Prove the references: exact boxes around every estimate, or that there is none.  Exit 1 where a claim fails."""
    from conformance.references import certified

    library = Library.at(cases)
    ids = library.select([*(names or []), *(case or [])] or None)
    tally: Counter[str] = Counter()
    started = time.perf_counter()
    with progress("certify", len(ids)) as advance:
        for id in ids:
            try:
                if check:
                    wrong = certified.check(library, library.case(id))
                    tally["broken" if wrong else "proven again"] += 1
                    for line in wrong:
                        err.print(f"reference: {escape(line)}", soft_wrap=True)
                else:
                    movement = certified.certify(library, library.case(id))
                    tally[movement.state] += 1
                    show_movement(movement)
            except Unusable as error:
                tally["unusable"] += 1
                err.print(f"{error.fault}: {escape(str(error))}", soft_wrap=True)
            advance(id)
    counted = ", ".join(f"{number} {state}" for state, number in tally.items())
    out.print(f"{counted} ({time.perf_counter() - started:.1f} s)")
    failed = tally["broken"] + tally["undecided"]
    raise typer.Exit(2 if tally["unusable"] else 1 if failed else 0)


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


def show_movement(movement: ReferenceChange) -> None:
    """What a reference came to, unless it is the same as before; for one that moved, the digits that still agree."""
    if movement.state == "same":
        if movement.message.startswith("undecided"):
            out.print(f"       {movement.source}/{movement.case}: {escape(movement.message)}", soft_wrap=True)
        return
    said = f": {movement.message}" if movement.message else ""
    out.print(f"{movement.state.upper():6} {movement.source}/{movement.case}{escape(said)}", soft_wrap=True)
    if movement.state == "moved":
        shown = ", ".join(f"{name} {spelled(d)}" for name, d in movement.digits.items()) or "no number moved"
        out.print(f"       digits that still agree: {escape(shown)}", soft_wrap=True)


def main() -> None:
    """The console script; a closed pipe or Ctrl-C ends it without a traceback."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
