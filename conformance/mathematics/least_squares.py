"""Least squares min ||A x - z|| for A (n, p): which columns are independent, the triangle, and its inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.mathematics.link import Array

RANK_TOLERANCE = 1e-12  # exact dependence leaves about 1e-15; R draws the line at 1e-11
PIVOT = 1e-4  # of a column of length 1: where less is left of it, its square has lost half the digits, and QR is taken


def independent_columns(X: Array) -> NDArray[np.intp]:
    """The columns of X (n, p) that no earlier ones span: the later of dependent columns is the aliased one, as in R."""
    basis, kept = np.zeros((X.shape[0], 0)), []
    for j, column in enumerate(X.T):
        length = float(np.linalg.norm(column))
        v = column / (length or 1.0)
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            v = v - basis @ (basis.T @ v)
        if np.linalg.norm(v) > RANK_TOLERANCE:
            basis = np.column_stack([basis, v / np.linalg.norm(v)])
            kept.append(j)
    return np.array(kept, dtype=np.intp)


def descending(A: Array) -> NDArray[np.intp]:
    """The order of A's rows, largest first, in which Householder's QR keeps the digits of the small ones.

    Else a heavy row below would spoil the light ones above it (Powell and Reid 1969).
    """
    return np.argsort(-np.max(np.abs(A), axis=1, initial=0.0), kind="stable")


@np.errstate(all="ignore")  # the square of a column may overflow: then by QR
def triangle(A: Array, z: Array) -> tuple[Array, Array]:
    """R (p, p) with R'R = A'A, and R^-T A'z (p,).

    By Cholesky of the scaled columns; by QR where those are nearly dependent, for their squares lose the digits.
    """
    p, size = A.shape[1], np.linalg.norm(A, axis=0)
    unit = A / np.where(size > 0, size, 1.0)
    try:
        R = np.linalg.cholesky(unit.T @ unit).T * size
        if np.all(np.abs(np.diag(R)) >= PIVOT * size):
            return R, np.asarray(solve_triangular(R, A.T @ z, trans="T"))
    except np.linalg.LinAlgError:
        pass
    both = np.zeros((p, p + 1))  # fewer rows than columns: zeros below
    upper = np.linalg.qr(np.column_stack([A, z])[descending(A)], mode="r")[:p]
    both[: len(upper)] = upper
    return both[:, :p], both[:, p]


def inverse_root(A: Array) -> tuple[Array, Array]:
    """S (p, p) with S S' the inverse of A'A, and the leverages (n,), the diagonal of A (A'A)^-1 A'; by QR.

    Infinite, and NaN, where A'A is singular.
    """
    down, leverages = descending(A), np.full(len(A), np.nan)
    Q, R = np.linalg.qr(A[down])
    if len(R) < A.shape[1] or np.any(np.diag(R) == 0):
        return np.full((A.shape[1],) * 2, np.inf), leverages
    leverages[down] = np.sum(Q**2, axis=1)
    return np.asarray(solve_triangular(R, np.eye(len(R)))), leverages


def solution(A: Array, z: Array) -> Array:
    """(p,) argmin ||A x - z|| by QR, for A of full rank."""
    Q, R = np.linalg.qr(A)
    return np.asarray(solve_triangular(R, Q.T @ z))
