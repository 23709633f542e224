"""The commands about cases: list, show, data, validate, coverage, lint, schema."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli.common import CaseGlobs, CasesFolder, LevelName, err, out, unusable_is_2
from conformance.errors import CallError, CaseError, Unusable
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.selection import level as find_level

app = typer.Typer(
    no_args_is_help=True,
    help="List, show, validate and lint the cases.",
    epilog="Example: glm-conformance cases show contraception",
    rich_markup_mode=None,
)


@app.command("list", epilog="Example: glm-conformance cases list --case 'nist-*'")
@unusable_is_2
def list_cases(
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    link: Annotated[str | None, typer.Option(help="Only this link.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only this outcome.")] = None,
    detects: Annotated[str | None, typer.Option(help="Only the cases that detect this fault.")] = None,
    level: LevelName = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Every case: family, link, outcome, title."""
    library = Library.at(cases)
    found, bad = [], 0
    on_it = None if level is None else find_level(level).cases
    for id in library.select(case):
        if on_it is not None and id not in on_it:
            continue
        try:
            found.append(library.case(id))
        except CaseError as error:  # one file that is wrong does not hide the rest
            err.print(escape(str(error)), soft_wrap=True)
            bad += 1
    for key, value in (("family", family), ("link", link), ("outcome", outcome)):
        found = [one for one in found if value is None or getattr(one, key) == value]
    found = [one for one in found if detects is None or detects in one.detects]
    if not found:
        raise CallError("no case has that family, link, outcome, fault and level together")
    if as_json:
        for one in found:
            print(one.model_dump_json(exclude_defaults=True))
        raise typer.Exit(2 if bad else 0)
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("case", "family", "link", "outcome", "title"):
        table.add_column(name, overflow="fold", no_wrap=name == "case")
    for one in found:
        table.add_row(one.id, one.family, one.link, one.outcome, escape(one.title))
    out.print(table)
    out.print(f"{len(found)} cases" + (f", {bad} unusable" if bad else ""))
    raise typer.Exit(2 if bad else 0)


@app.command(epilog="Example: glm-conformance cases show contraception")
@unusable_is_2
def show(id: Annotated[str, typer.Argument(metavar="CASE", help="A case's id.")], cases: CasesFolder = None) -> None:
    """One case: its file, the size and columns of its design, and its digests."""
    library = Library.at(cases)
    one = library.case(library.one(id))
    problem = one.problem()
    out.print(one.file.read_text(encoding="utf-8"), markup=False, soft_wrap=True)
    out.print(f"{problem.n} rows, {problem.p} columns: {', '.join(problem.names)}", markup=False)
    out.print(f"asked sha256 {one.asked_sha256}\ndata  sha256 {one.data_sha256}")


@app.command("data", epilog="Example: glm-conformance cases data dobson > dobson.csv")
@unusable_is_2
def show_data(
    id: Annotated[str, typer.Argument(metavar="CASE", help="A case's id.")], cases: CasesFolder = None
) -> None:
    """The data of a case, as its CSV file has them, byte for byte."""
    library = Library.at(cases)
    path = library.case(library.one(id)).data_file
    try:
        sys.stdout.buffer.write(path.read_bytes())
    except OSError as error:
        raise CallError(f"can't read {path}: {error.strerror}") from error
    sys.stdout.flush()


@app.command(epilog="Example: glm-conformance cases validate --cases mycases")
@unusable_is_2
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


@app.command("coverage", epilog="Example: glm-conformance cases coverage")
@unusable_is_2
def show_coverage(cases: CasesFolder = None) -> None:
    """Families by links by features, and the gaps: exit status 1 where there is one."""
    from conformance.mathematics.family import PAIRS
    from conformance.question.coverage import BINOMIAL_ONLY, FEATURES, coverage

    library = Library.at(cases)
    found = [library.case(id) for id in library.select()]
    covered, table = coverage(found), Table(box=box.SIMPLE, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold")
    table.add_column("family, link", overflow="fold")
    for name in ("all", "est.", *FEATURES):
        table.add_column(name, justify="right")
    for family, links in PAIRS.items():
        table.add_row(family, style="bold")
        for link in links:
            counts = covered.features.get((family, link), {})
            asked = (name if family == "binomial" or name not in BINOMIAL_ONLY else "" for name in FEATURES)
            both = (covered.cases.get((family, link), 0), covered.estimates.get((family, link), 0))
            table.add_row(f"  {link}", *map(str, both), *(str(counts.get(name, 0)) if name else "" for name in asked))
    out.print(table)
    out.print("all: cases that are not invalid; est.: with an estimate; " + "; ".join(map(": ".join, FEATURES.items())))
    by_outcome = Counter(one.outcome for one in found)
    out.print(f"\n{len(found)} cases over {len({one.data for one in found})} data files")
    out.print(", ".join(f"{number} {outcome}" for outcome, number in by_outcome.most_common()))
    gaps = covered.gaps()
    for gap in gaps:
        out.print(f"gap: {gap}")
    out.print(f"{len(gaps)} gaps")
    raise typer.Exit(1 if gaps else 0)


@app.command("lint", epilog="Example: glm-conformance cases lint --cases mycases")
@unusable_is_2
def lint_cases(cases: CasesFolder = None) -> None:
    """Ids, titles, sources, duplicates, and what `detects` names: exit status 1 where something is wrong."""
    from conformance.question.coverage import lint

    library = Library.at(cases)
    found = lint(library)
    for line in found:
        err.print(escape(line), soft_wrap=True)
    out.print(f"{len(library.files)} cases, {len(found)} things to mend")
    raise typer.Exit(1 if found else 0)


@app.command(epilog="Example: glm-conformance cases schema > case.schema.json")
def schema() -> None:
    """The JSON Schema of a case, for editors."""
    described: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
    print(json.dumps(described, indent=1))
