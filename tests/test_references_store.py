"""A stored reference is whole, knows what it answers, and keeps every bit of a double."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import command
from support.folders import copy_cases

from conformance.adapters import find
from conformance.errors import StaleReference
from conformance.json_numbers import dumps, restore
from conformance.judging.checks import CHECKS
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome
from conformance.question.library import Library
from conformance.references import store

N = len(CHECKS)


@pytest.fixture
def small(tmp_path: Path) -> Library:
    """dobson and warpbreaks in a folder of the test's own, with what is stored for them."""
    return copy_cases(tmp_path / "cases", "dobson", "warpbreaks")


def references(library: Library, id: str) -> list[Path]:
    """Every stored reference of ``id``, whatever its source."""
    found = sorted(library.references.glob(f"*/{id}.json"))
    assert found
    return found


def outcomes(library: Library, id: str) -> set[Outcome]:
    return {verdict.outcome for verdict in judge_case(find("irls"), library, id).verdicts}


IDENTITY = ("schema", "case", "asked_sha256", "data_sha256")


def rewritten(path: Path, *only: str, **changes: Any) -> str:
    """The stored reference with ``changes``, sealed again; with ``only`` no other keys."""
    stored = {key: value for key, value in json.loads(path.read_text("utf-8")).items() if key != "seal"}
    return store.sealed({**{key: stored[key] for key in only or stored}, **changes})


def with_another_digit(path: Path) -> str:
    """One digit of one value changed by hand."""
    text = path.read_text("utf-8")
    at = text.index('"coefficients": [') + text[text.index('"coefficients": [') :].index(".") + 1
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


def with_values_of_the_wrong_type(path: Path) -> str:
    stored = json.loads(path.read_text("utf-8"))
    return rewritten(path, **{key: "spoilt" for key in stored if key not in (*IDENTITY, "seal")})


BROKEN: dict[str, tuple[Callable[[Path], str], str]] = {
    "empty": (lambda path: "", "broken JSON"),
    "truncated": (lambda path: path.read_text("utf-8")[:200], "broken JSON"),
    "truncated by a byte": (lambda path: path.read_text("utf-8").rstrip()[:-1], "broken JSON"),
    "no JSON": (lambda path: "<<<<<<< HEAD\n{}\n", "broken JSON"),
    "NaN is no JSON": (lambda path: '{"schema": NaN}', "broken JSON"),
    "nested too deep": (lambda path: "[" * 100_000, "broken JSON"),
    "a list": (lambda path: "[]", "schema"),
    "a number": (lambda path: "1", "schema"),
    "an older schema": (lambda path: rewritten(path, schema=0), "schema"),
    "another case": (lambda path: rewritten(path, case="dobson-start"), "the id changed"),
    "another question": (lambda path: rewritten(path, asked_sha256="0" * 64), "the case changed"),
    "other data": (lambda path: rewritten(path, data_sha256="0" * 64), "its data"),
    "a digit changed by hand": (with_another_digit, "damaged"),
    "no values": (lambda path: rewritten(path, *IDENTITY), "damaged"),
    "values of the wrong type": (with_values_of_the_wrong_type, "damaged"),
}


@pytest.mark.parametrize(("spoilt", "words"), BROKEN.values(), ids=BROKEN)
def test_a_reference_that_can_not_be_used_is_an_error_of_its_case_alone(
    small: Library, spoilt: Callable[[Path], str], words: str
) -> None:
    for path in references(small, "dobson"):
        path.write_text(spoilt(path), encoding="utf-8")
    said = command("gate", "irls", "--cases", small.cases)
    assert said.status == 2
    assert f"ERROR dobson: all of {N} checks" in said.out
    assert "warpbreaks:" not in said.out
    assert "DOES NOT CONFORM" in said.out
    result = judge_case(find("irls"), small, "dobson")
    message = result.verdicts[0].message
    assert result.unusable == message
    assert result.verdicts[0].cause == "reference"
    assert any(message.startswith(f"{folder / 'dobson.json'}: ") for folder in small.references.iterdir())
    assert words in message
    assert "run `glm-conformance " in message


def test_a_reference_that_is_absent_is_proven_on_the_spot(small: Library) -> None:
    for path in references(small, "dobson"):
        path.unlink()
    result = judge_case(find("irls"), small, "dobson")
    assert result.unusable is None
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.PASS, Outcome.UNDECIDED}


@pytest.mark.parametrize("source", ["r", "statsmodels"])
def test_what_r_and_statsmodels_say_grades_nothing_and_its_loss_fails_nothing(small: Library, source: str) -> None:
    (small.references / source / "dobson.json").write_text("broken")
    assert outcomes(small, "dobson") == {Outcome.PASS, Outcome.UNDECIDED}


@pytest.mark.parametrize(("source", "verb"), [("r", "regenerate"), ("certified", "certify")])
def test_the_command_that_mends_a_reference_is_whole(small: Library, source: str, verb: str) -> None:
    path, case = store.path_of(small, source, "dobson"), small.case("dobson")
    path.unlink()
    folder = re.escape(str(small.cases))
    own = rf"dobson\.json: there is no {source} .*run `glm-conformance {verb} dobson --cases {folder}`"
    with pytest.raises(StaleReference, match=own):
        store.read(small, source, case, command=verb)
    built_in = Library(Library.built_in().cases, small.references)
    with pytest.raises(StaleReference, match=rf"run `glm-conformance {verb} dobson`"):
        store.read(built_in, source, case, command=verb)


