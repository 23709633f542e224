"""Proven references: make them, store them, prove the stored ones again, and read them as the checks want them.

The proof itself is in the package ``proof``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance import proof
from conformance.errors import StaleReference
from conformance.mathematics.quantities import BY_ROW
from conformance.proof.root import set_up
from conformance.proof.store import unequal
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.question.problem import refuse_invalid
from conformance.references import nist, store
from conformance.references.attainable import attainable_errors
from conformance.references.reference import Reference
from conformance.references.reference_change import Difference, ReferenceChange, State


def prove_case(case: Case) -> dict[str, Any]:
    """The proof of ``case`` as JSON; proof.Undecided where nothing could be proven.

    CaseError where the data have no likelihood to maximise.
    """
    problem = case.problem()
    try:
        proven = proof.as_json(proof.prove(problem, rowwise=problem.n <= store.ROWS_STORED))
    except proof.Invalid as error:
        message = f"written as {case.outcome}, but the input is invalid: {error}; correct the case"
        raise case.error("outcome", message) from error
    return {"schema": store.SCHEMA, **store.identity(case), "source": "certified", **nist.decimal_data(case), **proven}


def confirm_invalid(case: Case) -> None:
    """CaseError where nothing is wrong with the input of a case that is written as invalid."""
    try:
        refuse_invalid(case.problem())
        set_up(case.problem())
    except ValueError:  # proof.Invalid is one
        return
    except proof.Undecided:
        pass  # there is no column, which is no fault of the input
    message = f"written as invalid, but every number is finite and the {case.family} family allows it: correct the case"
    raise case.error("outcome", message)


def certify(library: Library, case: Case) -> ReferenceChange:
    """Prove ``case`` and store the proof, whole or not at all; what moved against the stored one."""
    path = store.path_of(library, "certified", case.id)
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    if case.outcome is CaseOutcome.INVALID:
        confirm_invalid(case)
        return ReferenceChange(case.id, "certified", State.SAME, message="invalid: there is nothing to prove")
    try:
        fresh = prove_case(case)
    except proof.Undecided as error:
        # the gate asks of a boundary only that it is said
        state = State.SAME if case.outcome is CaseOutcome.BOUNDARY else State.UNDECIDED
        return ReferenceChange(case.id, "certified", state, message=f"undecided: {error}")
    if fresh["outcome"] != case.outcome:
        message = (
            f"{case.file}: the outcome is written as {case.outcome}; proven is {fresh['outcome']}: correct the case"
        )
        return ReferenceChange(case.id, "certified", State.BROKEN, message=message)
    if before is not None and (before == store.sealed(fresh) or _proves_as_much(library, case, before, fresh)):
        return ReferenceChange(case.id, "certified", State.SAME)
    store.write(path, fresh)
    if before is None:
        return ReferenceChange(case.id, "certified", State.NEW)
    return ReferenceChange(case.id, "certified", State.MOVED, tuple(_differences(before, fresh)))


def _proves_as_much(library: Library, case: Case, before: str, fresh: Mapping[str, Any]) -> bool:
    """Whether the stored box alone is another, and proves the same: the search for one starts in doubles."""
    try:
        stored = json.loads(before)
        differing = {key for key in {*stored, *fresh} - {"seal"} if stored.get(key) != fresh.get(key)}
    except (ValueError, TypeError, AttributeError):
        return False
    return differing == {"box"} and not check(library, case)


def _differences(before: str, fresh: Mapping[str, Any]) -> Iterator[Difference]:
    """What of the stored proof changed, key by key; of what is not even JSON nothing can be said."""
    try:
        stored = json.loads(before)
    except ValueError:
        return
    stored.pop("seal", None)
    for key in dict.fromkeys([*stored, *fresh]):
        old, new = stored.get(key), fresh.get(key)
        if old != new:
            yield Difference(*next(unequal(old, new, key)), is_news=True)


def check(library: Library, case: Case) -> list[str]:
    """What of the stored proof can't be proven again from its box alone; empty if all can."""
    if case.outcome is CaseOutcome.INVALID:
        confirm_invalid(case)
        return []
    path = store.path_of(library, "certified", case.id)
    if case.outcome is CaseOutcome.BOUNDARY and not path.is_file():
        return []  # undecided, as the case says
    try:
        stored = store.read(library, "certified", case, command="certify")
    except StaleReference as error:
        return [str(error)]
    beside = ("schema", "case", "asked_sha256", "data_sha256", "source", "decimal_data")
    wrong = (
        [] if stored.get("outcome") == case.outcome else [f"the case says {case.outcome}, not {stored.get('outcome')}"]
    )
    wrong += _left_out(case, stored) + nist.differences(case, stored)
    wrong += proof.verify(case.problem(), {key: value for key, value in stored.items() if key not in beside})
    return [f"{path}: {line}" for line in wrong]


def _left_out(case: Case, stored: Mapping[str, Any]) -> list[str]:
    """What every estimate is stored with, and the rest can be proven without."""
    found = []
    if case.has_estimate and not (stored.get("condition") and stored.get("sigma")):
        found.append("condition or sigma is missing, so that no tolerance can be derived")
    if case.has_estimate and case.problem().n <= store.ROWS_STORED:
        found += [f"{name} is missing" for name in BY_ROW if name not in stored]
    return found


def as_reference(case: Case, stored: Mapping[str, Any]) -> Reference:
    """A stored (or fresh) proof as the checks want it: doubles, and the errors that doubles may have.

    StaleReference where a key is gone or a value is no number.
    """
    try:
        values = {name: _floats(stored[name]) for name in stored["digits"]}
        sigma = {name: _doubles(value) for name, value in stored["sigma"].items() if name in values}
        sigma |= {name: sigma[name][np.array(stored["rows"])] for name in BY_ROW if name in sigma}
        condition = None if stored["condition"] is None else _doubles(stored["condition"])
        digits = min((d for d in stored["digits"].values() if isinstance(d, int)), default=None)
        uniqueness = proof.Claim.read(stored["uniqueness"]).kind
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StaleReference(
            f"damaged: a value of {case.id} is gone or no number ({type(error).__name__}: {error})"
        ) from error
    errors = attainable_errors(case.problem(), values, condition, sigma) if condition is not None else {}
    exactly = "in exact arithmetic" if digits is None else f"to {digits} digits"
    of_what = "" if uniqueness is proof.Uniqueness.NONE else f", {uniqueness} maximum"
    return Reference(values, f"proven {exactly}{of_what}", uniqueness, errors)


def _floats(value: Any) -> Any:
    """Decimal strings as the nearest doubles: a number, or an array."""
    array = np.array(value, dtype=object)
    doubles = np.array([float(one) for one in array.ravel()], dtype=np.float64).reshape(array.shape)
    return float(doubles) if doubles.ndim == 0 else doubles


def _doubles(value: Any) -> Any:
    """JSON numbers, None for NaN, as doubles."""
    return np.array(value, dtype=np.float64)
