"""The command line: gate, report, diff, explain, fuzz, regenerate, certify, audit ... It computes nothing."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli import ask as ask_commands
from conformance.cli import cases as cases_commands
from conformance.cli import fuzz as fuzz_command
from conformance.cli import gate as gate_command
from conformance.cli import references as references_commands
from conformance.cli import report as report_commands
from conformance.cli import zoo as zoo_command
from conformance.cli.common import out, unusable_is_2

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
    (references_commands.regenerate, "regenerate contraception --source r"),
    (references_commands.certify, "certify contraception --check"),
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
        sys.exit(1)
