"""Strict: no correct solver is flagged on any case; an explicit inverse and normal equations are, on the NIST sets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from known_of_r import R_IS_OFF, R_REFUSES
from solvers import CORRECT, FAULTY
from support.one_fit import ONE_FIT

from conformance.fit import Fit
from conformance.gate import judge
from conformance.implementations import find, from_object
from conformance.library import Library
from conformance.problem import Problem
from conformance.trial import Demand
from conformance.verdict import Outcome, Verdict

STRICT = Demand(strict=True)


def flagged(library: Library, function: Callable[[Problem], Fit], ids: list[str]) -> dict[str, Verdict]:
    found = {}
    for id in ids:
        (verdict,) = judge(from_object("solver", function), library, id, STRICT, ["coefficients"]).verdicts
        if verdict.outcome in (Outcome.FAIL, Outcome.ERROR):
            found[id] = verdict
    return found


@pytest.mark.parametrize("name", CORRECT)
def test_no_correct_solver_is_flagged_on_any_case(library: Library, name: str) -> None:
    ids = [id for id in library.select() if library.case(id).has_estimate]
    assert not flagged(library, CORRECT[name], ids)


@pytest.mark.parametrize("name", FAULTY)
def test_lost_digits_are_flagged_on_the_nist_sets(library: Library, name: str) -> None:
    found = flagged(library, FAULTY[name], library.select(["nist-*"]))
    assert {"nist-filip", "nist-longley", "nist-wampler1", "nist-wampler2", "nist-wampler3"} <= set(found)
    assert all(verdict.cause == "lost precision" for verdict in found.values()), found


@pytest.mark.r
def test_r_polished_is_flagged_nowhere_but_where_it_is_off(library: Library) -> None:
    r = find("r-glm")
    for id in library.select():
        if library.case(id).has_estimate and id not in (*R_IS_OFF, *R_REFUSES):
            bad = [
                v for v in judge(r, library, id, STRICT, ONE_FIT).verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)
            ]
            assert not bad, bad


@pytest.mark.r
def test_the_cases_where_r_is_off_still_show_it(library: Library) -> None:
    r = find("r-glm")
    for id, why in R_IS_OFF.items():
        verdicts = judge(r, library, id, STRICT, ONE_FIT).verdicts
        assert any(v.outcome is Outcome.FAIL for v in verdicts), f"{id}: R is right now, take it from the list ({why})"
