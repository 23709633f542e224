"""The proven values against an independent mpmath solution, R, and a second precision."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from known_of_r import R_IS_OFF, R_REFUSES, is_lost_to_cancellation
from links_in_mpmath import maximum_likelihood
from proof_support import BY_PAIR, leaves, problem_of, stored_of

from conformance.adapters.answer import as_fit
from conformance.adapters.conventions import DEFAULTS
from conformance.judging.checks.values import VALUE_CHECKS
from conformance.judging.comparison import Comparison, Demand, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.family import PAIRS
from conformance.proof import as_json, prove
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references import store
from conformance.references.lookup import reference_of


def test_there_is_a_case_for_every_family_and_link() -> None:
    assert set(BY_PAIR) == {(family, link) for family, links in PAIRS.items() for link in links}
    assert [(p.family, p.link) for p in map(problem_of, BY_PAIR.values())] == list(BY_PAIR)


@pytest.mark.parametrize("id", BY_PAIR.values())
def test_the_stored_values_agree_with_mpmath_from_the_link_side(id: str) -> None:
    agrees_with_mpmath(problem_of(id), stored_of(id))


def agrees_with_mpmath(problem: Problem, stored: dict[str, Any]) -> None:
    """Coefficients and deviance to 29 digits and more, the observed standard errors to 18."""
    theirs = maximum_likelihood(problem, [float(b) for b in stored["coefficients"]])
    with mp.workdps(60):
        errors = [mp.mpf(s) for s in stored["standard_errors_observed"]]
        for ours, other, se in zip(stored["coefficients"], theirs.coefficients, errors, strict=True):
            assert abs(mp.mpf(ours) - other) < mp.mpf(10) ** -38 * max(abs(other), se)
        assert abs(mp.mpf(stored["deviance"]) - theirs.deviance) < mp.mpf(10) ** -29 * abs(theirs.deviance)
        unscaled = mp.inverse(theirs.information)
        for j, se in enumerate(errors):
            assert abs(se / mp.sqrt(mp.mpf(stored["dispersion"]) * unscaled[j, j]) - 1) < mp.mpf(10) ** -18


#: Where R's glm is off itself, however often it is polished.
#: summary.glm estimates the dispersion of MASS::negative.binomial(theta).
R_CONVENTIONS = {**DEFAULTS, "negative_binomial_dispersion": "estimated"}


#: Why a quantity is left undecided; a perfect fit's AIC is infinite, and a Tweedie family has no likelihood in R.
NOTHING_TO_COMPARE = (
    "the fit says that they were too few|has no such value under the declared conventions|"
    "the reference value is (nan|-?inf)|R's own definition of|other columns of a dependent set|no digit can be asked"
)


def findings(library: Library, id: str) -> list[Finding]:
    """Every check of a value put to what R, polished, is stored to say, with 9 digits asked."""
    comparison = polished_r(library, id)
    return [check(comparison) for check in VALUE_CHECKS.values()]


def polished_r(library: Library, id: str) -> Comparison:
    """What R, polished, is stored to say."""
    case = library.case(id)
    said = as_fit(store.quantities(store.read(library, "r", case)["polished"]), case.problem())
    return Comparison(case, case.problem(), said, None, reference_of(library, case), R_CONVENTIONS, Demand(digits=9.0))


def is_off(found: Finding) -> bool:
    """Fewer than 9 digits, and fewer than Trial.attainable (less the guard) says."""
    return found.outcome is Outcome.FAIL and (found.digits is None or found.digits < 9.0)


def test_every_quantity_agrees_with_the_stored_polished_r(library: Library) -> None:
    counts: Counter[Outcome | str] = Counter()
    for id in library.select():
        if library.case(id).has_estimate and id not in (*R_IS_OFF, *R_REFUSES):
            for found in findings(library, id):
                if is_off(found):
                    counts["cancelled"] += 1
                    assert is_lost_to_cancellation(polished_r(library, id), found.quantity, found.got, found.want), (
                        found
                    )
                assert found.outcome is not Outcome.UNDECIDED or re.search(NOTHING_TO_COMPARE, found.message), found
                counts[found.outcome] += 1
    assert counts[Outcome.PASS] > 4800
    assert 0 < counts["cancelled"] < 60


@pytest.mark.parametrize("id", R_IS_OFF)
def test_where_r_is_off_it_still_is(library: Library, id: str) -> None:
    assert any(map(is_off, findings(library, id))), f"R is right now, take it from the list ({R_IS_OFF[id]})"


@pytest.mark.parametrize(
    "id", ["dobson", "contraception", "finney71-probit", "insurance-offset-tweedie", "clotting-fractional-weights-ig"]
)
def test_a_second_precision_proves_the_same_digits(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("conformance.proof.maximum"), "FIRST_BITS", 500)
    again, first = as_json(prove(problem_of(id), sensitivities=False)), stored_of(id)
    assert again["precision_bits"] == 500
    for name in first["digits"]:
        for (_, one), (_, two) in zip(leaves(first[name]), leaves(again[name]), strict=True):
            assert one == two or (one.startswith("0e-") and two.startswith("0e-")), name


def test_dobsons_treatment_effects_are_exactly_zero() -> None:
    proof = prove(problem_of("dobson"))
    assert proof.exact_zeros == ["treatment2", "treatment3"]
    assert as_json(proof)["coefficients"][3:] == ["0", "0"]


def test_a_probability_whose_exponent_has_24_digits_has_its_own_proven_too() -> None:
    """At a dose of 100 the chance to survive is exp(-exp(54)), and the row has no part in the fit of the others."""
    dead, dose = np.array([1, 3, 6, 8, 11, 20.0]), np.array([0, 1, 2, 3, 4, 100.0])

    def of_rows(n: int) -> dict[str, Any]:
        X, k = np.column_stack([np.ones(n), dose[:n]]), dead[:n]
        return as_json(prove(Problem(X, k / 20, "binomial", "cloglog", weights=np.full(n, 20.0), successes=k)))

    with_it, without = of_rows(6), of_rows(5)
    assert with_it["coefficients"] == without["coefficients"]
    assert with_it["deviance"] == without["deviance"]
    assert with_it["response_residuals"][-1].endswith("e-133007278357085548315470")
