"""The search for a maximum: a box that provably holds it, and from the box every quantity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from flint import ctx

from conformance.question.problem import Problem

from .describe import describe, insufficient
from .emptiness import nowhere_inside
from .exact import Solution
from .krawczyk import prove_box
from .result import Box, NotProven, Proof, Undecided
from .root import MANY, Root, Setup, exact_solution, find_root, find_starts, set_up, settle
from .start import Start

FIRST_BITS = 256
LARGE_BITS = 176  # where there are many rows
MOST_BITS = 1024
MOST_BITS_EXACT = 8192  # rationals are there already; only their balls need to be narrow enough

#: What else may be proven where no maximum is found inside the domain: None where nothing points to it, NotProven with
#: the reason where something does.
Otherwise = Callable[[Setup], Proof | None]
Attempt = Callable[[], Proof | None]


def find_maximum(setup: Setup, otherwise: Otherwise, *, rowwise: bool = True) -> Proof:
    """The proof of a maximum inside the domain, with or without the (n,) quantities, or what ``otherwise`` proves.

    Undecided, with the reason, where there is neither.
    """
    exact = exact_solution(setup.system)
    starts = [] if exact else find_starts(setup)
    elsewhere: Attempt = partial(_elsewhere, setup, otherwise)
    whole: list[Attempt] = [partial(_inside, setup, starts, exact, rowwise, False)] if starts or exact else []
    damped: list[Attempt] = [partial(_inside, setup, starts, exact, rowwise, True)] if starts else []  # slow, and rare
    settled = exact is not None or any(s.converged for s in starts)
    why: dict[bool, NotProven] = {}  # of what is elsewhere, and of the last search inside
    for attempt in [*whole, elsewhere, *damped] if settled else [elsewhere, *whole, *damped]:
        try:
            proof = attempt()
        except NotProven as error:
            why[attempt is elsewhere] = error
        else:
            if proof is not None:
                return proof
    failure = why.get(True) or why.get(False)
    raise Undecided(str(failure or "no start inside the family's domain was found"))


def _elsewhere(setup: Setup, otherwise: Otherwise) -> Proof | None:
    """What ``otherwise`` proves; Undecided where no mean at all is inside the domain."""
    if nowhere_inside(setup.system):
        raise Undecided("no coefficients give every mean inside the family's domain (proven by Gordan's theorem)")
    return otherwise(setup)


def _inside(setup: Setup, starts: Sequence[Start], exact: Solution | None, rowwise: bool, damped: bool) -> Proof:
    """The proof of an estimate next to one of ``starts``, at as many bits as it needs; NotProven with the reason."""
    points = [] if exact else settle(setup.system, starts, damped=damped)
    failure = NotProven("no precision was tried")
    bits = FIRST_BITS if len(setup.rows.x) < MANY else LARGE_BITS
    while bits <= (MOST_BITS_EXACT if exact else MOST_BITS):
        try:
            proof = describe(setup, find_root(setup.system, points, exact, bits), bits, rowwise)
        except NotProven as error:
            failure = error
        else:
            lacking = insufficient(proof)
            if lacking is None:
                return proof
            failure = NotProven(WITHOUT_A_MEAN if _without_a_mean(proof) else f"too few digits of {lacking}")
        bits = bits * 3 // 2
    raise failure


WITHOUT_A_MEAN = "a row of weight 0 has no mean: its linear predictor at the (proven) estimate is outside the domain"


def _without_a_mean(proof: Proof) -> bool:
    """Whether a row (of weight 0, for the others have one) has no fitted value at the proven estimate."""
    of_rows = [v for name in ("fitted_values", "pearson_residuals") for v in proof.quantities.get(name, [])]
    return any(v.is_nan() for v in of_rows)


def prove_from_box(problem: Problem, box: Box | None, bits: int, rowwise: bool = True) -> Proof:
    """The quantities from a given box alone: the Krawczyk test is done again at it, nothing is searched for.

    Without a box the problem must be one that rationals solve.  Raises NotProven.
    """
    setup = set_up(problem)
    exact = exact_solution(setup.system)
    with ctx.workprec(bits):
        if exact is not None:
            root = find_root(setup.system, [], exact, bits)
        elif box is None:
            raise NotProven("there is no box")
        elif len(box.center) != setup.system.p or len(box.radius) != setup.system.p:
            raise NotProven(f"the box has not {setup.system.p} coordinates")
        else:
            same, beta = prove_box(setup.system, box.center, bits, box.radius)
            root = Root(beta, same)
    return describe(setup, root, bits, rowwise)
