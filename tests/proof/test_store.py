"""What is stored can be proven again from the box, and damage is found and named."""

import copy
import json
from decimal import Decimal

import pytest
from loading import dobson, endometrial
from problems import library
from proof import as_json, from_json, prove, verify

LIBRARY = library()


@pytest.fixture(scope="module")
def stored():
    names = [
        "warpbreaks_nb_log",
        "clotting_gaussian_identity",
        "mtcars_zero_weights",
        "insurance_offset_noint",
        "mtcars_aliased",
    ]
    return {n: json.loads(json.dumps(as_json(prove(LIBRARY[n])), allow_nan=False)) for n in names}


def test_every_problem_of_the_library_is_proven_again_from_its_box():
    for name, problem in LIBRARY.items():
        assert verify(problem, json.loads(json.dumps(as_json(prove(problem)), allow_nan=False))) == [], name


def leaves(value, path=()):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, (*path, k))
    elif isinstance(value, list):
        for k, v in enumerate(value):
            yield from leaves(v, (*path, k))
    else:
        yield path, value


def put(value, path, new):
    for k in path[:-1]:
        value = value[k]
    value[path[-1]] = new


def test_a_changed_digit_anywhere_is_found_and_named(stored):
    for name, reference in stored.items():
        for path, value in leaves({k: reference[k] for k in reference["digits"]}):
            if not isinstance(value, str) or value == "NaN" or Decimal(value) == 0:
                continue
            digits = [i for i, ch in enumerate(value.split("e")[0]) if ch.isdigit() and (ch != "0" or i > 2)]
            at = digits[len(digits) // 2]
            wrong = value[:at] + str((int(value[at]) + 5) % 10) + value[at + 1 :]
            damaged = copy.deepcopy(reference)
            put(damaged, path, wrong)
            if len(path) > 1 and path[-1] > 1:
                continue  # two of each list are enough for the time this takes
            problems = verify(LIBRARY[name], damaged)
            assert any(path[0] in p for p in problems), (name, path, value, wrong)


def test_a_key_that_is_gone_is_found_and_named(stored):
    reference = stored["warpbreaks_nb_log"]
    for key in reference:
        damaged = {k: v for k, v in reference.items() if k != key}
        assert any(repr(key) in p for p in verify(LIBRARY["warpbreaks_nb_log"], damaged)), key


def test_a_moved_box_is_no_proof(stored):
    damaged = copy.deepcopy(stored["warpbreaks_nb_log"])
    mantissa, power = damaged["box"]["center"][0].split("*2^")
    damaged["box"]["center"][0] = f"{int(mantissa) + (int(mantissa) >> 60)}*2^{power}"
    assert "can't be proven" in verify(LIBRARY["warpbreaks_nb_log"], damaged)[0]


def test_another_problems_reference_is_refused(stored):
    assert verify(dobson(), stored["warpbreaks_nb_log"])


@pytest.mark.parametrize("value", [None, 3, "x", [], {"center": ["1*2^0"], "radius": ["1*2^0"]}, {"center": []}])
def test_a_damaged_box_is_named_and_no_crash(stored, value):
    damaged = copy.deepcopy(stored["warpbreaks_nb_log"])
    damaged["box"] = value
    assert verify(LIBRARY["warpbreaks_nb_log"], damaged)


def test_a_separation_with_another_direction_is_found(stored):
    reference = as_json(prove(endometrial()))
    damaged = copy.deepcopy(reference)
    damaged["separation"]["direction"] = ["0/1", "1/1", "1/1", "0/1"]
    assert verify(endometrial(), reference) == []
    assert verify(endometrial(), damaged)


def test_floats_are_spread_over_all_rows_again(stored):
    found = from_json(stored["mtcars_zero_weights"])
    assert len(found["fitted_values"]) == 32
    assert isinstance(found["deviance"], float)
