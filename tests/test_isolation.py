"""An adapter in Python has a process of its own: whatever it does there is an error of its case, and of no other."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import command
from support.folders import copy_cases
from support.processes import alive, nothing_left

from conformance.adapters import Implementation, Limits, find, frames, load
from conformance.adapters.answer import AdapterError, Answer, NotAFit, Raised, Unsupported
from conformance.adapters.isolated import Isolated
from conformance.errors import LONGEST
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.quantities import KEYS, Fit
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.running.gate import run
from conformance.showing import record

FEW = ("coefficients", "deviance", "same_answer_twice", "arrays_untouched")
PROBLEM = Problem(np.ones((3, 1)), np.array([1.0, 2, 4]), "poisson", "log", intercept=True)
GATE = [sys.executable, "-c", "from conformance.cli import main; main()", "gate"]

#: An adapter that is right, but for the case dobson (n = 9): there it does what ATTACK says.
ADAPTER = """
import contextlib, ctypes, os, signal, sys, time
import numpy as np
from conformance.fitter import fit as irls


class Exits:
    def __array__(self, *_, **__): sys.exit(0)


class Leaves:
    def __array__(self, *_, **__): os._exit(0)


class ExitsInWords:
    def __repr__(self): sys.exit(0)
    __str__ = __repr__


class Wordless(Exception):
    def __str__(self): sys.exit(0)
    __repr__ = __str__


class Loud(Exception):
    def __str__(self): return "x" * 100_000_000


class Shell:
    def __reduce__(self): return os.system, ("touch {pwned}",)
    def __array__(self, *_, **__): raise RuntimeError("no array")


def answer(**more):
    return dict(coefficients=np.zeros(5), **more)


def attack():
    {attack}


def fit(problem):
    if problem.n == 9:
        return attack()
    said = irls(problem)
    return dict(coefficients=said.coefficients, deviance=said.deviance, converged=True)
