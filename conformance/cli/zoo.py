"""`glm-conformance zoo`: the suite put to its own test, by fitters wrong on purpose and others that are right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from conformance.cli.common import (
    CaseGlobs,
    CasesFolder,
    CheckGlobs,
    Jobs,
    ends_with_its_status,
    err,
    out,
    progress,
    unusable_is_2,
)
from conformance.errors import CallError
from conformance.files import write_whole
from conformance.judging.judge import select_checks
from conformance.question.library import Library
from conformance.running.processes import cores
from conformance.showing.record import Writer

Row = dict[str, Any]  # a line of the report: zoo.matrix.Judged.as_json


def the_zoo() -> Any:
    """The module that puts the zoo's animals to the gate."""
    from conformance.zoo import matrix

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
@ends_with_its_status
def zoo(
    only: Annotated[str | None, typer.Option(help="Only the animals whose name matches this expression.")] = None,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
    check: CheckGlobs = None,
    jobs: Jobs = None,
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
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the animals that the report has already, and ask the others.")
    ] = False,
) -> int:
    """Every faulty fitter of conformance/zoo, and every correct one: which checks refuse it, on how many cases.

    Each fit is judged by default and under --strict.  Exit status 1 where a fault is missed or misnamed (under
    --strict, and by default unless it loses digits that only --strict asks for), or a correct fitter refused, or
    leaves out a case undeclared.
    """
    matrix = the_zoo()
    library = Library.at(cases)
    ids, checks = library.select(case), select_checks(check)
    names = [name for name in (*matrix.CORRECT, *matrix.FAULTS) if only is None or re.search(only, name)]
    if not names:
        raise CallError(f"no animal matches {only!r}")
    rows = _judged_before(report) if resume else []
    waiting = [name for name in names if name not in {row["name"] for row in rows}]
    asked = _some(matrix, library, waiting, ids, every)
    with progress("zoo", len(waiting)) as advance, Writer(report, append=resume) as record:
        for judged in matrix.matrix(asked, cases, checks, jobs or min(cores(), max(1, len(waiting)))):
            rows.append(judged.as_json())
            record.write(rows[-1])
            advance(judged.name)
    return _sum_up([row for row in rows if row["name"] in names])


def _judged_before(report: Path | None) -> list[Row]:
    """The whole lines of an interrupted run's report, which then has no others; CallError where it is none."""
    if report is None:
        raise CallError("--resume goes on with a report: say which, with --report")
    if not report.exists():
        return []
    lines = [line for line in report.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    try:
        rows: list[Row] = [json.loads(line) for line in lines]
        if any(None in (row["undeclared"], row[d]["conforms"]) for row in rows for d in ("default", "strict")):
            raise ValueError("a line without a judgement")
    except (ValueError, KeyError, TypeError) as error:
        raise CallError(f"{report} is no report of the zoo ({error}); write one without --resume") from error
    write_whole(report, "".join(lines))
    return rows


def _demanded(row: Row) -> tuple[str, ...]:
    """The demands under which the animal's judgement has to be right: some faults are left to --strict."""
    return ("strict",) if row["strict_only"] else ("default", "strict")


def _sum_up(rows: list[Row]) -> int:
    """Say what became of faults and of correct fitters; returns the exit status."""
    faults, right = [row for row in rows if row["faulty"]], [row for row in rows if not row["faulty"]]
    _show(faults)
    wrong = 0
    for demand, how in (("default", "by default"), ("strict", "under --strict")):
        asked = {row["name"]: row[demand] for row in faults if demand in _demanded(row)}
        missed = [name for name, one in asked.items() if one["conforms"]]
        misnamed = [name for name, one in asked.items() if not one["conforms"] and not one["named_on"]]
        once = [name for name, one in asked.items() if len(one["cases"]) == 1]
        refused, wrong = len(asked) - len(missed), wrong + len(missed) + len(misnamed)
        out.print(f"{how}: {refused} of {len(asked)} faults refused, {len(misnamed)} of them for a wrong cause")
        for words, found in (("missed", missed), ("misnamed", misnamed), ("refused by one case only", once)):
            if found:
                out.print(f"  {words}: {', '.join(found)}")
    accused = {row["name"]: row[d]["example"] for row in right for d in ("strict", "default") if not row[d]["conforms"]}
    for name, example in accused.items():
        err.print(escape(f"{name}: {example}"), soft_wrap=True)
    silent = {row["name"]: ", ".join(row["undeclared"]) for row in right if row["undeclared"]}
    for name, cases in silent.items():
        err.print(escape(f"{name}: leaves out, and does not declare: {cases}"), soft_wrap=True)
    out.print(f"{len(right)} correct fitters, {len(accused)} refused by default or under --strict")
    return 1 if wrong or accused or silent else 0


def _show(faults: list[Row]) -> None:
    """The kill matrix: a line for each fault, with the checks that refuse it and on how many cases."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("fault", overflow="fold", max_width=30)
    table.add_column("cases", justify="right")
    table.add_column("strict", justify="right")
    table.add_column("named", justify="right")
    table.add_column("refused by (cases)", overflow="fold")
    for row in faults:
        first = row[_demanded(row)[0]]
        most = ", ".join(f"{check} {number}" for check, number in list(first["checks"].items())[:4])
        only = " (only asked under --strict)" if row["strict_only"] else ""
        counts = (str(len(some)) for some in (row["default"]["cases"], row["strict"]["cases"], first["named_on"]))
        table.add_row(row["name"] + only, *counts, most)
    out.print(table)
