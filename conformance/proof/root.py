"""What is asked in exact numbers, and how a root of its score is found and proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import arb, ctx

from conformance.question.problem import Problem

from .ascent import BITS, ascend
from .balls import ball, rational
from .barrier import End, follow
from .concavity import uniqueness
from .exact import Solution, least_squares, matrix, perfect_identity
from .krawczyk import NEWTON_BITS, Point, newton, prove_box
from .model import Family, family_of
from .result import Box, NotProven, Undecided, Uniqueness
from .rows import Rows, collapse, independent_columns
from .start import Start, fisher_scoring
from .system import System

MANY = 20_000


@dataclass(frozen=True)
class Setup:
    """A problem, its exact rows, its estimable columns, and the score's system over them."""

    problem: Problem
    family: Family
    rows: Rows
    estimable: list[int]
    system: System

    @cached_property
    def end(self) -> End | None:
        """Where the path through the inside of the domain leads, None for a model without walls."""
        return follow(self.system) if len(self.system.x) < MANY else None

    @property
    def aliased(self) -> list[str]:
        """The names of the columns that are exact combinations of earlier ones."""
        names = self.problem.names
        return [names[j] for j in range(self.problem.p) if j not in self.estimable]


@dataclass
class Root:
    """A proven root: (p,) balls, the box, and what rationals say about it."""

    beta: list[arb]
    box: Box | None
    exact: Solution | None = None


def set_up(problem: Problem) -> Setup:
    """The problem in exact numbers; Invalid for data that have no likelihood, Undecided where there is no column."""
    family = family_of(problem)
    rows = collapse(problem, family)
    estimable = independent_columns(rows.x[rows.used])
    if not estimable:
        raise Undecided("there is no column to estimate")
    return Setup(problem, family, rows, estimable, system_of(rows, family, estimable))


def system_of(rows: Rows, family: Family, estimable: Sequence[int]) -> System:
    """The score's system over the cells with some weight and the estimable columns."""
    used = rows.used
    x = rows.x[used][:, list(estimable)].tolist()
    return System(
        family,
        x,
        rows.offset[used].tolist(),
        [rows.total[c] for c in used],
        [rows.sum[c] for c in used],
    )


def exact_solution(system: System) -> Solution | None:
    """The rational solution of a Gaussian identity model, or of a perfect fit by identity link."""
    if system.family.link != "identity":
        return None
    if system.family.name == "gaussian":
        return least_squares(
            matrix(system.x),
            [rational(w) for w in system.total],
            [rational(s) for s in system.sum],
            system.offset,
        )
    found = perfect_identity(system)
    if found is None or found.mean is None:
        return None
    inside = all(system.family.valid(ball(m), ball(m), ball(1 - m)) for m in found.mean)
    return found if inside else None


def find_starts(setup: Setup) -> list[Start]:
    """Where Fisher scoring in doubles ends, the best first: from several starts where there may be several maxima."""
    system, problem = setup.system, setup.problem
    guesses: list[np.ndarray[tuple[int], np.dtype[np.float64]] | None] = [None]
    if problem.start is not None and np.isfinite(problem.start).all():
        guesses.append(problem.start[setup.estimable])
    found = [s for s in (fisher_scoring(system, g) for g in guesses) if s is not None]
    if uniqueness(system.family).kind is Uniqueness.LOCAL and found and len(system.x) < MANY:
        rng = np.random.default_rng(0)
        best = found[0].beta
        for spread in (0.3, 1.0, 3.0):
            other = fisher_scoring(system, best * (1 + spread * rng.standard_normal(len(best))), limit=30)
            found += [other] if other is not None else []
        zero = fisher_scoring(system, np.zeros(system.p), limit=30)
        found += [zero] if zero is not None else []
    if not any(s.converged for s in found) and setup.end is not None:
        last = fisher_scoring(system, setup.end.beta, limit=5)
        found += [last] if last is not None else []
    return sorted(found, key=lambda s: (round(s.deviance, 9), not s.converged))


def settle(system: System, starts: Sequence[Start], *, damped: bool = False) -> list[Point]:
    """Points next to roots of the score, from the best three ``starts``; NotProven, with the reason, if there is none.

    Whole Newton steps, or ``damped`` ones before.
    """
    found, failure = [], NotProven("no start inside the family's domain was found")
    for start in starts[:3]:
        beta = [arb(b) for b in start.beta]
        try:
            found.append(newton(system, ascend(system, beta), BITS) if damped else newton(system, beta, NEWTON_BITS))
        except NotProven as error:
            failure = error
    if not found:
        raise failure
    return found


def find_root(system: System, points: Sequence[Point], exact: Solution | None, bits: int) -> Root:
    """The proven root, at ``bits`` of precision, next to the first of ``points`` that leads to one; else NotProven."""
    if exact is not None:
        with ctx.workprec(bits):
            return Root([ball(b) for b in exact.beta], None, exact)
    failure = NotProven("no start")
    for near in points:
        try:
            point = newton(system, near.beta, bits, near.inverse)
            return Root(*prove_box(system, point.beta, bits, inverse=point.inverse)[::-1])
        except NotProven as error:
            failure = error
    raise failure