"""

#: What it does: and what the message of its case says.
ATTACKS = {
    "an exit": ("sys.exit(0)", "raised SystemExit: 0"),
    "an exit of the process": ("os._exit(0)", "exited with status 0 without an answer"),
    "a signal": ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by signal 9 (SIGKILL)"),
    "the end of its guard": ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)", "was killed by signal 9"),
    "a crash in compiled code": ("ctypes.string_at(0)", "was killed by signal 11 (SIGSEGV)"),
    "an interrupt": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "a loop": ("while True: pass", "gave no answer within 6 s"),
    "an array that exits": ("return dict(coefficients=Exits())", "can't be read: SystemExit: 0"),
    "an array that leaves": ("return dict(coefficients=Leaves())", "exited with status 0 without an answer"),
    "a repr that exits": ("return answer(warnings=ExitsInWords())", "can't be read: SystemExit: 0"),
    "an exception that exits": ("raise Wordless", "raised Wordless (which can't be shown as text)"),
    "an exception of 100 MB": ("raise Loud", "(100000006 characters)"),
    "a warning of 100 MB, and an odd key": ("return answer(warnings=['x' * 10**8], y=1)", "unknown quantity 'y'"),
    "a number that runs code": ("return dict(coefficients=Shell())", "can't be read: RuntimeError: no array"),
    "100 MB on both outputs": (
        "[(print('x' * 10**7), print('y' * 10**7, file=sys.stderr)) for _ in range(10)]; os._exit(5)",
        "exited with status 5 without an answer",
    ),
    "noise where the answer is due": (
        "for fd in range(3, 30):\n        with contextlib.suppress(OSError): os.write(fd, b'noise' * 9)",
        "wrote a frame of more than",
    ),
    "too much memory": ("hoard = [bytes(10**8) for _ in range(100)]; return answer()", "raised MemoryError"),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return copy_cases(tmp_path_factory.mktemp("library"), "dobson", "warpbreaks")


@pytest.fixture
def marker(monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark in the environment of every process that the test starts, however far down."""
    mark = f"glm-conformance-{uuid.uuid4()}"
    monkeypatch.setenv("GLM_CONFORMANCE_MARK", mark)
    return mark


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a module beside the caller, and gives back the name of its function `fit`."""
    monkeypatch.chdir(tmp_path)

    def write(source: str) -> str:
        name = f"isolated_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(source)
        return f"{name}:fit"

    return write


def attacker(attack: str, pwned: Path) -> str:
    return ADAPTER.replace("{pwned}", str(pwned)).replace("{attack}", attack)


def outcomes(verdicts: tuple[Verdict, ...]) -> Counter[str]:
    return Counter(verdict.outcome.value for verdict in verdicts)


# ------------------------------------------------------------------------------------------ attacks


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Implementation, Path]]:
    """An adapter that does what the file says that is given with it; one for all attacks, for a start takes time."""
    folder = tmp_path_factory.mktemp("victim")
    attack, pwned = folder / "attack.py", folder / "pwned"
    (folder / "attacked.py").write_text(
        attacker(f"exec(open({str(attack)!r}).read(), globals())\n    return done()", pwned)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        found = find("attacked:fit", Limits(timeout=6.0, memory=4000))
        yield found, attack
        found.close()


@pytest.mark.parametrize("way", ATTACKS)
def test_an_attack_is_an_error_of_its_case_and_the_next_one_is_asked(
    way: str, victim: tuple[Implementation, Path], small: Library
) -> None:
    found, attack = victim
    text, words = ATTACKS[way]
    attack.write_text(f"def done():\n    {text}\n")
    dobson, warpbreaks = (judge_case(found, small, id, checks=FEW) for id in small.select())
    assert outcomes(dobson.verdicts) == {"error": len(FEW)}
    message = dobson.verdicts[0].message
    assert {verdict.cause for verdict in dobson.verdicts} == {"implementation"}
    assert words in message
    assert len(message) < 3 * LONGEST
    assert outcomes(warpbreaks.verdicts) == {"pass": len(FEW)}
    assert not attack.with_name("pwned").exists()


#: An attack for each of these cases, by its number of rows.
EACH = {
    "dobson": "os._exit(0)",
    "no-intercept-20": "while True: pass",
    "separated-ten": "return dict(coefficients=Exits())",
    "study-hours": "raise Loud",
}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_gate_ends_with_status_1_and_a_whole_record_and_leaves_no_process(
    jobs: int, module: Callable[[str], str], marker: str, tmp_path: Path
) -> None:
    library = copy_cases(tmp_path / "cases", *EACH, "warpbreaks")
    attacks = {library.case(id).problem().n: attack for id, attack in EACH.items()}
    source = attacker("", tmp_path).replace("def attack():\n    \n", "").replace("problem.n == 9", "problem.n in MINE")
    source = source.replace("return attack()", "return MINE[problem.n]()")
    source += "".join(f"def attack_{n}():\n    {attack}\n" for n, attack in attacks.items())
    source += f"MINE = {{n: globals()[f'attack_{{n}}'] for n in {list(attacks)}}}\n"
    words = [module(source), "--cases", str(library.cases), "--report", "run.jsonl", "--timeout", "6"]
    few = [word for check in FEW for word in ("--check", check)]
    call = [*GATE, *words, "--jobs", str(jobs), *few]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=200, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    found = record.read(tmp_path / "run.jsonl")
    outcome = {verdict.case: str(verdict.outcome) for verdict in found.verdicts}
    assert outcome == {**dict.fromkeys(EACH, "error"), "warpbreaks": "pass"}
    assert (tmp_path / "run.jsonl").stat().st_size < 100 * LONGEST
    assert nothing_left(marker)


PATCHES = """
import conformance.judging.checks, conformance.judging.judge, conformance.judging.verdict
import conformance.adapters.answer, conformance.showing.record, conformance.running.session
from conformance.judging.comparison import Finding
from conformance.judging.verdict import Outcome
import numpy as np
passes = lambda comparison: Finding(Outcome.PASS, "mine")
for name in conformance.judging.checks.CHECKS:
    conformance.judging.checks.CHECKS[name] = passes
