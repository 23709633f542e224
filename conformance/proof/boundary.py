"""Maxima on the boundary of the domain, where the score is not 0.

Counts with identity or square-root link, the log and identity links of the binomial family, the square-root link of the
Gaussian, and the inverse link of the inverse Gaussian (whose mean is infinite there).

The Karush-Kuhn-Tucker conditions: on the face of the rows whose mean is at its limit the score of the other rows is 0
with a positive definite information (proven by the Krawczyk test on that face, in exact rational coordinates), and the
multipliers are positive.  They make a strict local maximum over the polyhedron of valid linear predictors (Nocedal &
Wright 2006, theorem 12.6), the global one where the log-likelihood is concave in the linear predictor.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from conformance.question.outcome import CaseOutcome

from .balls import ball, rational
from .barrier import follow, on_wall, walls
from .concavity import uniqueness
from .describe import insufficient
from .exact import matrix
from .krawczyk import newton, prove_box
from .model import Family
from .null import null_deviances
from .quantities import NAN, criteria, fitted, total
from .result import Box, Claim, NotProven, Proof, Uniqueness
from .root import Setup, settle
from .separation import null_space
from .start import Start, fisher_scoring
from .system import System

CONDITIONS = "Karush-Kuhn-Tucker conditions with positive multipliers"
GLOBAL = Claim(Uniqueness.GLOBAL, f"concave log-likelihood, {CONDITIONS}")
LOCAL = Claim(Uniqueness.LOCAL, f"this log-likelihood need not be concave; {CONDITIONS}")
PERFECT = Claim(Uniqueness.GLOBAL, "every mean is fitted exactly, and those of 0 by a linear predictor of 0")
NEAREST = Claim(Uniqueness.GLOBAL, "every mean is fitted exactly, and those that are not positive by their nearest, 0")
BITS = (256, 384, 768)


def find(setup: Setup) -> Proof | None:
    """A proven boundary maximum; None where nothing points to one, NotProven with the reason where something does."""
    failure: NotProven | ZeroDivisionError | None = None
    for active in setup.end.active if setup.end is not None else []:
        for bits in BITS:
            try:
                proof = _prove(setup, active, bits, None)
            except (NotProven, ZeroDivisionError) as error:
                failure = failure or error
                continue
            if insufficient(proof) is None:
                return proof
    if failure is not None:
        raise NotProven(f"the path leads to the boundary of the domain, and there {failure}")
    return None


def reprove(setup: Setup, stored: dict[str, Any], box: Box | None) -> Proof:
    """The same from a stored active set and box."""
    active = {setup.rows.used.index(c): side for c, side in _cells(setup, stored["separation"]["boundary_rows"])}
    return _prove(setup, active, int(stored["precision_bits"]), box)


def _cells(setup: Setup, sides: dict[str, list[int]]) -> list[tuple[int, int]]:
    return [(setup.rows.cell[setup.rows.point[row]], int(side)) for side, rows in sides.items() for row in rows]


def _bound(family: Family, side: int) -> float:
    """The linear predictor of the wall where the mean is ``side``."""
    bound = walls(family)[side]
    if bound is None:
        raise NotProven("there is no such wall")
    return bound


def _dl_deta(family: Family, side: int) -> int:
    """dl/deta, on its wall, of a row of weight 1: one-sided, and 0 under the square-root link, where mu' is 0."""
    if (family.name, family.link) == ("inverse_gaussian", "inverse"):
        return 1
    return 0 if family.link == "sqrt" else 1 if side else -1


