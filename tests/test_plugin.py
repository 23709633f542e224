"""pytest --pyargs conformance --implementation ...: one test for each case and check, with pytest's own options."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from support.folders import ABSENT, case_text, copy_cases, write_case
from support.wrong_adapter import WRONG_DEVIANCE

from conformance.judging.checks import CHECKS
from conformance.question.selection import level

pytest_plugins = ["pytester"]
N = len(CHECKS)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_cases(tmp_path_factory.mktemp("library"), "dobson", "separated-ten").cases


def called(cases: Path, *words: str) -> tuple[str, ...]:
    """What a maintainer calls."""
    return "--pyargs", "conformance", "--conformance-cases", str(cases), "-p", "no:cacheprovider", *words


def test_there_is_one_test_for_each_case_and_check_in_the_junit_file_too(
    pytester: pytest.Pytester, cases: Path
) -> None:
    words = called(cases, "--implementation", "irls", "--junitxml", "junit.xml", "-v")
    result = pytester.runpytest_subprocess("-W", "error", *words)
    assert result.ret == 0
    counted = result.parseoutcomes()
    assert counted["passed"] + counted.get("skipped", 0) == 2 * N
    assert counted["passed"] > N // 2
    names = [one.get("name") for one in ElementTree.parse(pytester.path / "junit.xml").iter("testcase")]
    asked = [f"test_conforms[{id}-{check}]" for id in ("dobson", "separated-ten") for check in CHECKS]
    assert sorted(map(str, names)) == sorted(asked)


def test_k_chooses_cases_and_checks(pytester: pytest.Pytester, cases: Path) -> None:
    chosen = "dobson and deviance and not null and not residuals and not deviance_is"
    result = pytester.runpytest_inprocess(*called(cases, "--implementation", "irls", "-k", chosen))
    result.assert_outcomes(passed=1, deselected=2 * N - 1)


def test_a_failure_shows_the_message_of_the_verdict_and_no_traceback(pytester: pytest.Pytester, cases: Path) -> None:
    pytester.makepyfile(mine=WRONG_DEVIANCE)
    result = pytester.runpytest_inprocess(*called(cases, "--implementation", "mine:fit"))
    assert result.ret == 1
    counted = result.parseoutcomes()
    assert counted["failed"] == 1
    assert sum(counted.values()) == 2 * N
    result.stdout.fnmatch_lines(["*deviance: got 5.18*, want 5.129*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*test_gate.py:*Error*")


def test_the_tests_can_be_run_in_several_processes(pytester: pytest.Pytester, cases: Path) -> None:
    result = pytester.runpytest_subprocess(*called(cases, "--implementation", "irls", "-n", "2"))
    assert result.ret == 0
    assert sum(result.parseoutcomes().values()) == 2 * N


def test_no_process_fits_a_case_again_that_another_has(
    pytester: pytest.Pytester, cases: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(
        mine="import os\nfrom conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        f"    with open({str(pytester.path / 'log')!r}, 'a') as log:\n"
        "        print(os.getpid(), problem.n, problem.p, file=log)\n"
        "    return irls(problem)\n"
    )
    words = ("--implementation", "mine:fit", "-n", "2", "--maxschedchunk", "1", "-k", "score or deviance or aic")
    result = pytester.runpytest_subprocess(*called(cases, *words))
    assert result.ret == 0
    fits = {tuple(line.split()) for line in (pytester.path / "log").read_text().splitlines()}
    for shape in (("9", "5"), ("10", "2")):  # dobson and separated-ten
        assert len([pid for pid, *rows_and_columns in fits if tuple(rows_and_columns) == shape]) == 1
    assert not list(tmp_path.glob("glm-conformance-*"))


def test_another_ones_tests_of_the_same_names_are_let_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_gate="import pytest\n"
        "@pytest.fixture\ndef conformance_case(): return 1\n"
        "@pytest.fixture\ndef conformance_check(): return 1\n"
        "@pytest.mark.parametrize('one', [1])\n"
        "def test_conforms(one, conformance_case, conformance_check): pytest.skip('not today')\n"
    )
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(skipped=1)
    assert result.ret == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "*give --implementation: irls, statsmodels, r-glm*"),
        (("--implementation", "no_such_module:fit"), "*there is no module 'no_such_module' here*"),
        (("--implementation", "irsl"), "*no implementation 'irsl'*"),
        (("--implementation", "irls", "--conformance-cases", "nowhere"), "*no folder of cases at nowhere*"),
        (("--implementation", "irls", "--conformance-digits", "six"), "*--conformance-digits*six*"),
    ],
)
def test_what_can_not_be_run_is_a_usage_error(
    pytester: pytest.Pytester, cases: Path, words: tuple[str, ...], said: str
) -> None:
    result = pytester.runpytest_inprocess(*called(cases, *words))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_case_that_is_wrong_fails_alone(pytester: pytest.Pytester, tmp_path: Path) -> None:
    folder = copy_cases(tmp_path / "mine", "dobson").cases
    write_case(folder, case_text(title=ABSENT))
    result = pytester.runpytest_inprocess(*called(folder, "--implementation", "irls"))
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == N
    result.stdout.fnmatch_lines(["*dose.yaml:1: the key 'title' is missing*"])


def test_the_plugin_stays_out_of_other_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(passed=1)


def test_the_options_are_explained_in_the_help_of_pytest(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_inprocess("--help").stdout.str()
    for option in ("--implementation", "--conformance-cases", "--conformance-digits", "--conformance-strict"):
        assert option in shown


def test_a_known_failure_is_expected_and_a_stale_entry_fails(pytester: pytest.Pytester, cases: Path) -> None:
    pytester.makepyfile(mine=WRONG_DEVIANCE)
    known = "- {{case: dobson, check: {}, reason: a factor of 1.01, digits: {}}}\n"
    listed, stale = pytester.path / "known.yaml", pytester.path / "stale.yaml"
    listed.write_text(known.format("deviance", 1.9), encoding="utf-8")
    stale.write_text(listed.read_text("utf-8") + known.format("coefficients", 1.9), encoding="utf-8")
    words = called(cases, "--implementation", "mine:fit")
    assert pytester.runpytest_inprocess(*words, "--conformance-known", str(listed)).parseoutcomes()["xfailed"] == 1
    result = pytester.runpytest_inprocess(*words, "--conformance-known", str(stale))
    assert (result.ret, result.parseoutcomes()["failed"]) == (1, 1)
    result.stdout.fnmatch_lines(["*stale: *delete the entry*"])


@pytest.mark.parametrize("processes", ["0", "2"])
def test_where_nothing_was_judged_pytest_fails_as_the_gate_does(
    pytester: pytest.Pytester, cases: Path, processes: str
) -> None:
    pytester.makepyfile(
        mine="import conformance\ndef fit(problem):\n    raise conformance.Unsupported('no models on Sundays')\n"
    )
    result = pytester.runpytest_subprocess(*called(cases, "--implementation", "mine:fit", "-n", processes))
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*nothing was run*"])


def test_a_level_chooses_its_cases(pytester: pytest.Pytester) -> None:
    words = ("--pyargs", "conformance", "-p", "no:cacheprovider", "--implementation", "irls", "--collect-only", "-q")
    result = pytester.runpytest_inprocess(*words, "--conformance-level", "core-2026")
    ids = {line.split("[")[1].split("]")[0] for line in result.outlines if "[" in line}
    assert ids == {f"{id}-{check}" for id in level("core-2026").cases for check in CHECKS}
