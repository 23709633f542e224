"""Writes the levels of a year: frozen lists of the cases and checks that a score is made of.

python scripts/levels.py 2027      writes conformance/question/levels/2027.yaml, once: a frozen year stays

core    what any package must get that offers the family and the link: the links that everybody has, few rows, a
        well conditioned design, a fit that takes few iterations, and nothing beside X, y, trials and an offset
full    every case with an ordinary answer: an estimate that is not hard to come by
hard    the rest: no estimate, or none that is unique, input that is invalid, saturated models, far starts and
        iteration limits, ill-conditioned designs, and data on which R's glm as shipped warns, wanders, refuses or errs
strict  all of them, asked for every digit that the data can give
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from conformance.adapters.conventions import DEFAULTS
from conformance.judging.checks import CHECKS
from conformance.judging.comparison import Comparison
from conformance.mathematics.digits import agreement
from conformance.question.case import Case
from conformance.question.coverage import features
from conformance.question.library import Library
from conformance.question.selection import FOLDER
from conformance.references import store
from conformance.references.lookup import reference_of

COMMON = {
    "gaussian": ("identity",),
    "binomial": ("logit", "probit"),
    "poisson": ("log",),
    "gamma": ("inverse", "log"),
}
EXOTIC = {"m=0", "w", "w=0", "-1"}  # the features (conformance/question/coverage.py) that no core case has
ROWS, COLUMNS = 2500, 15  # a core case has no more
CONDITION = 1e6  # of W^1/2 X: beyond it the normal equations lose twelve digits of sixteen
ATTAINABLE = 11.0  # digits that the data can give every coefficient
ITERATIONS = 10  # of R's glm as shipped
CORE_CONDITION, CORE_ITERATIONS = 1e4, 7  # the same, for a core case


def why_hard(library: Library, case: Case) -> str | None:
    """Why a case belongs to the level hard, None if it does not."""
    if case.outcome != "estimate":
        return case.outcome
    if case.start is not None:
        return "a start"
    if case.max_iterations is not None:
        return "an iteration limit"
    comparison = Comparison(case, case.problem(), None, None, reference_of(library, case), DEFAULTS)
    if comparison.expected["df_residual"] == 0:
        return "saturated"
    attainable = comparison.attainable("coefficients")
    if attainable is None or np.min(attainable) < ATTAINABLE:
        return "ill-conditioned"
    if condition_of(comparison) > CONDITION:
        return "ill-conditioned"
    return why_r_finds_it_hard(library, case, comparison)


def condition_of(comparison: Comparison) -> float:
    """The condition number of W^1/2 X, with the working weights at the estimate."""
    return float(np.linalg.cond(comparison.rows_at(comparison.expected["coefficients"]).triangle[:-1, :-1]))


def why_r_finds_it_hard(library: Library, case: Case, comparison: Comparison) -> str | None:
    """What R's glm as shipped made of it, by what is stored."""
    said = store.read(library, "r", case)["as_shipped"]
    if "refused" in said:
        return "R refuses it"
    warnings = [one for one in said["warnings"] if "non-integer" not in one]
    if warnings or not said["converged"]:
        return f"R warns: {warnings}"
    if said["iterations"] > ITERATIONS:
        return f"R needs {said['iterations']:.0f} iterations"
    got = store.quantities(said)["coefficients"]
    if np.min(agreement(got, comparison.expected["coefficients"], comparison.scale("coefficients"))) < 3.0:
        return "R is off"
    return None


def is_core(library: Library, case: Case) -> bool:
    """Whether a case that is not hard is one that everybody must get."""
    problem = case.problem()
    comparison = Comparison(case, problem, None, None, reference_of(library, case), DEFAULTS)
    return (
        case.link in COMMON.get(case.family, ())
        and not features(case) & EXOTIC
        and problem.n <= ROWS
        and problem.p <= COLUMNS
        and condition_of(comparison) <= CORE_CONDITION
        and store.read(library, "r", case)["as_shipped"]["iterations"] <= CORE_ITERATIONS
        and comparison.expected["deviance"]
        > 1e-6 * comparison.expected["null_deviance"]  # an exact fit is 0 / 0 to many
    )


def text_of(year: str) -> str:
    """The file of a year."""
    library = Library.built_in()
    hard = {id: why_hard(library, library.case(id)) for id in library.files}
    full = [id for id in library.files if hard[id] is None]
    lists = {
        "checks": list(CHECKS),
        "core": [id for id in full if is_core(library, library.case(id))],
        "full": full,
        "hard": [id for id in library.files if hard[id] is not None],
    }
    head = f"# The levels of {year}, frozen: a score of {year} is made of these cases and checks, and of no others.\n"
    head += f"# Made once by `python scripts/levels.py {year}`, which says what the levels are; not to be edited.\n"
    body = "".join(f"{name}:\n" + "".join(f"  - {one}\n" for one in ids) for name, ids in lists.items())
    return f"{head}year: {year}\n{body}strict: [full, hard]\n"


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        raise SystemExit(__doc__)
    path: Path = FOLDER / f"{sys.argv[1]}.yaml"
    if path.exists():
        raise SystemExit(f"{path.name} is frozen: make the levels of another year")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text_of(sys.argv[1]), encoding="utf-8")
    print(f"{path.name}: sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}, to be put into tests/test_levels.py")