def _prove(setup: Setup, active: dict[int, int], bits: int, box: Box | None) -> Proof:
    system = setup.system
    for c, side in active.items():
        if on_wall(system, c) != side:
            raise NotProven("a row on the boundary would have likelihood 0")
    on = list(active)
    x = matrix([system.x[c] for c in on])
    right = fmpq_mat(len(on), 1, [rational(_bound(setup.family, active[c])) - rational(system.offset[c]) for c in on])
    corner = _solve(x, right)
    face = null_space(x)
    with ctx.workprec(bits):
        same, beta = _on_face(setup, active, corner, face, bits, box)
        of_their_own = len(system.x) - len(on) == len(face)  # a parameter for each other mean
        if setup.family.link == "sqrt" and of_their_own and all(system.sum[c] <= 0 for c in on):
            kind = NEAREST if any(system.sum[c] < 0 for c in on) else PERFECT
            return _describe(setup, active, beta, same, bits, kind)
        gradient = _gradient(setup, active, beta)
        signed = [[v if active[c] == 0 else -v for v in row] for c, row in zip(on, x.tolist(), strict=True)]  # inwards
        if not all(m > 0 for m in _multipliers(signed, gradient, int(x.rref()[1]))):
            raise NotProven("a multiplier is not provably positive")
        kind = GLOBAL if uniqueness(setup.family).kind is Uniqueness.GLOBAL else LOCAL
        return _describe(setup, active, beta, same, bits, kind)


def _solve(x: fmpq_mat, right: fmpq_mat) -> list[fmpq]:
    """One exact solution of x b = right, or NotProven."""
    joined = fmpq_mat(
        x.nrows(),
        x.ncols() + 1,
        [v for row, r in zip(x.tolist(), right.entries(), strict=True) for v in [*row, r]],
    )
    form, rank = joined.rref()
    found = [fmpq(0)] * x.ncols()
    for i in range(rank):
        lead = next(j for j in range(x.ncols() + 1) if form[i, j] != 0)
        if lead == x.ncols():
            raise NotProven("the rows on the boundary contradict each other")
        found[lead] = form[i, x.ncols()]
    return found


def _on_face(
    setup: Setup,
    active: dict[int, int],
    corner: list[fmpq],
    face: list[list[fmpq]],
    bits: int,
    box: Box | None,
) -> tuple[Box | None, list[arb]]:
    """(p,) balls around the root of the score on the face beta = corner + sum_k gamma_k face_k."""
    system = setup.system
    rest = [c for c in range(len(system.x)) if c not in active]
    exact = [[rational(v) for v in system.x[c]] for c in rest]
    offset = [rational(system.offset[c]) + _dot(row, corner) for c, row in zip(rest, exact, strict=True)]
    if not face:
        beta = [ball(b) for b in corner]
        if rest:  # raises NotProven unless all other means are inside the domain
            System(system.family, exact, [system.offset[c] for c in rest], *_data(system, rest)).evaluate(beta)
        return None, beta
    reduced = System(system.family, [[_dot(row, d) for d in face] for row in exact], offset, *_data(system, rest))
    if box is None:
        point = newton(reduced, _settled(reduced), bits)
        same, gamma = prove_box(reduced, point.beta, bits)
    else:
        same, gamma = prove_box(reduced, box.center, bits, box.radius)
    beta = []
    for j in range(system.p):
        value = ball(corner[j])
        for g, d in zip(gamma, face, strict=True):
            value += g * ball(d[j]) if d[j] else 0
        beta.append(value)
    return same, beta


def _settled(reduced: System) -> list[arb]:
    """A point next to the maximum on the face."""
    start = fisher_scoring(reduced)
    if start is not None and start.converged:
        with suppress(NotProven):
            return settle(reduced, [start])[0].beta
    end = follow(reduced)
    beta = end.beta if end is not None else start.beta if start is not None else None
    if beta is None:
        raise NotProven("no start on the face")
    return settle(reduced, [Start(beta, 0.0, False)], damped=True)[0].beta


def _data(system: System, rest: Sequence[int]) -> tuple[list[Any], list[Any]]:
    return [system.total[c] for c in rest], [system.sum[c] for c in rest]


def _dot(left: Sequence[fmpq], right: Sequence[fmpq]) -> fmpq:
    found = fmpq(0)
    for a, b in zip(left, right, strict=True):
        found += a * b
    return found


