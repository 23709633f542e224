"""From the data to a box that provably holds the estimate, and from the box to every quantity."""

from __future__ import annotations

from typing import Any

from flint import ctx

from conformance.problem import Problem

from .describe import describe, insufficient
from .krawczyk import prove_box
from .result import Box, NotProven, Proof, Undecided
from .root import MANY, Root, Setup, exact_solution, find_root, find_starts, set_up

FIRST_BITS = 256
LARGE_BITS = 176  # where there are many rows
MOST_BITS = 1024
MOST_BITS_EXACT = 8192  # rationals are there already; only their balls need to be narrow enough


def prove(problem: Problem, *, rowwise: bool = True, sensitivities: bool = True) -> Proof:
    """Every quantity of the problem's maximum likelihood fit, proven.

    Or the proof that no estimate exists.

    ``rowwise`` includes the (n,) quantities, ``sensitivities`` the condition numbers and sigmas.
    Raises Invalid for data outside the family's domain and Undecided where nothing could be proven.
    """
    from .nonexistence import nonexistent  # it proves the limits with this function

    setup = set_up(problem)
    exact = exact_solution(setup.system)
    starts = [] if exact else find_starts(setup)
    tried = exact is None and not any(s.converged for s in starts)
    found = nonexistent(setup) if tried else None
    if found is not None:
        return found
    bits = FIRST_BITS if len(setup.rows.x) < MANY else LARGE_BITS
    failure = "no start inside the family's domain was found"
    while bits <= (MOST_BITS_EXACT if exact else MOST_BITS) and (exact or starts):
        try:
            proof = describe(setup, find_root(setup.system, starts, exact, bits), bits, rowwise)
        except NotProven as error:
            failure = str(error)
        else:
            lacking = insufficient(proof)
            if lacking is None:
                return _with_sensitivities(setup, proof) if sensitivities else proof
            failure = f"too few digits of {lacking}"
        bits = bits * 3 // 2
    found = None if tried else nonexistent(setup)
    if found is not None:
        return found
    raise Undecided(failure)


def _with_sensitivities(setup: Setup, proof: Proof) -> Proof:
    from .sensitivity import add_sensitivities

    with ctx.workprec(proof.precision_bits):
        add_sensitivities(setup, proof)
    return proof


def prove_from_box(problem: Problem, box: Box | None, bits: int, rowwise: bool = True) -> Proof:
    """The quantities from a given box alone.

    The Krawczyk test is done again at it, nothing is searched for.

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


def reprove(problem: Problem, stored: dict[str, Any], box: Box | None, rowwise: bool) -> Proof:
    """A stored proof's quantities from its box (and its direction or boundary rows) alone."""
    from . import boundary, nonexistence

    outcome, bits = stored["outcome"], int(stored["precision_bits"])
    if outcome in ("separated", "quasi_separated"):
        return nonexistence.reprove(set_up(problem), stored, box)
    if outcome == "boundary":
        return boundary.reprove(set_up(problem), stored, box)
    proof = prove_from_box(problem, box, bits, rowwise)
    return _with_sensitivities(set_up(problem), proof) if stored["condition"] is not None else proof
