"""The zoo before the gate: faults are refused for the right cause, and correct fitters are let through.

Here each fault on one case that says it detects it, and the correct ones over some cases of each kind;
`glm-conformance zoo` takes all of them.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from support.command import command

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


#: The case on which a fault is judged, where the one of the smallest data that names it leaves it a chance: another
#: start, a design of full rank, a link that is the default one, data on which the fault costs no digit.
JUDGED_ON = {
    "backtracking-assumes-finite-deviance": "gamma-log-steep-no-intercept",
    "bernoulli-formula-for-proportions": "budworm-grouped-logit",
    "canonical-formula-for-every-link": "finney71-probit",
    "cloglog-clamped-one-side": "far-row-low-cloglog",
    "default-link-downstream": "titanic-zero-weights-cloglog",
    "df-from-columns-not-rank": "warpbreaks-constant-column",
    "intercept-from-wrong-end": "finney44-sqrt-logit",
    "invalid-mean-accepted": "deddens-log-boundary",
    "level-order-reversed": "eagles-logit",
    "leverage-unweighted": "polyps-interaction",
    "link-derivative-swapped": "orob2-zero-trials-log",
    "logistic-overflow": "far-row-logit",
    "names-shifted-after-aliasing": "warpbreaks-constant-column",
    "negative-deviance-under-root": "exact-proportions-logit",
    "normal-equations": "nist-filip",
    "offset-left-in-working-response": "clotting-offset-gaussian-inverse",
    "offset-wrong-sign": "clotting-offset-gaussian-inverse",
    "optimiser-stuck-at-zero": "mtcars-huge-scale",
    "probit-tail-saturation": "lone-failure-cloglog",
    "silent-empty-group": "all-zero-group",
    "silent-iteration-limit": "gagurine-two-iterations",
    "stale-weights-in-covariance": "genins-tweedie",
    "start-values-ignored": "polyps-zero-weights-identity",
    "theta-inverted": "cars-no-intercept-nb-identity",
}

#: The faults that show in a second problem only, made of the first: an invariance names them.
BY_INVARIANCE = ("optimiser-stuck-at-zero", "second-fit-remembers-first", "start-values-ignored")

#: What a mistake in the zoo raises, and no fault is modelled on.
OUR_MISTAKE = re.compile(r"\b(TypeError|NameError|AttributeError|AssertionError|UnboundLocalError)\b")

QUICK = tuple(check for check in CHECKS if check not in INVARIANCE_CHECKS)


@pytest.fixture(scope="module")
def named_by(library: Library) -> dict[str, list[str]]:
    """Fault -> the cases whose `detects` names it, those of the smallest data first."""
    cases = sorted(map(library.case, library.select()), key=lambda case: (case.data_file.stat().st_size, case.id))
    return {name: [case.id for case in cases if name in case.detects] for name in FAULTS}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_and_named_on_a_case_that_says_it_detects_it(
    name: str, named_by: dict[str, list[str]]
) -> None:
    assert named_by[name], "no case's `detects` names it"
    case = JUDGED_ON.get(name, named_by[name][0])
    assert case in named_by[name]
    judged = put(name, None, [case], tuple(CHECKS) if name in BY_INVARIANCE else QUICK)
    for one in (judged.strict,) if FAULTS[name].strict_only else (judged.default, judged.strict):
        assert not one.conforms, f"{case} lets it through"
        assert one.rightly_named, "\n".join(f"{v.cause}: {v.message}" for v in one.bad)
        assert not any(OUR_MISTAKE.search(v.message) for v in one.bad), "the fitter itself is broken: nobody's fault"


def test_every_case_of_the_table_is_there_for_a_reason(named_by: dict[str, list[str]]) -> None:
    assert [name for name, case in JUDGED_ON.items() if named_by[name][0] == case] == []


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