def _gradient(setup: Setup, active: dict[int, int], beta: Sequence[arb]) -> list[arb]:
    """(p,) the gradient of the log-likelihood at ``beta``, one-sided in the rows on the boundary."""
    system = setup.system
    rest = [c for c in range(len(system.x)) if c not in active]
    part = System(
        system.family,
        [system.x[c] for c in rest],
        [system.offset[c] for c in rest],
        *_data(system, rest),
    )
    found = part.score(part.slopes(beta)).entries() if rest else [arb(0)] * system.p
    for c, side in active.items():
        weight = ball(system.total[c]) * _dl_deta(system.family, side)
        found = [f + weight * ball(v) for f, v in zip(found, system.x[c], strict=True)]
    return list(found)


def _multipliers(rows: list[list[fmpq]], gradient: list[arb], rank: int) -> list[arb]:
    """The multipliers lambda_i with gradient + sum_i lambda_i r_i = 0, for independent rows among the r_i.

    Which rows those are, non-negative least squares in doubles proposes.  The gradient lies in the span of all rows,
    because it vanishes on the face; so as many of its coordinates as the ``rank`` of the rows determine lambda.
    NotProven where the proposed rows are too few or too many.
    """
    from scipy.optimize import nnls  # slow to import, and rarely needed

    table = np.array([[float(v) for v in row] for row in rows])
    proposed, _ = nnls(table.T, np.array([-float(g) for g in gradient]))
    kept = [row for row, share in zip(rows, proposed, strict=True) if share > 0]
    if not kept:
        raise NotProven("the gradient vanishes on the boundary")
    support = matrix(kept)
    form, own = support.rref()
    if own < rank or support.nrows() > rank:
        raise NotProven("no independent rows on the boundary carry the gradient")
    leads = [next(j for j in range(form.ncols()) if form[i, j] != 0) for i in range(own)]
    square = fmpq_mat(own, own, [support[i, j] for j in leads for i in range(own)])
    return list((arb_mat(square.inv()) * arb_mat([[-gradient[j]] for j in leads])).entries())


def _describe(setup: Setup, active: dict[int, int], beta: list[arb], box: Box | None, bits: int, kind: Claim) -> Proof:
    rows, family, problem = setup.rows, setup.family, setup.problem
    cells = {rows.used[c]: fmpq(side) for c, side in active.items()}
    means = cells
    if len(setup.system.x) == setup.system.p:  # a parameter for each mean
        means = {c: rows.sum[c] / rows.total[c] for c in rows.used} | cells
    everything = System(family, rows.x[:, setup.estimable].tolist(), rows.offset.tolist(), [], [])
    if (family.name, family.link) == ("inverse_gaussian", "inverse"):  # mu is infinite, and 1/y its unit deviance
        fit = fitted(rows, family, [arb(1) if c in cells else e for c, e in enumerate(everything.eta(beta))], None)
        for d, (c, y) in enumerate(zip(rows.cell, rows.y, strict=True)):
            fit.deviance[d] = ball(1 / y) if c in cells and rows.w[d] else fit.deviance[d]
        fit.cell[:] = [(arb("inf"), *m[1:]) if c in cells else m for c, m in enumerate(fit.cell)]
    else:
        fit = fitted(rows, family, everything.eta(beta), means)
    deviance = total(rows, fit.deviance)
    rank = len(setup.estimable)
    place = dict(zip(setup.estimable, beta, strict=True))
    found: dict[str, Any] = {
        "coefficients": [place.get(j, NAN) for j in range(problem.p)],
        "deviance": deviance,
    }
    found |= null_deviances(setup, bits)
    if not family.dispersion:
        found |= criteria(rows, family, fit, deviance, {}, rank, problem.n)
    found |= {
        "df_residual": arb(rows.n_used - rank),
        "df_null": arb(rows.n_used - int(problem.intercept)),
        "rank": arb(rank),
    }
    found["fitted_values"] = [fit.cell[c][0] for c in rows.cell]
    of_row = np.array(rows.cell)[rows.point]
    sides = {
        str(side): np.flatnonzero(np.isin(of_row, [c for c, s in cells.items() if s == side])).tolist()
        for side in (0, 1)
    }
    return Proof(
        outcome=CaseOutcome.BOUNDARY,
        names=problem.names,
        uniqueness=kind,
        quantities=found,
        rows=rows.point.tolist(),
        box=box,
        precision_bits=bits,
        aliased=setup.aliased,
        separation={"boundary_rows": sides},
    )
