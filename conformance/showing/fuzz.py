"""What random problems showed, on a terminal: what was drawn, why some were left, and each kind of failure once."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.adapters import Implementation
from conformance.question.outcome import CaseOutcome

if TYPE_CHECKING:
    from conformance.running.fuzz import Tally

#: Heads of columns in two lines: with the longest names of a family and a link they fit into 80 columns.
BROKEN = {
    "problems": "prob-\nlems",
    "estimate": "esti-\nmate",
    "separated": "sepa-\nrated",
    "quasi_separated": "quasi-\nsep.",
    "rank_deficient": "rank\ndef.",
    "boundary": "bound-\nary",
    "undecided": "unde-\ncided",
}


def show_found(
    out: Console, implementation: Implementation, called: str, tally: Tally, seed: int, folder: Path
) -> None:
    """Problems by family and link and by outcome, the undecided by reason, the failures with their files."""
    outcomes = [o for o in CaseOutcome if any(o == one for _, _, one in tally.drawn)]
    table = Table(box=box.SIMPLE, pad_edge=False, padding=0, header_style="bold")
    for name in ("family", "link"):
        table.add_column(name, no_wrap=True, vertical="bottom")
    for outcome in ("problems", *outcomes):
        table.add_column(BROKEN.get(outcome, outcome), justify="right", vertical="bottom")
    pairs: dict[tuple[str, str], Counter[str]] = {}
    for (family, link, outcome), number in sorted(tally.drawn.items()):
        pairs.setdefault((family, link), Counter())[outcome] += number
    for pair, counted in pairs.items():
        table.add_row(*pair, str(counted.total()), *(str(counted[o]) for o in outcomes))
    all_ = sum(pairs.values(), Counter())
    table.add_section()
    table.add_row("together", "", str(all_.total()), *(str(all_[o]) for o in outcomes))
    out.print(table)
    for reason, number in tally.undecided.most_common():
        out.print(f"undecided {number}: {escape(reason)}", soft_wrap=True)
    if tally.at_another_maximum:
        told = ", ".join(f"{number} of {side} likelihood" for side, number in sorted(tally.at_another_maximum.items()))
        out.print(f"at another local maximum than the proven one: {told} (no failures)", soft_wrap=True)
    for found in tally.found.values():
        check, cause, where = found.key
        head = f"\n{check}, {cause}{f' ({where})' if where else ''}: {found.times} problems, shown by {found.path}"
        out.print(escape(head), style="bold", soft_wrap=True)
        out.print(f"  {escape(found.smallest.first.message)}", soft_wrap=True)
    if tally.found:
        again = shlex.join(["glm-conformance", "gate", called, "--cases", str(folder)])
        out.print(f"\nshow it again: {escape(again)}", soft_wrap=True)
    verdict = f"{len(tally.found)} kinds of failure" if tally.found else "nothing found"
    name = escape(f"{implementation.name} {implementation.version}")
    out.print(f"{name}: {verdict} ({tally.drawn.total()} problems, seed {seed})")
