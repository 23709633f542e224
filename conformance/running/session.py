"""A Session owns a run: the implementation and its processes and limits, what is asked, and what it came to.

The gate, the audit, the fuzzer and the plugin of pytest are thin over it.
"""

from __future__ import annotations

import fcntl
import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from conformance.adapters import Implementation, Limits, find
from conformance.judging.comparison import Demand
from conformance.judging.judge import CaseResult, every, judge_case
from conformance.judging.known_failures import KnownFailures
from conformance.judging.verdict import Outcome, Verdict, conforms, count, exit_status
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.selection import Chosen
from conformance.running.header import in_checkout, run_line, source_of
from conformance.running.processes import in_processes, processes_for

Item = TypeVar("Item")
Result = TypeVar("Result")
Line = Mapping[str, Any]

DIED = "the process died without a word (a crash in compiled code, or os._exit); run this case alone"


@dataclass(frozen=True)
class Told:
    """One case of a run: the verdicts that count, in the light of the known failures, and those that do not."""

    case: str
    counting: tuple[Verdict, ...]
    unscored: tuple[Verdict, ...]


@dataclass
class Session:
    """One implementation, given by name or as an object of this process, and the cases and checks that it is put to.

    ``limits`` hold for what has a process of its own.  ``jobs`` processes share the cases (None: one for each core that
    has enough to do) where the implementation is given by name.  ``fail_fast`` ends the run after the first case that
    fails.  ``shared`` is a folder in which several sessions leave their results for each other.
    """

    subject: str | Implementation
    library: Library
    chosen: Chosen
    demand: Demand = field(default_factory=Demand)
    known: KnownFailures | None = None
    limits: Limits = field(default_factory=Limits)
    jobs: int | None = None
    fail_fast: bool = False
    shared: Path | None = None
    as_found: list[Verdict] = field(init=False, default_factory=list)  # before the known failures are looked at
    verdicts: list[Verdict] = field(init=False, default_factory=list)
    unscored: list[Verdict] = field(init=False, default_factory=list)
    unusable: bool = field(init=False, default=False)  # a case that counts, or its reference, could not be used
    summary: dict[str, Any] | None = field(init=False, default=None)  # none before the run is whole
    _results: dict[str, CaseResult] = field(init=False, default_factory=dict)

    @cached_property
    def implementation(self) -> Implementation:
        """The implementation; ImplementationError where there is none."""
        return find(self.subject, self.limits) if isinstance(self.subject, str) else self.subject

    @property
    def name(self) -> str:
        """What it was called by."""
        return self.subject if isinstance(self.subject, str) else self.subject.name

    @cached_property
    def header(self) -> dict[str, Any]:
        """The first line of the record."""
        level, known = self.chosen.level, self.known and self.known.path
        return run_line(
            self.implementation,
            self.chosen.scored_cases,
            self.chosen.scored_checks,
            called=self.name,
            digits=self.demand.digits,
            strict=self.demand.strict,
            level=level and level.name,
            unscored=level and self.chosen.unscored,
            known=known and (in_checkout(known) or str(known)),
            file=source_of(self.name, self.implementation),
        )

    # ---------------------------------------------------------------------------------------- asking

    def each(
        self,
        work: Callable[[Implementation, Item], Result],
        items: Sequence[Item],
        died: Callable[[Item], Result],
    ) -> Generator[Result, None, None]:
        """``work`` of the implementation and each of ``items``, in order; ``died`` of one whose process died."""
        jobs = processes_for(len(items), self.jobs)
        if jobs == 1 or not isinstance(self.subject, str):
            yield from (work(self.implementation, item) for item in items)
            return
        self.implementation.close()  # every worker has its own: this one is not to wait unused
        yield from in_processes(partial(_by_name, self.subject, self.limits, work), items, jobs, died)

    def results(self) -> Generator[CaseResult, None, None]:
        """The verdicts of each case, as they are found."""
        checks = self.chosen.checks
        ask = partial(_judged, library=self.library, demand=self.demand, checks=checks)
        return self.each(ask, self.chosen.cases, partial(_died, checks=checks))

    def result(self, id: str) -> CaseResult:
        """One case, which is asked once, in whichever of the sessions that share a folder."""
        if id not in self._results:
            self._results[id] = self._asked(id) if self.shared is None else self._shared_result(id, self.shared)
        return self._results[id]

    def _asked(self, id: str) -> CaseResult:
        return judge_case(self.implementation, self.library, id, self.demand, self.chosen.checks)

    def _shared_result(self, id: str, folder: Path) -> CaseResult:
        """What another session has left in ``folder``, or leaves there now; else our own, left for the others."""
        kept = folder / f"{id}.result"
        with (folder / f"{id}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if kept.exists():
                found: CaseResult = pickle.loads(kept.read_bytes())
                return found
            found = self._asked(id)
            kept.write_bytes(pickle.dumps(found))
        return found

    # ---------------------------------------------------------------------------------------- the run

    def judged(self, verdicts: Iterable[Verdict]) -> list[Verdict]:
        """``verdicts`` in the light of the known failures."""
        return list(verdicts) if self.known is None else [self.known.judged(verdict) for verdict in verdicts]

    def run(
        self,
        write: Callable[[Line], None] = lambda line: None,
        mend: Callable[[Verdict, Case], Verdict] = lambda verdict, case: verdict,
    ) -> Iterator[Told]:
        """Every case, in order; each line of the record is written before anything is told.

        ``mend`` adds to a verdict what helps to mend it.  Only a run that was followed to its end has a ``summary``.
        """
        started, fit_seconds, asked = time.perf_counter(), 0.0, 0
        write(self.header)
        with closing(self.results()) as results:
            for result in results:
                told = self._told(result, mend)
                for kind, group in (("verdict", told.counting), ("unscored", told.unscored)):
                    for verdict in group:
                        write(verdict.as_json(kind))
                fit_seconds, asked = fit_seconds + result.fit_seconds, asked + 1
                yield told
                if self.fail_fast and any(verdict.failing for verdict in told.counting):
                    break
        summary = summary_line(self.verdicts, time.perf_counter() - started, fit_seconds)
        if asked < len(self.chosen.cases):
            summary |= {"stopped": True, "cases": len({v.case for v in self.verdicts}), "unscored": len(self.unscored)}
        write(summary)
        self.summary = summary

    def _told(self, result: CaseResult, mend: Callable[[Verdict, Case], Verdict]) -> Told:
        self.as_found += result.verdicts
        verdicts = self.judged(result.verdicts)
        if result.unusable is None:
            case = self.library.case(result.case)
            verdicts = [mend(verdict, case) for verdict in verdicts]
        counting, others = self.chosen.parted(verdicts)
        self.verdicts += counting
        self.unscored += others
        self.unusable |= result.unusable is not None and bool(counting)
        return Told(result.case, tuple(counting), tuple(others))

    @property
    def status(self) -> int:
        """The exit status: 0 conforming, 1 not, 2 where something could not be used or the run has no summary."""
        return 2 if self.summary is None else exit_status(self.summary["counts"], unusable=self.unusable)

    def failed_first(self, verdicts: Iterable[Verdict]) -> None:
        """Have the cases that fail in ``verdicts`` asked before the others."""
        failed = {verdict.case for verdict in verdicts if verdict.failing}
        self.chosen = replace(self.chosen, cases=tuple(sorted(self.chosen.cases, key=lambda id: id not in failed)))

    def close(self) -> None:
        """End the process of the implementation, if it has one."""
        if "implementation" in self.__dict__:
            self.implementation.close()


def summary_line(verdicts: Iterable[Verdict], seconds: float, fit_seconds: float) -> dict[str, Any]:
    """The record's last line; ``conforms`` is the one function that the exit status asks too."""
    counts = count(verdicts)
    return {
        "type": "summary",
        "conforms": conforms(counts),
        "counts": counts,
        "seconds": round(seconds, 3),
        "fit_seconds": round(fit_seconds, 3),
    }


_found_once = cache(find)  # once in each process


def _by_name(name: str, limits: Limits, work: Callable[[Implementation, Item], Result], item: Item) -> Result:
    return work(_found_once(name, limits), item)


def _judged(
    implementation: Implementation, id: str, *, library: Library, demand: Demand, checks: Sequence[str]
) -> CaseResult:
    return judge_case(implementation, library, id, demand, checks)


def _died(id: str, *, checks: Sequence[str]) -> CaseResult:
    return CaseResult(id, every(id, checks, Outcome.ERROR, cause="implementation", message=DIED))
