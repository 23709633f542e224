"""What exact rational arithmetic settles.

The Gaussian model with identity link, saturated models, coefficients that are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat, fmpz_mat

from .balls import Scalar, rational
from .system import System, exact_sum

SMALL = 200_000  # rows * columns up to which rational row-wise values are made


@dataclass(frozen=True)
class Solution:
    """An exact solution: coefficients (p,), the means (c,) of the patterns, both rational.

    Inverse (p, p) of X'WX.
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
    """The exact weighted least-squares fit of the pattern means: X'WX beta = X'(S - W offset)."""
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
    """Which of the candidates' coefficients are exactly 0 at the root of the score.

    It is given that the root of the model without them lies in the proven box.  Let z be the
    candidates' columns, R the others, and g a group of rows with equal x_R and offset, so of equal
    mean in the reduced model.  If the weighted mean of z over every group is x_R' lambda for one
    lambda, then the score of z at the reduced root is sum_g a_g (s_g - x_g' lambda S_g), with
    s_g = sum w y z: for a canonical link a_g = 1 and the sum must vanish, else every term has to.
    All in rationals.  All candidates pass, or none.
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
