"""The proven values against an independent mpmath solution, R, NIST and a second precision."""

import json
from decimal import Decimal
from fractions import Fraction

import mpmath as mp
import numpy as np
import proof.certify as certify
import pytest
from links_in_mpmath import maximum_likelihood
from loading import DATA, contraception, dobson, table
from problems import library
from proof import as_json, decimal_least_squares, from_json, prove
from rvalues import polished

LIBRARY = library()
SMALL = [k for k, p in LIBRARY.items() if p.n <= 60 and "aliased" not in k and p.power not in (1, 2)]


@pytest.fixture(scope="module")
def proofs():
    return {name: prove(problem) for name, problem in LIBRARY.items()}


@pytest.mark.parametrize("name", SMALL)
def test_coefficients_agree_with_mpmath_from_the_link_side(name, proofs):
    problem = LIBRARY[name]
    stored = as_json(proofs[name])["coefficients"]
    theirs = maximum_likelihood(problem, [float(b) for b in stored])
    with mp.workdps(60):
        scale = [float(s) for s in as_json(proofs[name])["standard_errors"]]
        for ours, other, se in zip(stored, theirs, scale):
            assert abs(mp.mpf(ours) - other) < mp.mpf(10) ** -28 * max(abs(other), se)


def test_every_quantity_agrees_with_polished_r(proofs):
    floats = {name: from_json(as_json(proof)) for name, proof in proofs.items()}
    theirs = polished(LIBRARY, {name: f["coefficients"] for name, f in floats.items()})
    for name, quantities in theirs.items():
        ours = dict(floats[name])
        ours["standard_errors_summary"] = ours.get("standard_errors_estimated_dispersion", ours["standard_errors"])
        ours["dispersion_summary"] = ours[
            "dispersion_pearson" if LIBRARY[name].family == "negative_binomial" else "dispersion"
        ]
        for quantity, values in quantities.items():
            if LIBRARY[name].family == "tweedie" and quantity in ("aic", "bic", "log_likelihood"):
                assert quantity not in ours  # R's are NA
                continue
            mine = np.atleast_1d(np.array(ours[quantity], dtype=float))
            if quantity == "standard_errors_summary":
                mine = mine[~np.isnan(mine)]
            scale = np.maximum(np.abs(mine), 1e-3 * np.nanmax(np.abs(mine)))
            # R's deviance residuals next to 0 have half the digits
            bound = 1e-7 if quantity == "deviance_residuals" else 1e-10
            assert (np.isnan(mine) == np.isnan(values)).all(), (name, quantity)
            error = np.nan_to_num(np.abs(mine - values) / scale)
            np.testing.assert_array_less(error, bound, err_msg=f"{name} {quantity}")


@pytest.mark.parametrize(
    "name",
    [
        "dobson",
        "contraception_probit",
        "warpbreaks_tweedie",
        "clotting_weighted_gamma_log",
        "quine_nb",
    ],
)
def test_a_second_precision_proves_the_same_digits(name, proofs, monkeypatch):
    monkeypatch.setattr(certify, "FIRST_BITS", 500)
    again = as_json(prove(LIBRARY[name]))
    first = as_json(proofs[name])
    for quantity in first["digits"]:
        for one, two in zip(strings(first[quantity]), strings(again[quantity]), strict=True):
            assert one == two or (one.startswith("0e-") and two.startswith("0e-")), quantity


def strings(value):
    return [s for part in value for s in strings(part)] if isinstance(value, list) else [value]


def test_every_quantity_has_thirty_digits_and_coefficients_forty(proofs):
    for name, proof in proofs.items():
        for quantity, digits in as_json(proof)["digits"].items():
            assert digits == "exact" or digits >= (40 if quantity == "coefficients" else 30), (
                name,
                quantity,
            )


def decimals(name, certified):
    columns = {k: [Fraction(v) for v in values] for k, values in table(f"nist_{name.lower()}.csv").items()}
    y = columns.pop("y")
    if name.startswith("NoInt"):
        return [[v] for v in columns["x"]], y
    if len(columns) == 1:
        return [[v**k for k in range(len(certified["params"]))] for v in columns["x"]], y
    return [[Fraction(1), *row] for row in zip(*columns.values())], y


NIST = json.loads((DATA / "nist_certified.json").read_text())


def rounds_to(ours, certified):
    """Whether ``ours`` is the certified value to all its 15 digits (shortest repr), within one unit of the last."""
    value = Decimal(repr(certified))
    if not value:
        return Decimal(ours) == 0
    unit = Decimal(10) ** (value.adjusted() - 14)
    return abs(Decimal(ours) - value) <= unit


@pytest.mark.parametrize("name", list(NIST))
def test_nist_certified_digits_are_all_reproduced_from_the_decimal_data(name):
    certified = NIST[name]
    found = decimal_least_squares(*decimals(name, certified))
    for b, s, parameter in zip(
        found["coefficients"], found["standard_errors"], certified["params"].values(), strict=True
    ):
        assert rounds_to(b, parameter["estimate"])
        assert rounds_to(s, parameter["sd"])
    assert rounds_to(found["deviance"], certified["res_ss"])


def test_dobsons_treatment_effects_are_exactly_zero():
    proof = prove(dobson())
    assert proof.exact_zeros == ["x3", "x4"]
    assert as_json(proof)["coefficients"][3:] == ["0", "0"]


def test_contraception_is_proven_in_well_under_a_second():
    import time

    start = time.perf_counter()
    prove(contraception())
    assert time.perf_counter() - start < 1
