"""The Krawczyk test: a box that provably holds one root of the score, and a ball around it.

With m the middle of a box B, F the score and C an approximate inverse of its Jacobian,
K = m - C F(m) + (I - C F'(B))(B - m) inside the interior of B proves that B holds exactly one root
of F, and that it lies in K (Krawczyk 1969, Computing 4:187; Rump 2010, Acta Numerica 19, section
13).  F' over B positive definite with its sign changed makes it a strict maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flint import arb, arb_mat, ctx

from .balls import is_positive_definite, midpoints
from .result import Box, NotProven
from .system import System

NEWTON_BITS = 106
STEPS = 25
SMALL = 3_000_000  # rows * columns**2 up to which the Jacobian is always taken at full precision
JACOBIAN_BITS = 64


@dataclass
class Point:
    """A point (p,) next to a root, and the middle of the inverse information there (p, p)."""

    beta: list[arb]
    inverse: arb_mat


def newton(system: System, beta: Sequence[arb], bits: int, inverse: arb_mat | None = None) -> Point:
    """A point next to a root of the score, by Newton's method with an inverse Jacobian that is kept while it is good.

    ``beta`` (p,) is where it begins, ``inverse`` (p, p) an inverse Jacobian to begin with.  NotProven where it leaves
    the domain, meets a singular information or does not settle.
    """
    point = midpoints(beta)
    reach = system.reach
    last = arb("inf")
    for _ in range(STEPS):
        with ctx.workprec(bits):
            if inverse is None:
                inverse = _inverse(system, point, bits)
            step = (inverse * system.score(system.slopes(point)).mid()).entries()
            size = _relative(step, point, inverse, reach)
            point = [(b + s).mid() for b, s in zip(point, step, strict=True)]
            slow = size > last / 2**8
            if size < arb(2) ** (12 - bits) or (slow and last < arb(2) ** (40 - bits)):
                return Point(point, inverse)  # as far as this precision goes
            if slow:
                inverse = None
            last = size
    raise NotProven("Newton's method did not settle")


def _relative(step: Sequence[arb], point: Sequence[arb], inverse: arb_mat, reach: Sequence[float]) -> arb:
    """The size of a step: the largest change of a column's part in eta, over the largest part.

    Or over the largest standard error of a part, where that is more: all coefficients may be 0.
    """
    moved = max((abs(s.mid()) * r for s, r in zip(step, reach, strict=True)), key=float)
    size = max((abs(b) * r for b, r in zip(point, reach, strict=True)), key=float)
    errors = (abs(inverse[j, j]).sqrt().mid() * r for j, r in enumerate(reach))
    size = max(size, *errors, key=float)
    return moved / size if size > moved else arb(1)


def _inverse(system: System, point: Sequence[arb], bits: int) -> arb_mat:
    """(p, p) the middle of the inverse information: the observed one if positive definite."""
    rows = system.evaluate(point)
    for low in (JACOBIAN_BITS, bits):
        if low < bits and len(system.x) * system.p**2 <= SMALL:
            continue
        with ctx.workprec(low):
            for k in (2, 1):
                matrix = system.information([r[k].mid() for r in rows])
                with suppress(ZeroDivisionError):  # these digits are too few to invert it
                    if is_positive_definite(matrix):
                        return matrix.inv().mid()
    raise NotProven("no positive definite information where Newton's method is")


def prove_box(
    system: System,
    point: Sequence[arb],
    bits: int,
    radius: Sequence[arb] | None = None,
    inverse: arb_mat | None = None,
) -> tuple[Box, list[arb]]:
    """The Krawczyk test at ``point`` (p,): the box that passed, and the sharpest balls (p,) around its root.

    Without ``radius`` (p,) the box is made from the size of a Newton step.  Any ``inverse`` (p, p) will do for a proof;
    a good one makes it succeed.  NotProven where the test does not pass.
    """
    with ctx.workprec(bits):
        inverse = _inverse(system, point, bits) if inverse is None else inverse
        step = inverse * system.score(system.slopes(point))
        if radius is None:
            tiny = arb(2) ** (16 - bits)
            radius = [
                _up(4 * arb(s.abs_upper()) + tiny * (abs(b) + arb(2) ** -bits))
                for s, b in zip(step.entries(), point, strict=True)
            ]
        box = [arb(b, r) for b, r in zip(point, radius, strict=True)]
        if not all(m.is_exact() and b.mid() == m for m, b in zip(point, box, strict=True)):
            raise NotProven("the box's center is not exact at this precision")
        low = bits if len(system.x) * system.p**2 <= SMALL else JACOBIAN_BITS
        for precision in (low, bits):
            found = _krawczyk(system, box, point, step, inverse, precision)
            if found is not None:
                return Box(list(point), list(radius)), found
            if low == bits:
                break
    raise NotProven("the Krawczyk test did not pass")


def _krawczyk(
    system: System,
    box: list[arb],
    point: Sequence[arb],
    step: arb_mat,
    inverse: arb_mat,
    precision: int,
) -> list[arb] | None:
    """K, if it is inside the box and the information over the box is positive definite."""
    p = system.p
    rows = system.evaluate(box)
    with ctx.workprec(precision):
        information = system.information([r[2] for r in rows])
        if not is_positive_definite(information):
            return None
        identity = arb_mat(p, p, [int(i == j) for i in range(p) for j in range(p)])
        defect = identity - inverse * information
    spread = arb_mat([[arb(0, b.rad())] for b in box])
    image = [m + s + d for m, s, d in zip(point, step.entries(), (defect * spread).entries(), strict=True)]
    if not all(b.contains_interior(k) for b, k in zip(box, image, strict=True)):
        return None
    return [k.intersection(b) for k, b in zip(image, box, strict=True)]


def _up(value: arb) -> arb:
    """A short exact number that is at least the ball: a radius that its decimal string keeps."""
    mantissa, power = value.abs_upper().man_exp()
    shift = max(0, int(mantissa).bit_length() - 8)
    return arb((int(mantissa) >> shift) + 1) * arb(2) ** (int(power) + shift)
