"""Random problems, each proven on the fly, put to an implementation; what fails is shrunk to a case file.

Hypothesis draws small integers and shrinks them (MacIver and Hatfield-Dodds 2019, doi:10.21105/joss.01891); short
decimals and a formula are made of them, so that a file and its CSV hold the problem exactly and go through the ordinary
reader.  The proof, not the drawing, says what the outcome is, and the gate's own checks are the judge.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from conformance import proof
from conformance.adapters import Implementation, Limits
from conformance.errors import CallError
from conformance.judging import local_maxima as maxima
from conformance.judging.checks import CHECKS
from conformance.judging.comparison import Comparison, Demand
from conformance.judging.judge import answer
from conformance.judging.judge import judge as judge_answer
from conformance.judging.verdict import Outcome, Verdict
from conformance.proof.result import Uniqueness
from conformance.question.case import Case, read_case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.question.random_problems import ALL_PAIRS, RandomProblem
from conformance.question.selection import Chosen
from conformance.references import certified
from conformance.references.reference import Reference
from conformance.running.session import DIED, Session
from conformance.running.stream import SHRINKS, Stream

Key = tuple[str, str, str]  # the check that fails first, its cause, and where nothing explains it family and link

ADMITTED = "no convergence, and it says so"
SOURCE = "Made for this suite (BSD-3-Clause); found by glm-conformance fuzz, seed {seed}"


# ------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Judged:
    """What became of a drawn problem: its proven outcome, or why there is none, and the verdicts that failed.

    ``elsewhere``: the fit is at another local maximum than the proven one, of higher or lower likelihood: no failure.
    ``admitted``: it is off, and says that it did not converge or warns.
    """

    drawn: RandomProblem
    outcome: CaseOutcome
    reason: str = ""
    failures: tuple[Verdict, ...] = ()
    at_another_maximum: str = ""
    admitted: bool = False

    @property
    def first(self) -> Verdict:
        """The first failure that has a cause, for the rest follows from it; else the first."""
        return next((v for v in self.failures if v.cause not in (None, "unexplained", "silence")), self.failures[0])

    @property
    def line(self) -> dict[str, Any]:
        """What a record of the run says of it: a line of JSON."""
        asked = {name: self.drawn.keys[name] for name in ("family", "link", "formula")}
        bad = [{"check": v.check, "cause": v.cause, "message": v.message} for v in self.failures]
        said = {"outcome": self.outcome, "reason": self.reason, "elsewhere": self.at_another_maximum}
        return {"id": self.drawn.id, **asked, **said, "kind": self.key, "failures": bad}

    @property
    def key(self) -> Key | None:
        """How failures are told apart; None where nothing failed."""
        if not self.failures:
            return None
        first = self.first
        keys, cause = self.drawn.keys, ADMITTED if self.admitted else first.cause or "unexplained"
        wide = cause in (ADMITTED, "unexplained", "implementation", "suite")
        where = f"{keys['family']} {keys['link']}" if wide else ""
        return first.check, cause, where


def judge(
    implementation: Implementation, drawn: RandomProblem, demand: Demand, checks: Sequence[str] = tuple(CHECKS)
) -> Judged:
    """Prove ``drawn`` and put it to the gate's ``checks``, through the files of a case."""
    with tempfile.TemporaryDirectory() as folder:
        return _judge(implementation, drawn, demand, checks, Path(folder))


def _judge(
    implementation: Implementation, drawn: RandomProblem, demand: Demand, checks: Sequence[str], folder: Path
) -> Judged:
    case = _read(drawn, folder, "estimate")
    try:
        proven = certified.prove_case(case)
        if proven["outcome"] != case.outcome:
            case = _read(drawn, folder, proven["outcome"])
        reference = certified.as_reference(case, proven)
    except proof.Undecided as error:
        return Judged(drawn, CaseOutcome.UNDECIDED, str(error))
    except Exception as error:
        broken = Verdict(drawn.id, "proof", "proof", Outcome.ERROR, cause="suite", message=f"{type(error)}: {error}")
        return Judged(drawn, CaseOutcome.UNDECIDED, "the proof broke", (broken,))
    if case.has_estimate and not _in_doubles(case, reference):
        return Judged(drawn, CaseOutcome.UNDECIDED, "a mean at the (proven) estimate is beyond the range of doubles")
    result = judge_answer(implementation, case, reference, demand, checks)
    bad = tuple(v for v in result.verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR))
    if not bad or not case.has_estimate:
        return Judged(drawn, case.outcome, "", bad)
    said = answer(implementation, case)
    fit, refusal = said.fit, said.refusal
    admitted = fit is not None and fit.admits_trouble and all(v.check != "outcome" for v in bad)
    if reference.uniqueness is Uniqueness.LOCAL:
        conventions = implementation.conventions_of(case.family, case.link)
        comparison = Comparison(case, case.problem(), fit, refusal, reference, conventions, demand)
        if other := maxima.at_another_maximum(comparison):
            return Judged(drawn, case.outcome, at_another_maximum=other)
        if maxima.null_at_another_maximum(comparison):
            bad = tuple(v for v in bad if v.check != "null_deviance")
    return Judged(drawn, case.outcome, "", bad, admitted=admitted)


def _in_doubles(case: Case, reference: Reference) -> bool:
    """Whether every mean of a row that counts is a double other than 0 and infinity."""
    problem = case.problem()
    means = np.asarray(reference.values["fitted_values"])[problem.prior_weights > 0]
    return bool(np.all(np.isfinite(means)) and (problem.family == "gaussian" or np.all(means > 0)))


