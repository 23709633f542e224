"""Directions of recession: along one the likelihood rises for ever, so that no maximum likelihood estimate exists.

Albert & Anderson (1984), Biometrika 71:1, for the logit; Silvapulle (1981), JRSS B 43:310, for any
binomial link that is a distribution function; Haberman (1974), The Analysis of Frequency Data, for
log-linear Poisson models.  With d'x >= 0 on patterns of successes alone, <= 0 on those of failures
(or counts of 0) alone, and 0 on all others, each term of the log-likelihood is monotone along d,
strictly where d'x != 0.  A floating-point linear program proposes, rationals decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz
from numpy.typing import NDArray

from .balls import rational
from .exact import matrix
from .model import Family
from .simplex import recession
from .system import System

Doubles = NDArray[np.float64]
SIMPLEX_ROWS = 5000


@dataclass(frozen=True)
class Recession:
    """A direction (p,), rational, and the places of the patterns that it separates: those with x'd other than 0."""

    direction: list[fmpq]
    separated: list[int]


def sides(system: System) -> list[int] | None:
    """(c,) for each pattern 1 where its likelihood rises with eta for ever, -1 where it does as eta falls, 0 elsewhere.

    1 is where all trials are successes (but under a log link, whose eta end at 0), -1 where all fail or every count is
    0.  None for a family and link with which no likelihood rises for ever.
    """
    family = system.family
    binomial = family.name == "binomial" and family.link in (
        "logit",
        "probit",
        "cloglog",
        "cauchit",
    )
    if not binomial and not _falls_to_zero(family):
        return None
    found = []
    for total, top in zip(system.total, system.sum, strict=True):
        found.append(-1 if top == 0 else 1 if binomial and top == total else 0)
    return found


def _falls_to_zero(family: Family) -> bool:
    if family.link != "log":
        return False
    return family.name in ("binomial", "poisson", "negative_binomial") or (
        family.name == "tweedie" and 1 < (family.power or 0) < 2
    )


def find_recession(system: System) -> Recession | None:
    """A direction that separates as many patterns as possible, or None where none was found.

    Linear programming in doubles proposes; where it proposes nothing that holds in rationals, the exact simplex method
    searches (up to SIMPLEX_ROWS patterns), and its None is a proof that there is none.
    """
    signs = sides(system)
    if signs is None or not any(signs):
        return None
    found = _from_floats(system, signs)
    if found is None and len(system.x) <= SIMPLEX_ROWS:
        found = _from_simplex(system, signs)
    return found


def check_recession(system: System, direction: list[fmpq]) -> Recession | None:
    """The direction, if it is one of recession, with the patterns that it separates."""
    signs = sides(system)
    if signs is None or not any(direction):
        return None
    values = (matrix(system.x) * fmpq_mat(len(direction), 1, direction)).entries()
    separated = []
    for c, (sign, value) in enumerate(zip(signs, values, strict=True)):
        if value and value * sign <= 0:
            return None
        if value:
            separated.append(c)
    return Recession(primitive(direction), separated) if separated else None


def null_space(x: fmpq_mat) -> list[list[fmpq]]:
    """A basis of {d : x d = 0}, exact."""
    form, rank = (x.transpose() * x).rref()
    p = x.ncols()
    leads = [next(j for j in range(p) if form[i, j] != 0) for i in range(rank)]
    found = []
    for free in (j for j in range(p) if j not in leads):
        vector = [fmpq(int(j == free)) for j in range(p)]
        for i, lead in enumerate(leads):
            vector[lead] = -form[i, free]
        found.append(vector)
    return found


def primitive(direction: list[fmpq]) -> list[fmpq]:
    """The same direction in whole numbers without a common factor."""
    top, _ = fmpq_mat(1, len(direction), direction).numer_denom()
    divisor = fmpz(0)
    for v in top.entries():
        divisor = divisor.gcd(v)
    return [fmpq(v) / fmpq(divisor) for v in top.entries()]


