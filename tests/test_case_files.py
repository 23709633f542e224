"""A case file that can't be used is an error that names the file, the line, what was found and the mend."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.command import command
from support.folders import ABSENT, DOSE, DOSE_CSV, case_text, line_of, write_case

from conformance.errors import CaseError
from conformance.question.case import Case, read_case
from conformance.question.formula.syntax import FUNCTIONS
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome


def complaint(folder: Path, text: str | bytes, *, csv: str | bytes | None = DOSE_CSV) -> str:
    """What is said of a case that can't be used, reading it or building its problem; it starts with file and line."""
    path = write_case(folder, text, csv=csv)
    with pytest.raises(CaseError) as caught:
        read_case(path, folder).problem()
    message = str(caught.value)
    assert re.match(re.escape(str(path)) + r":[1-9][0-9]*: \S", message), message
    return message


def assert_points_at(message: str, text: str, key: str) -> None:
    assert f"dose.yaml:{line_of(text, key)}: " in message, message


def test_the_case_that_the_others_are_made_from_is_good(tmp_path: Path) -> None:
    problem = read_case(write_case(tmp_path, case_text()), tmp_path).problem()
    assert problem.names == ("(Intercept)", "groupmid", "grouphigh", "dose")
    assert problem.y.tolist() == [2, 3, 2, 4, 5, 5, 6, 7, 9]


# ------------------------------------------------------------------------------------------ keys and types


@pytest.mark.parametrize(
    ("wrong", "right"), [("familly", "family"), ("offsets", "offset"), ("max_iteration", "max_iterations")]
)
def test_an_unknown_key_is_named_with_the_nearest_valid_one(tmp_path: Path, wrong: str, right: str) -> None:
    text = case_text(**{wrong: "log(exposure)"})
    message = complaint(tmp_path, text)
    assert_points_at(message, text, wrong)
    assert f"unknown key {wrong!r}; did you mean '{right}" in message


def test_an_unknown_key_that_is_near_to_nothing_is_told_the_valid_ones(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(zzz=1))
    assert "unknown key 'zzz'" in message
    assert all(key in message for key in ("formula", "family", "outcome"))


def test_a_duplicate_key_is_refused_at_its_second_place(tmp_path: Path) -> None:
    text = case_text() + "link: identity\n"
    message = complaint(tmp_path, text)
    assert f"dose.yaml:{len(text.splitlines())}: " in message
    assert "duplicate key" in message
    assert "link" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", 3),
        ("title", ""),
        ("title", "x" * 81),
        ("data", "../../etc/passwd"),
        ("data", "data/../../secret.csv"),
        ("data", "/data/dose.csv"),
        ("formula", ["deaths ~ dose"]),
        ("levels", ["low", "mid", "high"]),
        ("levels", {"group": "low"}),
        ("levels", {"group": ["low", 2]}),
        ("family", "poison"),
        ("link", "Log"),
        ("weights", 1),
        ("weights", ""),
        ("offset", True),
        ("theta", "2"),
        ("theta", True),
        ("theta", 0),
        ("power", 3.5),
        ("start", 1.0),
        ("start", [1, "2", 3, 4]),
        ("start", [1, True, 3, 4]),
        ("max_iterations", 0),
        ("max_iterations", 2.5),
        ("outcome", "estimated"),
        ("outcome", "undecided"),
        ("defect", "nan"),
        ("detects", "everything"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, key: str, value: Any) -> None:
    text = case_text(**{key: value})
    message = complaint(tmp_path, text)
    assert_points_at(message, text, key)
    assert key in message


def test_a_family_that_is_misspelt_is_told_the_valid_ones(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(family="poison"))
    assert "'poison'" in message
    assert "'poisson'" in message


def test_an_outcome_that_is_none_is_told_those_that_a_case_may_claim(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(outcome="undecided"))
    claims = [outcome for outcome in CaseOutcome if outcome is not CaseOutcome.UNDECIDED]
    assert all(repr(str(claim)) in message.split(", found")[0] for claim in claims)
    assert "'undecided'" not in message.split(", found")[0]


def test_the_outcome_of_a_case_is_a_type_that_equals_its_word() -> None:
    case = Library.built_in().case("warpbreaks")
    assert case.outcome is CaseOutcome.ESTIMATE
    assert case.outcome == "estimate"
    assert json.dumps({case.outcome: [case.outcome]}) == '{"estimate": ["estimate"]}'
    assert [outcome for outcome in CaseOutcome if outcome.has_estimate] == ["estimate", "rank_deficient"]


