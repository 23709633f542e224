"""The commands that ask implementations without a verdict on the whole: audit, fit, smoke."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from conformance.cli.common import (
    CaseGlobs,
    CasesFolder,
    CommandLine,
    Digits,
    ImplementationName,
    Memory,
    Strict,
    Timeout,
    ends_with_its_status,
    err,
    out,
    progress,
    the_one,
    unusable_is_2,
)
from conformance.question.library import Library


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
    from conformance.judging.judge import answer
    from conformance.references.lookup import reference_of
    from conformance.showing.fits import show_fit

    library = Library.at(cases)
    found, asked = find(implementation), library.case(library.one(case))
    said = answer(found, asked)
    found.close()
    if said.verdicts:
        err.print(f"{said.verdicts[0].outcome}: {escape(said.verdicts[0].message)}", soft_wrap=True)
        raise typer.Exit(1)
    reference, conventions = reference_of(library, asked), found.conventions_of(asked.family, asked.link)
    show_fit(out, Comparison(asked, asked.problem(), said.fit, said.refusal, reference, conventions), trace)


@unusable_is_2
@ends_with_its_status
def smoke(
    implementation: ImplementationName = None,
    command: CommandLine = None,
    timeout: Timeout = None,
    memory: Memory = None,
) -> int:
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
    found.close()
    return 1 if wrong else 0
