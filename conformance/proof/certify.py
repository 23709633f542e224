"""From the data to a box that provably holds the estimate, and from the box to every quantity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def prove(problem: Problem, *, rowwise: bool = True, sensitivities: bool = True) -> Proof:
    """Every quantity of the problem's maximum likelihood fit, proven.

    Or the proof that no estimate exists.

    ``rowwise`` includes the (n,) quantities, ``sensitivities`` the condition numbers and sigmas.
    Raises Invalid for data outside the family's domain and Undecided where nothing could be proven.
    """
    setup = set_up(problem)
    exact = exact_solution(setup.system)
    starts = [] if exact else find_starts(setup)
    nowhere = not exact and not any(s.converged for s in starts)
    found, at_wall = _nonexistent(setup) if nowhere else (None, "")
    failure = "no start inside the family's domain was found"
    for damped in (False, True):  # damped steps are slow, and seldom needed
        if found is None and (starts or exact) and not (exact and damped):
            found, failure = _search(setup, starts, exact, rowwise, damped)
        if found is None and not nowhere:
            (found, at_wall), nowhere = _nonexistent(setup), True
    if found is None:
        raise Undecided(at_wall or failure)
    return _with_sensitivities(setup, found) if sensitivities and found.has_estimate else found


def _nonexistent(setup: Setup) -> tuple[Proof | None, str]:
    """The proof that there is no interior maximum, or why there is none."""
    from .nonexistence import nonexistent  # it proves the limits with `prove`

    if nowhere_inside(setup.system):
        raise Undecided("no coefficients give every mean inside the family's domain (proven by Gordan's theorem)")
    try:
        return nonexistent(setup), ""
    except NotProven as error:
        return None, str(error)


def _search(
    setup: Setup, starts: Sequence[Start], exact: Solution | None, rowwise: bool, damped: bool
) -> tuple[Proof | None, str]:
    """The proof of an estimate next to one of ``starts``, at as many bits as it needs; or why there is none."""
    try:
        points = [] if exact else settle(setup.system, starts, damped=damped)
    except NotProven as error:
        return None, str(error)
    failure = ""
    bits = FIRST_BITS if len(setup.rows.x) < MANY else LARGE_BITS
    while bits <= (MOST_BITS_EXACT if exact else MOST_BITS):
        try:
            proof = describe(setup, find_root(setup.system, points, exact, bits), bits, rowwise)
        except NotProven as error:
            failure = str(error)
        else:
            lacking = insufficient(proof)
            if lacking is None:
                return proof, ""
            failure = _outside(setup, proof) or f"too few digits of {lacking}"
        bits = bits * 3 // 2
    return None, failure


def _outside(setup: Setup, proof: Proof) -> str:
    """Why a proven estimate has no fitted value for a row of weight 0; empty where it has."""
    of_rows = [v for name in ("fitted_values", "pearson_residuals") for v in proof.quantities.get(name, [])]
    if not any(v.is_nan() for v in of_rows):
        return ""
    return "a row of weight 0 has no mean: its linear predictor at the (proven) estimate is outside the domain"


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
