"""What is stored can be proven again from the box, and damage is found and named."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from proof_support import LIBRARY, another_digit, leaves, problem_of, put, stored_of

from conformance.proof import Claim, Uniqueness, as_json, from_json, prove, verify
from conformance.question.outcome import CaseOutcome

BESIDE = ("schema", "case", "asked_sha256", "data_sha256", "source", "seal", "decimal_data")
NB = "polyps-zero-weights-nb-identity"
KINDS = [NB, "exact-line-gaussian", "breslow-saturated-offset", "clotting-start-gamma", "mtcars-aliased-end"]


def proof_of(id: str) -> dict[str, Any]:
    return {key: value for key, value in stored_of(id).items() if key not in BESIDE}


@pytest.mark.parametrize("id", KINDS)
def test_a_changed_digit_anywhere_is_found_and_named(id: str) -> None:
    stored = proof_of(id)
    assert verify(problem_of(id), stored) == []
    for path, value in leaves({key: stored[key] for key in stored["digits"]}):
        if value == "NaN" or value.endswith("Infinity") or Decimal(value) == 0 or (len(path) > 1 and path[-1] > 1):
            continue  # two of each list are enough for the time this takes
        damaged = copy.deepcopy(stored)
        put(damaged, path, another_digit(value))
        assert any(path[0] in line for line in verify(problem_of(id), damaged)), (path, value)


def test_a_key_that_is_gone_is_found_and_named() -> None:
    stored = proof_of(NB)
    for key in stored:
        damaged = {k: v for k, v in stored.items() if k != key}
        assert any(repr(key) in line for line in verify(problem_of(NB), damaged)), key


def test_a_claim_of_uniqueness_is_read_as_it_was_written_and_no_other_is_read() -> None:
    seen = set()
    for id in LIBRARY.select():
        if LIBRARY.case(id).outcome is not CaseOutcome.INVALID:
            written = stored_of(id)["uniqueness"]
            claim = Claim.read(written)
            assert str(claim) == written
            assert (claim.kind is Uniqueness.NONE) == (LIBRARY.case(id).outcome in ("separated", "quasi_separated"))
            seen.add(claim.kind)
    assert seen == set(Uniqueness)
    for wrong in ("", "perhaps: it is", "globally: concave"):
        with pytest.raises(ValueError, match="is not a valid Uniqueness"):
            Claim.read(wrong)


def test_a_moved_box_is_no_proof() -> None:
    damaged = proof_of(NB)
    mantissa, power = damaged["box"]["center"][0].split("*2^")
    damaged["box"]["center"][0] = f"{int(mantissa) + (int(mantissa) >> 60)}*2^{power}"
    assert "can't be proven" in verify(problem_of(NB), damaged)[0]


@pytest.mark.parametrize("id", KINDS)
def test_a_changed_digit_of_a_condition_number_or_a_sigma_is_found_and_named(id: str) -> None:
    stored = proof_of(id)
    places = [
        ("condition", 0),
        *(("sigma", name) for name, value in stored["sigma"].items() if isinstance(value, float)),
    ]
    for path in places:
        damaged = copy.deepcopy(stored)
        at = damaged[path[0]]
        at[path[1]] = (at[path[1]] or 0.0) * 1.01 + 1e-200  # one unit of its third digit, or no longer 0
        named = f"{path[0]}[0]" if path[0] == "condition" else f"sigma.{path[1]}"
        assert any(line.startswith(f"{named} is stored as") for line in verify(problem_of(id), damaged)), path


def test_what_an_exact_fit_cannot_change_has_a_sigma_of_exactly_0() -> None:
    saturated, one_row = proof_of("breslow-saturated-offset"), proof_of("genins-gamma-log")
    assert saturated["sigma"]["deviance"] == 0.0
    assert not any(saturated["sigma"]["response_residuals"])
    assert one_row["sigma"]["leverages"].count(0.0) == 2  # of the two cells with a parameter of their own
    assert min(filter(None, one_row["sigma"]["leverages"])) > 1e-20  # and the others are no rounding


@pytest.mark.parametrize("id", [*KINDS, "gaussian-inverse-heavy-row", "nist-filip"])
def test_the_three_digits_of_a_sensitivity_do_not_depend_on_the_precision(id: str) -> None:
    problem, stored = problem_of(id), proof_of(id)
    more = {**stored, "precision_bits": 2 * stored["precision_bits"]}
    assert not [line for line in verify(problem, more) if line.startswith(("condition", "sigma"))]


def test_another_problems_reference_is_refused() -> None:
    assert verify(problem_of("dobson"), proof_of(NB))


@pytest.mark.parametrize("value", [None, 3, "x", [], {"center": ["1*2^0"], "radius": ["1*2^0"]}, {"center": []}])
def test_a_damaged_box_is_named_and_no_crash(value: Any) -> None:
    damaged = proof_of(NB)
    damaged["box"] = value
    assert verify(problem_of(NB), damaged)


def test_a_separation_with_another_direction_is_found() -> None:
    damaged = proof_of("endometrial")
    damaged["separation"]["direction"] = ["0/1", "1/1", "1/1", "0/1"]
    assert any("direction" in line for line in verify(problem_of("endometrial"), damaged))


def test_floats_are_spread_over_all_rows() -> None:
    found = from_json(as_json(prove(problem_of("mtcars-zero-weights-gamma-inverse"))))
    assert len(found["fitted_values"]) == 32
    assert isinstance(found["deviance"], float)
