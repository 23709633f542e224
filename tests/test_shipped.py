"""What the gate says of statsmodels and of R's glm as they ship: every failure has a cause, and who looked it up.

A cause is lost digits, an early stop, or a finding of docs/findings.md; a new one fails here until it is one of these.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conformance.judging.verdict import Outcome, Verdict
from conformance.question.library import Library
from conformance.running.gate import run

#: Digits lost on the way to the right answer: what a tighter tolerance or a better solver mends.
DIGITS = {"early stop", "stale weights", "lost precision", "cancellation", "saturated tail", "not converged"}

#: The causes that are faults of the package: cause -> numbers in docs/findings.md, or each number -> its cases (globs).
FINDINGS: dict[str, dict[str, tuple[int, ...] | dict[int, tuple[str, ...]]]] = {
    "statsmodels": {
        "the weights times the likelihood of one trial, with the binomial coefficient of a fraction": (39,),
        "the Bernoulli likelihood: without its constants, the binomial coefficients": (39,),
        "the deviance + 2 p: from the deviance, not the log-likelihood": (39,),
        "NaN": (40,),
        "inconsistent": (41,),
        "0 in every row": (41,),
        "silence": (22,),
        "invalid input": (22,),
        "null model not fitted": (24,),
        "implementation": (42, 43),
        "divergence": (44, 45),
        "invalid mean": (44, 45),
        "computed with n - 1 in place of n - p": (46,),
        "the number of columns, aliased ones included": (78,),
        "n minus the number of columns, aliased ones included": (78,),
        "computed with n minus the number of columns, aliased ones included": (78,),
        "not finite": {113: ("affairs-zero-weights-tweedie",)},
        "false alarm": {80: ("billion-counts-poisson",)},
        "invariance": {46: ("faithful-both-scales", "nist-pontius"), 77: ("*saturated*",)},
    },
    "r-glm-default": {
        "silence": (33,),
        "implementation": (37,),
        "divergence": (34, 35),
        "invalid mean": (34,),
        "floored mean": (68,),
        "inconsistent": (68, 112),
    },
}


def is_written_up(name: str, verdict: Verdict) -> bool:
    found = FINDINGS[name].get(verdict.cause or "", ())
    cases = ("*",) * bool(found) if isinstance(found, tuple) else [glob for globs in found.values() for glob in globs]
    return any(fnmatchcase(verdict.case, glob) for glob in cases)


@pytest.mark.parametrize("name", ["statsmodels", pytest.param("r-glm-default", marks=pytest.mark.r)])
def test_every_failure_has_a_cause_that_is_lost_digits_or_a_finding(name: str, library: Library) -> None:
    verdicts = [v for result in run(name, library, library.select()) for v in result.verdicts]
    bad = [v for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
    new = [f"{v.case}, {v.check}: {v.message}" for v in bad if v.cause not in DIGITS and not is_written_up(name, v)]
    assert new == []
    unseen = FINDINGS[name].keys() - {v.cause for v in bad}
    assert unseen == set(), "a finding that no case shows any more: was it mended?"


def test_every_finding_that_is_named_here_is_written_up() -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "findings.md").read_text(encoding="utf-8")
    written = {int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)}
    assert {n for causes in FINDINGS.values() for numbers in causes.values() for n in numbers} <= written
