"""The gate without its views: every case put to an implementation, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.adapters import Implementation, Limits
from conformance.judging.checks import CHECKS
from conformance.judging.comparison import Demand
from conformance.judging.judge import CaseResult
from conformance.question.library import Library
from conformance.question.selection import Chosen
from conformance.running.session import Session


def run(
    implementation: str | Implementation,
    library: Library,
    ids: Sequence[str],
    demand: Demand = Demand(),
    jobs: int = 1,
    checks: Sequence[str] = tuple(CHECKS),
    limits: Limits = Limits(),
) -> Iterator[CaseResult]:
    """Put each case to the implementation, in order; with ``jobs`` > 1 in as many processes (give a name then)."""
    chosen = Chosen(tuple(ids), tuple(checks))
    return Session(implementation, library, chosen, demand, limits=limits, jobs=jobs).results()
