"""What exact rational arithmetic settles: the Gaussian model with identity link, and coefficients that are 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat, fmpz_mat

from .balls import Scalar, rational
from .system import System, exact_sum

SMALL = 200_000  # rows * columns up to which rational row-wise values are made


@dataclass(frozen=True)
class Solution:
    """An exact solution in rationals: coefficients (p,), the patterns' means (c,) (None where there are too many rows),
    and the inverse of X'WX (p, p).
    """

    beta: list[fmpq]
    mean: list[fmpq] | None
    inverse: fmpq_mat


def matrix(rows: Sequence[Sequence[Scalar]]) -> fmpq_mat:
    """Exact rows as a rational matrix."""
    return fmpq_mat(len(rows), len(rows[0]), [rational(v) for row in rows for v in row])


def weighted(rows: fmpq_mat, weights: Sequence[fmpq]) -> fmpq_mat:
    """diag(weights) rows."""
    return fmpq_mat(
        rows.nrows(),
        rows.ncols(),
        [w * v for w, row in zip(weights, rows.tolist(), strict=True) for v in row],
    )


def least_squares(x: fmpq_mat, total: Sequence[fmpq], sum_: Sequence[fmpq], offset: Sequence[Scalar]) -> Solution:
    """The exact weighted least-squares fit of the pattern means: X'WX beta = X'(S - W offset).

    ``x`` (c, p) of full rank (else ZeroDivisionError), ``total`` W, ``sum_`` S and ``offset`` (c,).
    """
    xw, denominator = weighted(x, total).numer_denom()
    xn, bottom = x.numer_denom()
    gram = fmpq_mat(xn.transpose() * xw) * (1 / fmpq(denominator * bottom))
    shifted = [s - w * rational(o) for s, w, o in zip(sum_, total, offset, strict=True)]
    right, below = fmpq_mat(len(shifted), 1, shifted).numer_denom()
    moments = fmpq_mat(xn.transpose() * right) * (1 / fmpq(bottom * below))
    inverse = gram.inv()
    beta = inverse * moments
    return Solution(
        beta.entries(),
        _means(xn, bottom, beta, offset) if x.nrows() * x.ncols() <= SMALL else None,
        inverse,
    )


def _means(xn: fmpz_mat, bottom: object, beta: fmpq_mat, offset: Sequence[Scalar]) -> list[fmpq]:
    top, below = beta.numer_denom()
    common = fmpq(bottom * below)  # type: ignore[operator]
    return [fmpq(v) / common + rational(o) for v, o in zip((xn * top).entries(), offset, strict=True)]


def perfect_identity(system: System) -> Solution | None:
    """The exact solution of an identity-link model that fits every mean exactly, or None."""
    if len(system.x) * system.p > SMALL:
        return None
    total = [rational(w) for w in system.total]
    sums = [rational(s) for s in system.sum]
    found = least_squares(matrix(system.x), total, sums, system.offset)
    fits = found.mean is not None and all(m * w == s for m, w, s in zip(found.mean, total, sums, strict=True))
    return found if fits else None


def zero_columns(system: System, candidates: Sequence[int]) -> list[int]:
    """Which of the ``candidates`` (indices of columns) have a coefficient of exactly 0: all of them, or none.

    It is so if the maximum of the model without these columns is a root of the score of the whole model.  The caller
    proves besides that it lies in the box that holds one root alone.  The score of the columns that stay is 0 there.
    For the column z of each candidate the argument is this.  Group the patterns whose other columns x and offset are
    equal: a group g has one mean mu_g in the reduced model, and a_g = mu'_g / V(mu_g).  Its part in the score of z is

        a_g (sum w y z - mu_g sum w z) = a_g (s_g - m_g W_g mu_g),    s_g = sum w y z, W_g = sum w, m_g = sum w z / W_g.

    If m_g = x_g' lambda for one lambda and every g, then sum_g a_g m_g (S_g - W_g mu_g) is lambda' times the score of
    the columns that stay, which is 0, with S_g = sum w y.  What is left of the score of z is sum_g a_g (s_g - m_g S_g).
    For a canonical link every a_g is 1, and that sum has to vanish; for others the a_g are not rational, and every term
    has to.  Both can be seen in rationals.
    """
    rest = [j for j in range(system.p) if j not in candidates]
    if not rest or not candidates:
        return []
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, row in enumerate(system.x):
        groups.setdefault((*(row[j] for j in rest), system.offset[c]), []).append(c)
    total = {k: exact_sum([rational(system.total[c]) for c in g]) for k, g in groups.items()}
    sums = {k: exact_sum([rational(system.sum[c]) for c in g]) for k, g in groups.items()}
    reduced = matrix([[system.x[g[0]][j] for j in rest] for g in groups.values()])
    gram = reduced.transpose() * weighted(reduced, list(total.values()))
    for j in candidates:
        mean = [
            exact_sum([rational(system.total[c]) * rational(system.x[c][j]) for c in g]) / total[k]
            for k, g in groups.items()
        ]
        right = reduced.transpose() * fmpq_mat(len(mean), 1, [m * w for m, w in zip(mean, total.values(), strict=True)])
        fitted = (reduced * gram.solve(right)).entries()
        if fitted != mean:
            return []
        own = [exact_sum([rational(system.sum[c]) * rational(system.x[c][j]) for c in g]) for g in groups.values()]
        left = [o - f * s for o, f, s in zip(own, fitted, sums.values(), strict=True)]
        if any(left) and (not _canonical(system) or exact_sum(left)):
            return []
    return list(candidates)


def _canonical(system: System) -> bool:
    return (system.family.name, system.family.link) in {
        ("binomial", "logit"),
        ("poisson", "log"),
        ("gaussian", "identity"),
    }
