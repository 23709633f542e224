"""Arb balls as exact data, as decimal strings of which every digit is proven, and as vectors.

A ball is a set [m - r, m + r] of reals that provably contains the true value (Johansson 2017, IEEE
Trans. Computers 66:1281).  Comparisons of overlapping balls are all False, so every test below is
written so that False means "not proven".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from flint import arb, arb_mat, fmpq

Scalar = float | fmpq
ZERO = arb(0)


def rational(value: Scalar) -> fmpq:
    """The double as the exact rational that it is."""
    if isinstance(value, fmpq):
        return value
    return fmpq(*float(value).as_integer_ratio())


def ball(value: Scalar) -> arb:
    """A double as the exact ball, a rational as the tightest ball at the working precision."""
    return arb(value)


def column(values: Iterable[arb]) -> arb_mat:
    """(n,) balls as an (n, 1) matrix."""
    return arb_mat([[v] for v in values])


def exponent(value: arb) -> int:
    """The least e with |value| <= 10**e, up to one; a very small number for an exact zero."""
    if not value.is_finite():
        return 10**6
    top = value.abs_upper()
    if top.is_zero():
        return -(10**6)
    mantissa, power = top.man_exp()
    return math.ceil((int(power) + int(mantissa).bit_length()) * math.log10(2))


def proven_digits(value: arb, scale: arb | None = None) -> float:
    """The significant digits that the ball proves: -log10(radius / |value|), or over ``scale`` for a ball around 0.

    Infinite for an exact value, 0 for a ball that proves nothing.
    """
    if value.is_exact():
        return math.inf
    if not value.is_finite():
        return 0.0
    size = value.mid() if scale is None and not value.contains(0) else (scale or arb(1))
    if size.is_zero() or not size.is_finite():
        return 0.0
    (top, of_top), (bottom, of_bottom) = size.mid().man_exp(), value.rad().man_exp()
    # of exp(-1e24) each power has 24 digits, more than doubles keep, and their difference few
    powers = min(int(of_top) - int(of_bottom), 10**9)
    return max(0.0, math.log10(abs(int(top))) - math.log10(abs(int(bottom))) + powers * math.log10(2))


def decimal(value: arb, digits: int) -> str:
    """A decimal of at most ``digits`` digits with |true - printed| <= 1 unit of the last.

    A ball that holds 0 and more is printed as '0e-50', which says |true| <= 1e-50.
    """
    if value.is_exact() and value.is_integer() and value.abs_upper() < arb(10) ** digits:
        return str(value.unique_fmpz())
    if not value.is_finite():
        if value.is_exact() and not value.is_nan():
            return "Infinity" if value > 0 else "-Infinity"
        return "NaN"
    text = str(value.str(digits, radius=False))
    return text if "[" not in text else f"0e{exponent(value)}"


def within_last_digit(text: str, value: arb) -> bool:
    """Whether the ball proves that |true - printed| <= 1 unit of the last digit printed."""
    if text in ("NaN", "Infinity", "-Infinity"):
        return decimal(value, 1) == text
    try:
        sign, digits, power = Decimal(text).as_tuple()
    except ArithmeticError:
        return False
    if not isinstance(power, int) or abs(power) > 10**5:
        return False
    unit = fmpq(10) ** power if power >= 0 else 1 / fmpq(10) ** -power
    printed = unit * int("".join(map(str, digits))) * (-1 if sign else 1)
    if value.is_exact() and "." not in text and "e" not in text:
        return bool(value == arb(printed))
    return bool((value - arb(printed)).abs_upper() <= arb(unit))


def midpoints(values: Sequence[arb]) -> list[arb]:
    """Each ball's midpoint, exact."""
    return [v.mid() for v in values]


def is_positive_definite(matrix: arb_mat) -> bool:
    """Whether all symmetric matrices in the (p, p) balls are positive definite, by Cholesky."""
    p = matrix.nrows()
    lower = [[ZERO] * p for _ in range(p)]
    for i in range(p):
        for j in range(i + 1):
            rest = matrix[i, j]
            for k in range(j):
                rest -= lower[i][k] * lower[j][k]
            if i != j:
                lower[i][j] = rest / lower[j][j]
            elif rest > 0:
                lower[i][i] = rest.sqrt()
            else:
                return False
    return True
