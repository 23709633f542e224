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
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from conformance.case import Case, read_case
from conformance.drawn import ALL_PAIRS, Drawn, problems
from conformance.errors import CallError
from conformance.gate import weigh
from conformance.implementations import Implementation
from conformance.references import certified, proof
from conformance.trial import Demand
from conformance.verdict import Outcome, Verdict

Key = tuple[str, str, str]  # the check that fails first, its cause, and where nothing explains it family and link

SHRINKS = 400  # so many smaller problems are tried for a failure
SOURCE = "Made for this suite (BSD-3-Clause); found by glm-conformance fuzz, seed {seed}"


class _Plain(HypothesisProvider):
    """Hypothesis's draws less the constants that it picks from loaded modules: a seed means the same everywhere."""

    def _maybe_draw_constant(self, *args: Any, **kwargs: Any) -> None:
        return None


AVAILABLE_PROVIDERS["glm-conformance"] = f"{__name__}._Plain"


# ------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Judged:
    """What became of a drawn problem: its proven outcome, or why there is none, and the verdicts that failed."""

    drawn: Drawn
    outcome: str
    reason: str = ""
    failures: tuple[Verdict, ...] = ()

    @property
    def first(self) -> Verdict:
        """The first failure that has a cause, for the rest follows from it; else the first."""
        return next((v for v in self.failures if v.cause not in (None, "unexplained", "silence")), self.failures[0])

    @property
    def key(self) -> Key | None:
        """How failures are told apart; None where nothing failed."""
        if not self.failures:
            return None
        first = self.first
        keys, cause = self.drawn.keys, first.cause or "unexplained"
        where = f"{keys['family']} {keys['link']}" if cause in ("unexplained", "implementation", "suite") else ""
        return first.check, cause, where


def judge(implementation: Implementation, drawn: Drawn, demand: Demand, folder: Path) -> Judged:
    """Prove ``drawn`` and put it to the gate's checks, through files in ``folder``, which must be empty."""
    case = _read(drawn, folder, "estimate")
    try:
        proven = certified.prove_case(case)
        if proven["outcome"] != case.outcome:
            case = _read(drawn, folder, proven["outcome"])
        reference = certified.as_reference(case, proven)
    except proof.Undecided as error:
        return Judged(drawn, "undecided", str(error))
    except Exception as error:
        broken = Verdict(drawn.id, "proof", "proof", Outcome.ERROR, cause="suite", message=f"{type(error)}: {error}")
        return Judged(drawn, "undecided", "the proof broke", (broken,))
    result = weigh(implementation, case, reference, demand)
    bad = tuple(v for v in result.verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR))
    return Judged(drawn, case.outcome, "", bad)


def _read(drawn: Drawn, folder: Path, outcome: str) -> Case:
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
    """What was drawn: by family, link and outcome; why nothing was decided; and the failures."""

    drawn: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    found: dict[Key, Found] = field(default_factory=dict)

    def add(self, judged: Judged) -> None:
        """Count one problem."""
        keys = judged.drawn.keys
        self.drawn[keys["family"], keys["link"], judged.outcome] += 1
        if judged.reason:
            self.undecided[judged.reason] += 1
        if judged.key in self.found:
            self.found[judged.key].times += 1


class _Fails(Exception):
    """Tells Hypothesis that a problem fails."""


class _Enough(BaseException):
    """Ends the shrinking: Hypothesis stops for no Exception."""


def fuzz(
    implementation: Implementation,
    count: int,
    from_seed: int,
    demand: Demand = Demand(),
    out: Path | None = None,
    pairs: Sequence[str] = (),
    advance: Callable[[str], None] = lambda name: None,
) -> Tally:
    """Draw ``count`` problems; the smallest of each kind of failure is written below ``out``.

    When one fails in a new way it is shrunk while it fails in that way, and the drawing goes on with the next round.
    """
    tally = Tally()
    chosen = [pair for pair in ALL_PAIRS if not pairs or any(fnmatchcase("-".join(pair), glob) for glob in pairs)]
    if not chosen:
        raise CallError(f"no FAMILY-LINK matches {', '.join(pairs)}; there are {', '.join(map('-'.join, ALL_PAIRS))}")
    rounds = 0
    while (before := tally.drawn.total()) < count and rounds < count:
        new = _round(implementation, count - before, f"{from_seed} {rounds}", demand, chosen, tally, advance)
        rounds += 1
        if new is not None:
            tally.found[new.key] = new
            if out is not None:
                new.path = _keep(new.smallest, out, from_seed)
    return tally


def _round(
    implementation: Implementation,
    count: int,
    from_seed: str,
    demand: Demand,
    pairs: Sequence[tuple[str, str]],
    tally: Tally,
    advance: Callable[[str], None],
) -> Found | None:
    """Draw until something fails in a way that ``tally`` does not have; that, shrunk."""
    new: list[Found] = []
    known: dict[str, Judged] = {}
    tried: list[int] = []  # how many were judged before the first failure

    @seed(from_seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
        backend="glm-conformance",
    )
    @given(problems(pairs))
    def look(drawn: Drawn) -> None:
        if drawn.id not in known:
            if len(new) and len(known) - tried[0] > SHRINKS:
                raise _Enough
            with tempfile.TemporaryDirectory() as folder:
                known[drawn.id] = judge(implementation, drawn, demand, Path(folder))
        judged = known[drawn.id]
        if not new:
            tally.add(judged)
            advance(f"{drawn.keys['family']} {drawn.keys['link']}")
        if judged.key is None or judged.key in tally.found:
            return
        if not new:
            new.append(Found(judged.key, judged))
            tried.append(len(known))
        if judged.key == new[0].key:
            new[0].smallest = judged  # Hypothesis ends with the smallest
            raise _Fails

    with suppress(_Fails, _Enough, Flaky):
        look()
    return new[0] if new else None


def _keep(judged: Judged, out: Path, from_seed: int) -> Path:
    """The case file of a failure, with what failed in its notes (and no folder of this machine)."""
    said = [f"{v.check}: {v.message}" for v in judged.failures[:3]]
    if len(judged.failures) > 3:
        said.append(f"also: {', '.join(v.check for v in judged.failures[3:])}")
    notes = re.sub(r"[^\s'\"(]*/([\w.-]+)", r"\1", " | ".join(said))
    return judged.drawn.write(
        out, judged.outcome, title=title(judged), source=SOURCE.format(seed=from_seed), notes=notes
    )


def title(judged: Judged) -> str:
    """What fails, in one line of 80 characters."""
    first, keys = judged.first, judged.drawn.keys
    return f"Fuzz: {first.check} of {keys['family']} {keys['link']}, {first.cause or 'unexplained'}"[:80]