def test_a_level_that_is_a_number_is_told_to_be_quoted(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text().replace('"low"', "1"))
    assert "levels.group.0" in message
    assert "found 1" in message
    assert "quote" in message


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(familly="x", link="logg", title=ABSENT))
    assert len(message.splitlines()) == 3
    assert all("dose.yaml:" in line for line in message.splitlines())


@pytest.mark.parametrize("key", sorted(DOSE.keys() - {"levels"}))
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    assert f"the key {key!r} is missing" in complaint(tmp_path, case_text(**{key: ABSENT}))


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"link": "logit"}, "link", ["poisson", "logit", "identity", "sqrt"]),
        ({"family": "negative_binomial"}, "family", ["theta", "negative_binomial"]),
        ({"theta": 2}, "theta", ["theta", "negative_binomial"]),
        ({"family": "tweedie"}, "family", ["power", "tweedie"]),
        ({"power": 1.5}, "power", ["power", "tweedie"]),
        ({"family": "tweedie", "power": 1.5, "theta": 2.0}, "theta", ["theta"]),
        ({"defect": "nan_in_y"}, "defect", ["outcome: invalid"]),
        ({"family": "binomial", "link": "logit", "formula": "cbind(deaths, alive) ~ dose", "weights": "dose"},
         "weights", ["cbind", "trials", "leave out weights"]),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_named_at_the_one_to_change(
    tmp_path: Path, changes: dict[str, Any], key: str, words: list[str]
) -> None:
    text = case_text(**changes)
    message = complaint(tmp_path, text)
    assert all(word in message for word in words), message
    assert_points_at(message, text, key)


# ------------------------------------------------------------------------------------------ the file itself


def test_an_id_that_is_not_the_stem_is_refused_with_both_names(tmp_path: Path) -> None:
    text = case_text(id="doze")
    message = complaint(tmp_path, text)
    assert_points_at(message, text, "id")
    assert "'doze'" in message
    assert "'dose'" in message


def test_two_files_with_one_id_are_both_named(tmp_path: Path) -> None:
    first = write_case(tmp_path, case_text())
    second = tmp_path / "gamma" / "dose.yaml"
    second.parent.mkdir()
    second.write_text(case_text())
    with pytest.raises(CaseError) as caught:
        Library.at(tmp_path).select()
    assert all(str(path) in str(caught.value) for path in (first, second))
    assert "rename" in str(caught.value)


@pytest.mark.parametrize("text", ["- id: dose\n", "just words\n", "3\n"])
def test_a_file_that_is_no_mapping_is_told_that_a_case_is_one(tmp_path: Path, text: str) -> None:
    assert "a case is a mapping" in complaint(tmp_path, text)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, text: str) -> None:
    assert "empty" in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (case_text() + "start:\n\t- 1\n", 11),
        (case_text() + "  notes: indented\n", 10),
        (case_text() + "start: [1, 2\n", 11),
        (case_text() + 'notes: "no end\n', 11),
        (case_text() + "---\n" + case_text(), 10),
        (case_text() + "notes: a\x00b\n", 10),
        (case_text() + "notes: *nothing\n", 10),
    ],
)
def test_text_that_is_no_yaml_is_refused_near_the_line_where_it_breaks(tmp_path: Path, broken: str, line: int) -> None:
    message = complaint(tmp_path, broken)
    found = int(message.split("dose.yaml:")[1].split(":")[0])
    assert abs(found - line) <= 1, message


def test_bytes_that_are_not_utf8_are_refused_at_their_line(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text().encode() + "notes: é\n".encode("latin-1"))
    assert "UTF-8" in message
    assert "dose.yaml:10: " in message


def test_a_node_that_contains_itself_is_refused(tmp_path: Path) -> None:
    complaint(tmp_path, case_text(levels=ABSENT) + "levels: &a {group: *a}\n")


def test_a_tag_does_not_build_an_object(tmp_path: Path) -> None:
    text = case_text() + "notes: !!python/object/apply:os.system ['touch pwned']\n"
    complaint(tmp_path, text)
    assert not Path("pwned").exists()


# ------------------------------------------------------------------------------------------ values of YAML 1.2


