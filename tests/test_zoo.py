"""The zoo before the gate: faults are refused for the right cause, and correct fitters are let through.

Here over some cases of each kind; `glm-conformance zoo` takes all of them.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from support.command import command

from conformance.adapters.answer import Unsupported
from conformance.judging.checks import CHECKS
from conformance.judging.checks.invariance import INVARIANCE_CHECKS
from conformance.judging.comparison import Demand
from conformance.judging.judge import judge_case
from conformance.question.library import Library
from conformance.zoo import CORRECT, FAULTS
from conformance.zoo.matrix import BAD, put

#: A case or two for each thing that a fitter can get wrong.
SOME = (
    "breslow-rates",
    "budworm-grouped-logit",
    "cane-zero-weights-log",
    "clotting-fractional-weights-ig",
    "cars-no-intercept-gamma-log",
    "contraception",
    "dobson",
    "endometrial",
    "far-row-logit",
    "gamma-zero-response",
    "heart-max-rate",
    "inf-in-y",
    "menarche-proportions-cloglog",
    "mroz-one-iteration",
    "mtcars-aliased-middle",
    "nan-in-x",
    "nist-longley",
    "poisson-negative-count",
    "quine-nb-log",
    "quine-tweedie",
    "separated-ten",
    "study-hours",
    "warpbreaks",
)

#: The animals that are objects, for they keep something from one fit to the next.
REMEMBERING = tuple(name for name, fault in FAULTS.items() if isinstance(fault.make, type))


def test_there_are_eighty_faulty_and_twelve_correct_fitters_or_more() -> None:
    assert len(FAULTS) >= 80
    assert len(CORRECT) >= 12


def test_every_fault_has_the_thread_that_it_is_modelled_on_and_a_sentence() -> None:
    for name, fault in FAULTS.items():
        assert fault.thread, name
        assert fault.says, name


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_is_named_by_what_every_message_says(name: str) -> None:
    words = (
        "None: coefficients[x]: got 1.5, want 2.5 (proven to 30 digits); 0.3 digits where 6.0 are required",
        "unexplained: the score is 1.5e+00 standard errors from zero at the reported coefficients",
    )
    assert not any(re.search(FAULTS[name].cause, said, re.IGNORECASE) for said in words)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_fitter_has_its_fault_and_no_other_that_breaks_it(name: str, library: Library) -> None:
    fitter = FAULTS[name].implementation().function
    for case in ("dobson", "clotting-gamma-inverse", "birthwt-log-start", "quine-nb-log", "endometrial-probit"):
        with warnings.catch_warnings(), contextlib.suppress(ValueError, Unsupported, ArithmeticError):
            warnings.simplefilter("ignore")
            fitter(library.case(case).problem().copy())  # a TypeError or NameError is nobody's thread


@pytest.mark.parametrize("name", sorted({*REMEMBERING, "arrays-touched", "nan-accepted", *list(FAULTS)[::8]}))
def test_judged_by_kept_answers_an_animal_gets_the_verdicts_of_one_that_is_asked_afresh(
    name: str, library: Library
) -> None:
    ids = ("dobson", "separated-ten")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        animal = (FAULTS.get(name) or CORRECT[name]).implementation()
        fresh = [
            v for id in ids for v in judge_case(animal, library, id, Demand(strict=True)).verdicts if v.outcome in BAD
        ]
    kept = [v for v in put(name, None, ids, tuple(CHECKS)).strict.bad if v.check != "gate"]  # that is of the run
    assert [str(v) for v in kept] == [str(v) for v in fresh]


@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_fitter_is_not_refused_and_leaves_out_only_what_it_says(name: str) -> None:
    judged = put(name, None, SOME, tuple(CHECKS))
    assert judged.default.bad == ()
    assert judged.strict.bad == ()
    assert judged.undeclared == []


@pytest.mark.parametrize("name", [name for name, one in CORRECT.items() if one.leaves])
def test_a_correct_fitter_leaves_out_the_cases_that_it_declares(name: str) -> None:
    leaves = CORRECT[name].leaves
    assert leaves is not None
    assert put(name, None, leaves, ["coefficients"]).unsupported == list(leaves)


def test_a_correct_fitter_that_leaves_out_more_than_it_declares_fails_the_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CORRECT, "logistic-alone", replace(CORRECT["logistic-alone"], leaves=()))
    told = command("zoo", "--only", "^logistic-alone$", "--case", "dobson")
    assert told.status == 1
    assert "logistic-alone: leaves out, and does not declare: dobson" in told.err


@pytest.mark.parametrize(
    "name",
    [
        "offset-ignored",
        "weights-ignored",
        "canonical-formula-for-every-link",
        "dispersion-not-applied",
        "dispersion-applied-twice",
        "stale-weights-in-covariance",
        "silent-separation",
        "nan-accepted",
        "df-from-columns-not-rank",
        "deviance-residuals-unsigned",
        "float32-inside",
        "theta-inverted",
    ],
)
def test_a_faulty_fitter_is_refused_and_the_cause_is_named(name: str) -> None:
    quick = [check for check in CHECKS if check not in INVARIANCE_CHECKS]
    judged = put(name, None, SOME, quick)
    for one in (judged.default, judged.strict):
        assert not one.conforms
        assert one.rightly_named, [v.message for v in one.bad[:3]]


def test_an_interrupted_zoo_goes_on_where_it_was(tmp_path: Path) -> None:
    asked = ["zoo", "--only", "^(chatty|irls|offset-ignored)$", "--case", "breslow-rates", "--report"]
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    first = command(*asked, str(whole))
    lines = whole.read_text().splitlines(keepends=True)
    broken.write_text(lines[0] + lines[1][:100])
    again = command(*asked, str(broken), "--resume")
    assert len(lines) == 3
    assert broken.read_text() == whole.read_text()
    assert again == first
    assert "1 of 1 faults refused" in first.out


def test_a_zoo_goes_on_with_a_report_of_its_own_only(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"name": "irls"}\n')
    refused = command("zoo", "--resume", "--report", str(tmp_path / "other.jsonl"))
    assert refused.status == 2
    assert "is no report of the zoo" in refused.err
    assert (tmp_path / "other.jsonl").read_text() == '{"name": "irls"}\n'
