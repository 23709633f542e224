"""Every reference is proven, what is stored can be proven again, and what is damaged or untrue is found and named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from proof_support import another_digit, stored_of
from support.command import command
from support.folders import DOSE_CSV, case_text, copy_cases, write_case

from conformance.adapters import find
from conformance.errors import StaleReference
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome
from conformance.proof import Uniqueness, decimal_least_squares
from conformance.question.library import Library
from conformance.references import certified, nist, store
from conformance.references.lookup import reference_of

BUILT_IN = Library.built_in()
CASES = [BUILT_IN.case(id) for id in BUILT_IN.files]
NIST = json.loads((BUILT_IN.cases / "data" / "nist-certified.json").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------ the library


def test_every_case_with_an_estimate_is_proven_to_thirty_digits_and_its_coefficients_to_forty() -> None:
    for case in CASES:
        if case.has_estimate:
            stored = stored_of(case.id)
            assert stored["outcome"] == case.outcome
            digits = stored["digits"]
            assert digits["coefficients"] in ("exact", 40), case.id
            assert all(d == "exact" or d >= 30 for d in digits.values()), case.id
            assert stored["condition"], case.id
            assert stored["sigma"], case.id


def test_every_case_without_an_estimate_has_its_proof() -> None:
    for case in CASES:
        if case.has_estimate:
            continue
        if case.outcome == "invalid":
            certified.confirm_invalid(case)
        else:
            stored = stored_of(case.id)
            assert stored["outcome"] == case.outcome
            assert set(stored["separation"]) & {"direction", "boundary_rows"}, case.id
            assert all(d == "exact" or d >= 30 for d in stored["digits"].values()), case.id


def test_the_whole_library_is_proven_again_from_what_is_stored() -> None:
    assert [line for case in CASES for line in certified.check(BUILT_IN, case)] == []


# ------------------------------------------------------------------------------------------ NIST


def units_off(ours: str | Fraction, certified_value: float) -> Decimal:
    """The difference in units of the last of the 15 digits that NIST certifies."""
    value = Decimal(repr(certified_value))
    exact = Decimal(ours) if isinstance(ours, str) else Decimal(ours.numerator) / Decimal(ours.denominator)
    return abs(exact - value) / Decimal(10) ** (value.adjusted() - 14) if value else abs(exact)


@pytest.mark.parametrize("name", NIST)
def test_every_digit_that_nist_certifies_follows_from_the_decimal_data(name: str) -> None:
    fresh, said = decimal_least_squares(*nist.decimal_design(BUILT_IN.case(f"nist-{name.lower()}"))), NIST[name]
    assert stored_of(f"nist-{name.lower()}")["decimal_data"] == fresh
    parameters = list(said["params"].values())
    assert len(parameters) == len(fresh["coefficients"])
    for beta, error, one in zip(fresh["coefficients"], fresh["standard_errors"], parameters, strict=True):
        assert units_off(beta, one["estimate"]) <= 1
        assert units_off(error, one["sd"]) <= 1
    assert units_off(str(fresh["deviance"]), said["res_ss"]) <= 1
    assert units_off(str(fresh["residual_standard_deviation"]), said["residual_sd"]) <= 1


#: The digits to which the fit of the doubles is that of the decimals; 15 where the decimals are doubles, or nearly.
AGREE = {"Filip": 7, "Longley": 13, "Pontius": 13, "Norris": 13, "Wampler2": 13}


@pytest.mark.parametrize("name", NIST)
def test_the_doubles_have_a_fit_of_their_own_which_agrees_as_far_as_rounding_the_data_lets_it(name: str) -> None:
    stored = stored_of(f"nist-{name.lower()}")
    pairs = zip(stored["coefficients"], stored["decimal_data"]["coefficients"], strict=True)
    off = max(abs(Decimal(a) / Decimal(b) - 1) for a, b in pairs)
    wanted = AGREE.get(name, 15)
    assert off < Decimal(10) ** -wanted
    assert name != "Filip" or off > Decimal(10) ** -(wanted + 1), "Filip's eighth digit differs"


@pytest.mark.parametrize(("formula", "has"), [("deaths ~ dose", True), ("deaths ~ log(dose)", False)])
def test_a_case_of_ones_own_from_nist_has_its_decimals_solved_where_fractions_can(
    tmp_path: Path, formula: str, has: bool
) -> None:
    text = case_text(source="NIST StRD, mine", formula=formula, levels={}, family="gaussian", link="identity")
    write_case(tmp_path, text)
    assert ("decimal_data" in certified.prove_case(Library.at(tmp_path).case("dose"))) is has


# ------------------------------------------------------------------------------------------ damage


@pytest.fixture
def small(tmp_path: Path) -> Library:
    return copy_cases(tmp_path / "cases", "warpbreaks", "nist-norris", "separated-ten")


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is stored and renew the seal, as nobody does by accident."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    del stored["seal"]
    change(stored)
    path.write_text(store.sealed(stored), encoding="utf-8")


def another_coefficient(stored: dict[str, Any]) -> None:
    stored["coefficients"][0] = another_digit(stored["coefficients"][0])


def in_place(path: Path, damage: Callable[[str], str]) -> None:
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")


ACCIDENTS: dict[str, Callable[[str], str]] = {
    "a digit": lambda text: text.replace('"coefficients": ["', '"coefficients": ["1', 1),
    "a key": lambda text: "\n".join(line for line in text.split("\n") if '"deviance":' not in line),
    "truncated": lambda text: text[: len(text) // 2],
}


@pytest.mark.parametrize("damage", ACCIDENTS.values(), ids=ACCIDENTS)
def test_an_accident_to_a_reference_is_found_and_named_by_check_and_by_the_gate(
    small: Library, damage: Callable[[str], str]
) -> None:
    path = store.path_of(small, "certified", "warpbreaks")
    in_place(path, damage)
    assert any(str(path) in line for line in certified.check(small, small.case("warpbreaks")))
    result = judge_case(find("irls"), small, "warpbreaks")
    assert str(path) in (result.unusable or "")
    assert {(v.outcome, v.cause) for v in result.verdicts} == {(Outcome.ERROR, "reference")}
    for words in (("gate", "irls"), ("certify", "--check")):
        said = command(*words, "--cases", small.cases)
        assert said.status != 0
        assert "warpbreaks.json" in "".join((said.out + said.err).split())
    assert command("gate", "irls", "--cases", small.cases).status == 2


@pytest.mark.parametrize(
    ("id", "kind"),
    [
        ("contraception", Uniqueness.GLOBAL),
        ("urine-missing-cauchit", Uniqueness.LOCAL),
        ("endometrial", Uniqueness.NONE),
        ("nan-in-x", None),
    ],
)
def test_a_reference_says_as_a_type_whether_its_maximum_is_the_only_one(id: str, kind: Uniqueness | None) -> None:
    assert reference_of(BUILT_IN, BUILT_IN.case(id)).uniqueness is kind


def test_a_uniqueness_that_is_none_is_a_damaged_reference() -> None:
    case = BUILT_IN.case("warpbreaks")
    with pytest.raises(StaleReference, match="perhaps"):
        certified.as_reference(case, stored_of("warpbreaks") | {"uniqueness": "perhaps: who knows"})


UNTRUE: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "a coefficient": ("warpbreaks", another_coefficient, "coefficients[0]"),
    "a key": ("warpbreaks", lambda s: s.pop("aic"), "'aic'"),
    "its digits": ("warpbreaks", lambda s: s["digits"].update(deviance=31), "digits"),
    "no condition numbers": ("warpbreaks", lambda s: s.update(condition=None), "condition"),
    "a condition number": ("warpbreaks", lambda s: s["condition"].__setitem__(0, 1e9), "condition"),
    "no rows": (
        "warpbreaks",
        lambda s: [
            (s.pop(k), s["digits"].pop(k)) for k in list(s["digits"]) if isinstance(s[k], list) and len(s[k]) == 54
        ],
        "fitted_values",
    ),
    "the outcome": ("warpbreaks", lambda s: s.update(outcome="rank_deficient"), "outcome"),
    "the uniqueness": ("warpbreaks", lambda s: s.update(uniqueness="global"), "uniqueness"),
    "the box": ("warpbreaks", lambda s: s["box"]["center"].__setitem__(0, "1*2^0"), "box"),
    "the solution of the decimals": (
        "nist-norris",
        lambda s: s["decimal_data"].update(deviance=another_digit(s["decimal_data"]["deviance"])),
        "decimal_data, deviance",
    ),
    "no solution of the decimals": ("nist-norris", lambda s: s.pop("decimal_data"), "decimal_data"),
    "the direction": ("separated-ten", lambda s: s["separation"].update(direction=["1/1", "0/1"]), "direction"),
}


@pytest.mark.parametrize(("id", "change", "words"), UNTRUE.values(), ids=UNTRUE)
def test_what_is_untrue_is_found_by_proving_it_again_though_the_seal_was_renewed(
    small: Library, id: str, change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    path = store.path_of(small, "certified", id)
    changed(path, change)
    found = certified.check(small, small.case(id))
    assert any(line.startswith(f"{path}: ") and words in line for line in found), found
    said = command("certify", "--check", id, "--cases", small.cases)
    assert said.status == 1
    assert f"{id}.json" in said.err


def test_certifying_twice_writes_nothing_new(small: Library) -> None:
    files = sorted((small.references / "certified").iterdir())
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    for _ in range(2):
        assert command("certify", "--cases", small.cases).out.startswith("3 same")
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    assert sorted((small.references / "certified").iterdir()) == files


# ------------------------------------------------------------------------------------------ other people's data


def test_a_folder_outside_the_project_is_proven_on_the_fly_without_r_and_then_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rpy2", "rpy2.robjects", "conformance.adapters.r"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails
    write_case(tmp_path, case_text())
    said = command("gate", "irls", "--cases", tmp_path)
    assert said.status == 0, said.out + said.err
    assert not (tmp_path / "reference_outputs").exists()
    found = judge_case(find("irls"), Library.at(tmp_path), "dose").verdicts
    assert {v.outcome for v in found} == {Outcome.PASS, Outcome.UNDECIDED}
    assert command("certify", "--cases", tmp_path).out.startswith("NEW")
    assert [file.name for file in (tmp_path / "reference_outputs" / "certified").iterdir()] == ["dose.json"]
    assert command("certify", "--check", "--cases", tmp_path).status == 0
    assert command("gate", "irls", "--cases", tmp_path).status == 0


SEPARATED_CSV = DOSE_CSV.replace("low,1,2,", "low,1,0,").replace("low,2,3,", "low,2,0,").replace("low,3,2,", "low,3,0,")


@pytest.mark.parametrize(
    ("written", "csv", "proven"),
    [
        ("estimate", SEPARATED_CSV, "quasi_separated"),
        ("quasi_separated", DOSE_CSV, "estimate"),
        ("rank_deficient", DOSE_CSV, "estimate"),
        ("boundary", DOSE_CSV, "estimate"),
        ("estimate", DOSE_CSV.replace("low,1,2,", "low,1,-2,"), "invalid"),
        ("separated", DOSE_CSV.replace("low,1,2,", "low,1,-2,"), "invalid"),
        ("invalid", DOSE_CSV, "written as invalid, but"),
    ],
)
def test_a_case_whose_written_outcome_contradicts_the_proof_is_an_error_of_the_case(
    tmp_path: Path, written: str, csv: str, proven: str
) -> None:
    path = write_case(tmp_path, case_text(outcome=written), csv=csv)
    result = judge_case(find("irls"), Library.at(tmp_path), "dose")
    assert {(v.outcome, v.cause) for v in result.verdicts} == {(Outcome.ERROR, "case")}
    assert str(path) in (result.unusable or "")
    assert written in (result.unusable or "")
    assert proven in (result.unusable or "")
    assert command("gate", "irls", "--cases", tmp_path).status == 2
    said = command("certify", "--cases", tmp_path)
    assert said.status != 0
    assert "correct the case" in said.out + said.err
    assert not (tmp_path / "reference_outputs").exists()
