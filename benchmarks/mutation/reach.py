"""Which cases run which lines of the fitter: a mutant on a line that a case does not run is nothing to that case.

The cases are read, and their references, by the fitter as it is, once, and kept as bytes: a mutant changes the fitter
and the checks, not the question and not the proven answer.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from mutants import FILES, ROOT

#: The checks that fit the problem again, or have scipy fit it: asked of what survives the others.
FITS_AGAIN = ("optimiser", "same_answer_twice")

COMPREHENSIONS = ("<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")

Place = tuple[str, int]  # file, line


@dataclass
class Reach:
    """What the cases are, as bytes; their family, link and outcome; how long each takes; and the lines that each runs.

    Only ``cases`` needs the fitter to be read.
    """

    cases: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    runs: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    inside: set[Place] = field(default_factory=set)

    def cases_for(self, mutant: dict[str, Any]) -> list[str]:
        """The cases that run the mutated line, the quickest of each family, link and outcome first.

        All of them for a line outside functions: what it defines may be used anywhere.
        """
        place = (mutant["file"], mutant["line"])
        chosen = self.runs[place] if place in self.inside else set(self.cases)
        return [id for id in self.order if id in chosen]

    @property
    def order(self) -> list[str]:
        """All ids, the quickest of each kind first, then the rest, quick ones first."""
        quick = sorted(self.cases, key=lambda id: self.seconds[id])
        first: dict[tuple[str, str, str], str] = {}
        for id in quick:
            first.setdefault(self.kinds[id], id)
        return sorted(quick, key=lambda id: (id != first[self.kinds[id]], self.seconds[id]))


def reach() -> Reach:
    """Run every case once under a tracer."""
    sys.path.insert(0, str(ROOT))
    from conformance.adapters import find
    from conformance.judging.comparison import Demand
    from conformance.judging.judge import judge
    from conformance.question.library import Library
    from conformance.references.lookup import reference_of

    found, library, irls = Reach(), Library.built_in(), find("irls")
    paths = {str(ROOT / "conformance" / name): name for name in FILES}
    for path, name in paths.items():
        with open(path, encoding="utf-8") as file:
            found.inside |= {(name, line) for line in _lines_in_functions(compile(file.read(), path, "exec"))}
    for id in library.files:
        case = library.case(id)
        case.problem()
        reference = reference_of(library, case)
        found.cases[id] = pickle.dumps((case, reference))
        found.kinds[id] = (case.family, case.link, case.outcome)

        def trace(frame: FrameType, event: str, _: Any, id: str = id) -> Any:
            name = paths.get(frame.f_code.co_filename)
            if name is None or frame.f_code.co_name == "<module>":
                return None
            found.runs[name, frame.f_lineno].add(id)
            return trace

        sys.settrace(trace)
        judge(irls, case, reference, Demand(strict=True), quick_checks())
        sys.settrace(None)
        started = time.perf_counter()
        judge(irls, case, reference, Demand(strict=True), quick_checks())
        found.seconds[id] = time.perf_counter() - started
    return found


def quick_checks() -> list[str]:
    """The checks that need no further fit."""
    from conformance.judging.checks import CHECKS
    from conformance.judging.checks.invariance import INVARIANCE_CHECKS

    return [name for name in CHECKS if name not in INVARIANCE_CHECKS and name not in FITS_AGAIN]


def _lines_in_functions(code: CodeType) -> set[int]:
    """The lines of every function's code in ``code``, which is a module's."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    if code.co_name == "<module>":  # its comprehensions run when it is imported, before any case
        inner = [one for one in inner if one.co_name not in COMPREHENSIONS]
    own = set() if code.co_name == "<module>" else {line for _, _, line in code.co_lines() if line}
    if inner and not code.co_flags & 0x2 and code.co_name != "<module>":  # a class body is no function
        own = set()
    return own.union(*(_lines_in_functions(one) for one in inner))