def _read(drawn: RandomProblem, folder: Path, outcome: str) -> Case:
    return read_case(drawn.write(folder, outcome), folder)


# ------------------------------------------------------------------------------------------- searching


@dataclass
class Found:
    """One kind of failure: how often it was drawn, and the smallest problem that shows it, with its file."""

    key: Key
    smallest: Judged
    times: int = 1
    path: Path | None = None


@dataclass
class Tally:
    """What was drawn: by family, link and outcome; why nothing was decided; fits at another maximum; the failures."""

    drawn: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    at_another_maximum: Counter[str] = field(default_factory=Counter)
    found: dict[Key, Found] = field(default_factory=dict)

    def add(self, judged: Judged) -> Found | None:
        """Count one problem; what it shows, if nothing has shown it yet."""
        keys = judged.drawn.keys
        self.drawn[keys["family"], keys["link"], judged.outcome] += 1
        if judged.at_another_maximum:
            self.at_another_maximum[judged.at_another_maximum] += 1
        if judged.reason:
            self.undecided[judged.reason] += 1
        if judged.key is None:
            return None
        if judged.key in self.found:
            self.found[judged.key].times += 1
            return None
        return self.found.setdefault(judged.key, Found(judged.key, judged))


def fuzz(
    implementation: str | Implementation,
    count: int,
    from_seed: int,
    demand: Demand = Demand(),
    out: Path | None = None,
    pairs: Sequence[str] = (),
    advance: Callable[[str], None] = lambda name: None,
    jobs: int | None = 1,
    shrinks: int = SHRINKS,
    record: Callable[[Judged], None] = lambda judged: None,
    checks: Sequence[str] = tuple(CHECKS),
    limits: Limits = Limits(),
) -> Tally:
    """Draw ``count`` problems and put them to ``checks``, in ``jobs`` processes if more than one (give a name then).

    What fails in a new way is written below ``out`` at once, and again when it is shrunk while it fails in that way,
    for which at most ``shrinks`` problems are tried.  ``record`` gets each as soon as it is judged.
    """
    chosen = [pair for pair in ALL_PAIRS if not pairs or any(fnmatchcase("-".join(pair), glob) for glob in pairs)]
    if not chosen:
        raise CallError(f"no FAMILY-LINK matches {', '.join(pairs)}; there are {', '.join(map('-'.join, ALL_PAIRS))}")
    tally, stream = Tally(), Stream(from_seed, count, chosen)
    library, cases = Library.built_in(), Chosen((), tuple(checks))
    session = Session(implementation, library, cases, demand, limits=limits, jobs=jobs)
    ask = partial(_judge_for, demand=demand, checks=tuple(checks))
    for judged in session.each(ask, stream.drawn(), _died):
        record(judged)
        new = tally.add(judged)
        if new is not None:
            new.path = _keep(judged, out, from_seed) if out is not None else None
        if new is not None and shrinks:
            new.smallest = _shrunk(session.implementation, stream, judged, demand, shrinks, checks)
            if out is not None and new.path is not None:
                as_drawn, new.path = new.path, _keep(new.smallest, out, from_seed)  # there is one at any time
                if as_drawn not in {one.path for one in tally.found.values()}:
                    _remove(as_drawn)
        advance(f"{judged.drawn.keys['family']} {judged.drawn.keys['link']}")
    return tally


def _judge_for(
    implementation: Implementation, drawn: RandomProblem, *, demand: Demand, checks: Sequence[str]
) -> Judged:
    return judge(implementation, drawn, demand, checks)


def _died(drawn: RandomProblem) -> Judged:
    """What is said of a problem on which the process of the judge ended."""
    dead = Verdict(drawn.id, "proof", "proof", Outcome.ERROR, cause="suite", message=DIED)
    return Judged(drawn, CaseOutcome.UNDECIDED, "the process died", (dead,))


def _shrunk(
    implementation: Implementation, stream: Stream, first: Judged, demand: Demand, shrinks: int, checks: Sequence[str]
) -> Judged:
    """The smallest problem found that fails as ``first`` does.  Of the checks only that one is asked on the way."""
    assert first.key is not None
    only = [first.key[0]] if first.key[0] in CHECKS else checks
    smallest = stream.shrunk(
        first.drawn, lambda drawn: judge(implementation, drawn, demand, only).key == first.key, shrinks
    )
    again = judge(implementation, smallest, demand, checks)
    return again if again.failures else judge(implementation, smallest, demand, only)


def _keep(judged: Judged, out: Path, from_seed: int) -> Path:
    """The case file of a failure, with what failed in its notes (and no folder of this machine)."""
    said = [f"{v.check}: {v.message}" for v in judged.failures[:3]]
    if len(judged.failures) > 3:
        said.append(f"also: {', '.join(v.check for v in judged.failures[3:])}")
    notes = re.sub(r"[^\s'\"(]*/([\w.-]+)", r"\1", " | ".join(said))
    return judged.drawn.write(
        out, judged.outcome, title=title(judged), source=SOURCE.format(seed=from_seed), notes=notes
    )


def _remove(case: Path) -> None:
    """A case file that `_keep` wrote, and its data."""
    case.unlink()
    (case.parent.parent / "data" / f"{case.stem}.csv").unlink()


def title(judged: Judged) -> str:
    """What fails, in one line of 80 characters."""
    first, keys = judged.first, judged.drawn.keys
    return f"Fuzz: {first.check} of {keys['family']} {keys['link']}, {first.cause or 'unexplained'}"[:80]