def test_bytes_that_are_not_utf8_are_a_broken_reference(small: Library) -> None:
    for path in references(small, "dobson"):
        path.write_bytes(path.read_bytes().replace(b'"source"', b'"\xff"'))
    assert outcomes(small, "dobson") == {Outcome.ERROR}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("link: log", "link: identity", True),
        ("counts ~ outcome + treatment", "counts ~ treatment + outcome", True),
        ("outcome: estimate", "outcome: estimate\noffset: log(counts)", True),
        ("outcome: estimate", "outcome: estimate\nmax_iterations: 3", True),
        ("outcome: estimate", "outcome: estimate\noffset: null  # a null is no change", False),
        ("title: ", "title: New! ", False),
        ("source: ", "source: As before; ", False),
        ("notes: ", "# a comment\nnotes: ", False),
        ("detects: [", "detects: [offset-ignored, ", False),
    ],
)
def test_a_reference_is_stale_when_what_is_asked_changed_and_not_when_words_did(
    small: Library, old: str, new: str, stale: bool
) -> None:
    path = small.files["dobson"]
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    fresh = Library.at(small.cases)
    if not stale:
        assert outcomes(fresh, "dobson") <= {Outcome.PASS, Outcome.UNDECIDED, Outcome.NOT_REPORTED}
        return
    result = judge_case(find("irls"), fresh, "dobson")
    assert {v.outcome for v in result.verdicts} == {Outcome.ERROR}
    assert "stale: the case changed" in result.verdicts[0].message


def test_a_reference_is_stale_when_one_byte_of_the_data_changed(small: Library) -> None:
    path = small.case("dobson").data_file
    path.write_bytes(path.read_bytes() + b"\n")
    result = judge_case(find("irls"), Library.at(small.cases), "dobson")
    assert {v.outcome for v in result.verdicts} == {Outcome.ERROR}
    assert "stale: its data (data/dobson1990_counts.csv) changed" in result.verdicts[0].message


# ------------------------------------------------------------------------------------------ whole or not at all


class Unwritable:
    """Something that JSON has no form for."""


def test_an_exception_in_the_middle_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "r" / "one.json"
    store.write(path, {"schema": 1, "value": 1.5})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        store.write(path, {"schema": 1, "value": Unwritable()})
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["one.json"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "one.json"
    store.write(path, {"value": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(f"conformance.files.os.{step}", full)
        with pytest.raises(OSError, match="No space"):
            store.write(path, {"value": 2})
    assert json.loads(path.read_text("utf-8"))["value"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_can_be_read_by_any_json_reader_and_by_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "one.json"
    store.write(
        path, {"a": np.array([1.0, np.nan]), "b": {"c": -math.inf, "d": np.float64(0.1), "e": np.True_}, "f": "é"}
    )
    text = path.read_text("utf-8")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    found = json.loads(text, parse_constant=refuse)
    del found["seal"]
    assert found == {
        "a": [1.0, "NaN"],
        "b": {"c": "-Infinity", "d": 0.1, "e": True},
        "f": "é",
    }
    assert text.endswith("}\n")
    assert path.stat().st_mode & 0o444 == 0o444


# ------------------------------------------------------------------------------------------ every bit of a double


def bits(values: Any) -> list[bytes]:
    return [struct.pack("<d", value) for value in np.atleast_1d(values).tolist()]


def there_and_back(value: Any) -> Any:
    return restore(json.loads(dumps({"value": value}))["value"])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_double_comes_back_bit_for_bit(number: float) -> None:
    assert bits(there_and_back(number)) == bits(number)
    assert bits(there_and_back(np.float64(number))) == bits(number)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_every_vector_comes_back_bit_for_bit(numbers: list[float]) -> None:
    assert bits(there_and_back(np.array(numbers))) == bits(numbers)


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_every_matrix_comes_back_with_its_shape(rows: int, columns: int, data: st.DataObject) -> None:
    entries = data.draw(st.lists(st.floats(allow_nan=False), min_size=rows * columns, max_size=rows * columns))
    matrix = np.array(entries).reshape(rows, columns)
    back = there_and_back(matrix)
    assert back.shape == matrix.shape
    assert bits(back.ravel()) == bits(matrix.ravel())


@pytest.mark.parametrize("number", [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.0, 0.1, 1 / 3])
def test_the_doubles_that_writers_lose_come_back(number: float) -> None:
    assert bits(there_and_back(number)) == bits(number)


def test_nan_and_the_infinities_come_back() -> None:
    assert math.isnan(there_and_back(math.nan))
    assert (there_and_back(math.inf), there_and_back(-math.inf)) == (math.inf, -math.inf)
    back = there_and_back([math.nan, math.inf, -math.inf, 1.0])
    assert np.array_equal(back, [math.nan, math.inf, -math.inf, 1.0], equal_nan=True)


def test_words_stay_words() -> None:
    assert there_and_back(["age", "NaN the grandmother"]) == ["age", "NaN the grandmother"]
    assert there_and_back("R 4.2.2") == "R 4.2.2"
    assert there_and_back([]) == []
