"""Mutation testing of the suite's own fitter, with the gate as the test: which one-token faults does no case catch?

    python benchmarks/mutation [--jobs N] [--only FILE.py] [--out mutants.jsonl]
    python benchmarks/mutation --survivors mutants.jsonl --by tests [--jobs N] [--out tested.jsonl]

Each mutant (mutants.py) of the fitter's modules is the whole package's module in a process of its own, checks
included, as if the file had been edited; it is put to ``glm-conformance gate irls --strict`` until a verdict fails:
the cases that run the mutated line (reach.py), the quickest first, and the checks that need no further fit.  A mutant
is *killed* by a failing verdict or by an exception, *timed out* after a minute of processor time, *not reached*
where no case runs its line, and else it *survives*.  ``--survivors`` asks those of an
earlier run only: ``--by gate`` again, ``--by tests`` of the family and of the fitter, ``--by whole`` with every check.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import json
import os
import pickle
import random
import resource
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded; threads do not survive a fork

import flint  # noqa: F401  what is heavy is loaded once, and each mutant's process is a fork
import formulaic  # noqa: F401
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import pydantic  # noqa: F401
import ruamel.yaml  # noqa: F401
import scipy.linalg
import scipy.optimize
import scipy.special  # noqa: F401
from mutants import FILES, ROOT, mutants
from reach import Reach, quick_checks, reach

TABLES = (
    "mathematics/link.py",
    "mathematics/deviance.py",
    "mathematics/family.py",
)  # asked of test_family.py, the rest of test_irls.py
SECONDS = 60  # of processor time, so that a busy machine times nobody out; the fitter itself needs a third of it


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import the mutant in place of the module."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.source = module, source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Ours, or nobody's."""
        return importlib.util.spec_from_loader(name, self) if name == self.module else None

    def exec_module(self, module: Any) -> None:
        """Run the mutated source as the module."""
        exec(compile(self.source, self.module, "exec"), module.__dict__)


def ask(mutant: dict[str, Any], cases: list[bytes], how: str) -> dict[str, Any]:
    """In a fork: the gate over ``cases``, or the fitter's own tests, until something fails."""
    assert not any(name.startswith("conformance") for name in sys.modules), "the fitter would be loaded as it is"
    sys.path.insert(0, str(ROOT))
    sys.meta_path.insert(0, Mutated("conformance." + mutant["file"][:-3].replace("/", "."), mutant["source"]))
    if how == "tests":
        import pytest

        watch, own = Watch(), "test_family.py" if mutant["file"] in TABLES else "test_irls.py"
        asked = [str(ROOT / "tests" / own), "-k", "not every_case"]  # those ask of all cases what the gate has asked
        status = pytest.main([*asked, "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], plugins=[watch])
        return {"outcome": "killed" if status else "survived", "case": watch.failed, "check": "tests"}
    from conformance.adapters import find
    from conformance.judging.checks import CHECKS
    from conformance.judging.comparison import Demand
    from conformance.judging.judge import judge

    irls, checks = find("irls"), list(CHECKS) if how == "whole" else quick_checks()
    for stored in cases:
        case, reference = pickle.loads(stored)
        for verdict in judge(irls, case, reference, Demand(strict=True), checks).verdicts:
            if verdict.outcome in ("fail", "error"):
                return {"outcome": "killed", "case": case.id, "check": verdict.check}
    return {"outcome": "survived", "cases": len(cases)}


class Watch:
    """A plugin of pytest that keeps the name of the test that failed."""

    failed: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        """After each phase of each test."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid.split("/")[-1]


def start(mutant: dict[str, Any], cases: list[bytes], how: str) -> tuple[int, int]:
    """Fork a process for ``mutant``: its id, and the pipe on which it answers."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    limit = SECONDS * (1 if how == "gate" else 5)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115  to the process's end
    try:
        answer = ask(mutant, cases, how)
    except BaseException as error:
        answer = {"outcome": "killed", "case": None, "check": type(error).__name__}
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def known(path: Path) -> Reach:
    """What the cases reach, found by a process of its own: this one must not load the fitter."""
    if not path.exists():
        subprocess.run([sys.executable, __file__, "--reach", str(path)], check=True)
    stored: Reach = pickle.loads(path.read_bytes())
    return stored


def main() -> None:
    """Ask every mutant, write one line of JSON for each, and say how many survived."""
    parser = argparse.ArgumentParser(description="Mutation testing of the fitter with the gate as the test.")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=FILES, action="append")
    parser.add_argument("--out", type=Path, default=Path("mutants.jsonl"))
    parser.add_argument("--survivors", type=Path, help="ask only what survived this earlier run")
    parser.add_argument("--by", choices=("gate", "tests", "whole"), default="gate", help="what is to kill them")
    parser.add_argument("--sample", type=int, help="ask so many only, drawn at random (always the same ones)")
    parser.add_argument("--reach", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.reach:
        asked.reach.write_bytes(pickle.dumps(reach()))
        return
    todo = [mutant for name in asked.only or FILES for mutant in mutants(name)]
    if asked.survivors:
        lines = [json.loads(line) for line in asked.survivors.read_text().splitlines()]
        lived = [m for m in lines if m["outcome"] in ("survived", "not reached")]
        left = {(m["file"], m["operator"], m["occurrence"]) for m in lived}
        todo = [m for m in todo if (m["file"], m["operator"], m["occurrence"]) in left]
    if asked.sample:
        todo = random.Random(1).sample(todo, min(asked.sample, len(todo)))
    cases = known(asked.out.with_suffix(".reach"))
    todo, started = todo[::-1], time.time()
    running: dict[int, tuple[int, float, dict[str, Any]]] = {}
    counts: Counter[str] = Counter()
    with asked.out.open("w", encoding="utf-8") as file:

        def say(mutant: dict[str, Any], answer: dict[str, Any], since: float) -> None:
            counts[answer["outcome"]] += 1
            line = {**{k: v for k, v in mutant.items() if k != "source"}, **answer}
            line["seconds"] = round(time.time() - since, 1)
            file.write(json.dumps(line) + "\n")
            file.flush()

        while todo or running:
            while todo and len(running) < asked.jobs:
                mutant = todo.pop()
                reached = [cases.cases[id] for id in cases.cases_for(mutant)]
                if not reached and asked.by != "tests":
                    say(mutant, {"outcome": "not reached"}, time.time())
                    continue
                child, pipe = start(mutant, reached, asked.by)
                running[pipe] = (child, time.time(), mutant)
            ready, _, _ = select.select(list(running), [], []) if running else ([], [], [])
            for pipe in ready:
                child, since, mutant = running.pop(pipe)
                said = os.read(pipe, 65536)
                _, status = os.waitpid(child, 0)
                os.close(pipe)
                late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
                crash = {"outcome": "timed out"} if late else {"outcome": "killed", "case": None, "check": "crash"}
                say(mutant, json.loads(said) if said else crash, since)
    print(f"{sum(counts.values())} mutants: {dict(counts)} ({time.time() - started:.0f} s)")


if __name__ == "__main__":
    main()
