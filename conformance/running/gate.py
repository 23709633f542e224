"""The gate: every case put to an implementation, every check asked, one verdict for each pair."""

from __future__ import annotations

import difflib
import inspect
import os
import platform
import shlex
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapters import COMMAND, Implementation, find
from conformance.adapters.answer import AdapterError, NotAFit, Unsupported, as_fit
from conformance.adapters.command import Limits
from conformance.adapters.guarded_call import Escaped, guarded_call
from conformance.errors import CallError, Unusable, in_words
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
from conformance.running.processes import workers


@dataclass(frozen=True)
class CaseResult:
    """What one case came to: a verdict for each check, the time of the fit, and whose fault it is if unusable."""

    case: str
    verdicts: tuple[Verdict, ...]
    fit_seconds: float = 0.0
    unusable: str | None = None


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


def suite_version() -> str:
    """The version of the installed suite."""
    try:
        return version("glm-conformance")
    except PackageNotFoundError:
        return "uninstalled"


def run_line(implementation: Implementation, cases: int, checks: int, **more: Any) -> dict[str, Any]:
    """The report's first line; ``more`` are keys that only some runs have, and None is none."""
    return {
        "type": "run",
        "implementation": implementation.name,
        "version": implementation.version,
        "conventions": dict(implementation.conventions),
        "suite": suite_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cases": cases,
        "checks": checks,
        **{key: value for key, value in more.items() if value is not None},
    }


def source_of(name: str, implementation: Implementation) -> str | None:
    """The adapter's file, if it lies below the current folder (a checkout): where GitHub is to show what fails."""
    if name.startswith(COMMAND):
        words = shlex.split(name.removeprefix(COMMAND))
        files = (Path(word) for word in words if not Path(word).is_absolute() and Path(word).is_file())
        return next((shown for shown in map(in_checkout, files) if shown), None)
    function = implementation.function
    try:
        found = inspect.getsourcefile(function if inspect.isfunction(function) else type(function))
    except (TypeError, OSError):
        return None
    return None if found is None or "site-packages" in Path(found).parts else in_checkout(Path(found))


def in_checkout(path: Path) -> str | None:
    """``path`` from the root of the checkout, as GitHub takes it, else from the current folder; None if outside."""
    try:
        root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
        return path.resolve().relative_to(root).as_posix()
    except (OSError, ValueError):
        return None


def run(
    implementation: str | Implementation,
    library: Library,
    ids: Sequence[str],
    demand: Demand = Demand(),
    jobs: int = 1,
    checks: Sequence[str] = tuple(CHECKS),
    limits: Limits = Limits(),
) -> Iterator[CaseResult]:
    """Put each case to the implementation, in order; with ``jobs`` > 1 in as many processes (give a name then).

    ``limits`` hold for a command that is given by name.
    """
    if jobs == 1 or not isinstance(implementation, str):
        found = find(implementation, limits) if isinstance(implementation, str) else implementation
        yield from (judge(found, library, id, demand, checks) for id in ids)
        return
    ask = partial(_judge_by_name, implementation, library, demand=demand, limits=limits, checks=tuple(checks))
    waiting = list(ids)
    while waiting:  # a process that dies takes the pool with it: its case is asked alone, and the rest in a new pool
        with workers(jobs) as pool:
            for future in [pool.submit(ask, id) for id in waiting]:
                try:
                    result = future.result()
                except BrokenProcessPool:
                    break
                waiting.pop(0)
                yield result
        if waiting:
            yield _alone(ask, waiting.pop(0), checks)


def _alone(ask: Callable[[str], CaseResult], id: str, checks: Sequence[str]) -> CaseResult:
    """One case in a process of its own: if that dies, it is this case's error."""
    with workers(1) as pool:
        try:
            return pool.submit(ask, id).result()
        except BrokenProcessPool:
            message = "the process died without a word (a crash in compiled code, or os._exit); run this case alone"
            return CaseResult(id, every(id, checks, Outcome.ERROR, cause="implementation", message=message))


def _judge_by_name(
    implementation: str, library: Library, id: str, demand: Demand, limits: Limits, checks: Sequence[str]
) -> CaseResult:
    return judge(found_once(implementation, limits), library, id, demand, checks)


