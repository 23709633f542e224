"""What can be proven of a problem, and the same proof again from what is stored of it."""

from __future__ import annotations

from typing import Any

from flint import ctx

from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem

from . import boundary, nonexistence
from .maximum import find_maximum, prove_from_box
from .result import Box, Proof
from .root import Setup, set_up
from .sensitivity import add_sensitivities


def prove(problem: Problem, *, rowwise: bool = True, sensitivities: bool = True) -> Proof:
    """Every quantity of the problem's maximum likelihood fit, proven; or the proof that no estimate exists.

    ``rowwise`` includes the (n,) quantities, ``sensitivities`` the condition numbers and sigmas.
    Raises Invalid for data outside the family's domain and Undecided where nothing could be proven.
    """
    setup = set_up(problem)
    found = find_maximum(setup, nonexistence.nonexistent, rowwise=rowwise)
    return _with_sensitivities(setup, found) if sensitivities and found.has_estimate else found


def _with_sensitivities(setup: Setup, proof: Proof) -> Proof:
    with ctx.workprec(proof.precision_bits):
        add_sensitivities(setup, proof)
    return proof


def reprove(problem: Problem, stored: dict[str, Any], box: Box | None, rowwise: bool) -> Proof:
    """A stored proof's quantities from its ``box`` (and its direction or boundary rows) alone.

    NotProven where they don't follow; ValueError for an outcome that is none.
    """
    match CaseOutcome(stored["outcome"]):
        case CaseOutcome.SEPARATED | CaseOutcome.QUASI_SEPARATED:
            return nonexistence.reprove(set_up(problem), stored, box)
        case CaseOutcome.BOUNDARY:
            return boundary.reprove(set_up(problem), stored, box)
    proof = prove_from_box(problem, box, int(stored["precision_bits"]), rowwise)
    return _with_sensitivities(set_up(problem), proof) if stored["condition"] is not None else proof
