"""Adapters in other languages: the protocol, adapters that go wrong in every way, the examples, and smoke."""

from __future__ import annotations

import json
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from support.command import command
from support.folders import copy_cases
from support.one_fit import ONE_FIT
from support.processes import alive, nothing_left

from conformance.adapters import find, from_object, protocol
from conformance.adapters.answer import AdapterError, Refused, Unsupported, as_fit
from conformance.adapters.child import Child
from conformance.adapters.command import Command
from conformance.adapters.program import Limits
from conformance.errors import ImplementationError
from conformance.fitter import fit
from conformance.judging.checks import CHECKS
from conformance.judging.judge import CaseResult
from conformance.judging.verdict import Outcome
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.running import smoke
from conformance.running.gate import run
from conformance.showing import record

ROOT = Path(__file__).resolve().parents[1]
MISBEHAVING = [sys.executable, str(ROOT / "tests" / "support" / "misbehaving.py")]
R = ["Rscript", str(ROOT / "examples" / "r" / "adapter.R")]
NODE = ["node", str(ROOT / "examples" / "javascript" / "adapter.mjs")]
EXAMPLES = [pytest.param(R, id="r"), pytest.param(NODE, id="javascript")]
IDS = ("breslow-rates", "dobson", "warpbreaks")  # in the order in which the library has them
PROBLEM = Problem(np.ones((3, 1)), np.array([1.0, 2, 4]), "poisson", "log", intercept=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return copy_cases(tmp_path_factory.mktemp("library"), *IDS)


@pytest.fixture
def marker(monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark in the environment of every process that the test starts, however far down."""
    mark = f"glm-conformance-{uuid.uuid4()}"
    monkeypatch.setenv("GLM_CONFORMANCE_MARK", mark)
    return mark


def outcomes(result: CaseResult) -> Counter[str]:
    return Counter(v.outcome.value for v in result.verdicts)


# ------------------------------------------------------------------------------------------ going wrong

WRONG = {
    "hangs": "gave no answer within 2 s",
    "exits": "exited with status 3 without an answer; the end of its standard error:\nline 80 of the traceback",
    "is killed": "was killed by signal 9 (SIGKILL) without an answer",
    "aborts": "was killed by signal 6 (SIGABRT) without an answer",
    "floods stdout": "wrote a line of more than 10",
    "floods stdout with lines": "answered out of turn: more than one line for one request",
    "floods stderr": "gave no answer within 2 s; the end of its standard error:\nyyy",
    "answers twice": 'answered out of turn: more than one line for one request, \'{"coefficients"',
    "answers another request": "answered out of turn: its answer has the id of another request",
    "answers too short": "'coefficients' has shape (0,)",
    "answers no JSON": "is no JSON (Expecting value: line 1 column 1 (char 0)): 'Loading required package: splines'",
    "answers a bare NaN": 'NaN is not JSON, write the string "NaN"',
    "answers nested too deeply": "wrote a line that is no JSON (nested too deeply)",
    "answers null among numbers": "expected numbers",
    "closes stdout": "closed its standard output without an answer",
    "stops in the middle": "exited with status 0 in the middle of a line",
    "leaves a child": "exited with status 0 without an answer",
    "leaves a child in a session of its own": "exited with status 0 without an answer",
    "eats memory": "(its memory is limited to 400 MiB); the end of its standard error:",
}


@pytest.mark.parametrize("way", WRONG)
def test_what_goes_wrong_is_an_error_of_its_case_alone(way: str, small: Library, marker: str) -> None:
    limits = Limits(timeout=2.0, memory=400 if way == "eats memory" else None)
    adapter = Command([*MISBEHAVING, way], *limits)
    results = list(run(from_object("under-test", adapter), small, small.select()))
    first, second, third = map(outcomes, results)
    assert second == {"error": len(CHECKS)}
    assert first["error"] == third["error"] == 0
    assert first["fail"] > 0
    assert third["fail"] > 0
    assert sum((first + second + third).values()) == 3 * len(CHECKS)
    verdict = results[1].verdicts[0]
    assert WRONG[way] in verdict.message
    assert verdict.cause == "implementation"
    assert len(verdict.message) < 20 * (1 << 16)
    adapter.close()
    assert nothing_left(marker)


def test_much_on_standard_error_is_no_error(small: Library, marker: str) -> None:
    adapter = Command([*MISBEHAVING, "says much on stderr"])
    results = run(from_object("under-test", adapter), small, small.select())
    assert all(outcomes(result)["error"] == 0 for result in results)
    assert adapter.close()
    assert nothing_left(marker)


def test_a_line_that_nobody_asked_for_is_an_error_and_not_the_next_answer(marker: str) -> None:
    adapter = Command([*MISBEHAVING, "speaks unasked"])
    assert adapter(PROBLEM)["coefficients"] == [0.0]
    assert adapter._child is not None
    assert select.select([adapter._child._stdout], [], [], 30)[0]
    with pytest.raises(AdapterError, match="answered out of turn: before it was asked it wrote"):
        adapter(PROBLEM)
    assert adapter._child is None
    assert adapter(PROBLEM)["coefficients"] == [0.0]
    adapter.close()
    assert nothing_left(marker)


def test_one_that_ignores_stop_is_ended(marker: str) -> None:
    adapter = Command([*MISBEHAVING, "ignores stop"])
    assert adapter(PROBLEM)["coefficients"] == [0.0]
    assert alive(marker)
    assert not adapter.close()
    assert nothing_left(marker)


def test_one_that_is_no_longer_used_is_ended(marker: str) -> None:
    adapter = Command([*MISBEHAVING, "nothing"])
    assert len(alive(marker)) == 2  # its guard and itself
    del adapter
    assert nothing_left(marker)


def test_an_exception_on_our_side_ends_it(marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Command([*MISBEHAVING, "nothing"])

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Child, "_flow", interrupted)
        with pytest.raises(KeyboardInterrupt):
            adapter(PROBLEM)
    assert nothing_left(marker)
    assert adapter(PROBLEM)["coefficients"] == [0.0]
    adapter.close()


@pytest.mark.parametrize(
    ("how", "jobs"), [(signal.SIGINT, "1"), (signal.SIGTERM, "1"), (signal.SIGKILL, "1"), (signal.SIGKILL, "2")]
)
def test_however_the_gate_ends_nothing_is_left(how: signal.Signals, jobs: str, small: Library, marker: str) -> None:
    words = ["gate", "--command", shlex.join([*MISBEHAVING, "hangs"]), "--cases", str(small.cases), "--jobs", jobs]
    gate = subprocess.Popen(
        [sys.executable, "-c", "from conformance.cli import main; main()", *words, "--timeout", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not any("misbehaving" in line and "guard.py" in line for line in alive(marker)):
        assert gate.poll() is None
        time.sleep(0.02)
    gate.send_signal(how)
    assert gate.wait() != 0
    assert nothing_left(marker)


def test_the_gate_with_two_workers_counts_the_same_and_leaves_nothing(
    small: Library, tmp_path: Path, marker: str
) -> None:
    line = shlex.join([*MISBEHAVING, "exits"])
    words = ["gate", "--command", line, "--cases", small.cases, "--timeout", "20", "--memory", "2000"]
    call = [sys.executable, "-W", "error", "-c", "from conformance.cli import main; main()"]
    call += [*map(str, words), "--jobs", "2", "--report", str(tmp_path / "two.jsonl")]
    said = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (1, "")
    found = record.read(tmp_path / "two.jsonl")
    assert found.run["implementation"] == "misbehaving"
    assert sum(found.summary["counts"].values()) == 3 * len(CHECKS)
    assert nothing_left(marker)


# ------------------------------------------------------------------------------------------ what can't be used


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no-such-program --fast", "there is no program 'no-such-program' here"),
        ("", "the command is empty"),
        ("Rscript 'adapter.R", "can't be split into words: No closing quotation"),
        (shlex.join([*MISBEHAVING, "does not start"]), "there is no package called 'nothing'"),
        (shlex.join([*MISBEHAVING, "", '{"version": 3}']), "'version' is 3; expected a string, as in"),
        (shlex.join([*MISBEHAVING, "", '{"language": null}']), "'language' is None; expected a string"),
        (shlex.join([*MISBEHAVING, "", '{"convention": {}}']), "did you mean 'conventions'?"),
        (shlex.join([*MISBEHAVING, "", '{"conventions": {"aik": "x"}}']), "did you mean 'aic'?"),
        (shlex.join([*MISBEHAVING, "", '{"conventions": {"aic": "x"}}']), "it may be with_dispersion | without"),
        (shlex.join([*MISBEHAVING, "", '{"protocol": 2}']), "it speaks protocol 2; expected 1"),
        (shlex.join([*MISBEHAVING, "", '{"refused": "only protocol 7"}']), "answered `refused` wrongly"),
    ],
)
def test_a_command_that_can_not_be_started_has_exit_status_2(
    line: str, words: str, small: Library, marker: str
) -> None:
    for name in ("gate", "smoke"):
        said = command(name, "--command", line, *(["--cases", small.cases] if name == "gate" else []))
        assert said.status == 2
        assert words in said.err
    assert nothing_left(marker)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gate"], "give IMPLEMENTATION or --command, one of the two: neither was given"),
        (["gate", "irls", "--command", "cat"], "one of the two: both were given"),
        (["gate", "irls", "--timeout", "3"], "irls has none of its own: leave them out"),
        (["smoke", "irls", "--memory", "3"], "--timeout and --memory are of a process"),
    ],
)
def test_a_call_that_makes_no_sense_has_exit_status_2(words: list[str], said: str) -> None:
    ended = command(*words)
    assert ended.status == 2
    assert said in ended.err


# ------------------------------------------------------------------------------------------ the messages


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Every request and its answer, as they went through the pipes."""
    heard: list[tuple[bytes, bytes]] = []
    exchange = Child.exchange

    def overheard(child: Child, message: bytes, seconds: float, limit: int, *more: Any) -> bytes:
        line = exchange(child, message, seconds, limit, *more)
        heard.append((message, line))
        return line

    monkeypatch.setattr(Child, "exchange", overheard)
    return heard


def valid(text: bytes | str, what: str) -> None:
    """Whether a message is what the schema's ``what`` says."""
    schema = protocol.schema()
    jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{what}"}).validate(json.loads(text))


@pytest.mark.parametrize("argv", EXAMPLES)
def test_real_traffic_is_what_the_schema_says(
    argv: list[str], traffic: list[tuple[bytes, bytes]], library: Library
) -> None:
    adapter = Command(argv)
    ids = [
        "separated-ten",
        "nan-in-x-binomial",
        "budworm-grouped-logit",
        "quine-negative-binomial",
        "mtcars-aliased-end",
    ]
    list(run(from_object("under-test", adapter), library, [id for id in ids if id in library.files]))
    list(smoke.smoke(from_object("under-test", adapter)))
    adapter.close()
    keys = set()
    for request, answer in traffic:
        valid(request, "request")
        asked = json.loads(request)["cmd"]
        valid(answer, f"answer_to_{asked}")
        keys |= {asked, *json.loads(answer)}
    assert {"start", "fit", "coefficients", "unsupported", "refused"} <= keys


def test_the_schema_file_is_what_the_code_says() -> None:
    stored = (ROOT / "conformance" / "adapters" / "protocol.schema.json").read_text("utf-8")
    again = "run `python -m conformance.adapters.protocol > conformance/adapters/protocol.schema.json`"
    assert json.loads(stored) == protocol.schema(), again
    jsonschema.Draft202012Validator.check_schema(json.loads(stored))


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("answer_to_fit", "{}"),
        ("answer_to_fit", '{"coefficients": [null]}'),
        ("answer_to_fit", '{"coefficients": ["inf"]}'),
        ("answer_to_fit", '{"coefficients": [1], "std_errors": [1]}'),
        ("answer_to_fit", '{"unsupported": "this", "refused": "that"}'),
        ("answer_to_start", '{"name": "a", "version": "1"}'),
        ("answer_to_start", '{"name": "a", "version": "1", "language": "C", "conventions": {"aic": "mine"}}'),
        ("request", '{"cmd": "start", "protocol": 2}'),
        ("request", '{"cmd": "fit"}'),
    ],
)
def test_the_schema_refuses_what_is_no_message(what: str, text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        valid(text, what)


def test_every_double_goes_through_unchanged() -> None:
    values = np.array([0.1, -0.0, 5e-324, np.finfo(float).max, np.nan, np.inf, -np.inf, 1 / 3])
    sent = json.loads(protocol.line({"y": values}))
    assert np.array(protocol.restored(sent)["y"]).tobytes() == values.tobytes()


def test_warnings_that_look_like_numbers_stay_words() -> None:
    assert protocol.restored({"warnings": ["NaN"], "aic": "-Infinity"}) == {"warnings": ["NaN"], "aic": -np.inf}


@pytest.mark.parametrize("argv", EXAMPLES)
def test_an_example_gets_the_very_doubles_and_says_unsupported_and_refused(argv: list[str]) -> None:
    adapter = Command(argv)
    said = adapter(PROBLEM)
    assert said["coefficients"] == pytest.approx(fit(PROBLEM).coefficients, rel=1e-14)
    exact = Problem(np.eye(3), np.array([0.1, 1e-300, 12345678.912345678]), "gaussian", "identity")
    assert np.asarray(adapter(exact)["coefficients"]) == pytest.approx(exact.y, rel=4e-16)
    with pytest.raises(Unsupported):
        adapter(Problem(PROBLEM.X, PROBLEM.y, "tweedie", "log", power=1.5))
    with pytest.raises(Refused):
        adapter(Problem(PROBLEM.X, -PROBLEM.y, "poisson", "log"))
    assert adapter.close()


def blocks(language: str) -> Iterator[str]:
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    yield from re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_transcript_in_the_document_is_what_the_r_example_says() -> None:
    lines = [line for block in blocks("jsonl") for line in block.splitlines()]
    asked = [line for line in lines if '"cmd"' in line]
    told = [json.loads(line) for line in lines if '"cmd"' not in line]
    for line in asked:
        valid(line, "request")
    said = subprocess.run(R, input="\n".join(asked) + "\n", capture_output=True, text=True, check=True).stdout
    now = [json.loads(line) for line in said.splitlines()]
    assert [list(answer) for answer in now] == [list(answer) for answer in told]
    assert now[1]["coefficients"] == pytest.approx(told[1]["coefficients"], rel=1e-12)
    assert now[2:] == told[2:]


def test_whole_numbers_beyond_64_bits_are_numbers(library: Library) -> None:
    """JavaScript's JSON.stringify(8e19) is 80000000000000000000."""
    problem = library.case("dobson").problem()
    answer = as_fit({"coefficients": [80000000000000000000, 1.5, 2, 3, 4]}, problem)
    assert answer.coefficients.tolist() == [8e19, 1.5, 2.0, 3.0, 4.0]


# ------------------------------------------------------------------------------------------ the examples

#: Where R's glm itself fails, at R 4.2: no adapter mends that (docs/findings.md).
R_FAILS = {
    "all-zero-group": "quasi-separated data are called converged, without a warning",
    "endometrial": "the same",
    "endometrial-cauchit": "the same",
    "endometrial-probit": "the same",
    "binomial-probit-quasi-separated-near-collinear": "the same",
    "separated-ten-cauchit": "the same",
    "ships-type-by-year-cone": "the same",
    "titanic-structural-zero": "the same",
    "four-coins-start-probit": "Fisher scoring diverges, which step-halving would prevent",
    "marschner-divergent-start": "the same",
    "gaussian-inverse-no-way-across": "a step across the infinite mean",
    "gaussian-inverse-null-of-many-maxima": "the same",
    "gaussian-inverse-pole-on-the-way": "the same",
    "gaussian-inverse-two-sides-of-a-pole": "the same",
    "ig-log-null-of-two-maxima": "glm.fit ends at -918, where the score vanishes because every mean does",
    "ig-log-runs-away": "the same",
    "seven-points-cauchit-cycle": "Fisher scoring goes round in a cycle",
    "gaussian-log-swinging": "the same",
    "binomial-cauchit-unstable-maximum": "Fisher steps grow about the maximum",
    "far-rows-grouped-probit": "binomial()$linkinv clamps a mean that rounds to 0 or 1",
    "binomial-cloglog-lost-weights": "the same, and a divergence that is called convergence",
    "lone-failure-cloglog": "the same",
    "lone-failure-logit": "the same",
    "lone-failure-probit": "the same",
    "gaussian-log-small-mean": "make.link('log')$linkinv has no mean below 2.2e-16",
    "count-underflows": "the same",
    "gamma-variance-underflows": "the same",
    "survival-underflows": "the same",
    "survival-underflows-no-start": "the same",
    "death-certain-cloglog": "binomial()$linkinv clamps a mean that rounds to 0 or 1",
    "far-row-cloglog": "the same",
    "far-row-low-cloglog": "the same",
    "far-row-probit": "the same",
    "far-rows-grouped-logit": "the same",
    "rare-events-cloglog": "binomial()$dev.resids by terms that cancel (finding 112)",
    "rare-events-log": "the same",
    "rare-events-logit": "the same",
    "rare-events-probit": "the same",
    "poisson-sqrt-all-zero": "a maximum at the end of the link's domain is called converged, without a warning",
}
#: glm finds no start, or a first step overflows, and it says so.
R_REFUSES_THERE = {
    "binomial-log-far-row",
    "gamma-identity-hard-start",
    "gamma-inverse-offset-three-rows",
    "gamma-log-steep-no-intercept",
    "gamma-log-weights-creeping",
    "ig-identity-offset-two-rows",
    "ig-inverse-squared-little-room",
    "ig-inverse-squared-next-to-the-wall",
}
NODE_FAILS = {
    "gaussian-inverse-heavy-row": "normal equations on a near-collinear design: a leverage of 1.02 for 1",
    "gamma-log-creeping": "500 steps of Fisher scoring are too few",
    "gamma-log-weights-creeping": "the same",
    "gaussian-log-swinging": "the same",
    "gaussian-inverse-no-way-across": "a step across the infinite mean, at eta = 0",
    "gaussian-inverse-null-of-many-maxima": "the same",
    "gaussian-inverse-two-sides-of-a-pole": "the same",
    "gamma-variance-underflows": "the variance by mu^2, which is 0 in doubles",
    "survival-underflows-no-start": "500 steps of Fisher scoring are too few",
}
#: Its starts are four, and none has every mean below 1; or a mean that underflows is none to it.
NODE_REFUSES = {"binomial-log-far-row", "survival-underflows"}


@pytest.mark.parametrize(
    ("argv", "fails", "refuses"),
    [
        pytest.param(R, R_FAILS, R_REFUSES_THERE, id="r"),
        pytest.param(NODE, NODE_FAILS, NODE_REFUSES, id="javascript"),
    ],
)
def test_the_examples_conform_on_every_case_but_those_that_are_listed(
    argv: list[str], fails: dict[str, str], refuses: set[str], library: Library
) -> None:
    adapter = Command(argv)
    failing, refused, counts = set(), set(), Counter[str]()
    for result in run(from_object("under-test", adapter), library, library.select(), checks=ONE_FIT):
        counts += outcomes(result)
        bad = [v for v in result.verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
        if any("raised" in v.message for v in bad):
            refused.add(result.case)
        elif bad:
            failing.add(result.case)
    adapter.close()
    assert failing == set(fails)  # the lists must shrink
    assert refused == refuses
    assert counts["pass"] > 1000


# ------------------------------------------------------------------------------------------ smoke


@pytest.mark.parametrize("argv", EXAMPLES)
def test_the_examples_pass_smoke(argv: list[str]) -> None:
    said = command("smoke", "--command", shlex.join(argv))
    assert (said.status, said.err) == (0, "")
    assert "WRONG" not in said.out
    assert "the adapter is right" in said.out


@pytest.mark.parametrize("name", ["irls", "statsmodels", "r-glm", "r-glm-default"])
def test_the_built_in_adapters_pass_smoke(name: str) -> None:
    said = command("smoke", name)
    assert said.status == 0, said.out


def test_smoke_says_what_is_wrong_with_a_command() -> None:
    said = command("smoke", "--command", shlex.join([*MISBEHAVING, "ignores stop"]))
    assert said.status == 1
    assert "WRONG a gaussian line through four points" in said.out
    assert "WRONG it ends when it is told to stop" in said.out
    assert "it fitted a family called 'no_such_family'" in said.out


class Wrong:
    """The suite's own fitter with one thing wrong."""

    version = "1"

    def __init__(self, spoil: Callable[[Problem, dict[str, Any]], Any]) -> None:
        self.spoil = spoil

    def __call__(self, problem: Problem) -> Any:
        if problem.family == "no_such_family":
            raise Unsupported("no such family")
        said = fit(problem)
        values = {"coefficients": said.coefficients, "deviance": said.deviance, "dispersion": said.dispersion}
        return self.spoil(problem, values)


def written(problem: Problem, said: dict[str, Any]) -> dict[str, Any]:
    problem.y.flags.writeable = True
    problem.y[0] = 3.0
    return said


def growing(calls: list[int]) -> Callable[[Problem, dict[str, Any]], Any]:
    return lambda problem, said: {**said, "deviance": said["deviance"] + len(calls) * 1e-9 + (calls.append(1) or 0)}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda problem, said: {**said, "dispersion": 0.3}, "dispersion is 0.3; expected 0.1"),
        (lambda problem, said: {**said, "coefficients": [1.0]}, "it 'coefficients' has shape (1,); expected (2,)"),
        (lambda problem, said: {**said, "stderr": 1}, "unknown quantity 'stderr'"),
        (lambda problem, said: {**said, "warnings": ["hm"]}, "this problem has neither trouble"),
        (lambda problem, said: None, "expected a mapping"),
        (lambda problem, said: 1 / 0, "it raised ZeroDivisionError"),
        (written, "the adapter wrote into problem.y"),
        (growing([]), "deviance differs when the same is asked again"),
    ],
)
def test_smoke_says_what_is_wrong(spoil: Callable[[Problem, dict[str, Any]], Any], words: str) -> None:
    found = [f.wrong for f in smoke.smoke(from_object("wrong", Wrong(spoil))) if f.wrong]
    assert any(words in wrong for wrong in found), found