def _from_floats(system: System, signs: list[int]) -> Recession | None:
    """The direction that HiGHS proposes, moved into the exact null space of the patterns that it leaves; None: none."""
    proposed = _propose(system, np.array(signs))
    if proposed is None:
        return None
    direction, stay = proposed
    if not stay.any():
        basis = [[fmpq(int(i == j)) for j in range(system.p)] for i in range(system.p)]
    else:
        basis = null_space(matrix([row for row, s in zip(system.x, stay, strict=True) if s]))
    if not basis:
        return None
    columns = np.array([[float(v) for v in b] for b in basis]).T
    weights, *_ = np.linalg.lstsq(columns, direction, rcond=None)
    weights = weights / np.abs(weights).max()
    for limit in (1, 10, 1000, 10**6, 10**12):
        shares = [Fraction(float(w)).limit_denominator(limit) for w in weights]
        exact = [fmpq(0)] * system.p
        for share, vector in zip(shares, basis, strict=True):
            exact = [e + fmpq(share.numerator, share.denominator) * v for e, v in zip(exact, vector, strict=True)]
        found = check_recession(system, exact)
        if found is not None and len(found.separated) == int((~stay).sum()):
            return found
    return None


def _propose(system: System, signs: NDArray[np.int64]) -> tuple[Doubles, NDArray[np.bool_]] | None:
    """A direction d (p,) in doubles and the patterns (c,) that it leaves, by a linear program; None: it finds none.

    The program is max sum_c s_c over d and s with 0 <= s_c <= 1 and s_c <= sign_c x_c'd where sign_c is not 0, and
    x_c'd = 0 elsewhere.  A d may be made as long as one likes, so that s_c is 1 for the separated and 0 for the rest.
    """
    from scipy.optimize import linprog  # slow to import, and needed for separated data only
    from scipy.sparse import bmat, csr_matrix, eye

    x = np.array([[float(rational(v).p) / float(rational(v).q) for v in row] for row in system.x])
    scale = np.abs(x).max(axis=0)
    scale[scale == 0] = 1
    scaled, one = x / scale, signs != 0
    m = int(one.sum())
    upper: Any = bmat([[csr_matrix(-signs[one, None] * scaled[one]), eye(m)]])
    equal: Any = bmat([[csr_matrix(scaled[~one]), csr_matrix((int((~one).sum()), m))]]) if not one.all() else None
    result: Any = linprog(
        np.r_[np.zeros(system.p), -np.ones(m)],
        A_ub=upper,
        b_ub=np.zeros(m),
        A_eq=equal,
        b_eq=None if equal is None else np.zeros(equal.shape[0]),
        bounds=[(None, None)] * system.p + [(0, 1)] * m,
        method="highs",
    )
    if result.status != 0 or -result.fun < 0.5:
        return None
    stay = np.ones(len(signs), dtype=bool)
    stay[np.flatnonzero(one)[result.x[system.p :] > 0.5]] = False
    return result.x[: system.p] / scale, stay


def _from_simplex(system: System, signs: list[int]) -> Recession | None:
    """Directions by the exact simplex method, joined until no further pattern can be separated."""
    x = matrix(system.x)
    direction: list[fmpq] = [fmpq(0)] * system.p
    free = [c for c, s in enumerate(signs) if s]
    stay = [c for c, s in enumerate(signs) if not s]
    while free:
        basis = (
            null_space(matrix([system.x[c] for c in stay]))
            if stay
            else [[fmpq(int(i == j)) for j in range(system.p)] for i in range(system.p)]
        )
        if not basis:
            break
        columns = fmpq_mat(len(basis), system.p, [v for b in basis for v in b]).transpose()
        part = fmpq_mat(len(free), system.p, [signs[c] * rational(v) for c in free for v in system.x[c]])
        found = recession(part * columns)
        if found is None:
            break
        more = (columns * fmpq_mat(len(found), 1, found)).entries()
        direction = _join(x, signs, direction, more)
        values = (x * fmpq_mat(system.p, 1, direction)).entries()
        free = [c for c in free if not values[c]]
    return check_recession(system, direction) if any(direction) else None


def _join(x: fmpq_mat, signs: list[int], first: list[fmpq], second: list[fmpq]) -> list[fmpq]:
    """M first + second, with M >= 1 so large that what ``first`` separates stays separated on the same side."""
    ones = (x * fmpq_mat(len(first), 1, first)).entries()
    twos = (x * fmpq_mat(len(second), 1, second)).entries()
    large = fmpq(1)
    for one, two in zip(ones, twos, strict=True):
        if one and two / one < 0:
            large = max(large, 1 - two / one)
    return [large * a + b for a, b in zip(first, second, strict=True)]
