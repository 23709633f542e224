"""Strict: no correct solver is flagged on any case; an explicit inverse and normal equations are, on the NIST sets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from known_of_r import R_IS_OFF, R_REFUSES, is_lost_to_cancellation
from solvers import CORRECT, FAULTY
from support.one_fit import ONE_FIT

from conformance.adapters import find, from_object
from conformance.adapters.conventions import DEFAULTS
from conformance.judging.comparison import Comparison, Demand
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.quantities import Fit
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references.lookup import reference_of

STRICT = Demand(strict=True)


def judged(library: Library, function: Callable[[Problem], Fit], ids: list[str]) -> dict[str, Verdict]:
    fitter = from_object("solver", function)
    return {id: judge_case(fitter, library, id, STRICT, ["coefficients"]).verdicts[0] for id in ids}


def flagged(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    return {id: verdict for id, verdict in verdicts.items() if verdict.outcome in (Outcome.FAIL, Outcome.ERROR)}


def out_of_reach(library: Library, id: str) -> bool:
    """Whether the solvers (plain least squares, from the estimate) have nothing to say of the case."""
    case = library.case(id)
    no_expected_information = id == "binomial-cloglog-lost-weights"  # Fisher's step from there leads out of all rows
    return case.outcome == "rank_deficient" or case.max_iterations is not None or no_expected_information


@pytest.mark.parametrize("name", CORRECT)
def test_no_correct_solver_is_flagged_on_any_case(library: Library, name: str) -> None:
    ids = [id for id in library.select() if library.case(id).has_estimate]
    found = judged(library, CORRECT[name], ids)
    assert not flagged(found)
    silent = {id for id, verdict in found.items() if verdict.outcome is Outcome.UNSUPPORTED}
    assert silent == (set() if name == "rows in another order" else {id for id in ids if out_of_reach(library, id)})


@pytest.mark.parametrize("name", FAULTY)
def test_lost_digits_are_flagged_on_the_nist_sets(library: Library, name: str) -> None:
    found = flagged(judged(library, FAULTY[name], library.select(["nist-*"])))
    assert {"nist-filip", "nist-longley", "nist-wampler1", "nist-wampler2", "nist-wampler3"} <= set(found)
    assert all(verdict.cause == "lost precision" for verdict in found.values()), found


@pytest.mark.r
def test_r_polished_is_flagged_nowhere_but_where_it_is_off(library: Library) -> None:
    r = find("r-glm")
    for id in library.select():
        if library.case(id).has_estimate and id not in (*R_IS_OFF, *R_REFUSES):
            case = library.case(id)
            known = Comparison(case, case.problem(), None, None, reference_of(library, case), DEFAULTS)
            for v in judge_case(r, library, id, STRICT, ONE_FIT).verdicts:
                bad = v.outcome in (Outcome.FAIL, Outcome.ERROR)
                assert not bad or is_lost_to_cancellation(known, v.quantity, v.got, v.want), v


@pytest.mark.r
def test_the_cases_where_r_is_off_still_show_it(library: Library) -> None:
    r = find("r-glm")
    for id, why in R_IS_OFF.items():
        verdicts = judge_case(r, library, id, STRICT, ONE_FIT).verdicts
        assert any(v.outcome is Outcome.FAIL for v in verdicts), f"{id}: R is right now, take it from the list ({why})"
