"""An adapter that can't be used ends the run before it starts; one that breaks in a fit is an error of that case."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import command
from support.folders import copy_cases

from conformance.adapters import find, from_object
from conformance.adapters.answer import Unsupported, as_fit
from conformance.errors import ImplementationError
from conformance.fitter import fit as irls
from conformance.judging.checks import CHECKS
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome, conforms, count
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.running.gate import run

N = len(CHECKS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two cases with an estimate, one without: dobson (n = 9, p = 5), warpbreaks and separated-ten."""
    return copy_cases(tmp_path_factory.mktemp("library"), "dobson", "warpbreaks", "separated-ten")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """A function that writes a module into the current folder and gives back its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    written: list[str] = []

    def write(source: str) -> str:
        name = f"adapter_{tmp_path.name}_{len(written)}"
        (tmp_path / f"{name}.py").write_text(source)
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


# ------------------------------------------------------------------------------------------ before the run: status 2


@pytest.mark.parametrize(
    ("source", "attribute", "words"),
    [
        ("def fit(problem): ...", "fitt", ["no attribute 'fitt'", "did you mean 'fit'"]),
        ("fit = 3", "fit", ["int", "can't be called"]),
        ("fit = None", "fit", ["NoneType", "can't be called"]),
        ("import no_such_package_here", "fit", ["no module 'no_such_package_here'"]),
        ("1 / 0", "fit", ["importing", "ZeroDivisionError"]),
        ("def fit(problem:\n    pass", "fit", ["importing", "SyntaxError"]),
        ("import sys\nsys.exit(7)", "fit", ["importing", "SystemExit"]),
        ("class Fit:\n    def __init__(self): raise OSError('no licence')\n    def __call__(self, p): ...", "Fit",
         ["OSError: no licence"]),
        ("class Fit:\n    def __init__(self, x): ...\n    def __call__(self, p): ...", "Fit", ["TypeError"]),
        ("class Fit:\n    pass", "Fit", ["can't be called"]),
        ("class Fit:\n    conventions = {'dispersions': 'mle'}\n    def __call__(self, p): ...", "Fit",
         ["unknown convention 'dispersions'", "did you mean 'dispersion'"]),
        ("class Fit:\n    conventions = {'dispersion': 'ml'}\n    def __call__(self, p): ...", "Fit",
         ["dispersion", "'ml'", "pearson | deviance | mle"]),
        ("class Fit:\n    conventions = 'mle'\n    def __call__(self, p): ...", "Fit",
         ["conventions", "mapping", "'mle'"]),
        ("class Fit:\n    conventions = {'dispersion': ['mle']}\n    def __call__(self, p): ...", "Fit",
         ["dispersion", "pearson | deviance | mle"]),
        ("class Fit:\n    conventions = {3: 'mle'}\n    def __call__(self, p): ...", "Fit", ["unknown convention 3"]),
    ],
    ids=["attribute", "number", "none", "package", "import", "syntax", "exit", "constructor", "arguments", "no call",
         "convention", "value", "no mapping", "a list", "a number"],
)  # fmt: skip
def test_an_adapter_that_can_not_be_made_is_refused_before_the_run(
    module: Callable[[str], str], small: Library, tmp_path: Path, source: str, attribute: str, words: list[str]
) -> None:
    name = f"{module(source)}:{attribute}"
    report = tmp_path / "run.jsonl"
    said = command("gate", name, "--cases", small.cases, "--report", report)
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith("glm-conformance: implementation: ")
    assert len(said.err.splitlines()) == 1
    assert name in said.err
    for word in words:
        assert word in said.err
    assert not report.exists()


def test_an_import_that_raises_names_the_file_and_line(module: Callable[[str], str]) -> None:
    name = module("x = 1\n\n1 / 0\n")
    with pytest.raises(ImplementationError, match=rf"{name}\.py:3"):
        find(f"{name}:fit")


@pytest.mark.parametrize("name", ["no_such_module_here:fit", "no_such_package_here.part:fit"])
def test_a_module_that_is_not_there_is_named_with_where_it_was_sought(
    name: str, small: Library, tmp_path: Path
) -> None:
    said = command("gate", name, "--cases", small.cases)
    assert said.status == 2
    assert f"no module '{name.split(':')[0].split('.')[0]}'" in said.err


@pytest.mark.parametrize(("name", "near"), [("irsl", "irls"), ("statsmodel", "statsmodels"), ("rglm", "r-glm")])
def test_a_name_that_is_no_implementation_is_told_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ImplementationError, match=rf"did you mean '?{near}.*module:attribute"):
        find(name)


@pytest.mark.parametrize("name", ["", ":", "module:", ":fit", "a b:fit", "..x:fit", "os:path.nothing", "os.:path"])
def test_a_name_that_makes_no_sense_is_refused_without_a_traceback(name: str) -> None:
    with pytest.raises(ImplementationError, match=r".+"):
        find(name)


def test_fit_and_audit_refuse_an_unusable_adapter_as_the_gate_does(small: Library) -> None:
    for words in (("fit", "dobson", "no_such:fit"), ("audit", "irls", "no_such:fit")):
        said = command(*words, "--cases", small.cases)
        assert (said.status, said.out) == (2, "")
        assert "no module 'no_such'" in said.err


# ------------------------------------------------------------------------------------------ in a fit: an error


def whole(problem: Problem) -> dict[str, Any]:
    fit = irls(problem)
    return {"coefficients": fit.coefficients, "deviance": fit.deviance, "converged": True}


def returning(**changes: Any) -> Callable[[Problem], Any]:
    """A right answer with ``changes``; a callable makes its value from the problem, None takes the key out."""

    def fit(problem: Problem) -> dict[str, Any]:
        answer = whole(problem)
        for key, value in changes.items():
            answer[key] = value(problem) if callable(value) else value
        return answer

    return fit


def raising(error: BaseException) -> Callable[[Problem], Any]:
    def fit(problem: Problem) -> Any:
        raise error

    return fit


def writing(name: str) -> Callable[[Problem], Any]:
    def fit(problem: Problem) -> Any:
        array = getattr(problem, name)
        array *= 2.0
        return whole(problem)

    return fit


class Loud(str):
    def __repr__(self) -> str:
        raise RuntimeError("even its repr raises")


NO_ANSWERS: dict[str, tuple[Callable[[Problem], Any], str]] = {
    "None": (lambda p: None, "NoneType"),
    "a string": (lambda p: "1 2 3", "str '1 2 3'"),
    "a list": (lambda p: [0.0] * p.p, "list"),
    "an array": (lambda p: np.zeros(p.p), "ndarray"),
    "nothing": (lambda p: {}, "no 'coefficients'"),
    "no coefficients": (returning(coefficients=None), "no 'coefficients'"),
    "an unknown key": (returning(coeficients=1.0), "'coeficients'; did you mean 'coefficients'?"),
    "a key that is no string": (lambda p: {**whole(p), 3: 1.0}, "unknown quantity 3"),
    "too few coefficients": (returning(coefficients=lambda p: np.zeros(p.p - 1)), "shape (4,); expected (5,)"),
    "too many coefficients": (returning(coefficients=lambda p: np.zeros(p.p + 1)), "shape (6,); expected (5,)"),
    "a column of coefficients": (returning(coefficients=lambda p: np.zeros((p.p, 1))), "shape (5, 1); expected (5,)"),
    "strings": (returning(coefficients=lambda p: ["1.0"] * p.p), "expected numbers"),
    "ragged": (returning(coefficients=lambda p: [1.0, [2.0, 3.0], 4.0, 5.0, 6.0]), "ragged"),
    "complex": (returning(coefficients=lambda p: np.zeros(p.p, dtype=complex)), "expected numbers"),
    "None among the coefficients": (returning(coefficients=lambda p: [1.0, None, 1.0, 1.0, 1.0]), "expected numbers"),
    "a short vector over the rows": (returning(fitted_values=np.zeros(3)), "'fitted_values' has shape (3,)"),
    "a flat covariance": (returning(covariance=np.zeros(25)), "'covariance' has shape (25,); expected (5, 5)"),
    "a deviance of two": (returning(deviance=[1.0, 2.0]), "'deviance' has shape (2,)"),
    "a deviance in words": (returning(deviance="5.13"), "'deviance' is str '5.13'; expected numbers"),
    "converged in words": (returning(converged="yes"), "'converged' is str 'yes'; expected True or False"),
    "converged as a number": (returning(converged=1), "'converged' is int 1; expected True or False"),
    "iterations in words": (returning(iterations="four"), "'iterations'"),
    "half an iteration": (returning(iterations=4.5), "'iterations'"),
    "no number of iterations": (returning(iterations=float("nan")), "'iterations'"),
    "one warning": (returning(warnings="careful"), "'warnings'"),
    "warnings that are not words": (returning(warnings=[1, 2]), "'warnings'"),
    "warnings that are not a list": (returning(warnings=3), "'warnings'"),
    "a trace that is no list": (returning(trace=3), "'trace'"),
    "an exception": (raising(ZeroDivisionError("float division by zero")), "ZeroDivisionError: float division by zero"),
    "an exception without words": (raising(ValueError()), "ValueError"),
    "an exception of many lines": (raising(ValueError("one\ntwo\nthree")), "one"),
    "sys.exit": (raising(SystemExit(3)), "SystemExit: 3"),
    "an assertion": (raising(AssertionError()), "AssertionError"),
    "no memory": (raising(MemoryError("8 EiB")), "MemoryError: 8 EiB"),
    "recursion": (raising(RecursionError("too deep")), "RecursionError"),
    "a repr that raises": (lambda p: {"coefficients": Loud("x")}, "even its repr raises"),
    "writing to X": (writing("X"), "read-only"),
    "writing to y": (writing("y"), "read-only"),
}  # fmt: skip


@pytest.mark.parametrize(("function", "words"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_an_error_of_every_check_of_that_case(
    small: Library, function: Callable[[Problem], Any], words: str
) -> None:
    result = judge_case(from_object("mine:fit", function), small, "dobson")
    assert [verdict.check for verdict in result.verdicts] == list(CHECKS)
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.ERROR}
    assert {verdict.cause for verdict in result.verdicts} == {"implementation"}
    message = result.verdicts[0].message
    assert message.startswith("mine:fit ")
    assert words in message
    assert result.unusable is None  # exit status 1, not 2: the run was possible


class Breaks:
    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")


@pytest.mark.parametrize(
    "function",
    [raising(SystemExit(3)), raising(MemoryError()), lambda problem: {"coefficients": Breaks()}],
    ids=["sys.exit", "no memory", "an answer that breaks"],
)
@pytest.mark.parametrize("id", ["separated-ten", "nan-in-y"])
def test_a_crash_is_no_refusal_also_where_a_refusal_is_right(
    library: Library, id: str, function: Callable[[Problem], Any]
) -> None:
    verdicts = judge_case(from_object("mine", function), library, id).verdicts
    assert {v.outcome for v in verdicts} == {Outcome.ERROR}
    assert "valid problem" not in verdicts[0].message


def test_an_exception_names_the_file_and_line_that_raised_it(small: Library) -> None:
    message = judge_case(from_object("mine", raising(ValueError("no"))), small, "dobson").verdicts[0].message
    line = raising.__code__.co_firstlineno + 2
    assert f"{Path(__file__).name}:{line}" in message


def test_a_keyboard_interrupt_ends_the_run(small: Library) -> None:
    with pytest.raises(KeyboardInterrupt):
        judge_case(from_object("mine", raising(KeyboardInterrupt())), small, "dobson")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_coefficients_that_are_not_finite_fail_where_the_case_has_full_rank(small: Library, value: float) -> None:
    def fit(problem: Problem) -> dict[str, Any]:
        answer = whole(problem)
        answer["coefficients"] = np.where(np.arange(problem.p) == 1, value, answer["coefficients"])
        return answer

    verdicts = {v.check: v for v in judge_case(from_object("mine", fit), small, "dobson").verdicts}
    assert verdicts["coefficients"].outcome is Outcome.FAIL
    assert "outcome2" in verdicts["coefficients"].message or "coefficients[" in verdicts["coefficients"].quantity
    assert ("alias" in verdicts["coefficients"].message) == bool(np.isnan(value))
    assert not any(v.cause == "suite" for v in verdicts.values())


def test_the_na_of_r_is_a_plain_nan(small: Library) -> None:
    na = np.array([0x7FF00000000007A2], dtype=np.uint64).view(np.float64)  # signalling: np.nanmax would give NaN

    def fit(problem: Problem) -> dict[str, Any]:
        return {"coefficients": np.concatenate([np.full(problem.p - 1, 20.5), na]), "converged": True}

    case = small.case("separated-ten")
    coefficients = as_fit(fit(case.problem()), case.problem()).coefficients
    assert np.isnan(coefficients[-1])
    assert coefficients[-1:].view(np.uint64) == np.array([np.nan]).view(np.uint64)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0])
def test_numbers_that_are_not_finite_or_absurd_fail_and_break_no_check(small: Library, value: float) -> None:
    def fit(problem: Problem) -> dict[str, Any]:
        honest = irls(problem)
        keys = ("standard_errors", "covariance", "deviance", "log_likelihood", "aic", "dispersion", "df_residual",
                "fitted_values", "pearson_residuals", "leverages", "null_deviance", "rank")  # fmt: skip
        spoilt = {key: np.full_like(np.asarray(getattr(honest, key), dtype=float), value) for key in keys}
        return {"coefficients": honest.coefficients, **spoilt}

    for id in ("dobson", "separated-ten"):
        verdicts = judge_case(from_object("mine", fit), small, id).verdicts
        assert not [v.message for v in verdicts if v.cause == "suite" or v.outcome is Outcome.ERROR]
        if id == "dobson":
            failed = {v.check for v in verdicts if v.outcome is Outcome.FAIL}
            assert {"standard_errors", "covariance", "deviance", "log_likelihood", "aic", "fitted_values"} <= failed
            assert "coefficients" not in failed


@pytest.mark.parametrize("value", [1e308, 1e200, 710.0, -710.0, 50.0])
def test_absurd_coefficients_fail_and_break_no_check(small: Library, value: float) -> None:
    fit = from_object("mine", lambda p: {"coefficients": np.full(p.p, value), "converged": True})
    verdicts = {v.check: v for v in judge_case(fit, small, "dobson").verdicts}
    assert verdicts["coefficients"].outcome is Outcome.FAIL
    assert verdicts["outcome"].outcome is Outcome.FAIL
    assert not [v.message for v in verdicts.values() if v.cause == "suite"]
    assert "solve the score equations" not in verdicts["coefficients"].message  # a score that vanishes explains nothing


def test_the_problem_can_not_be_changed_for_the_next_check(small: Library) -> None:
    problem = small.case("dobson").problem()
    assert not any(array.flags.writeable for array in (problem.X, problem.y))
    with pytest.raises(AttributeError):
        problem.family = "gaussian"  # type: ignore[misc]


def test_the_data_frame_that_an_adapter_spoils_is_whole_for_the_next_one(small: Library) -> None:
    def spoil(problem: Problem) -> Any:
        assert problem.data is not None
        problem.data.drop(problem.data.index, inplace=True)
        problem.data["counts"] = 0
        return whole(problem)

    before = small.case("dobson").problem().data
    assert before is not None
    rows = before.to_dict("records")
    judge_case(from_object("mine", spoil), small, "dobson")
    after = small.case("dobson").problem().data
    assert after is not None
    assert after.to_dict("records") == rows


# ------------------------------------------------------------------------------------------ the rest of the run goes on


def test_the_other_cases_still_run_and_the_counts_add_up(small: Library) -> None:
    def fit(problem: Problem) -> Any:
        if problem.n == 9:
            raise RuntimeError("not this one")
        return irls(problem)

    ids = small.select()
    results = {result.case: result.verdicts for result in run(from_object("mine", fit), small, ids)}
    assert list(results) == ids
    assert {v.outcome for v in results["dobson"]} == {Outcome.ERROR}
    assert not [v for id in ("warpbreaks", "separated-ten") for v in results[id] if v.outcome is Outcome.ERROR]
    counts = count(v for verdicts in results.values() for v in verdicts)
    assert sum(counts.values()) == len(ids) * N
    assert counts["error"] == N
    assert not conforms(counts)


def test_a_fit_that_breaks_gives_exit_status_1_and_is_shown_once(module: Callable[[str], str], small: Library) -> None:
    name = module("def fit(problem):\n    raise ValueError('singular matrix')\n")
    said = command("gate", f"{name}:fit", "--cases", small.cases)
    assert said.status == 1
    assert f"ERROR dobson: all of {N} checks" in said.out
    words = " ".join(said.out.split())
    assert words.count("singular matrix") == 2  # dobson and warpbreaks; to refuse separated-ten is right
    assert "DOES NOT CONFORM" in said.out


@pytest.mark.parametrize("leave", ["sys.exit(0)", "os._exit(0)", "raise type('Panic', (BaseException,), {})('0')"])
def test_an_adapter_that_exits_does_not_end_the_run(module: Callable[[str], str], small: Library, leave: str) -> None:
    name = module(f"import os, sys\ndef fit(problem):\n    {leave}\n")
    said = command("gate", f"{name}:fit", "--cases", small.cases)
    assert said.status == 1
    assert re.search("(SystemExit|Panic): 0|exited with status 0 without an answer", " ".join(said.out.split()))
    assert "3 cases" in " ".join(said.out.split())


def test_a_process_that_dies_in_a_parallel_run_is_an_error_of_its_case(
    module: Callable[[str], str], small: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    name = module(
        "import os\nfrom conformance.fitter import fit as irls\n"
        "def fit(problem):\n    return os.kill(os.getpid(), 9) if problem.n == 9 else irls(problem)\n"
    )
    said = command("gate", f"{name}:fit", "--cases", small.cases, "--jobs", 2)
    assert said.status == 1
    assert f"ERROR dobson: all of {N} checks" in said.out
    assert "warpbreaks" not in said.out
    assert f"(3 cases x {N} checks" in " ".join(said.out.split())


def test_an_adapter_that_offers_nothing_does_not_conform(module: Callable[[str], str], small: Library) -> None:
    def fit(problem: Problem) -> Any:
        raise Unsupported("no models on Sundays")

    verdicts = [v for result in run(from_object("mine", fit), small, small.select()) for v in result.verdicts]
    counts = count(verdicts)
    assert counts["unsupported"] == sum(counts.values()) == 3 * N
    assert not conforms(counts)
    name = module("import conformance\ndef fit(problem):\n    raise conformance.Unsupported('no models on Sundays')\n")
    said = command("gate", f"{name}:fit", "--cases", small.cases)
    assert said.status == 1
    assert "nothing was run" in said.out


def test_a_refusal_of_a_separated_case_is_right_and_of_a_good_one_an_error(small: Library) -> None:
    refusing = from_object("mine", raising(ValueError("I will not")))
    said = {v.check: v for v in judge_case(refusing, small, "separated-ten").verdicts}
    assert said["outcome"].outcome is Outcome.PASS
    assert not [v for v in said.values() if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
    good = judge_case(refusing, small, "dobson").verdicts
    assert {v.outcome for v in good} == {Outcome.ERROR}
    assert "Unsupported" in good[0].message


def test_what_an_adapter_prints_does_not_reach_the_report(module: Callable[[str], str], small: Library) -> None:
    name = module("from conformance.fitter import fit as irls\ndef fit(p):\n    print('noise')\n    return irls(p)\n")
    said = command("gate", f"{name}:fit", "--cases", small.cases, "--report", "run.jsonl")
    assert said.status == 0
    assert "noise" not in Path("run.jsonl").read_text()


def test_coefficients_alone_are_an_answer(module: Callable[[str], str], small: Library) -> None:
    name = module(
        "from conformance.fitter import fit as irls\ndef fit(p):\n    return dict(coefficients=irls(p).coefficients)\n"
    )
    said = command("gate", f"{name}:fit", "--cases", small.cases, "--case", "dobson")
    assert said.status == 0  # what is not reported is counted, and is no failure
    assert "not_reported" in said.out
