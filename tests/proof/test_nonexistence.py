"""Separation and boundary maxima, proven."""

from __future__ import annotations

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from proof_support import problem_of
from proof_support import with_ones as design
from scipy.optimize import linprog

from conformance.adapters.r import r_glm
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.proof import Undecided, as_json, prove, separation, verify
from conformance.proof.simplex import recession
from conformance.question.problem import Problem

X = np.arange(1, 11.0)


def test_endometrial_is_quasi_separated_along_nv_with_the_published_limits() -> None:
    s = as_json(prove(problem_of("endometrial")))
    assert s["outcome"] == "quasi_separated"
    assert s["separation"]["direction"] == ["0/1", "1/1", "0/1", "0/1"]
    assert len(s["separation"]["separated_rows"]) == 13
    assert s["separation"]["finite"] == ["(Intercept)", "PI", "EH"]
    assert s["deviance"].startswith("55.3932603571811")
    assert [c[:12] for c in s["coefficients"]] == [
        "4.3045177830",
        "NaN",
        "-0.042183403",
        "-2.902605613",
    ]


@pytest.mark.parametrize("link", ["logit", "probit", "cauchit", "cloglog"])
def test_complete_separation_is_proven_for_every_link_that_is_a_distribution_function(link: str) -> None:
    s = as_json(prove(Problem(design(X), (X > 4).astype(float), "binomial", link, intercept=True)))
    assert (s["outcome"], s["deviance"], s["separation"]["finite"]) == ("separated", "0", [])
    assert s["separation"]["direction"] == ["-9/1", "2/1"]


@pytest.mark.parametrize(
    ("family", "more"),
    [("poisson", {}), ("negative_binomial", {"theta": 2.0}), ("tweedie", {"power": 1.5})],
)
def test_a_group_of_zero_counts_has_an_infinite_effect(family: str, more: dict[str, float]) -> None:
    g = np.repeat([0, 1, 2], 4)
    y = np.array([1, 2, 3, 1, 0, 0, 0, 0, 3, 2, 5, 1.0])
    problem = Problem(design(g == 1, g == 2), y, family, "log", intercept=True, **more)
    proof = prove(problem)
    assert proof.outcome == "quasi_separated"
    assert proof.separation["infinite"] == ["x1"]
    assert proof.separation["separated_rows"] == [4, 5, 6, 7]
    assert verify(problem, as_json(proof)) == []


def test_ships_with_interaction_lose_a_cone_of_zero_counts() -> None:
    problem = problem_of("ships-type-by-year-cone")
    s = as_json(prove(problem))
    assert s["outcome"] == "quasi_separated"
    assert (problem.y[s["separation"]["separated_rows"]] == 0).all()
    assert verify(problem, s) == []


def test_deddens_log_binomial_maximum_lies_on_the_boundary() -> None:
    problem = Problem(design(X), np.array([0, 0, 0, 0, 1, 0, 1, 1, 1, 1.0]), "binomial", "log", intercept=True)
    s = as_json(prove(problem))
    assert s["outcome"] == "boundary"
    assert [float(c) for c in s["coefficients"]] == pytest.approx([-2.0935861, 0.2093586], abs=1e-7)
    assert s["separation"]["boundary_rows"]["1"] == [9]
    assert verify(problem, s) == []


def test_a_poisson_identity_model_with_an_empty_cell_lies_on_the_boundary() -> None:
    g = np.repeat([0, 1, 2], 4)
    y = np.array([1, 2, 3, 1, 0, 0, 0, 0, 3, 2, 5, 1.0])
    s = as_json(prove(Problem(design(g == 1, g == 2), y, "poisson", "identity", intercept=True)))
    assert s["outcome"] == "boundary"
    assert [float(c) for c in s["coefficients"]] == [1.75, -1.75, 1.0]


