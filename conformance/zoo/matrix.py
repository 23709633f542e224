"""The kill matrix: each animal of the zoo before the gate, which checks refuse it, where, and for which cause."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.judging.comparison import Demand
from conformance.judging.judge import judge_case
from conformance.judging.verdict import NOTHING_RUN, Outcome, Verdict, conforms, count
from conformance.question.library import Library
from conformance.running.processes import workers
from conformance.zoo import CORRECT, FAULTS
from conformance.zoo.remembered import Kept

BAD = (Outcome.FAIL, Outcome.ERROR, Outcome.STALE)


@dataclass(frozen=True)
class Judgement:
    """What the gate said of one animal under one demand."""

    name: str
    conforms: bool
    bad: tuple[Verdict, ...]

    @property
    def cases(self) -> list[str]:
        """The cases that refuse it."""
        return sorted({v.case for v in self.bad})

    @property
    def checks(self) -> Counter[str]:
        """For each check the number of cases that fail it."""
        return Counter(v.check for v in self.bad)

    @property
    def rightly_named(self) -> list[Verdict]:
        """The failing verdicts whose cause or message says what the fault is."""
        pattern = re.compile(FAULTS[self.name].cause, re.IGNORECASE)
        own_words = ((v, v.message.split(" [detects:")[0]) for v in self.bad)  # the case names what it detects, too
        return [v for v, words in own_words if pattern.search(f"{v.cause}: {words}")]

    def as_json(self) -> dict[str, Any]:
        """Its part of the report's line."""
        named = self.rightly_named if self.name in FAULTS else []
        shown = named if self.name in FAULTS else self.bad
        return {
            "conforms": self.conforms,
            "cases": self.cases,
            "checks": dict(self.checks.most_common()),
            "named_on": sorted({v.case for v in named}),
            "example": f"{shown[0].case}, {shown[0].check}: {shown[0].message}" if shown else None,
            "causes": dict(Counter(str(v.cause) for v in self.bad).most_common(8)),
        }


@dataclass(frozen=True)
class Judged:
    """What the gate said of one animal, by default and under --strict."""

    name: str
    asked: int  # cases
    unsupported: list[str]  # the cases of which it left out something, saying Unsupported
    default: Judgement
    strict: Judgement

    @property
    def undeclared(self) -> list[str]:
        """The cases of which a correct fitter left out something that its register does not say."""
        leaves = CORRECT[self.name].leaves if self.name in CORRECT else None
        return [] if leaves is None else [id for id in self.unsupported if id not in leaves]

    def as_json(self) -> dict[str, Any]:
        """The report's line."""
        fault = FAULTS.get(self.name)
        return {
            "name": self.name,
            "faulty": fault is not None,
            "says": (fault or CORRECT[self.name]).says,
            "thread": fault.thread if fault else None,
            "strict_only": bool(fault and fault.strict_only),
            "asked": self.asked,
            "unsupported": self.unsupported,
            "undeclared": self.undeclared,
            "default": self.default.as_json(),
            "strict": self.strict.as_json(),
        }


@cache
def _library(cases: Path | None) -> Library:
    return Library.at(cases)


def put(name: str, cases: Path | None, ids: Sequence[str], checks: Sequence[str]) -> Judged:
    """One animal over the chosen cases, one object for all of them, as the gate has it; fitted once, judged twice."""
    animal = (FAULTS.get(name) or CORRECT[name]).implementation()
    default: list[Verdict] = []
    strict: list[Verdict] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # faulty fitters divide by zero, and more
        for id in ids:
            kept = Kept(animal.function)
            default += judge_case(replace(animal, function=kept), _library(cases), id, Demand(), checks).verdicts
            kept.again()
            strict += judge_case(
                replace(animal, function=kept), _library(cases), id, Demand(strict=True), checks
            ).verdicts
    unsupported = sorted({v.case for v in (*default, *strict) if v.outcome is Outcome.UNSUPPORTED})
    return Judged(name, len(ids), unsupported, _judgement(name, ids, default), _judgement(name, ids, strict))


def _judgement(name: str, ids: Sequence[str], verdicts: Sequence[Verdict]) -> Judgement:
    fine, bad = conforms(count(verdicts)), tuple(v for v in verdicts if v.outcome in BAD)
    if not fine and not bad:  # refused by the run as a whole
        bad = tuple(Verdict(id, "gate", "gate", Outcome.ERROR, message=NOTHING_RUN) for id in ids)
    return Judgement(name, fine, bad)


def matrix(ids: Mapping[str, Sequence[str]], cases: Path | None, checks: Sequence[str], jobs: int) -> Iterator[Judged]:
    """``put`` for each name in ``ids``, on the cases that it has there, in order, in ``jobs`` processes."""
    asked = [(name, cases, tuple(some), tuple(checks)) for name, some in ids.items()]
    if jobs == 1:
        yield from (put(*one) for one in asked)
        return
    with workers(jobs) as pool:
        yield from pool.map(put, *zip(*asked, strict=True))
