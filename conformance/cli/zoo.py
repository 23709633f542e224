"""`glm-conformance zoo`: the suite put to its own test, by fitters wrong on purpose and others that are right."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli.common import CaseGlobs, CasesFolder, CheckGlobs, Strict, err, out, progress, unusable_is_2
from conformance.errors import CallError
from conformance.gate import select_checks
from conformance.library import Library
from conformance.report.record import Writer


def the_zoo() -> Any:
    """The package ``zoo`` of a checkout's tests; CallError elsewhere, for a wheel does not carry it."""
    tests = Path(__file__).resolve().parents[2] / "tests"
    if not (tests / "zoo").is_dir():
        raise CallError("the zoo lives in a checkout (tests/zoo), which this installation is not")
    sys.path.insert(0, str(tests))
    from zoo import matrix  # type: ignore[import-not-found]

    return matrix


def _some(matrix: Any, library: Library, names: list[str], ids: list[str], every: int) -> dict[str, list[str]]:
    """For each name its cases: all for a correct fitter; for a fault every so-manieth, and those that detect it.

    The cases without an estimate are small, and all asked.
    """
    found = {id: library.case(id) for id in ids} if every > 1 else {}
    detects = {id: one.detects for id, one in found.items()}
    return {
        name: ids
        if every == 1 or name in matrix.CORRECT
        else [id for n, id in enumerate(ids) if n % every == 0 or name in detects[id] or not found[id].has_estimate]
        for name in names
    }


def _named_before(report: Path, names: list[str], ids: list[str]) -> dict[str, list[str]]:
    """For each name the cases to ask: those (ten at most) that named the fault in ``report``, else all of ``ids``."""
    try:
        lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
        named = {line["name"]: [id for id in line["named_on"] if id in ids][:10] for line in lines}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CallError(f"{report} is no report of the zoo ({error}); write one with --report") from error
    return {name: named.get(name) or ids for name in names}


@unusable_is_2
def zoo(
    only: Annotated[str | None, typer.Option(help="Only the animals whose name matches this expression.")] = None,
    strict: Strict = False,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    check: CheckGlobs = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to run the animals in.")] = 1,
    report: Annotated[
        Path | None, typer.Option(help="Write a line of JSON for each animal here, as soon as it is judged.")
    ] = None,
    every: Annotated[
        int,
        typer.Option(
            min=1,
            help="Ask each fault about every so-manieth case, those that name it, and those without an estimate.",
        ),
    ] = 1,
    again: Annotated[
        Path | None,
        typer.Option(help="Ask each fault only about cases that named it in this earlier report, ten at most."),
    ] = None,
) -> None:
    """Every faulty fitter of tests/zoo, and every correct one: which checks refuse it, on how many cases.

    Exit status 1 where a fault is missed or misnamed, or a correct fitter refused.
    """
    matrix = the_zoo()
    library = Library.at(cases)
    ids, checks = library.select(case), select_checks(check)
    names = [name for name in (*matrix.CORRECT, *matrix.FAULTS) if only is None or re.search(only, name)]
    if not names:
        raise CallError(f"no animal matches {only!r}")
    rows, asked = [], _some(matrix, library, names, ids, every)
    if again is not None:
        asked = _named_before(again, names, ids)
    with progress("zoo", len(names)) as advance, Writer(report) as record:
        for judged in matrix.matrix(asked, cases, checks, strict, jobs):
            rows.append(judged)
            record.write(judged.as_json())
            advance(judged.name)
    _show(matrix, rows, strict)
    faults = [row for row in rows if matrix.asked(row.name, strict)]
    missed = [row.name for row in faults if row.conforms]
    misnamed = [row.name for row in faults if not row.conforms and not row.rightly_named]
    accused = [row for row in rows if row.name in matrix.CORRECT and not row.conforms]
    once = [row.name for row in faults if len(row.cases) == 1]
    out.print(f"{len(faults) - len(missed)} of {len(faults)} faults refused, {len(misnamed)} of them for a wrong cause")
    out.print(f"{sum(row.name in matrix.CORRECT for row in rows)} correct fitters, {len(accused)} refused")
    for words, found in (("missed", missed), ("misnamed", misnamed), ("refused by one case only", once)):
        if found:
            out.print(f"{words}: {', '.join(found)}")
    for row in accused:
        err.print(escape(f"{row.name}: {row.bad[0].case}: {row.bad[0].message}"), soft_wrap=True)
    raise typer.Exit(1 if missed or misnamed or accused else 0)


def _show(matrix: Any, rows: list[Any], strict: bool) -> None:
    """The kill matrix: a line for each fault, with the checks that refuse it and on how many cases."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("fault", overflow="fold", max_width=30)
    table.add_column("cases", justify="right")
    table.add_column("named", justify="right")
    table.add_column("refused by (cases)", overflow="fold")
    for row in rows:
        if row.name in matrix.FAULTS:
            most = ", ".join(f"{check} {number}" for check, number in row.checks.most_common(4))
            asked = "" if matrix.asked(row.name, strict) else " (only asked under --strict)"
            named = len({v.case for v in row.rightly_named})
            table.add_row(row.name + asked, str(len(row.cases)), str(named), most)
    out.print(table)
