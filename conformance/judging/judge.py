"""The judge: one case, one answer, and a verdict for each check."""

from __future__ import annotations

import difflib
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from conformance.adapters import Implementation
from conformance.adapters.answer import AdapterError, NotAFit, Raised, Unsupported
from conformance.errors import CallError, Unusable, cut
from conformance.judging.checks import CHECKS
from conformance.judging.checks.invariance import TWINS
from conformance.judging.comparison import Comparison, Demand, Finding
from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.quantities import Fit
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem
from conformance.references.lookup import reference_of
from conformance.references.reference import Reference


@dataclass(frozen=True)
class CaseResult:
    """What one case came to: a verdict for each check, the time of the fit, and whose fault it is if unusable."""

    case: str
    verdicts: tuple[Verdict, ...]
    fit_seconds: float = 0.0
    unusable: str | None = None


@dataclass(frozen=True)
class Said:
    """What an implementation said of a case: a fit, or the words of a refusal, or (what is no answer) the verdicts.

    ``mutated``: the problem's arrays that it changed in place.
    """

    fit: Fit | None = None
    refusal: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    mutated: tuple[str, ...] = ()


def select_checks(globs: Sequence[str] | None = None) -> list[str]:
    """The checks that match any of ``globs`` (all without one); a pattern that matches nothing is a CallError."""
    chosen: set[str] = set()
    for glob in globs or ["*"]:
        matching = [name for name in CHECKS if fnmatchcase(name, glob)]
        if not matching:
            near = difflib.get_close_matches(glob, CHECKS, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"the checks are {', '.join(CHECKS)}"
            raise CallError(f"no check matches {glob!r}; {hint}")
        chosen.update(matching)
    return [name for name in CHECKS if name in chosen]


def judge_case(
    implementation: Implementation,
    library: Library,
    id: str,
    demand: Demand = Demand(),
    checks: Sequence[str] = tuple(CHECKS),
) -> CaseResult:
    """The checks of the case called ``id``.  A case or reference that can't be used is an error of this case alone."""
    try:
        case = library.case(id)
        case.problem()
        reference = reference_of(library, case)
    except Unusable as error:
        verdicts = every(id, checks, Outcome.ERROR, cause=error.fault, message=str(error))
        return CaseResult(id, verdicts, unusable=str(error))
    return judge(implementation, case, reference, demand, checks)


def judge(
    implementation: Implementation,
    case: Case,
    reference: Reference,
    demand: Demand = Demand(),
    checks: Sequence[str] = tuple(CHECKS),
) -> CaseResult:
    """The checks of ``case`` against a reference that is known already."""
    started = time.perf_counter()
    said = answer(implementation, case, checks)
    seconds = time.perf_counter() - started
    if said.verdicts:
        return CaseResult(case.id, said.verdicts, seconds)

    def ask(other: Problem) -> Fit:
        return implementation.ask(other).fit

    told = (implementation.conventions_of(case.family, case.link), demand, said.mutated, ask)
    comparison = Comparison(case, case.problem(), said.fit, said.refusal, reference, *told)
    return CaseResult(case.id, tuple(_verdict(case.id, name, comparison) for name in checks), seconds)


def answer(implementation: Implementation, case: Case, checks: Sequence[str] = tuple(CHECKS)) -> Said:
    """What ``implementation`` says of ``case``."""
    try:
        said = implementation.ask(case.problem())
        return Said(said.fit, mutated=said.mutated)
    except Unsupported as error:
        return Said(verdicts=every(case.id, checks, Outcome.UNSUPPORTED, message=cut(str(error))))
    except NotAFit as error:
        return _no_answer(case, checks, f"{implementation.name} {error}; see the contract in docs/adapter.md")
    except AdapterError as error:
        return _no_answer(case, checks, f"{implementation.name} {error}")
    except Raised as error:
        may_refuse = (
            case.outcome is CaseOutcome.RANK_DEFICIENT
            and implementation.conventions_of(case.family, case.link)["aliased"] == "refused"
        )
        if not error.crash and (not case.has_estimate or may_refuse):
            return Said(refusal=str(error), mutated=error.mutated)
        why = (
            "which is a crash and no refusal: refuse a problem by any other exception"
            if error.crash and not case.has_estimate
            else "on a valid problem; raise conformance.Unsupported for what is not offered"
        )
        where = f" ({error.where})" if error.where else ""
        return _no_answer(case, checks, f"{implementation.name} raised {error}{where} {why}")


def _no_answer(case: Case, checks: Sequence[str], message: str) -> Said:
    """An error of the implementation in every check."""
    return Said(verdicts=every(case.id, checks, Outcome.ERROR, cause="implementation", message=message))


def twins(implementation: Implementation, library: Library, id: str, check: str) -> tuple[Problem, Problem]:
    """The two problems whose answers the invariance ``check`` compares: the case's own, and its twin.

    LookupError where the case has no such twin.
    """
    case = library.case(id)
    said = answer(implementation, case)
    conventions = implementation.conventions_of(case.family, case.link)
    comparison = Comparison(case, case.problem(), said.fit, None, reference_of(library, case), conventions)
    other = TWINS[check](comparison)
    if other is None:
        raise LookupError(f"{check} is no question in the case {id}")
    return comparison.problem, other.problem


def every(
    id: str, checks: Sequence[str], outcome: Outcome, *, cause: str | None = None, message: str
) -> tuple[Verdict, ...]:
    """The same verdict for every one of ``checks``."""
    return tuple(Verdict(id, name, name, outcome, cause=cause, message=message) for name in checks)


def _verdict(id: str, name: str, comparison: Comparison) -> Verdict:
    """One check's verdict.  A check that breaks is the suite's own fault, and says so."""
    try:
        with np.errstate(all="ignore"):  # an implementation may report any number, and no check breaks on it
            found = CHECKS[name](comparison)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        message = (
            f"the check itself broke: {type(error).__name__}: {error} ({frame.filename}:{frame.lineno}); this is a "
            "fault of glm-conformance, please report it"
        )
        found = Finding(Outcome.ERROR, name, cause="suite", message=message)
    if found.outcome in (Outcome.FAIL, Outcome.ERROR) and comparison.case.detects and found.cause != "suite":
        found = Finding(
            **{**found.__dict__, "message": f"{found.message} [detects: {', '.join(comparison.case.detects)}]"}
        )
    return Verdict(id, name, **found.__dict__)