def test_smoke_wants_unsupported_and_a_refusal_said_in_their_own_ways() -> None:
    def careless(problem: Problem) -> object:
        return {"coefficients": [0.0, 0.0]} if np.isnan(problem.X).any() else fit(problem)

    found = {f.rule.strip(): f.wrong for f in smoke.smoke(from_object("careless", careless)) if f.wrong}
    assert "expected a refusal" in str(found["a NaN in X is refused"])
    assert "it raised ValueError" in str(found["a family that nobody knows is unsupported"])
    assert "attribute `version`" in str(found["name and version"])


def test_what_supports_nothing_is_told_so() -> None:
    def none(problem: Problem) -> object:
        raise Unsupported("nothing yet")

    found = {f.rule: f.wrong for f in smoke.smoke(from_object("none", none))}
    assert "supports neither" in str(found["something is fitted"])


# ------------------------------------------------------------------------------------------ by name


def test_audit_fit_and_find_take_a_command_by_name(small: Library, marker: str) -> None:
    name = f"command:{shlex.join(NODE)}"
    assert find(name).name == "irls.mjs (examples/javascript)"
    shown = command("fit", "dobson", name, "--cases", small.cases)
    assert shown.status == 0
    assert "converged: True; iterations: 5" in shown.out
    side_by_side = command("audit", "irls", name, "--case", "dobson", "--cases", small.cases)
    assert side_by_side.status == 0
    assert nothing_left(marker)


def test_the_command_is_found_among_the_implementations() -> None:
    with pytest.raises(ImplementationError, match=r"'command:\.\.\.' for another language"):
        find("nonsense")