conformance.judging.verdict.conforms = lambda counts: True
conformance.judging.judge._verdict = lambda id, name, comparison: None
conformance.running.session.exit_status = lambda *args, **more: 0
def fit(problem):
    return dict(coefficients=np.full(problem.p, 5.0), deviance=1.0, converged=True)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_that_patches_the_suite_patches_it_for_itself_alone(
    jobs: int, module: Callable[[str], str], small: Library, marker: str
) -> None:
    words = [module(PATCHES), "--cases", str(small.cases), "--jobs", str(jobs), "--check", "coefficients"]
    ended = subprocess.run([*GATE, *words], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "FAIL  dobson: coefficients" in ended.stdout
    assert nothing_left(marker)


def test_one_that_leaves_processes_behind_takes_them_with_it(
    module: Callable[[str], str], small: Library, marker: str, tmp_path: Path
) -> None:
    leave = "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True); os._exit(0)"
    found = find(module(attacker(leave, tmp_path)))
    with pytest.raises(AdapterError, match="exited with status 0"):
        found.ask(small.case("dobson").problem())
    assert nothing_left(marker)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_gate_ends_its_adapter_ends_with_it_at_once(
    how: signal.Signals, jobs: str, module: Callable[[str], str], small: Library, marker: str, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    name = module(attacker(f"open({str(begun)!r}, 'w').close(); time.sleep(1000)", tmp_path))
    call = [*GATE, name, "--cases", str(small.cases), "--timeout", "1000", "--jobs", jobs]
    gate = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not begun.exists():
        assert gate.poll() is None
        time.sleep(0.02)
    asked = time.monotonic()
    gate.send_signal(how)
    _, said = gate.communicate(timeout=60)
    assert time.monotonic() - asked < 20.0
    assert gate.returncode == {signal.SIGINT: 130}.get(how, -how)
    assert "Traceback" not in said
    assert nothing_left(marker)


# ------------------------------------------------------------------------------------------ what it hears and says

WHOLE = """
import numpy as np, conformance
from conformance.fitter import fit as irls
asked = 0
def fit(problem):
    global asked
    asked += 1
    if problem.family == "gamma": raise conformance.Unsupported("no gamma")
    if problem.family == "gaussian": raise ValueError("not that")
    if problem.family == "binomial": return {"coefficients": [1.0, 2.0]}
    said = irls(problem)
    assert (problem.data is None) == (problem.formula is None)
    assert problem.data is None or len(problem.data) == problem.n
    assert not problem.X.flags.writeable
    return said
"""


def test_its_answers_are_those_that_it_has_in_this_process(
    module: Callable[[str], str], library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module(WHOLE)
    monkeypatch.setattr(sys, "path", sys.path[:])
    there, here = find(name), load(name)
    aliased = replace(PROBLEM, X=np.ones((3, 2)), names=())
    dobson, quine = (library.case(id).problem() for id in ("dobson", "quine-nb-log"))
    for problem in (aliased, dobson, dobson, quine, aliased, quine, quine):
        one, other = (found.ask(problem) for found in (there, here))
        assert one.mutated == other.mutated == ()
        for key in set(KEYS) - {"trace"}:  # that is for irls in this process alone
            a, b = getattr(one.fit, key), getattr(other.fit, key)
            assert type(a) is type(b)
            assert np.array_equal(a, b, equal_nan=isinstance(b, (float, np.ndarray))), key
    told = []
    for found in (there, here):
        for family, link in (("gamma", "log"), ("gaussian", "identity"), ("binomial", "logit")):
            with pytest.raises((Unsupported, Raised, NotAFit)) as error:
                found.ask(Problem(np.ones((3, 1)), np.ones(3), family, link))
            told.append((type(error.value), str(error.value), getattr(error.value, "where", None)))
    assert told[:3] == told[3:]
    assert told[1][2] == f"{Path.cwd() / name.removesuffix(':fit')}.py:9"


def test_what_it_remembers_from_fit_to_fit_and_writes_into_arrays_is_seen(
    module: Callable[[str], str], small: Library
) -> None:
    name = module(
        "from conformance.fitter import fit as irls\n"
        "times = 0\n"
        "def fit(problem):\n"
        "    global times\n"
        "    times += 1\n"
        "    said = irls(problem)\n"
        "    problem.X.flags.writeable = True\n"
        "    problem.X[0, 0] = 2.0\n"
        "    problem.data['counts'] = 0\n"
        "    return dict(coefficients=said.coefficients * (1.0 + 1e-8 * times))\n"
    )
    (result,) = run(name, small, ["dobson"], checks=("arrays_untouched", "same_answer_twice"))
    untouched, twice = result.verdicts
    assert "changed the problem's X, data in place" in untouched.message
    assert (twice.outcome, twice.cause) == (Outcome.FAIL, "remembers")


@pytest.mark.parametrize(
    "frame",
    [
        b"\0" * 16,
        frames.frame({}),
        frames.frame({"fit": 3}),
        frames.frame({"fit": ["coefficients"]}),
        frames.frame({"fit": ["coefficients", "coefficients"]}, bytes(16)),
        frames.frame({"fit": ["coefficients"]}, bytes(16)),
        frames.frame({"fit": ["trace"]}, bytes(8)),
        frames.frame({"fit": [["coefficients"]]}, bytes(8)),
        frames.frame({"fit": ["coefficients"], "warnings": "careful"}, bytes(8)),
        frames.frame({"fit": ["coefficients"], "mutated": {"X": 1}}, bytes(8)),
        frames.frame({"raised": 3}),
        frames.frame({"unsupported": ["why"]}),
        frames.frame({"no_fit": None}),
        pickle.dumps(os.system).ljust(20, b"\0"),
        frames._LENGTHS.pack(1 << 62, 8) + b"{}",
        frames._LENGTHS.pack(20, 1 << 62) + b"[[[[",
        frames._LENGTHS.pack(100_018, 100_002) + b"[" * 100_002,
    ],
)
def test_what_is_no_frame_is_no_answer_and_ends_the_process(frame: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Isolated, "introduce", lambda found: None)
        found = Isolated("forged")
    good = frames.fitted(Answer(Fit(coefficients=np.ones(1))))
    forged = 'import sys\nfor _ in range(2):\n n = int.from_bytes(sys.stdin.buffer.read(8), "little")\n'
    forged += f" sys.stdin.buffer.read(n)\n sys.stdout.buffer.write({frames.frame({'name': 'x', 'version': '1'})!r}"
    forged += f" if _ == 0 else {frame!r})\n sys.stdout.buffer.flush()\n"
    found.argv = [sys.executable, "-c", forged]
    with pytest.raises(AdapterError, match=r"no answer|exited with status 0 in the middle|more than \d+ bytes"):
        found.ask(PROBLEM)
    assert found._child is None
    assert frames.fit_of(*frames.parsed(good), PROBLEM).fit.coefficients.tolist() == [1.0]


def test_texts_and_warnings_are_bounded(module: Callable[[str], str]) -> None:
    name = module(
        "import numpy\nfit = lambda problem: dict(coefficients=numpy.ones(1), warnings=['é' * 10**6] * 1000)\n"
    )
    (first, *rest) = find(name).ask(PROBLEM).fit.warnings
    assert first == f"{'é' * 1976}... (1000000 characters)"
    assert len(rest) == 49


def test_an_irls_of_our_own_needs_no_process(marker: str) -> None:
    found = find("irls")
    assert found.ask(PROBLEM).fit.trace
    assert alive(marker) == []


def test_a_limit_of_time_or_memory_is_refused_where_there_is_no_process_to_limit() -> None:
    for option in ("--timeout", "--memory"):
        said = command("gate", "irls", option, "100")
        assert (said.status, said.out) == (2, "")
        assert "irls has none of its own" in said.err


def test_one_that_hangs_while_it_is_loaded_can_not_be_used(
    module: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, marker: str
) -> None:
    monkeypatch.setattr("conformance.adapters.program.START_SECONDS", 2.0)
    said = command("gate", module("import time\ntime.sleep(1000)\n"), "--timeout", "1")
    assert said.status == 2
    assert "its process gave no answer within 2 s" in said.err
    assert nothing_left(marker)


def test_a_run_that_something_ends_is_never_a_success(small: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves(*_: object, **__: object) -> None:
        sys.exit(0)

    monkeypatch.setattr("conformance.running.session.judge_case", leaves)
    said = command("gate", "irls", "--cases", small.cases)
    assert said.status == 2
    assert "it has no verdict" in said.err


def test_a_gate_that_nobody_reads_ends_with_its_verdict_or_with_status_2(
    small: Library, module: Callable[[str], str], tmp_path: Path
) -> None:
    for name, status in (("irls", 0), (module(attacker("sys.exit(0)", tmp_path)), 2)):
        reader, writer = os.pipe()
        os.close(reader)
        with contextlib.closing(os.fdopen(writer, "wb")) as closed:
            call = [*GATE, name, "--cases", str(small.cases)]
            ended = subprocess.run(call, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
