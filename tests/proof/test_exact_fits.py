"""Perfect fits, saturated models, weights of zero and aliased columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from proof_support import proven as stored
from proof_support import with_ones as design

from conformance.proof import Invalid, prove
from conformance.question.problem import Problem

X = np.arange(6.0)


def test_a_perfect_gaussian_fit_has_exactly_no_deviance_and_no_errors() -> None:
    s = stored(design(X), 1 + 2 * X, "gaussian", "identity", intercept=True)
    assert (s["deviance"], s["dispersion"], s["standard_errors"]) == ("0", "0", ["0", "0"])
    assert (s["coefficients"], s["aic"], s["log_likelihood"]) == (
        ["1", "2"],
        "-Infinity",
        "Infinity",
    )


@pytest.mark.parametrize(
    ("family", "link", "y"),
    [
        ("poisson", "log", 2.0**X),
        ("gaussian", "log", 2.0**X),
        ("poisson", "identity", 1 + 2 * X),
        ("gamma", "inverse", 1 / (1 + X)),
        ("gamma", "log", 3.0 * 2.0**X),
        ("negative_binomial", "log", 4.0**X),
    ],
)
def test_a_perfect_fit_has_exactly_no_deviance(family: str, link: str, y: Any) -> None:
    # 1/3 is no double, so only the doubles that are exact powers fit exactly
    s = stored(design(X), y, family, link, intercept=True, theta=2.0)
    if link == "inverse":
        assert s["deviance"] != "0"
    else:
        assert s["deviance"] == "0"
        assert set(s["response_residuals"]) == {"0"}


def test_a_saturated_model_has_deviance_zero_leverage_one_and_no_dispersion() -> None:
    s = stored(np.eye(3), np.array([1, 2, 5.0]), "gamma", "log")
    assert (s["deviance"], s["leverages"], s["dispersion"]) == ("0", ["1"] * 3, "NaN")
    assert s["coefficients"][0] == "0"  # log 1
    assert s["standard_errors"] == ["NaN"] * 3


def test_a_coefficient_of_zero_is_settled_in_a_saturated_logit_model() -> None:
    s = stored(
        np.array([[1, 0], [1, 1.0]]),
        np.array([0.25, 0.25]),
        "binomial",
        "logit",
        weights=np.array([4, 8.0]),
        successes=np.array([1, 2.0]),
        intercept=True,
    )
    assert s["exact_zeros"] == ["x1"]


def test_rows_of_weight_zero_leave_the_degrees_of_freedom_but_keep_fitted_values() -> None:
    s = stored(
        design(X),
        np.array([1, 3, 2, 5, 4, 9.0]),
        "gaussian",
        "identity",
        weights=np.array([1, 0, 2, 1, 1, 1.0]),
        intercept=True,
    )
    assert (s["df_residual"], s["df_null"], s["rank"]) == ("3", "4", "2")
    assert s["leverages"][1] == "0"
    assert float(s["fitted_values"][1]) == pytest.approx(1.36956521739130434)


def test_zero_trials_may_hold_anything() -> None:
    weights, k = np.array([0, 2, 4, 0, 2, 3.0]), np.array([0, 1, 1, 0, 1, 3.0])
    one = stored(
        design(X),
        np.array([0, 0.5, 0.25, 0, 0.5, 1]),
        "binomial",
        "logit",
        weights=weights,
        successes=k,
        intercept=True,
    )
    keep = weights > 0
    two = stored(
        design(X)[keep],
        (k / np.maximum(weights, 1))[keep],
        "binomial",
        "logit",
        weights=weights[keep],
        successes=k[keep],
        intercept=True,
    )
    assert one["coefficients"] == two["coefficients"]


def test_the_later_of_dependent_columns_is_aliased() -> None:
    s = stored(
        np.column_stack([np.ones(6), X, 2 * X, X**2]),
        np.array([1, 2, 2, 5, 4, 9.0]),
        "poisson",
        "log",
        intercept=True,
    )
    assert s["aliased"] == ["x2"]
    assert s["coefficients"][2] == s["standard_errors"][2] == s["covariance"][2][3] == "NaN"
    assert s["outcome"] == "rank_deficient"


@pytest.mark.parametrize(
    ("family", "link", "y"),
    [
        ("binomial", "logit", [0, 1, 2, 0, 1, 0]),
        ("gamma", "log", [0, 1, 2, 3, 4, 5]),
        ("poisson", "log", [-1, 1, 2, 3, 4, 5]),
        ("gaussian", "identity", [np.nan, 1, 2, 3, 4, 5]),
    ],
)
def test_data_outside_the_domain_are_refused(family: str, link: str, y: Any) -> None:
    with pytest.raises(Invalid):
        prove(Problem(design(X), np.array(y, dtype=float), family, link, intercept=True))


def test_tweedie_powers_of_one_two_and_three_are_the_families_that_they_name() -> None:
    y = np.array([1, 3, 2, 5, 4, 9.0])
    for power, family in ((1.0, "poisson"), (2.0, "gamma"), (3.0, "inverse_gaussian")):
        one = stored(design(X), y, "tweedie", "log", power=power, intercept=True)
        two = stored(design(X), y, family, "log", intercept=True)
        for name in ("coefficients", "deviance", "dispersion_pearson", "covariance_unscaled"):
            assert one[name] == two[name]
        assert "aic" not in one


@pytest.mark.parametrize("power", [1.0 + 1e-9, 2.0 - 1e-9])
def test_tweedie_deviance_is_continuous_in_the_power(power: float) -> None:
    y = np.array([1, 3, 2, 5, 4, 9.0])
    one = stored(design(X), y, "tweedie", "log", power=power, intercept=True)
    two = stored(design(X), y, "tweedie", "log", power=float(round(power)), intercept=True)
    assert float(one["deviance"]) == pytest.approx(float(two["deviance"]), rel=1e-7)


def test_an_array_of_another_length_is_invalid() -> None:
    with pytest.raises(Invalid, match="offsets has shape"):
        prove(Problem(design(X), X, "gaussian", "identity", offset=np.zeros(7)))
