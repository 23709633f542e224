"""Problems without a maximum inside the domain: separation with its proven limits, and maxima on the boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem

from . import boundary
from .balls import ball
from .exact import matrix
from .maximum import find_maximum, prove_from_box
from .null import null_deviances
from .quantities import NAN
from .result import Box, Claim, NotProven, Proof, Undecided, Uniqueness, Value
from .root import Setup, set_up
from .rows import independent_columns
from .separation import Recession, check_recession, find_recession, null_space

NO_MAXIMUM = Claim(Uniqueness.NONE, "the likelihood rises for ever along a direction of recession")


def nonexistent(setup: Setup) -> Proof | None:
    """The proof that no estimate exists, with the limits, or that the maximum lies on the boundary.

    None where nothing points to either; NotProven, with the reason, where something points to the boundary; Undecided
    where data are separated, and of the rows that are not nothing can be proven.
    """
    found = find_recession(setup.system)
    return boundary.find(setup) if found is None else limits(setup, found)


def reprove(setup: Setup, stored: dict[str, Any], box: Box | None) -> Proof:
    """The same from the stored direction and box; NotProven where the direction is none of recession."""
    direction = [fmpq(*map(int, text.split("/"))) for text in stored["separation"]["direction"]]
    found = check_recession(setup.system, [direction[j] for j in setup.estimable])
    if found is None:
        raise NotProven("the stored direction is none of recession")
    return limits(setup, found, stored, box)


def limits(setup: Setup, found: Recession, stored: dict[str, Any] | None = None, box: Box | None = None) -> Proof:
    """What the fit tends to along the direction that was ``found``.

    It is the model on the rows that the direction leaves, which has an estimate or a maximum on the boundary: that is
    proven too, from what is ``stored`` of it and its ``box`` if they are given.  A coefficient has a finite limit
    exactly if those rows determine it, that is if its row of their null space is 0.
    """
    problem, rows, estimable = setup.problem, setup.rows, setup.estimable
    used = rows.used
    gone = {used[c] for c in found.separated}
    stay = [c for c in used if c not in gone]
    cell_of_row = np.array(rows.cell)[rows.point]
    kept = np.flatnonzero(np.isin(cell_of_row, stay))
    part, columns = None, []
    if stay:
        x = rows.x[stay][:, estimable]
        columns = [estimable[k] for k in independent_columns(x)]
        sub = _sub_problem(problem, kept, columns)
        part = _rest(sub) if stored is None else _rest_again(sub, stored, box, kept)
        infinite = {estimable[j] for vector in null_space(matrix(x.tolist())) for j, v in enumerate(vector) if v}
    else:
        infinite = set(estimable)
    bits = part.precision_bits if part else int(stored["precision_bits"]) if stored else 256
    finite = [j for j in estimable if j not in infinite]
    with ctx.workprec(bits):
        values = _quantities(setup, part, columns, finite, gone, kept, bits)
    whole = [fmpq(0)] * problem.p
    for k, j in enumerate(estimable):
        whole[j] = found.direction[k]
    return Proof(
        outcome=CaseOutcome.QUASI_SEPARATED if part else CaseOutcome.SEPARATED,
        names=problem.names,
        uniqueness=NO_MAXIMUM,
        quantities=values,
        rows=rows.point.tolist(),
        box=part.box if part else None,
        precision_bits=bits,
        aliased=setup.aliased,
        separation={
            "direction": [f"{v.p}/{v.q}" for v in whole],
            "separated_rows": np.flatnonzero(np.isin(cell_of_row, sorted(gone))).tolist(),
            "finite": [problem.names[j] for j in finite],
            "infinite": [problem.names[j] for j in estimable if j in infinite],
        }
        | _boundary_rows(part, kept),
    )


def _boundary_rows(part: Proof | None, kept: Any) -> dict[str, Any]:
    """Which of all rows the maximum of the rest has on the boundary, as boundary.py says it."""
    sides = (part.separation or {}).get("boundary_rows") if part else None
    return {"boundary_rows": {side: [int(kept[i]) for i in rows] for side, rows in sides.items()}} if sides else {}


def _rest(sub: Problem) -> Proof:
    """The proof of the rows that are not separated: an estimate, or a maximum on the boundary."""
    try:
        return find_maximum(set_up(sub), boundary.find)
    except Undecided as error:
        raise Undecided(f"the rows that are not separated: {error}") from error


def _rest_again(sub: Problem, stored: dict[str, Any], box: Box | None, kept: Any) -> Proof:
    """The same from what is stored of it."""
    sides = stored["separation"].get("boundary_rows")
    if sides is None:
        return prove_from_box(sub, box, int(stored["precision_bits"]))
    place = {int(row): i for i, row in enumerate(kept)}
    own = {side: [place[int(row)] for row in rows] for side, rows in sides.items()}
    return boundary.reprove(set_up(sub), stored | {"separation": {"boundary_rows": own}}, box)


def _sub_problem(problem: Problem, kept: Sequence[int] | Any, columns: list[int]) -> Problem:
    def part(values: Any) -> Any:
        return None if values is None else values[kept]

    return Problem(
        X=problem.X[np.ix_(kept, columns)],
        y=problem.y[kept],
        family=problem.family,
        link=problem.link,
        weights=part(problem.weights),
        offset=part(problem.offset),
        theta=problem.theta,
        power=problem.power,
        names=tuple(problem.names[j] for j in columns),
        successes=part(problem.successes),
    )


def _quantities(
    setup: Setup,
    part: Proof | None,
    columns: list[int],
    finite: list[int],
    gone: set[int],
    kept: Any,
    bits: int,
) -> dict[str, Value]:
    """The limits; NaN for what has none."""
    problem, family, rows, estimable = setup.problem, setup.family, setup.rows, setup.estimable
    found: dict[str, Value] = {}
    for name in ("coefficients", "standard_errors", "standard_errors_observed"):
        found[name] = [NAN] * problem.p
        own = part.quantities.get(name, []) if part else []  # a maximum on the boundary has no standard errors
        for j in finite if own else []:
            found[name][j] = own[columns.index(j)]
    found["deviance"] = part.quantities["deviance"] if part else arb(0)
    found |= null_deviances(setup, bits)
    if not family.tweedie:
        likelihood = part.quantities["log_likelihood"] if part else arb(0)  # separated rows: probability 1 in the limit
        found |= {
            "log_likelihood": likelihood,
            "aic": 2 * len(estimable) - 2 * likelihood,
            "bic": len(estimable) * arb(problem.n).log() - 2 * likelihood,  # of all rows, see quantities.criteria
        }
    found |= {
        "df_residual": arb(rows.n_used - len(estimable)),
        "df_null": arb(rows.n_used - int(problem.intercept)),
        "rank": arb(len(estimable)),
    }
    fitted = [NAN] * len(rows.y)
    for d, c in enumerate(rows.cell):
        if c in gone:
            fitted[d] = ball(rows.sum[c] / rows.total[c]) if family.name == "binomial" else arb(0)
    for k, row in enumerate(kept):
        assert part is not None
        fitted[rows.point[row]] = part.quantities["fitted_values"][part.rows[k]]
    found["fitted_values"] = fitted
    return found
