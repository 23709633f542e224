"""Condition numbers and sigmas: against exact refits, and against good and bad solvers."""

import numpy as np
import pytest
from conformance.problem import Problem
from flint import ctx
from loading import design, num, table
from problems import library
from proof import prove
from proof.jitter import changes, moves, null_models
from proof.root import set_up
from proof.sensitivity import point

LIBRARY = library()
U = 2.0**-53


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [value]


def refit(problem, seed):
    """The changes that the closed forms say, and the exact ones, for one jitter of all data."""
    proof, setup = prove(problem), set_up(problem)
    with ctx.workprec(256), np.errstate(all="ignore"):
        at = point(setup, proof)
        moved = moves(setup, at, np.random.default_rng(seed))
        said = changes(setup, proof, at, null_models(setup, proof, at), moved)
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
    jittered = Problem(x, y, problem.family, problem.link, weights=None if problem.weights is None else w, offset=None if problem.offset is None else o,
                       theta=problem.theta, power=problem.power, intercept=problem.intercept)  # fmt: skip
    return proof, setup, said, prove(jittered, sensitivities=False)


@pytest.mark.parametrize("name", [n for n, p in LIBRARY.items() if p.family != "binomial" and "aliased" not in n])
def test_the_closed_form_changes_are_those_of_exact_refits(name):
    proof, setup, said, again = refit(LIBRARY[name], 5)
    check(proof, setup, said, again)


@pytest.mark.parametrize("link", ["logit", "probit", "cauchit", "cloglog"])
def test_the_closed_form_changes_hold_for_proportions(link):
    t = table("budworm.csv")
    keep = num(t, "numdead") > 0  # a proportion of 0 has no last bit
    y = num(t, "numdead")[keep] / 21
    problem = Problem(
        design(num(t, "ldose")[keep]),
        y,
        "binomial",
        link,
        weights=np.full(len(y), 21.0),
        intercept=True,
    )
    proof, setup, said, again = refit(problem, 5)
    for name in ("log_likelihood", "aic", "bic"):
        said.pop(name)  # R rounds the successes, so that their last bit does not count
    check(proof, setup, said, again)


def check(proof, setup, said, again):
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


def nist(name):
    t = table(f"nist_{name}.csv")
    columns = [num(t, k) for k in t if k != "y"]
    degree = {"filip": 10, "pontius": 2}.get(name, 5 if name.startswith("wampler") else 0)
    x = np.column_stack([columns[0] ** k for k in range(degree + 1)]) if degree else design(*columns)
    return Problem(x, num(t, "y"), "gaussian", "identity", intercept=True)


def rho(proof, beta):
    with ctx.workprec(256):
        exact = proof.quantities["coefficients"]
        errors = [abs(float(e - b)) for e, b in zip(exact, beta, strict=True)]
    return max(e / (U * (a + abs(b))) for e, a, b in zip(errors, proof.condition, beta))


def qr(x, y):
    scale = np.linalg.norm(x, axis=0)
    q, r = np.linalg.qr(x / scale)
    return np.linalg.solve(r, q.T @ y) / scale


@pytest.mark.parametrize(
    "name",
    [
        "norris",
        "longley",
        "filip",
        "pontius",
        "wampler1",
        "wampler2",
        "wampler3",
        "wampler4",
        "wampler5",
    ],
)
def test_an_orthogonal_solver_is_not_flagged(name):
    problem = nist(name)
    proof = prove(problem)
    assert rho(proof, qr(problem.X, problem.y).tolist()) < 10
    reverse = slice(None, None, -1)
    assert rho(proof, qr(problem.X[reverse], problem.y[reverse]).tolist()) < 10


@pytest.mark.parametrize("name", ["longley", "wampler2", "wampler4", "wampler5"])
def test_an_explicit_inverse_of_the_normal_equations_is_flagged(name):
    problem = nist(name)
    proof = prove(problem)
    wrong = np.linalg.inv(problem.X.T @ problem.X) @ (problem.X.T @ problem.y)
    assert rho(proof, wrong.tolist()) > 10