def test_the_exact_simplex_agrees_with_the_floating_one_and_proves_both_answers() -> None:
    rng = np.random.default_rng(3)
    both = {True: 0, False: 0}
    for _ in range(150):
        n, p = int(rng.integers(2, 12)), int(rng.integers(1, 5))
        a = rng.integers(-2, 3, (n, p))
        found = recession(fmpq_mat(n, p, [fmpq(int(v)) for v in a.ravel()]))
        result = linprog(
            -a.sum(axis=0).astype(float),
            A_ub=-a.astype(float),
            b_ub=np.zeros(n),
            bounds=[(-1, 1)] * p,
            method="highs",
        )
        expected = -result.fun > 1e-9
        assert (found is not None) == expected
        both[expected] += 1
        if found is not None:
            values = (fmpq_mat(n, p, [fmpq(int(v)) for v in a.ravel()]) * fmpq_mat(p, 1, found)).entries()
            assert all(v >= 0 for v in values)
            assert any(values)
    assert min(both.values()) > 20


def test_exact_arithmetic_alone_finds_the_same_rows_as_with_a_proposal(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [
        problem_of("endometrial"),
        Problem(design(X), (X > 4).astype(float), "binomial", "logit", intercept=True),
    ]
    expected = [prove(p).separation["separated_rows"] for p in problems]
    monkeypatch.setattr(separation, "_from_floats", lambda system, signs: None)
    assert [prove(p).separation["separated_rows"] for p in problems] == expected


@pytest.mark.parametrize("gap", [1e-9, 2.0**-52, 0.0])
def test_separation_by_the_last_bit_is_told_from_none(gap: float) -> None:
    # a success at x = 1 + gap over a failure at 1, and one of each beside them
    x = np.array([0, 1, 1 + gap, 2.0])
    s = as_json(prove(Problem(design(x), np.array([0, 0, 1, 1.0]), "binomial", "logit", intercept=True)))
    assert s["outcome"] == ("separated" if gap else "quasi_separated")


@pytest.mark.parametrize("gap", [1e-9, 2.0**-40])
def test_overlap_by_little_is_an_estimate(gap: float) -> None:
    x = np.array([0, 1 + gap, 1, 2.0])
    s = as_json(prove(Problem(design(x), np.array([0, 0, 1, 1.0]), "binomial", "logit", intercept=True)))
    assert s["outcome"] == "estimate"


@pytest.mark.r
def test_the_bic_counts_a_row_of_weight_0_as_r_does_with_an_estimate_and_without() -> None:
    group, weights = np.array([0, 0, 0, 0, 1, 1, 1.0]), np.array([1, 2, 1, 1, 1, 0, 2.0])
    for y in ([0, 1, 0, 1, 1, 0, 0.0], [0, 1, 0, 1, 1, 0, 1.0]):  # the second is separated: all failures weigh nothing
        problem = Problem(design(group), np.array(y), "binomial", "logit", weights=weights, intercept=True)
        proof, of_r = prove(problem), r_glm(problem, "as_shipped")
        assert proof.has_estimate == (y[6] == 0)
        assert float(proof.quantities["bic"]) == pytest.approx(of_r["bic"], abs=1e-7)
        assert float(proof.quantities["df_residual"]) == of_r["df_residual"]


# ------------------------------------------------------------------------------------------ walls


LOWEST = {"0": [0], "1": []}  # the first row alone is on a wall, with a mean of 0


def on_a_wall(family: str, link: str, y: list[float], **more: float) -> Problem:
    return Problem(design(np.arange(len(y), dtype=float)), np.array(y), family, link, intercept=True, **more)


@pytest.mark.parametrize(
    ("problem", "rows", "uniqueness"),
    [
        (on_a_wall("binomial", "identity", [0.0, 0.1, 0.05, 0.6, 0.9]), LOWEST, "global"),
        (on_a_wall("binomial", "identity", [0.0, 0.0, 0.7, 1.0, 1.0]), {"0": [0], "1": [4]}, "global"),
        (on_a_wall("gaussian", "sqrt", [-1.0, -0.2, 2.0, 5.0, 8.0, 15.0]), LOWEST, "local"),
        (on_a_wall("gaussian", "sqrt", [0.01, 0.1, 2.0, 9.0, 18.0, 35.0]), LOWEST, "local"),
        (on_a_wall("poisson", "identity", [0.0, 0.0, 1.0, 5.0, 9.0]), LOWEST, "global"),
        (on_a_wall("poisson", "sqrt", [0.0, 0.0, 1.0, 16.0, 40.0]), LOWEST, "global"),
        (
            on_a_wall("negative_binomial", "identity", [0.0, 0.0, 1.0, 5.0, 9.0], theta=2.0),
            {"0": [0], "1": []},
            "local",
        ),
        (on_a_wall("negative_binomial", "sqrt", [0.0, 0.0, 1.0, 16.0, 40.0], theta=2.0), LOWEST, "local"),
        (on_a_wall("inverse_gaussian", "inverse", [2.2, 13.7, 6.7, 0.3, 0.2]), LOWEST, "global"),
    ],
    ids=lambda value: f"{value.family}-{value.link}" if isinstance(value, Problem) else None,
)
def test_a_maximum_on_a_wall_is_proven_and_no_point_near_it_is_higher(
    problem: Problem, rows: dict[str, list[int]], uniqueness: str
) -> None:
    proof = prove(problem)
    stored = as_json(proof)
    assert (stored["outcome"], stored["separation"]["boundary_rows"]) == ("boundary", rows)
    assert stored["uniqueness"].startswith(uniqueness)
    assert verify(problem, stored) == []
    family, link = family_of(problem.family, problem.theta), link_of(problem.link)
    top = np.array([float(b) for b in stored["coefficients"]])
    rng, inside = np.random.default_rng(1), 0
    for _ in range(1000):
        eta = problem.X @ (top + rng.normal(size=2) * np.max(np.abs(top)) * 10.0 ** rng.uniform(-6, -1))
        mu = link.linkinv(eta)
        if np.all(eta > 0) and np.all(family.means.contains(mu)):
            inside += 1
            assert np.sum(family.unit_deviance(problem.y, mu, 1 - mu)) >= float(stored["deviance"]) * (1 - 1e-13)
    assert inside > 30


def test_group_means_below_0_have_0_for_their_nearest_square() -> None:
    group = np.repeat([0, 1, 2], 2)
    y = np.array([1, 2, -1, -3, 4, 5.0])
    problem = Problem(design(group == 1, group == 2), y, "gaussian", "sqrt", intercept=True)
    s = as_json(prove(problem))
    assert (s["outcome"], s["separation"]["boundary_rows"]["0"], s["deviance"]) == ("boundary", [2, 3], "11")
    assert [float(mu) for mu in s["fitted_values"]] == [1.5, 1.5, 0.0, 0.0, 4.5, 4.5]
    assert s["uniqueness"].startswith("global")
    assert verify(problem, s) == []


def test_counts_of_0_alone_have_a_mean_of_0_under_the_square_root_link() -> None:
    s = as_json(prove(on_a_wall("poisson", "sqrt", [0.0, 0.0, 0.0])))
    assert (s["outcome"], s["coefficients"], s["deviance"]) == ("boundary", ["0", "0"], "0")


def test_a_model_without_any_valid_mean_is_said_to_be_one() -> None:
    x = np.array([[1.0], [2.0], [-1.0]])
    with pytest.raises(Undecided, match=r"no coefficients give every mean inside .* Gordan"):
        prove(Problem(x, np.array([1.0, 2.0, 3.0]), "gamma", "identity"))


def test_a_row_of_weight_0_without_a_mean_is_said_to_be_one() -> None:
    problem = Problem(
        design(np.array([1.0, 2.0, 3.0, -9.0])),
        np.array([2.0, 1.4, 1.2, 1.0]),
        "inverse_gaussian",
        "inverse_squared",
        weights=np.array([1.0, 1.0, 1.0, 0.0]),
        intercept=True,
    )
    with pytest.raises(Undecided, match="a row of weight 0 has no mean"):
        prove(problem)


def test_separated_data_that_are_on_the_boundary_too_have_both_proven() -> None:
    problem = Problem(
        design(np.array([-76.0, 44.0])),
        np.array([0.0, 1.0]),
        "binomial",
        "log",
        weights=np.array([18.0, 7.0]),
        successes=np.array([0.0, 7.0]),
        intercept=True,
    )
    proof = prove(problem)
    assert proof.outcome == "quasi_separated"
    assert proof.separation is not None
    assert (proof.separation["separated_rows"], proof.separation["boundary_rows"]["1"]) == ([0], [1])
    assert verify(problem, as_json(proof)) == []
