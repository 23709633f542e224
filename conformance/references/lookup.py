"""What is known of a case's answer: its proven reference, stored or proven on the spot, and what R says beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.errors import CaseError, StaleReference
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.references import store
from conformance.references.reference import Reference

_PROVEN: dict[tuple[str, str], Reference] = {}


_READ: dict[tuple[object, ...], Reference] = {}


def reference_of(library: Library, case: Case) -> Reference:
    """The reference that ``case`` is graded by, read once for as long as its files stay as they are.

    What is not stored is proven now (no R is needed).  StaleReference says which command mends a stored one; CaseError
    where the case claims another outcome than the proof.
    """
    paths = (store.path_of(library, source, case.id) for source in ("certified", "r"))
    ages = tuple(path.stat().st_mtime_ns if path.is_file() else None for path in paths)
    key = (library.cases, library.references, case.id, case.asked_sha256, case.data_sha256, ages)
    if key not in _READ:
        _READ[key] = _reference_of(library, case)
    return _READ[key]


def _reference_of(library: Library, case: Case) -> Reference:
    from conformance.references import certified

    if case.outcome is CaseOutcome.INVALID:
        certified.confirm_invalid(case)
        return Reference({}, "none: the input is invalid")
    if store.path_of(library, "certified", case.id).is_file():
        stored = store.read(library, "certified", case, command="certify")
        try:
            reference = certified.as_reference(case, stored)
        except StaleReference as error:
            mend = store.mend(library, case, "certify")
            raise StaleReference(f"{store.path_of(library, 'certified', case.id)}: {error}; {mend}") from error
    else:
        reference = _prove_now(case)
    return replace(reference, r_polished=_r_polished(library, case))


def _prove_now(case: Case) -> Reference:
    """The proof of ``case``, made once in this process; an undecided one is a reference without values."""
    from conformance import proof
    from conformance.references import certified

    key = (case.asked_sha256, case.data_sha256)
    if key not in _PROVEN:
        try:
            proven = certified.prove_case(case)
        except proof.Undecided as error:
            return _PROVEN.setdefault(key, Reference({}, f"none: undecided ({error})"))
        if proven["outcome"] != case.outcome:
            message = f"written as {case.outcome}, but proven is {proven['outcome']}: correct the case"
            raise case.error("outcome", message)
        _PROVEN[key] = certified.as_reference(case, proven)
    return _PROVEN[key]


def _r_polished(library: Library, case: Case) -> dict[str, Any]:
    """What the stored R, polished, says; empty where there is none or it is stale, for nothing is graded by it."""
    try:
        polished = store.read(library, "r", case)["polished"]
    except (StaleReference, CaseError):
        return {}
    return {} if "refused" in polished else store.quantities(polished)