def test_plain_words_that_yaml_1_1_took_for_booleans_stay_strings(tmp_path: Path) -> None:
    words = ["no", "N", "yes", "on", "off", "y"]
    text = case_text(levels=ABSENT) + f"levels: {{group: [{', '.join(words)}]}}\nnotes: no\n"
    case = read_case(write_case(tmp_path, text), tmp_path)
    assert case.levels == {"group": words}
    assert case.notes == "no"


def test_a_whole_number_in_theta_power_or_start_becomes_a_float(tmp_path: Path) -> None:
    text = case_text(family="negative_binomial", theta=3, start=[1, 0, 0, 0])
    case = read_case(write_case(tmp_path, text), tmp_path)
    assert repr((case.theta, case.start)) == "(3.0, [1.0, 0.0, 0.0, 0.0])"
    power = read_case(write_case(tmp_path, case_text(family="tweedie", power=2)), tmp_path).power
    assert repr(power) == "2.0"


def test_a_null_equals_an_absent_key(tmp_path: Path) -> None:
    optional = ("weights", "offset", "theta", "power", "start", "max_iterations", "defect", "notes", "detects")
    absent = read_case(write_case(tmp_path, case_text()), tmp_path)
    null = read_case(write_case(tmp_path, case_text(**dict.fromkeys(optional))), tmp_path)
    assert null == absent
    assert null.asked_sha256 == absent.asked_sha256


# ------------------------------------------------------------------------------------------ data


def test_a_missing_data_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    text = case_text(data="data/doze.csv")
    message = complaint(tmp_path, text)
    assert_points_at(message, text, "data")
    assert "no data file" in message
    assert "did you mean data/dose.csv" in message


@pytest.mark.parametrize(
    "csv",
    [
        b"",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"group,dose\nlow,1\nlow,2,3,4\n",
        b"group,deaths,dose\nlow,1,1,7\nmid,2,1,7\nhigh,3,1,7\n",  # one name too few: pandas would shift the columns
        b"group,deaths,dose,dose\nlow,1,1,1\nmid,2,1,1\nhigh,3,1,1\n",
        b'group,deaths,dose\nlow,1,"1\nmid,2,1\n',
    ],
    ids=["empty", "binary", "ragged", "a name too few", "a name twice", "an open quote"],
)
def test_a_data_file_that_is_no_csv_is_refused_and_named(tmp_path: Path, csv: bytes) -> None:
    text = case_text()
    message = complaint(tmp_path, text, csv=csv)
    assert_points_at(message, text, "data")
    assert str(tmp_path / "data" / "dose.csv") in message


def test_a_data_file_without_rows_is_refused(tmp_path: Path) -> None:
    assert "row" in complaint(tmp_path, case_text(), csv=DOSE_CSV.splitlines()[0] + "\n")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("formula", "deaths ~ group + doze"),
        ("formula", "deaths ~ group + I(doze^2)"),
        ("offset", "log(doze)"),
        ("weights", "doze"),
        ("levels", {"group": ["low", "mid", "high"], "doze": ["1", "2", "3"]}),
    ],
)
def test_a_column_that_is_not_there_is_named_with_the_nearest_one(tmp_path: Path, key: str, value: Any) -> None:
    text = case_text(**{key: value})
    message = complaint(tmp_path, text)
    assert "no column 'doze'" in message
    assert re.search(r"did you mean '?dose", message, re.IGNORECASE), message
    assert_points_at(message, text, key)


def test_a_value_that_is_no_level_is_named_with_its_row_and_the_levels(tmp_path: Path) -> None:
    text = case_text()
    message = complaint(tmp_path, text, csv=DOSE_CSV.replace("mid,1", "mdi,1"))
    assert "'mdi'" in message
    assert "low, mid, high" in message
    assert "Did you mean 'mid'?" in message
    assert "row 4 " in message  # rows are counted from 1: line 5 of the file
    assert_points_at(message, text, "levels")


def test_a_column_of_words_without_levels_is_told_to_have_some(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(levels={}))
    assert "'group'" in message
    assert "levels" in message


@pytest.mark.parametrize("cell", ["1_000", "\u0661", "nan", "Inf", "0x1A", "1e5L"])
def test_only_a_plain_decimal_is_a_number_in_the_data(tmp_path: Path, cell: str) -> None:
    message = complaint(tmp_path, case_text(), csv=DOSE_CSV.replace("low,1", f"low,{cell}", 1))
    assert "'dose'" in message
    assert cell in message


