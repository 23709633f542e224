"""`glm-conformance zoo`: the suite put to its own test, by fitters wrong on purpose and others that are right."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli.common import CaseGlobs, CasesFolder, CheckGlobs, err, out, progress, unusable_is_2
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


@unusable_is_2
def zoo(
    only: Annotated[str | None, typer.Option(help="Only the animals whose name matches this expression.")] = None,
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
) -> None:
    """Every faulty fitter of tests/zoo, and every correct one: which checks refuse it, on how many cases.

    Each fit is judged by default and under --strict.  Exit status 1 where a fault is missed or misnamed (under
    --strict, and by default unless it loses digits that only --strict asks for), or a correct fitter refused.
    """
    matrix = the_zoo()
    library = Library.at(cases)
    ids, checks = library.select(case), select_checks(check)
    names = [name for name in (*matrix.CORRECT, *matrix.FAULTS) if only is None or re.search(only, name)]
    if not names:
        raise CallError(f"no animal matches {only!r}")
    rows, asked = [], _some(matrix, library, names, ids, every)
    with progress("zoo", len(names)) as advance, Writer(report) as record:
        for judged in matrix.matrix(asked, cases, checks, jobs):
            rows.append(judged)
            record.write(judged.as_json())
            advance(judged.name)
    faults = [row for row in rows if row.name in matrix.FAULTS]
    _show(faults)
    wrong = _sum_up("by default", [row.default for row in faults if row.default in row.demanded])
    wrong += _sum_up("under --strict", [row.strict for row in faults])
    accused = [one for row in rows if row.name in matrix.CORRECT for one in row.demanded if not one.conforms]
    for one in accused:
        err.print(escape(f"{one.name}: {one.bad[0].case}: {one.bad[0].message}"), soft_wrap=True)
    right = len(rows) - len(faults)
    out.print(f"{right} correct fitters, {len({one.name for one in accused})} refused by default or under --strict")
    raise typer.Exit(1 if wrong or accused else 0)


def _sum_up(how: str, judgements: list[Any]) -> int:
    """Say how many faults are refused, and which not, or for a wrong cause; returns the number of these."""
    missed = [one.name for one in judgements if one.conforms]
    misnamed = [one.name for one in judgements if not one.conforms and not one.rightly_named]
    once = [one.name for one in judgements if len(one.cases) == 1]
    refused = len(judgements) - len(missed)
    out.print(f"{how}: {refused} of {len(judgements)} faults refused, {len(misnamed)} of them for a wrong cause")
    for words, found in (("missed", missed), ("misnamed", misnamed), ("refused by one case only", once)):
        if found:
            out.print(f"  {words}: {', '.join(found)}")
    return len(missed) + len(misnamed)


def _show(faults: list[Any]) -> None:
    """The kill matrix: a line for each fault, with the checks that refuse it and on how many cases."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("fault", overflow="fold", max_width=30)
    table.add_column("cases", justify="right")
    table.add_column("strict", justify="right")
    table.add_column("named", justify="right")
    table.add_column("refused by (cases)", overflow="fold")
    for row in faults:
        first = row.demanded[0]
        most = ", ".join(f"{check} {number}" for check, number in first.checks.most_common(4))
        only = "" if row.default in row.demanded else " (only asked under --strict)"
        named = len({v.case for v in first.rightly_named})
        table.add_row(row.name + only, str(len(row.default.cases)), str(len(row.strict.cases)), str(named), most)
    out.print(table)
