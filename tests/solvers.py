"""Solvers that differ only in their linear algebra: IRLS in the working-response form, run to its fixed point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from conformance.adapters.answer import Unsupported
from conformance.fitter import fit
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem

Array = NDArray[np.float64]
LeastSquares = Callable[[Array, Array], Array]


def householder(A: Array, b: Array) -> Array:
    Q, R = np.linalg.qr(A)
    return np.asarray(linalg.solve_triangular(R, Q.T @ b))


def pivoted(A: Array, b: Array) -> Array:
    Q, R, order = linalg.qr(A, mode="economic", pivoting=True)
    x = np.empty(A.shape[1])
    x[order] = linalg.solve_triangular(R, Q.T @ b)
    return x


def scaled_svd(A: Array, b: Array) -> Array:
    scale = np.linalg.norm(A, axis=0)
    U, s, Vt = np.linalg.svd(A / scale, full_matrices=False)
    return np.asarray(Vt.T @ ((U.T @ b) / s) / scale)


def normal_equations(A: Array, b: Array) -> Array:
    return np.asarray(np.linalg.solve(A.T @ A, A.T @ b))


def explicit_inverse(A: Array, b: Array) -> Array:
    return np.asarray(np.linalg.inv(A.T @ A) @ (A.T @ b))


def working_response(problem: Problem, solve: LeastSquares, steps: int = 25) -> Fit:
    """beta = argmin || sqrt(W) (X beta - z) ||, again and again from the estimate: R's glm.fit, but for ``solve``.

    Starts where `conformance.fitter.irls` ends, so that only the linear algebra is on trial; the smallest step wins.
    """
    known = fit(problem)
    aliased = np.isnan(known.coefficients)
    if not known.converged or np.any(aliased):
        raise Unsupported("only where irls has a plain estimate")
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    used = problem.prior_weights > 0
    X, y, w, offset = problem.X[used], problem.y[used], problem.prior_weights[used], problem.offsets[used]
    beta, best, size = known.coefficients, known.coefficients, np.inf
    for _ in range(steps):
        with np.errstate(all="ignore"):
            eta = X @ beta + offset
            mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
            root = np.sqrt(w) * np.abs(mu_eta) / family.standard_deviation(mu, nu)
            z = eta - offset + family.residual(y, mu, nu) / mu_eta
        live = np.isfinite(root) & (root > 0) & np.isfinite(z)
        if np.count_nonzero(live) < beta.size:
            raise Unsupported("the expected information is next to nothing: Fisher's step leads out of all rows")
        new = solve(X[live] * root[live, None], z[live] * root[live])
        move = float(np.max(np.abs(new - beta) / np.maximum(np.abs(beta), 1e-300)))
        if move >= size and move < 1e-6:
            break
        beta, best, size = new, new, move
    return Fit(coefficients=best)


def shuffled(problem: Problem, seed: int = 1) -> Fit:
    """irls on the rows in another order."""
    from dataclasses import replace

    order = np.random.default_rng(seed).permutation(problem.n)
    arrays: dict[str, Any] = {
        name: None if getattr(problem, name) is None else getattr(problem, name)[order]
        for name in ("X", "y", "weights", "offset", "successes")
    }
    answer = fit(replace(problem, data=None, **arrays))
    return Fit(coefficients=answer.coefficients, converged=answer.converged, warnings=answer.warnings)


CORRECT: dict[str, Callable[[Problem], Fit]] = {
    "householder QR": lambda p: working_response(p, householder),
    "pivoted QR": lambda p: working_response(p, pivoted),
    "scaled SVD": lambda p: working_response(p, scaled_svd),
    "rows in another order": shuffled,
}
FAULTY: dict[str, Callable[[Problem], Fit]] = {
    "normal equations": lambda p: working_response(p, normal_equations, steps=1),
    "explicit inverse": lambda p: working_response(p, explicit_inverse, steps=1),
}
