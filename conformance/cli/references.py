"""The commands of the keeper of references: regenerate, certify."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from conformance.cli.common import CaseGlobs, CasesFolder, err, out, progress, unusable_is_2
from conformance.errors import CallError, Unusable
from conformance.question.library import Library

if TYPE_CHECKING:
    from conformance.references.reference_change import ReferenceChange

#: Of a reference that moved so many differences are shown.
DIFFERENCES_SHOWN = 6


@unusable_is_2
def regenerate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Cases (or patterns); all without.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare only: write nothing, exit 1 where something is news.")
    ] = False,
    source: Annotated[list[str] | None, typer.Option(help="r, statsmodels; both without.")] = None,
    cases: CasesFolder = None,
    case: CaseGlobs = None,
) -> None:
    """Ask R and statsmodels again, and store what is news.  What moved by rounding alone is shown and left as it is.

    Exit 0: nothing is news, or it was stored.  With --check 1: something is.  2: a case or R can't be used.
    """
    from conformance.references.reference_change import State
    from conformance.running.regenerate import SOURCES
    from conformance.running.regenerate import regenerate as remake

    library = Library.at(cases)
    ids = library.select([*(names or []), *(case or [])] or None)
    for one in source or []:
        if one not in SOURCES:
            raise CallError(f"no source {one!r}; there are {', '.join(SOURCES)}")
    tally: Counter[State] = Counter(dict.fromkeys((one for one in State if one is not State.UNDECIDED), 0))
    unusable = 0
    with progress("regenerate", len(ids)) as advance:
        for id in ids:
            try:
                changes = [remake(library, library.case(id), one, check=check) for one in source or SOURCES]
            except Unusable as error:
                if error.fault == "implementation":
                    raise
                err.print(f"{error.fault}: {escape(str(error))}", soft_wrap=True)
                unusable += 1
                continue
            for change in changes:
                tally[change.state] += 1
                show_change(change)
            advance(id)
    news = sum(number for state, number in tally.items() if state.is_news)
    out.print(", ".join(f"{number} {state.value}" for state, number in tally.items()), soft_wrap=True)
    if check and news:
        out.print("run `glm-conformance regenerate` to store what was shown, and read the diff before you commit it")
    of_the_news = "nothing is news" if not news else f"{news} to look at" if check else f"{news} stored"
    cases_lost = f"; {unusable} cases can't be used" if unusable else ""
    out.print(f"regenerate: {of_the_news}{cases_lost}", soft_wrap=True)
    raise typer.Exit(2 if unusable else 1 if check and news else 0)


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
    from conformance.references.reference_change import State

    library = Library.at(cases)
    ids = library.select([*(names or []), *(case or [])] or None)
    tally: Counter[str] = Counter()
    unusable = 0
    started = time.perf_counter()
    with progress("certify", len(ids)) as advance:
        for id in ids:
            try:
                if check:
                    wrong = certified.check(library, library.case(id))
                    tally[State.BROKEN.value if wrong else "proven again"] += 1
                    for line in wrong:
                        err.print(f"reference: {escape(line)}", soft_wrap=True)
                else:
                    change = certified.certify(library, library.case(id))
                    tally[change.state.value] += 1
                    show_change(change)
            except Unusable as error:
                unusable += 1
                err.print(f"{error.fault}: {escape(str(error))}", soft_wrap=True)
            advance(id)
    lost = f", {unusable} unusable" if unusable else ""
    counted = ", ".join(f"{number} {state}" for state, number in tally.items())
    out.print(f"{counted}{lost} ({time.perf_counter() - started:.1f} s)", soft_wrap=True)
    failed = tally[State.BROKEN.value] + tally[State.UNDECIDED.value]
    raise typer.Exit(2 if unusable else 1 if failed else 0)


def show_change(change: ReferenceChange) -> None:
    """What a reference came to, unless it is the same.

    Of news every difference, those that are rounding last; of rounding the place where most of its reach is used.
    """
    if not change.state.is_news and not change.differences:
        if change.message.startswith("undecided"):
            out.print(f"         {change.source}/{change.case}: {escape(change.message)}", soft_wrap=True)
        return
    name = f"{change.state.name:8} {change.source}/{change.case}"
    if not change.state.is_news:
        worst = min(change.differences, key=lambda one: one.digits_to_spare)
        out.print(escape(f"{name}: {worst}"), soft_wrap=True, highlight=False)
        return
    out.print(escape(f"{name}: {change.message}" if change.message else name), soft_wrap=True, highlight=False)
    found = sorted(change.differences, key=lambda one: not one.is_news)
    for one in found[:DIFFERENCES_SHOWN]:
        out.print(escape(f"         {'' if one.is_news else 'rounding: '}{one}"), soft_wrap=True, highlight=False)
    if len(found) > DIFFERENCES_SHOWN:
        out.print(f"         and {len(found) - DIFFERENCES_SHOWN} more", highlight=False)
