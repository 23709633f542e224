"""`glm-conformance fuzz`: random problems, proven on the fly, and what fails shrunk to a case file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.cli.common import (
    CheckGlobs,
    Digits,
    Jobs,
    Memory,
    Strict,
    Timeout,
    ends_with_its_status,
    out,
    progress,
    the_one,
    unusable_is_2,
)
from conformance.errors import CallError

if TYPE_CHECKING:
    from conformance.running.fuzz import Judged


@unusable_is_2
@ends_with_its_status
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
    timeout: Timeout = None,
    memory: Memory = None,
    jobs: Jobs = None,
    shrinks: Annotated[
        int, typer.Option(min=0, help="Smaller problems tried for each failure; 0 keeps them as drawn.")
    ] = 400,
    report: Annotated[Path | None, typer.Option(help="Write a line of JSON for each problem here.")] = None,
) -> int:
    """Draw random problems, prove each, gate it, and shrink what fails to a case file.  Exit 1 where something fails.

    `glm-conformance gate IMPLEMENTATION --cases FOLDER` then shows it again.
    """
    from conformance.adapters import find
    from conformance.judging.comparison import Demand
    from conformance.judging.judge import select_checks
    from conformance.showing.fuzz import show_found

    try:
        from conformance.running.fuzz import fuzz as search
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise CallError("fuzz draws with Hypothesis: pip install 'glm-conformance[fuzz]'") from error
    if cases.exists() and not cases.is_dir():
        raise CallError(f"can't write cases to {cases}: it is no folder")
    name, limits = the_one(implementation, None, timeout, memory)
    found, checks = find(name, limits), select_checks(check)
    found.close()  # it is only to be shown here
    with progress(f"fuzz {implementation}", count) as advance, _lines(report) as record:
        demand = Demand(digits, strict)
        asked = (implementation, count, seed, demand, cases, case or (), advance, jobs, shrinks, record, checks, limits)
        tally = search(*asked)
    show_found(out, found, implementation, tally, seed, cases)
    return 1 if tally.found else 0


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
