"""The invariances hold of exact arithmetic: a fitter that proves its answers and rounds them once is never refused.

Whatever the scale of the response, the columns, the offset and the weights.  And they go on to refuse what is wrong.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.oracle import asked_of_the_oracle, oracle

from conformance.adapters.answer import Unsupported
from conformance.judging.checks.invariance import INVARIANCE_CHECKS, TWINS
from conformance.judging.comparison import Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.family import PAIRS
from conformance.mathematics.link import link_of
from conformance.mathematics.quantities import Fit
from conformance.question.library import Library
from conformance.question.problem import Problem

ANY_SCALE = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LEAST = 2  # of these that must have a proven estimate, so that something is asked
ROWS = 10
SOME = 0.1 * np.random.default_rng(20240601).standard_normal((3, ROWS))  # the shape of what has a scale
GROUP = np.arange(ROWS) % 2.0


def refused(comparison: Comparison) -> dict[str, Finding]:
    """The invariances that refuse the answer.  A twin that is beyond the proof, and so the oracle, says nothing."""
    with np.errstate(all="ignore"):
        found = {name: check(comparison) for name, check in INVARIANCE_CHECKS.items()}
    return {name: one for name, one in found.items() if one.outcome in (Outcome.FAIL, Outcome.ERROR)}


def problem(X: np.ndarray, y: np.ndarray, family: str, link: str, **more: object) -> Problem:
    """A constant and the columns ``X``."""
    names = ("(Intercept)", *(f"x{j}" for j in range(X.shape[1])))
    columns = np.column_stack([np.ones(len(y)), X])
    return Problem(X=columns, y=y, family=family, link=link, names=names, intercept=True, **more)  # type: ignore[arg-type]


def of_scale(family: str, link: str, y: int, x: int, far: bool, offset: int | None, weights: int | None) -> Problem:
    """Ten rows whose response, column, offset and weights have these powers of ten for a scale."""
    unit = {"identity": y, "inverse": -y, "inverse_squared": -2 * y, "sqrt": y / 2.0}.get(link)
    eta = 1.0 + 0.3 * GROUP + SOME[0]  # in the unit of the linear predictor
    mu = link_of(link).linkinv((eta if unit is not None else eta - 2.0) + SOME[2] * (offset is not None))
    if (family, link) == ("binomial", "identity"):  # a probability has no unit of its own
        mu, offset = np.clip((1.0 + 0.3 * GROUP + SOME[0]) / 4.0, 0.05, 0.95), None
    column = (SOME[1] + (1.0 if far else 0.0)) * 10.0**x
    more: dict[str, object] = {}
    if offset is not None:
        more["offset"] = (SOME[2] + 10.0**offset) * (10.0**unit if unit is not None else 1.0)
    if weights is not None and family != "binomial":
        more["weights"] = (1.0 + np.arange(ROWS) % 3) * 10.0**weights
    if family == "binomial":
        trials = 10.0 ** min(abs(y), 12) * 3.0
        more |= {"successes": np.rint(trials * mu), "weights": np.full(ROWS, trials)}
        response = np.rint(trials * mu) / trials
    elif family in ("poisson", "negative_binomial"):
        response = np.rint(mu * 10.0 ** abs(y))
    else:
        response = mu * 10.0**y
    if family == "negative_binomial":
        more["theta"] = 10.0 ** abs(weights or 0)
    if family == "tweedie":
        more["power"], response = 1.5, np.where(SOME[1] > 0.1, 0.0, response)
    return problem(np.column_stack([GROUP, column]), response, family, link, **more)


@pytest.mark.parametrize(("family", "link"), [(family, link) for family, links in PAIRS.items() for link in links])
def test_exact_arithmetic_rounded_once_is_refused_at_no_scale(library: Library, family: str, link: str) -> None:
    judged = 0

    @ANY_SCALE
    @given(
        y=st.integers(-15, 15), x=st.integers(-30, 30), far=st.booleans(),
        offset=st.sampled_from((None, None, -9, 0, 3, 8)), weights=st.sampled_from((None, 0, -12, 12, 200)),
    )  # fmt: skip
    def at_a_scale(y: int, x: int, far: bool, offset: int | None, weights: int | None) -> None:
        nonlocal judged
        try:
            comparison = asked_of_the_oracle(library.case("dobson"), of_scale(family, link, y, x, far, offset, weights))
        except (Unsupported, ValueError):  # no estimate, none that can be proven, or none of doubles
            return
        assert not refused(comparison)
        judged += 1

    at_a_scale()
    assert judged >= LEAST


X = np.arange(20.0)
NOISE = np.random.default_rng(1).standard_normal(20)
HALVES = np.repeat([0.0, 1.0], 10)
HARD = {
    "a response of 1e-12": problem(X[:, None], 1e-12 * (3.0 + NOISE), "gaussian", "identity"),
    "a response of 5 and a hair": problem(X[:, None], 5.0 + 1e-13 * NOISE, "gaussian", "identity"),
    "a response of 1e12 and a hair": problem(X[:, None], 1e12 + 1e-3 * NOISE, "gaussian", "identity"),
    "a tiny reference level beside a large one": problem(
        HALVES[:, None], np.where(HALVES == 0, 1e-14 + 1e-12 * NOISE, 1.0 + 1e-12 * NOISE), "gaussian", "identity"
    ),
    "counts of 1e14, overdispersed": problem(X[:, None], np.rint(1e14 * np.exp(2.0 * NOISE)), "poisson", "log"),
    "exposures that overflow": problem(X[:, None], X % 7.0, "poisson", "log", offset=800.0 + NOISE),
    "exposures that underflow": problem(X[:, None], X % 7.0, "poisson", "log", offset=NOISE - 800.0),
    "weights of 1e308": problem(X[:, None], 1.0 + NOISE**2, "gaussian", "identity", weights=np.full(20, 1e308)),
    "a column whose thousandfold overflows": problem(1e306 * X[:, None], NOISE, "gaussian", "identity"),
    "a column whose squares nearly overflow": problem(1e151 * X[:, None], NOISE, "gaussian", "identity"),
    "a large offset that cancels": problem(X[:, None], 1e10 + NOISE, "gaussian", "identity", offset=1e10 + X**2 / 7),
    "columns that nearly cancel": problem(
        np.column_stack([X, X + 1e-9 * NOISE[::-1]]), np.exp(NOISE), "gamma", "log"
    ),
    "an inverse link of 1e12": problem(X[:, None], 1e12 * np.exp(0.3 * NOISE), "gamma", "inverse"),
    "an inverse squared link of 1e8": problem(
        X[:, None], 1e8 * np.exp(0.1 * NOISE), "inverse_gaussian", "inverse_squared"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_exact_arithmetic_is_not_refused_where_the_twin_has_few_digits(library: Library, name: str) -> None:
    assert not refused(asked_of_the_oracle(library.case("dobson"), HARD[name]))


def test_a_column_that_depends_on_others_is_not_scaled_by_what_rounds(library: Library) -> None:
    """Times 1000, rounded, it no longer depends on them, and the twin would be another model."""
    case = library.case("cats-no-intercept-aliased")
    comparison = asked_of_the_oracle(case, case.problem())
    assert TWINS["column_times_1000"](comparison) is None
    assert TWINS["column_times_1024"](comparison) is not None
    assert not refused(comparison)


# ------------------------------------------------------------------------------------------- and what is wrong


def answers(fit_of: object, to: Problem, library: Library) -> Comparison:
    """The oracle's answer to ``to``, of a fitter that gives the twins ``fit_of``."""
    return replace(asked_of_the_oracle(library.case("dobson"), to), ask=fit_of)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", [name for name in HARD if name not in ("exposures that overflow", "exposures that underflow")]
)
def test_an_offset_that_is_ignored_shows_at_any_scale(library: Library, name: str) -> None:
    def ignores(other: Problem) -> Fit:
        return oracle(replace(other, offset=HARD[name].offset))

    found = refused(answers(ignores, HARD[name], library))["constant_added_to_the_offset"]
    assert "offset" in found.message


@pytest.mark.parametrize("name", ["a response of 1e-12", "an inverse link of 1e12"])
@pytest.mark.parametrize("check", ["column_times_1000", "rows_in_another_order", "weights_times_2"])
def test_a_slope_that_is_a_thousandth_of_a_standard_error_off_shows(library: Library, name: str, check: str) -> None:
    def off(other: Problem) -> Fit:
        right = oracle(other)
        assert right.standard_errors is not None
        return replace(right, coefficients=right.coefficients + 1e-3 * right.standard_errors)

    assert check in refused(answers(off, HARD[name], library))