def test_a_level_given_twice_is_refused_at_the_levels(tmp_path: Path) -> None:
    text = case_text(levels={"group": ["low", "mid", "high", "low"]})
    message = complaint(tmp_path, text)
    assert "distinct" in message
    assert_points_at(message, text, "levels")


def test_a_start_of_the_wrong_length_is_told_the_columns(tmp_path: Path) -> None:
    text = case_text(start=[1.0, 2.0])
    message = complaint(tmp_path, text)
    assert_points_at(message, text, "start")
    assert "2 starting coefficients for 4 columns: (Intercept), groupmid, grouphigh, dose" in message


# ------------------------------------------------------------------------------------------ a case never runs code

HOSTILE = (
    "system('touch pwned')",
    "__import__('os').system('touch pwned')",
    "__import__(os)",
    "eval(dose)",
    "exec(dose)",
    "open(dose)",
    "print(dose)",
    "source(dose)",
    "get(dose)",
    "sin(dose)",
    "poly(dose, 2)",
    "as.numeric(dose)",
    "base::system(dose)",
    "dose.__class__",
    "dose.__class__()",
    "I(dose.__class__.__mro__)",
    "(lambda: dose)()",
    "[x for x in dose]",
    "{dose}",
    "`dose`",
    "dose; dose",
    "dose := 3",
    "I(dose ** 2)",
    "I(dose @ dose)",
    "I(dose if dose else dose)",
    "I(log)(dose)",
    "log(dose)(dose)",
    "log(log)",
    "log(dose, dose)",
    "log(x=dose)",
    "log(*dose)",
    "$(touch pwned)",
    "dose\\",
    "dose # comment",
    "\u0440dose",  # a Cyrillic letter
    "(" * 200 + "dose" + ")" * 200,
    "+".join(["dose"] * 5000),
)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("key", ["formula", "offset", "weights"])
def test_text_outside_the_language_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = case_text(**{key: f"deaths ~ {words}" if key == "formula" else words})
    message = complaint(tmp_path, text)
    assert key in message
    assert len(message) < 1500
    assert not list(tmp_path.rglob("pwned"))


def test_a_huge_power_of_terms_costs_nothing(tmp_path: Path) -> None:
    text = case_text(formula="deaths ~ (group + dose)^9999999999")
    assert len(read_case(write_case(tmp_path, text), tmp_path).problem().names) == 6


def test_a_function_that_is_not_listed_is_told_the_listed_ones(tmp_path: Path) -> None:
    message = complaint(tmp_path, case_text(formula="deaths ~ group + lgo(dose)"))
    assert "lgo() is not an allowed function" in message
    assert all(name in message for name in FUNCTIONS)
    assert "Did you mean 'log'?" in message


# ------------------------------------------------------------------------------------------ the schema for editors


@pytest.fixture(scope="module")
def schema() -> Any:
    said = command("cases", "schema")
    assert said.status == 0
    described = json.loads(said.out)
    jsonschema.Draft202012Validator.check_schema(described)
    return jsonschema.Draft202012Validator(described)


def test_the_schema_accepts_every_built_in_case(schema: Any) -> None:
    from ruamel.yaml import YAML

    files = Library.built_in().files
    assert len(files) >= 10
    for path in files.values():
        errors = [error.message for error in schema.iter_errors(YAML(typ="safe").load(path.read_text("utf-8")))]
        assert not errors, f"{path}: {errors}"


@pytest.mark.parametrize(
    "changes",
    [{"familly": "poisson"}, {"family": "poison"}, {"theta": "2"}, {"start": ["a"]}, {"max_iterations": 0},
     {"levels": {"group": [1]}}, {"id": "Dose_1"}, {"data": "../dose.csv"}],
)  # fmt: skip
def test_the_schema_refuses_what_the_reader_refuses(schema: Any, changes: dict[str, Any]) -> None:
    assert schema.is_valid(DOSE)
    assert not schema.is_valid({**DOSE, **changes})
    with pytest.raises(ValueError, match=next(iter(changes))):
        Case.model_validate({**DOSE, **changes})


def test_the_schema_describes_every_key(schema: Any) -> None:
    described = schema.schema["properties"]
    assert set(described) == set(Case.model_fields)
    assert [key for key, value in described.items() if not value.get("description")] == []
