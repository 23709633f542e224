"""Condition numbers and sigmas: against exact refits, and against good and bad solvers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx
from numpy.typing import NDArray
from proof_support import BY_PAIR, problem_of, stored_of

from conformance.proof import Proof, prove
from conformance.proof.jitter import changes, null_models
from conformance.proof.moves import moves
from conformance.proof.root import Setup, set_up
from conformance.proof.solution import point
from conformance.question.problem import Problem

U = 2.0**-53


def flat(value: Any) -> list[Any]:
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [value]


def refit(problem: Problem, seed: int) -> tuple[Proof, Setup, dict[str, Any], Proof]:
    """The changes that the closed forms say, and the exact ones, for one jitter of all data."""
    proof, setup = prove(problem), set_up(problem)
    with ctx.workprec(256), np.errstate(all="ignore"):
        at = point(setup, proof)
        moved = moves(setup, at, np.random.default_rng(seed))
        said = changes(setup, proof, at, null_models(setup, proof, at), moved, proof.quantities)
    used = problem.prior_weights > 0
    x, y, w, o = (
        problem.X.copy(),
        problem.y.copy(),
        problem.prior_weights.copy(),
        problem.offsets.copy(),
    )
    x[used], y[used], w[used], o[used] = (
        x[used] + moved.x,
        y[used] + moved.y,
        w[used] + moved.w,
        o[used] + moved.offset,
    )
    jittered = replace(
        problem,
        X=x,
        y=y,
        weights=None if problem.weights is None else w,
        offset=None if problem.offset is None else o,
        successes=None,
        data=None,
    )
    return proof, setup, said, prove(jittered, sensitivities=False)


@pytest.mark.parametrize("id", [id for (family, _), id in BY_PAIR.items() if family != "binomial"])
def test_the_closed_form_changes_are_those_of_exact_refits(id: str) -> None:
    check(*refit(problem_of(id), 5))


@pytest.mark.parametrize("link", ["logit", "probit", "cauchit", "cloglog", "identity"])
def test_the_closed_form_changes_hold_for_proportions(link: str) -> None:
    whole = problem_of("budworm-grouped-logit")
    keep = whole.y > 0  # a proportion of 0 has no last bit
    y, weights = whole.y[keep] * 20 / 21, np.full(int(keep.sum()), 21.0)
    X = whole.X[keep]
    proof, setup, said, again = refit(Problem(X, y, "binomial", link, weights=weights, intercept=True), 5)
    for name in ("log_likelihood", "aic", "bic"):
        said.pop(name)  # R rounds the successes, so that their last bit does not count
    check(proof, setup, said, again)


def check(proof: Proof, setup: Setup, said: dict[str, Any], again: Proof) -> None:
    first = np.array(again.rows)[setup.rows.first]
    rows = len(setup.rows.first)
    with ctx.workprec(256):
        for name, change in said.items():
            if name not in proof.quantities:
                continue
            new, old = flat(again.quantities[name]), flat(proof.quantities[name])
            if (
                isinstance(again.quantities[name], list)
                and len(old) == rows
                and name.endswith(("values", "predictors", "residuals", "leverages"))
            ):
                new = [new[r] for r in first]
            exact = np.array([float(a - b) for a, b in zip(new, old, strict=True)])
            sigma = np.array(flat(proof.sigma[name]), dtype=float)
            error = np.abs(exact - np.ravel(change)) - 1e-3 * sigma
            assert not (error > 1e-30).any(), name


def rho(id: str, beta: NDArray[np.float64]) -> float:
    """The largest error of a coefficient over what the stored condition numbers allow."""
    stored = stored_of(id)
    with ctx.workprec(256):
        errors = [abs(float(arb(e) - arb(float(b)))) for e, b in zip(stored["coefficients"], beta, strict=True)]
    return max(e / (U * (a + abs(b))) for e, a, b in zip(errors, stored["condition"], beta, strict=True))


def qr(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.linalg.norm(x, axis=0)
    q, r = np.linalg.qr(x / scale)
    return np.asarray(np.linalg.solve(r, q.T @ y) / scale)


NIST = ["filip", "longley", "noint1", "noint2", "norris", "pontius", *(f"wampler{k}" for k in range(1, 6))]


@pytest.mark.parametrize("name", NIST)
def test_an_orthogonal_solver_is_inside_the_bound(name: str) -> None:
    problem = problem_of(f"nist-{name}")
    assert rho(f"nist-{name}", qr(problem.X, problem.y)) < 10
    assert rho(f"nist-{name}", qr(problem.X[::-1], problem.y[::-1])) < 10


@pytest.mark.parametrize("name", ["longley", "wampler2", "wampler4", "wampler5"])
def test_an_explicit_inverse_of_the_normal_equations_is_outside(name: str) -> None:
    problem = problem_of(f"nist-{name}")
    X, y = problem.X, problem.y
    assert rho(f"nist-{name}", np.linalg.inv(X.T @ X) @ (X.T @ y)) > 10
