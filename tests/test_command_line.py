"""The command line: its exit statuses, its record, its help, and what it says of what is not there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command import command
from support.folders import case_text, copy_cases, write_case
from support.wrong_adapter import adapter

from conformance.judging.checks import CHECKS
from conformance.judging.verdict import Outcome
from conformance.question.library import Library
from conformance.running.processes import processes_for
from conformance.showing import record

N = len(CHECKS)
CONSOLE = [sys.executable, "-W", "error", "-c", "from conformance.cli import main; main()"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two cases with an estimate, one without."""
    return copy_cases(tmp_path_factory.mktemp("library"), "dobson", "warpbreaks", "separated-ten")


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An adapter whose deviance is wrong on every case."""
    return adapter(tmp_path, monkeypatch, "wrong_deviance")


# ------------------------------------------------------------------------------------------ help

COMMANDS = [
    (),
    ("gate",),
    ("report",),
    ("diff",),
    ("explain",),
    ("regenerate",),
    ("certify",),
    ("audit",),
    ("fit",),
    ("smoke",),
    ("fuzz",),
    ("zoo",),
    ("implementations",),
    ("cases",),
    ("cases", "list"),
    ("cases", "show"),
    ("cases", "data"),
    ("cases", "validate"),
    ("cases", "coverage"),
    ("cases", "lint"),
    ("cases", "schema"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_an_example_in_80_columns(words: tuple[str, ...]) -> None:
    said = command(*words, "--help")
    assert said.status == 0
    assert f"Example: {' '.join(('glm-conformance', *words))}" in " ".join(said.out.split())
    assert max(map(len, said.out.splitlines())) <= 80
    assert command(*words, "-h").out == said.out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_argument_and_option_is_explained(words: tuple[str, ...]) -> None:
    from typer.main import get_command

    found: Any = get_command(__import__("conformance.cli", fromlist=["app"]).app)
    for word in words:
        found = found.commands[word]
    assert found.help
    assert [parameter.name for parameter in found.params if not getattr(parameter, "help", None)] == []


def test_the_version_is_told() -> None:
    said = command("--version")
    assert said.status == 0
    assert said.out.startswith("glm-conformance ")


@pytest.mark.parametrize("words", [(), ("cases",)])
def test_no_command_at_all_shows_the_help_and_is_a_wrong_call(words: tuple[str, ...]) -> None:
    said = command(*words)
    assert said.status == 2
    assert "Usage:" in said.out + said.err


@pytest.mark.parametrize(
    "words",
    [("gates",), ("gate",), ("gate", "irls", "--digit", "5"), ("gate", "irls", "--digits", "six"), ("audit",),
     ("gate", "irls", "--jobs", "0"), ("gate", "irls", "irls"), ("fit", "dobson"), ("cases", "lst"), ("cases", "show")],
    ids=" ".join,
)  # fmt: skip
def test_a_call_that_is_wrong_has_exit_status_2_and_names_the_help(words: tuple[str, ...]) -> None:
    said = command(*words)
    assert said.status == 2
    assert said.out == ""
    assert "--help" in said.err or "-h" in said.err


@pytest.mark.parametrize("digits", ["nan", "-1", "17", "inf"])
def test_digits_that_no_double_has_are_refused(small: Library, digits: str) -> None:
    said = command("gate", "irls", "--cases", small.cases, "--digits", digits)
    assert said.status == 2
    assert "digits" in said.err


# ------------------------------------------------------------------------------------------ exit statuses


def test_exit_status_0_where_it_conforms(small: Library) -> None:
    said = command("gate", "irls", "--cases", small.cases)
    assert said.status == 0
    assert "irls" in said.out
    assert ": CONFORMS" in said.out
    assert f"(3 cases x {N} checks" in said.out


def test_exit_status_1_where_it_does_not_with_the_quantity_and_both_values(small: Library, wrong: str) -> None:
    said = command("gate", wrong, "--cases", small.cases)
    assert said.status == 1
    assert "DOES NOT CONFORM" in said.out
    assert "FAIL  dobson: deviance" in said.out
    words = " ".join(said.out.split())
    assert "deviance: got 5.1804" in words
    assert "want 5.1291" in words
    assert "2.0 digits where 6.0 are required" in words


def test_exit_status_2_where_a_case_is_unusable_and_the_others_still_run(tmp_path: Path) -> None:
    library = copy_cases(tmp_path, "dobson", "warpbreaks")
    write_case(tmp_path, case_text(familly="poisson"))
    said = command("gate", "irls", "--cases", library.cases, "--report", tmp_path / "run.jsonl")
    assert said.status == 2
    assert f"ERROR dose: all of {N} checks" in said.out
    assert "dose.yaml:10: unknown key 'familly'" in " ".join(said.out.split())  # a path is never broken
    found = record.read(tmp_path / "run.jsonl")
    assert found.summary["counts"]["error"] == N
    assert {v.case for v in found.verdicts} == {"dobson", "warpbreaks", "dose"}
    assert {v.cause for v in found.verdicts if v.case == "dose"} == {"case"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_counts_are_the_same_however_many_processes_there_are(small: Library, tmp_path: Path, jobs: int) -> None:
    report = tmp_path / "run.jsonl"
    assert command("gate", "irls", "--cases", small.cases, "--jobs", jobs, "--report", report).status == 0
    counts = record.read(report).summary["counts"]
    assert sum(counts.values()) == 3 * N
    assert counts["pass"] >= 2 * (N - 4)


@pytest.mark.parametrize(
    ("items", "jobs", "processes"), [(400, None, 3), (65, None, 2), (63, None, 1), (0, None, 1), (3, 8, 3)]
)
def test_there_are_as_many_processes_as_cores_that_have_enough_to_do(
    monkeypatch: pytest.MonkeyPatch, items: int, jobs: int | None, processes: int
) -> None:
    monkeypatch.setattr("conformance.running.processes.cores", lambda: 3)
    assert processes_for(items, jobs) == processes


def test_fail_fast_stops_after_the_first_case_that_fails_with_a_record_that_says_so(
    small: Library, wrong: str, tmp_path: Path
) -> None:
    report = tmp_path / "run.jsonl"
    said = command("gate", wrong, "--cases", small.cases, "-x", "--report", report, "--check", "deviance")
    assert said.status == 1
    assert "DOES NOT CONFORM (2 of 3 cases x 1 checks, stopped at the first failure" in " ".join(said.out.split())
    found = record.read(report)
    assert (found.stopped, found.cases, found.conforms) == (True, 2, False)
    assert [verdict.outcome for verdict in found.verdicts] == [Outcome.UNDECIDED, Outcome.FAIL]
    assert command("report", report).out in said.out
    lines = report.read_text().splitlines()
    report.write_text("\n".join([*lines[:-1], lines[-1].replace('"cases": 2', '"cases": 3')]))
    with pytest.raises(record.TruncatedReport, match="do not add up"):
        record.read(report)


def test_fail_fast_without_a_failure_is_a_run_like_any_other(small: Library, tmp_path: Path) -> None:
    words = ("gate", "irls", "--cases", small.cases, "--check", "deviance", "--fail-fast")
    assert command(*words, "--report", tmp_path / "run.jsonl").status == 0
    assert not record.read(tmp_path / "run.jsonl").stopped


def test_the_cases_that_failed_last_are_asked_first(
    small: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "last_of_all.py").write_text(
        "from conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        "    return dict(coefficients=irls(problem).coefficients * (1 + 0.1 * (problem.n == 54)))\n"
    )
    words = ("gate", "last_of_all:fit", "--cases", small.cases, "--check", "coefficients", "--report", "run.jsonl")
    assert command(*words).status == 1
    before = [verdict.case for verdict in record.read(Path("run.jsonl")).verdicts]
    assert before.index("warpbreaks") > 0
    assert command(*words, "--last-failed").status == 1
    after = [verdict.case for verdict in record.read(Path("run.jsonl")).verdicts]
    assert after == ["warpbreaks", *(id for id in before if id != "warpbreaks")]
    said = command(*words[:-2], "--last-failed", "--last-record", "run.jsonl", "-x", "-q")
    assert "(1 of 3 cases x 1 checks, stopped" in said.out


def test_last_failed_wants_a_record(small: Library, tmp_path: Path) -> None:
    said = command("gate", "irls", "--cases", small.cases, "--last-failed")
    assert (said.status, said.out) == (2, "")
    assert "name it, with --report or --last-record" in said.err
    said = command("gate", "irls", "--cases", small.cases, "--last-failed", "--report", tmp_path / "run.jsonl")
    assert (said.status, said.out) == (2, "")
    assert "run.jsonl" in said.err


def test_quiet_prints_the_verdict_alone(small: Library, wrong: str) -> None:
    said = command("gate", wrong, "--cases", small.cases, "--quiet", "--check", "deviance")
    assert (said.status, said.err) == (1, "")
    assert " ".join(said.out.split()).startswith(f"{wrong} unknown: DOES NOT CONFORM (3 cases x 1 checks, ")
    assert len(said.out.splitlines()) <= 2


# ------------------------------------------------------------------------------------------ the report


@pytest.fixture
def report(small: Library, wrong: str, tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    assert command("gate", wrong, "--cases", small.cases, "--report", path).status == 1
    return path


def test_the_report_is_a_run_line_the_verdicts_and_a_summary_that_adds_up(report: Path) -> None:
    run, *verdicts, summary = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    assert list(run) == [
        *("type", "implementation", "version", "conventions", "suite", "python", "platform", "cases", "checks"),
        *("called", "digits", "strict", "file"),
    ]
    assert (run["type"], run["implementation"], run["cases"], run["checks"]) == ("run", "wrong_deviance:fit", 3, N)
    keys = ["type", "case", "check", "quantity", "outcome", "digits", "required", "attainable", "got", "want"]
    keys += ["cause", "message"]
    for verdict in verdicts:  # what is failing has snippets too
        assert list(verdict) == keys + ["reproduce"] * (verdict["outcome"] == "fail")
        assert verdict["type"] == "verdict"
    assert [v["check"] for v in verdicts] == list(CHECKS) * 3
    assert list(summary) == ["type", "conforms", "counts", "seconds", "fit_seconds"]
    assert summary["type"] == "summary"
    assert set(summary["counts"]) == {outcome.value for outcome in Outcome}
    assert sum(summary["counts"].values()) == len(verdicts) == 3 * N
    for outcome, number in summary["counts"].items():
        assert number == sum(v["outcome"] == outcome for v in verdicts)
    assert 0 <= summary["fit_seconds"] <= summary["seconds"]


def test_the_exit_status_is_what_the_summary_says(report: Path, small: Library, tmp_path: Path) -> None:
    assert record.read(report).summary["conforms"] is False  # the fixture saw exit status 1
    other = tmp_path / "irls.jsonl"
    said = command("gate", "irls", "--cases", small.cases, "--report", other)
    assert (said.status, record.read(other).summary["conforms"]) == (0, True)


def test_a_report_is_read_back_as_it_was_written(report: Path) -> None:
    found = record.read(report)
    failed = [v for v in found.verdicts if v.outcome is Outcome.FAIL]
    assert {v.check for v in failed} == {"deviance"}
    assert all(v.digits is not None and v.digits < 3 and v.message for v in failed)


def without_last(lines: list[str]) -> list[str]:
    return lines[:-1]


SPOILT: dict[str, Callable[[list[str]], list[str]]] = {
    "no summary": without_last,
    "half a line at the end": lambda lines: [*lines[:-1], lines[-1][:20]],
    "half a verdict at the end": lambda lines: [*lines[:5], lines[5][:20]],
    "a verdict is gone": lambda lines: [*lines[:5], *lines[6:]],
    "a verdict twice": lambda lines: [*lines[:5], lines[5], lines[5], *lines[6:-2], lines[-1]],
    "an outcome changed": lambda lines: [*lines[:1], lines[1].replace('"pass"', '"fail"'), *lines[2:]],
    "no run line": lambda lines: lines[1:],
    "two reports": lambda lines: lines * 2,
    "nothing": lambda lines: [],
    "no JSON": lambda lines: ["words"],
    "a list": lambda lines: ["[]"],
    "a verdict with an unknown key": lambda lines: [lines[0], lines[1][:-1] + ', "x": 1}', *lines[2:]],
    "a verdict with an unknown outcome": lambda lines: [lines[0], lines[1].replace('"pass"', '"good"'), *lines[2:]],
    "a summary that contradicts its counts": lambda lines: [*lines[:-1], lines[-1].replace("false", "true", 1)],
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_truncated_or_spoilt_report_is_refused_with_its_name(report: Path, spoil: Callable[..., list[str]]) -> None:
    lines = report.read_text("utf-8").splitlines()
    spoilt = spoil(lines)
    assert spoilt != lines
    report.write_text("\n".join(spoilt), encoding="utf-8")
    with pytest.raises(record.TruncatedReport, match=r"run\.jsonl.*run the gate again"):
        record.read(report)


def test_an_interrupted_run_leaves_a_report_that_is_seen_to_be_truncated(small: Library, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import time\nfrom conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        "    if problem.n == 54: open('begun', 'w').close(), time.sleep(1000)\n"
        "    return irls(problem)\n"
    )
    words = ["gate", "interrupted:fit", "--cases", str(small.cases), "--report", "run.jsonl"]
    with subprocess.Popen([*CONSOLE, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as gate:
        while not (tmp_path / "begun").exists():
            assert gate.poll() is None
            time.sleep(0.02)
        gate.send_signal(signal.SIGINT)
        _, said = gate.communicate(timeout=60)
    assert gate.returncode == 130
    assert "Traceback" not in said
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) > N
    with pytest.raises(record.TruncatedReport):
        record.read(tmp_path / "run.jsonl")


def test_an_interrupted_run_loses_no_earlier_report_however_often(small: Library, tmp_path: Path) -> None:
    report, before = tmp_path / "run.jsonl", tmp_path / "run.jsonl.before"
    report.write_text("the earlier one")
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt), record.Writer(report) as writer:
            writer.write({"type": "run"})
            raise KeyboardInterrupt
        assert before.read_text() == "the earlier one"
    assert command("gate", "irls", "--cases", small.cases, "--report", report).status == 0
    assert record.read(report)
    assert not before.exists()


@pytest.mark.parametrize("where", [".", "no/such/folder/run.jsonl", "a-file/run.jsonl", "/proc/nothing/run.jsonl"])
def test_a_report_that_can_not_be_written_is_refused_before_the_run(
    small: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_text("")
    said = command("gate", "irls", "--cases", small.cases, "--report", where)
    assert said.status == 2
    assert said.out == ""
    assert where in said.err
    assert "report" in said.err


def test_a_report_on_a_full_device_is_an_error_without_a_traceback(small: Library) -> None:
    said = command("gate", "irls", "--cases", small.cases, "--report", "/dev/full")
    assert said.status == 2
    assert "/dev/full" in said.err


# ------------------------------------------------------------------------------------------ what is not there


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "irls", "--case", "dobsn"),
        ("regenerate", "dobsn"),
        ("certify", "dobsn"),
        ("regenerate", "--case", "dobsn"),
        ("audit", "irls", "--case", "dobsn"),
        ("fit", "dobsn", "irls"),
        ("cases", "list", "--case", "dobsn"),
        ("cases", "show", "dobsn"),
        ("cases", "validate", "--case", "dobsn"),
    ],
    ids=" ".join,
)
def test_a_case_that_is_not_there_is_told_the_nearest(small: Library, words: tuple[str, ...]) -> None:
    said = command(*words, "--cases", small.cases)
    assert (said.status, said.out) == (2, "")
    assert "no case matches 'dobsn'" in said.err
    assert "dobson" in said.err.replace("dobsn", "")


def test_a_pattern_near_to_nothing_is_told_how_to_list_the_cases(small: Library) -> None:
    said = command("gate", "irls", "--case", "zzzzzzz*", "--cases", small.cases)
    assert said.status == 2
    assert "glm-conformance cases list" in said.err


def test_fit_and_show_refuse_a_pattern_that_means_several_cases(small: Library) -> None:
    for words in (("fit", "*", "irls"), ("cases", "show", "*")):
        said = command(*words, "--cases", small.cases)
        assert (said.status, said.out) == (2, "")
        assert all(id in said.err for id in small.files)


def test_a_source_that_is_not_there_is_told_the_ones_that_are(small: Library) -> None:
    said = command("regenerate", "dobson", "--source", "sas", "--cases", small.cases)
    assert (said.status, said.out) == (2, "")
    assert "no source 'sas'; there are r, statsmodels" in said.err


def test_a_folder_without_cases_is_told_what_a_case_is(tmp_path: Path) -> None:
    for words in (
        ("gate", "irls"),
        ("cases", "validate"),
        ("cases", "list"),
        ("audit", "irls"),
        ("regenerate",),
        ("certify",),
    ):
        said = command(*words, "--cases", tmp_path)
        assert (said.status, said.out) == (2, "")
        assert f"no cases below {tmp_path}" in said.err


@pytest.mark.parametrize("name", ["nothing", "a-file"])
def test_a_folder_of_cases_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("")
    said = command("gate", "irls", "--cases", tmp_path / name)
    assert (said.status, said.out) == (2, "")
    assert f"no folder of cases at {tmp_path / name}" in said.err


def test_a_yaml_file_at_the_top_of_the_folder_is_a_case_too(tmp_path: Path) -> None:
    path = write_case(tmp_path, case_text())
    path.rename(tmp_path / "dose.yaml")
    assert list(Library.at(tmp_path).files) == ["dose"]


def test_the_ending_yml_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    path = write_case(tmp_path, case_text())
    path.rename(path.with_suffix(".yml"))
    said = command("cases", "validate", "--cases", tmp_path)
    assert said.status == 2
    assert "dose.yml" in said.err
    assert ".yaml" in said.err


# ------------------------------------------------------------------------------------------ what is shown


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("gate", "irls"), 0),
        (("gate", "SILENT"), 1),
        (("gate", "irls", "--strict"), 0),
        (("audit", "irls", "SILENT", "statsmodels"), 0),
        (("fit", "dobson", "irls", "--trace"), 0),
        (("fit", "separated-ten", "irls"), 0),
        (("cases", "list"), 0),
        (("cases", "validate"), 0),
    ],
    ids=str,
)
def test_output_without_a_terminal_is_plain_and_fits_in_80_columns(
    small: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "silent.py").write_text(
        "import numpy\ndef fit(p):\n    return dict(coefficients=numpy.full(p.p, 5.0), deviance=1.0)\n"
    )
    said = command(*(word.replace("SILENT", "silent:fit") for word in words), "--cases", small.cases)
    assert (said.status, said.err) == (status, "")
    assert "\x1b" not in said.out
    assert [line for line in said.out.splitlines() if len(line) > 80] == []


def test_the_installed_command_writes_no_escape_codes_into_a_pipe(small: Library, tmp_path: Path) -> None:
    call = [*CONSOLE, "gate", "irls", "--cases", str(small.cases)]
    ended = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "CONFORMS" in ended.stdout
    assert "\x1b" not in ended.stdout


def test_an_output_that_nobody_reads_any_more_ends_the_command_in_silence() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([*CONSOLE, "cases", "list"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert "Traceback" not in ended.stderr
    assert ended.stderr == ""


def test_the_list_shows_every_id_in_one_piece() -> None:
    ids = list(Library.built_in().files)
    words = set(command("cases", "list").out.replace("│", " ").replace("|", " ").split())
    assert [id for id in ids if id not in words] == []


def test_the_list_as_json_is_one_object_a_line(small: Library) -> None:
    said = command("cases", "list", "--json", "--cases", small.cases)
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == list(small.files)


def test_show_tells_the_file_the_design_and_the_digests(small: Library) -> None:
    said = command("cases", "show", "dobson", "--cases", small.cases)
    assert said.status == 0
    assert small.files["dobson"].read_text("utf-8").strip() in said.out
    assert "9 rows, 5 columns: (Intercept), outcome2, outcome3, treatment2, treatment3" in said.out
    assert small.case("dobson").asked_sha256 in said.out


def test_show_of_a_case_that_is_wrong_tells_its_line(tmp_path: Path) -> None:
    write_case(tmp_path, case_text(formula="deaths ~ doze"))
    said = command("cases", "show", "dose", "--cases", tmp_path)
    assert (said.status, said.out) == (2, "")
    assert "dose.yaml:5: " in said.err


def test_validate_tells_every_fault_and_counts(tmp_path: Path) -> None:
    write_case(tmp_path, case_text())
    write_case(tmp_path, case_text(id="first", formula="deaths ~ doze"), name="first")
    write_case(tmp_path, case_text(id="second", link="logit"), name="second")
    said = command("cases", "validate", "--cases", tmp_path)
    assert said.status == 2
    assert "3 cases, 2 unusable" in said.out
    assert "first.yaml:5: " in said.err
    assert "second.yaml:" in said.err
    assert command("cases", "validate", "--cases", tmp_path, "--case", "dose").status == 0


def test_one_file_that_is_wrong_does_not_hide_the_rest_of_the_list(tmp_path: Path) -> None:
    write_case(tmp_path, case_text())
    write_case(tmp_path, case_text(id="first", link="logit"), name="first")
    said = command("cases", "list", "--cases", tmp_path)
    assert said.status == 2
    assert "Deaths by dose" in said.out
    assert "first.yaml:" in said.err


def test_fit_shows_what_was_said_beside_the_reference(small: Library) -> None:
    said = command("fit", "dobson", "irls", "--cases", small.cases)
    assert said.status == 0
    assert "outcome2" in said.out
    assert said.out.count("-0.454255272") >= 2
    assert "converged: True" in said.out


def test_fit_shows_every_number_in_one_piece_and_a_dash_for_what_was_not_said(wrong: str) -> None:
    said = command("fit", "nist-filip", wrong)
    assert said.status == 0
    rows = [line.replace("│", " ").split() for line in said.out.splitlines() if "I(x^" in line]
    assert len(rows) == 9
    assert all(len(row) == 5 and row[3] == "-" for row in rows)
    assert "nan" not in said.out


def test_fit_of_a_separated_case_shows_the_warning(small: Library) -> None:
    said = command("fit", "separated-ten", "irls", "--cases", small.cases)
    assert said.status == 0
    assert "separat" in said.out.split("reference:")[1]


def test_the_audit_shows_digits_and_explains_the_failures(small: Library, wrong: str) -> None:
    said = command("audit", "irls", wrong, "--cases", small.cases)
    assert said.status == 0
    assert all(id in said.out for id in small.files)
    assert "2 cases" in said.out
    assert "deviance" in said.out


def test_an_audit_of_cases_that_can_not_be_used_says_whose_fault_that_is(small: Library, tmp_path: Path) -> None:
    folder = shutil.copytree(small.cases, tmp_path / "mine")
    (folder / "data" / small.case("dobson").data_file.name).unlink()
    said = command("audit", "irls", "r-glm", "--cases", folder)
    assert said.status == 2
    assert said.err.startswith("case: ")
    assert said.err.count("no data file") == 1
    assert "verdicts, " not in said.out  # the implementations are accused of nothing
    assert command("audit", "irls", "--json", "--cases", folder).status == 2


def test_two_reports_can_not_be_one_file(small: Library, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "run")
    said = command("gate", "irls", "--cases", small.cases, "--report", tmp_path / "run", "--junit", tmp_path / "link")
    assert said.status == 2
    assert "two reports" in said.err
    assert not (tmp_path / "run").exists()


def test_the_audit_as_json_is_a_verdict_a_line_with_its_implementation(small: Library, wrong: str) -> None:
    said = command("audit", "irls", wrong, "--json", "--cases", small.cases)
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert len(lines) == 2 * 3 * N
    assert {line["implementation"] for line in lines} == {"irls", wrong}
    assert {line["check"] for line in lines if line["outcome"] == "fail"} == {"deviance"}
