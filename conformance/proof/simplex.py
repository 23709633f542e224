"""An exact simplex method: is there a direction d with A d >= 0 and A d != 0?

Stiemke's lemma (1915): either such a d exists, or some lambda > 0 has A' lambda = 0, and by scaling
lambda >= 1.  Phase one of the simplex method with Bland's rule on A' nu = -A' 1, nu >= 0, finds one
or the other; no cycling, no rounding.
"""

from __future__ import annotations

from flint import fmpq, fmpq_mat


def recession(a: fmpq_mat) -> list[fmpq] | None:
    """A rational d (p,) with a d >= 0 and a d not all 0, for an exact a (n, p); None where none exists."""
    n, p = a.nrows(), a.ncols()
    if n == 0 or p == 0:
        return None
    table = a.transpose().tolist()
    tableau = []
    for i, row in enumerate(table):
        right = fmpq(0)
        for v in row:
            right -= v
        sign = -1 if right < 0 else 1
        identity = [fmpq(sign if k == i else 0) for k in range(p)]  # keeps sign * (row operations): the dual vector
        tableau.append([sign * v for v in row] + [*identity, sign * right])
    cost = [_sum(row[j] for row in tableau) for j in range(n + p + 1)]
    basis: list[int] = [-1] * p
    while True:
        entering = next((j for j in range(n) if cost[j] > 0 and j not in basis), None)
        if entering is None:
            break
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(tableau) if row[entering] > 0]
        if not ratios:
            break
        _pivot(tableau, cost, min(ratios, key=_order)[2], entering)
        basis[min(ratios, key=_order)[2]] = entering
    if not cost[-1]:
        return None
    d = [-cost[n + k] for k in range(p)]
    return d if _recedes(a, d) else [-v for v in d]


def _order(ratio: tuple[fmpq, int, int]) -> tuple[fmpq, int]:
    return ratio[0], ratio[1]


def _sum(values: object) -> fmpq:
    found = fmpq(0)
    for v in values:  # type: ignore[attr-defined]
        found += v
    return found


def _pivot(tableau: list[list[fmpq]], cost: list[fmpq], row: int, entering: int) -> None:
    """Make column ``entering`` the unit vector of ``row``."""
    factor = tableau[row][entering]
    pivot = [v / factor if v else v for v in tableau[row]]
    tableau[row] = pivot
    for i, other in enumerate(tableau):
        if i != row and other[entering]:
            share = other[entering]
            tableau[i] = [v - share * w if w else v for v, w in zip(other, pivot, strict=True)]
    share = cost[entering]
    cost[:] = [v - share * w if w else v for v, w in zip(cost, pivot, strict=True)]


def _recedes(a: fmpq_mat, d: list[fmpq]) -> bool:
    values = (a * fmpq_mat(len(d), 1, d)).entries()
    return all(v >= 0 for v in values) and any(values)
