"""Mutation testing of the suite's own fitter, with the gate as the test: which one-token faults does no case catch?

    python benchmarks/mutate.py [--jobs N] [--only FILE.py] [--out mutants.jsonl] [--again mutants.jsonl]

The mutants are cosmic-ray's (``pip install cosmic-ray``): every number plus and minus one, every comparison, ``and``,
``or``, ``not``, True, False, ``break`` and unary minus exchanged; of its binary operators those pairs that mutmut takes
(+ -, * /, ** *, & |), for all 132 would say the same again.  Each mutant of the fitter's modules is the whole
package's module in a process of its own, checks included, as if the file had been edited; ``glm-conformance gate irls
--strict`` is then run over the library in memory, one small case of each family and link first, until a verdict fails.
A mutant is *killed* by a failing verdict or by an exception, *timed out* after two minutes of processor time, and else
it *survives*.
``--again`` asks the survivors of an earlier run only.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.abc
import importlib.util
import json
import os
import random
import re
import resource
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import flint  # noqa: F401  what is heavy is loaded once, and each mutant's process is a fork
import formulaic  # noqa: F401
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import pydantic  # noqa: F401
import ruamel.yaml  # noqa: F401
import scipy.linalg
import scipy.optimize
import scipy.special  # noqa: F401
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
FILES = (
    "link.py",
    "deviance.py",
    "family.py",
    "irls.py",
    "rows.py",
    "steps.py",
    "recession.py",
    "start.py",
    "summary.py",
)
SECONDS = 120  # of processor time, so that a busy machine times nobody out
_PAIRS = re.compile(
    r"Binary.*_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Div|BitAnd_BitOr|BitOr_BitAnd)$"
    r"|Comparison.*_(Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)$"
    r"|Unary.*(USub_UAdd|Delete)|AddNot|ReplaceTrue|ReplaceFalse|ReplaceAnd|ReplaceOr|ReplaceBreak|ReplaceContinue"
    r"|NumberReplacer|ZeroIteration"
)


def mutants(name: str) -> list[dict[str, Any]]:
    """Every mutant of conformance/``name``: where it is, the operator, and the mutated source."""
    source = (ROOT / "conformance" / name).read_text(encoding="utf-8")
    found, seen = [], {source}
    for operator in sorted(op for op in operator_names() if _PAIRS.search(op)):
        for occurrence in range(10_000):
            text = mutate_code(source, get_operator(operator)(), occurrence)
            if text is None:
                break
            if text in seen or not _compiles(text):
                continue
            seen.add(text)
            changed = [line for line in difflib.ndiff(source.splitlines(), text.splitlines()) if line[0] in "+-"]
            number = next(
                i for i, (a, b) in enumerate(zip(source.split("\n"), text.split("\n"), strict=False), 1) if a != b
            )
            is_message = any(re.search(r"^. *(f?\"|said = |raise )", line) for line in changed)
            found.append(
                {
                    "file": name,
                    "line": number,
                    "operator": operator.removeprefix("core/"),
                    "occurrence": occurrence,
                    "old": changed[0][2:].strip(),
                    "new": changed[-1][2:].strip(),
                    "message": is_message,
                    "source": text,
                }
            )
    return sorted(found, key=lambda m: m["line"])


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


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


def ask(mutant: dict[str, Any] | None) -> dict[str, Any]:
    """In a fork: the gate over the library until something fails.  None is the unmutated fitter."""
    sys.path.insert(0, str(ROOT))
    if mutant is not None:
        sys.meta_path.insert(0, Mutated(f"conformance.{mutant['file'][:-3]}", mutant["source"]))
    from conformance.gate import judge
    from conformance.implementations import find
    from conformance.library import Library
    from conformance.trial import Demand

    library, irls, passed = Library.built_in(), find("irls"), 0
    for id in order(library):
        for verdict in judge(irls, library, id, Demand(strict=True)).verdicts:
            if verdict.outcome in ("fail", "error"):
                return {"outcome": "killed", "case": id, "check": verdict.check}
            passed += verdict.outcome == "pass"
    return {"outcome": "survived", "passed": passed}


def order(library: Any) -> list[str]:
    """All ids: the shortest data of each family and link first, then the rest, short ones first."""
    cases = {id: library.case(id) for id in library.files}
    size = {id: case.data_file.stat().st_size for id, case in cases.items()}
    shortest: dict[tuple[str, str, str], str] = {}
    for id in sorted(cases, key=lambda id: (size[id], id)):
        case = cases[id]
        shortest.setdefault((case.family, case.link, case.outcome), id)
    first = set(shortest.values())
    return sorted(cases, key=lambda id: (id not in first, size[id], id))


def start(mutant: dict[str, Any] | None) -> tuple[int, int]:
    """Fork a process for ``mutant``: its id, and the pipe on which it answers."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115  to the process's end
    try:
        answer = ask(mutant)
    except BaseException as error:
        answer = {"outcome": "killed", "case": None, "check": type(error).__name__}
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def main() -> None:
    """Ask every mutant, write one line of JSON for each, and say how many survived."""
    parser = argparse.ArgumentParser(description="Mutation testing of the fitter with the gate as the test.")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=FILES, action="append")
    parser.add_argument("--out", type=Path, default=Path("mutants.jsonl"))
    parser.add_argument("--again", type=Path, help="ask the survivors of this earlier run only")
    parser.add_argument("--sample", type=int, help="ask so many only, drawn at random (always the same ones)")
    asked = parser.parse_args()
    todo = [mutant for name in asked.only or FILES for mutant in mutants(name)]
    if asked.again:
        lines = [json.loads(line) for line in asked.again.read_text().splitlines()]
        left = {(m["file"], m["old"], m["new"], m["operator"]) for m in lines if m["outcome"] == "survived"}
        todo = [m for m in todo if (m["file"], m["old"], m["new"], m["operator"]) in left]
    if asked.sample:
        todo = random.Random(1).sample(todo, min(asked.sample, len(todo)))
    todo, started = todo[::-1], time.time()
    running: dict[int, tuple[int, float, dict[str, Any]]] = {}
    counts: Counter[str] = Counter()
    with asked.out.open("w", encoding="utf-8") as file:
        while todo or running:
            while todo and len(running) < asked.jobs:
                mutant = todo.pop()
                child, pipe = start(mutant)
                running[pipe] = (child, time.time(), mutant)
            ready, _, _ = select.select(list(running), [], [])
            for pipe in ready:
                child, since, mutant = running.pop(pipe)
                said = os.read(pipe, 65536)
                _, status = os.waitpid(child, 0)
                os.close(pipe)
                late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
                crash = {"outcome": "timed out"} if late else {"outcome": "killed", "case": None, "check": "crash"}
                answer = json.loads(said) if said else crash
                counts[answer["outcome"]] += 1
                line = {**{k: v for k, v in mutant.items() if k != "source"}, **answer}
                line["seconds"] = round(time.time() - since, 1)
                file.write(json.dumps(line) + "\n")
                file.flush()
    print(f"{sum(counts.values())} mutants: {dict(counts)} ({time.time() - started:.0f} s)")


if __name__ == "__main__":
    main()
