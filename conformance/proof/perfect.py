"""Fits that go through every mean exactly, and their zeros, settled by rational arithmetic.

A model fits the pattern means m_c exactly if X beta = g(m) has a solution.  For the inverse link
g(m) is rational; for log and logit it is the logarithm of a rational, and a rational combination of
logarithms sum_c a_c log r_c is 0 exactly if prod_c r_c^(k a_c) = 1, with k making the exponents
whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat, fmpq, fmpq_mat

from .balls import ball, rational
from .exact import matrix
from .system import System

CELLS = 500
EXPONENT = 10_000


def fits_exactly(system: System, inside: Sequence[arb]) -> bool:
    """Whether a beta inside the (p,) balls fits every mean exactly, and so is the root."""
    if len(system.x) > CELLS or system.family.link not in ("log", "logit", "inverse"):
        return False
    if system.family.positive and not all(system.sum):
        return False
    terms = _terms(system)
    if terms is None or any(system.offset):
        return False
    x = matrix(system.x)
    form, base = _independent_rows(x)
    rank = len(base)
    if rank < system.p:
        return False
    for c in range(x.nrows()):  # row c of X is sum_i form[i, c] * (row base[i]); so has g(m_c) to be
        if c not in base and not _vanishes(
            system, [-1, *[form[i, c] for i in range(rank)]], [terms[c], *[terms[b] for b in base]]
        ):
            return False
    square = fmpq_mat(rank, rank, [v for b in base for v in x.tolist()[b]])
    beta = (arb_mat(square.inv()) * arb_mat([[_value(system, terms[b])] for b in base])).entries()
    return all(b.contains_interior(v) or b == v for b, v in zip(inside, beta, strict=True))


def _independent_rows(x: fmpq_mat) -> tuple[fmpq_mat, list[int]]:
    """The reduced row echelon form of x', and which rows of x are independent of those before."""
    form, rank = x.transpose().rref()
    return form, [next(c for c in range(x.nrows()) if form[i, c] != 0) for i in range(rank)]


def perfect_zeros(system: System, candidates: Sequence[int]) -> list[int]:
    """Which of the candidates are exactly 0 in a model that is known to fit every mean exactly."""
    base = _independent_rows(matrix(system.x))[1]
    part = System(
        system.family,
        [system.x[c] for c in base],
        [system.offset[c] for c in base],
        [system.total[c] for c in base],
        [system.sum[c] for c in base],
    )
    return saturated_zeros(part, candidates)


def saturated_zeros(system: System, candidates: Sequence[int]) -> list[int]:
    """Which of the candidates are exactly 0 in a model with as many columns as patterns, where beta = X^-1 g(m)."""
    terms = _terms(system)
    if len(system.x) != system.p or system.p > CELLS or terms is None or any(system.offset):
        return []
    inverse = matrix(system.x).inv()
    return [j for j in candidates if _vanishes(system, [inverse[j, c] for c in range(system.p)], terms)]


def _terms(system: System) -> list[fmpq] | None:
    """r_c with g(m_c) = log r_c, or r_c itself for the inverse link."""
    means = [rational(s) / rational(w) for s, w in zip(system.sum, system.total, strict=True)]
    link = system.family.link
    if any(m <= 0 for m in means) or (link == "logit" and any(m >= 1 for m in means)):
        return None
    if link == "log":
        return means
    if link == "logit":
        return [m / (1 - m) for m in means]
    return [1 / m for m in means] if link == "inverse" else None


def _value(system: System, term: fmpq) -> arb:
    return ball(term) if system.family.link == "inverse" else ball(term).log()


def _vanishes(system: System, factors: Sequence[fmpq | int], terms: Sequence[fmpq]) -> bool:
    """Whether sum factor * g is exactly 0."""
    if system.family.link == "inverse":
        total = fmpq(0)
        for factor, term in zip(factors, terms, strict=True):
            total += factor * term
        return not total
    whole, _ = fmpq_mat(1, len(factors), list(factors)).numer_denom()
    powers = [int(v) for v in whole.entries()]
    if max(map(abs, powers)) > EXPONENT:
        return False
    product = fmpq(1)
    for power, term in zip(powers, terms, strict=True):
        product *= term**power
    return bool(product == 1)