found_once = cache(find)  # once in each process


def judge(
    implementation: Implementation,
    library: Library,
    id: str,
    demand: Demand = Demand(),
    checks: Sequence[str] = tuple(CHECKS),
) -> CaseResult:
    """The checks of one case.  A case or reference that can't be used is an error of this case alone."""
    try:
        case = library.case(id)
        case.problem()
        reference = reference_of(library, case)
    except Unusable as error:
        verdicts = every(id, checks, Outcome.ERROR, cause=error.fault, message=str(error))
        return CaseResult(id, verdicts, unusable=str(error))
    return weigh(implementation, case, reference, demand, checks)


def weigh(
    implementation: Implementation,
    case: Case,
    reference: Reference,
    demand: Demand = Demand(),
    checks: Sequence[str] = tuple(CHECKS),
) -> CaseResult:
    """The checks of ``case`` against a reference that is known already."""
    problem = case.problem()
    started, lent = time.perf_counter(), problem.copy()
    fit, refusal, verdicts = answer(implementation, case, lent, checks)
    seconds = time.perf_counter() - started
    if not verdicts:

        def ask(other: Problem) -> Fit:
            return as_fit(guarded_call(implementation.function, other.copy()), other)

        told = (implementation.conventions_of(case.family, case.link), demand, problem.differences(lent), ask)
        comparison = Comparison(case, problem, fit, refusal, reference, *told)
        verdicts = tuple(_verdict(case.id, name, comparison) for name in checks)
    return CaseResult(case.id, verdicts, seconds)


def answer(
    implementation: Implementation,
    case: Case,
    problem: Problem | None = None,
    checks: Sequence[str] = tuple(CHECKS),
) -> tuple[Fit | None, str | None, tuple[Verdict, ...]]:
    """The fit, or the words of a refusal, or (for what is no answer at all) the verdicts that follow.

    ``problem`` is the copy of the case's own that the implementation is lent.
    """
    problem = problem or case.problem().copy()
    try:
        return as_fit(guarded_call(implementation.function, problem), problem), None, ()
    except Unsupported as error:
        return None, None, every(case.id, checks, Outcome.UNSUPPORTED, message=str(error))
    except NotAFit as error:
        message = f"{implementation.name} {error}; see the contract in docs/adapter.md"
        return None, None, every(case.id, checks, Outcome.ERROR, cause="implementation", message=message)
    except AdapterError as error:
        message = f"{implementation.name} {error}"
        return None, None, every(case.id, checks, Outcome.ERROR, cause="implementation", message=message)
    except Exception as error:
        crash = isinstance(error, (Escaped, MemoryError))  # it did not refuse: something gave way beneath it
        words = str(error) if isinstance(error, Escaped) else in_words(error)
        may_refuse = (
            case.outcome is CaseOutcome.RANK_DEFICIENT
            and implementation.conventions_of(case.family, case.link)["aliased"] == "refused"
        )
        if not crash and (not case.has_estimate or may_refuse):
            return None, words, ()
        raised = error.__cause__ if isinstance(error, Escaped) and error.__cause__ else error
        frame = traceback.extract_tb(raised.__traceback__)[-1]
        why = (
            "which is a crash and no refusal: refuse a problem by any other exception"
            if crash and not case.has_estimate
            else "on a valid problem; raise conformance.Unsupported for what is not offered"
        )
        message = f"{implementation.name} raised {words} ({frame.filename}:{frame.lineno}) {why}"
        return None, words, every(case.id, checks, Outcome.ERROR, cause="implementation", message=message)


def twins(implementation: Implementation, library: Library, id: str, check: str) -> tuple[Problem, Problem]:
    """The two problems whose answers the invariance ``check`` compares: the case's own, and its twin.

    LookupError where the case has no such twin.
    """
    case = library.case(id)
    fit, _, _ = answer(implementation, case)
    conventions = implementation.conventions_of(case.family, case.link)
    comparison = Comparison(case, case.problem(), fit, None, reference_of(library, case), conventions)
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
