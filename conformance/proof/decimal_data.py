"""Least squares for data that are decimals, not doubles: what NIST certifies.

A program reads doubles, and its reference is that of the doubles (for Filip the two differ in the
eighth digit).  This is the other one, for whoever compares with a published certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, ctx, fmpq

from .balls import ball, decimal
from .exact import least_squares, matrix
from .system import exact_sum

BITS = 512
DIGITS = 30


def decimal_least_squares(x: Sequence[Sequence[Fraction]], y: Sequence[Fraction]) -> dict[str, str | list[str]]:
    """The exact least squares fit of y (n,) on x (n, p), as decimal strings of 30 digits.

    They are coefficients (p,), standard_errors (p,), deviance, dispersion and residual_standard_deviation, its root.
    ValueError where there are more than 200,000 numbers in x, ZeroDivisionError where x has no full rank or n = p.
    """
    rows = [[_exact(v) for v in row] for row in x]
    top = [_exact(v) for v in y]
    n, p = len(rows), len(rows[0])
    fit = least_squares(matrix(rows), [fmpq(1)] * n, top, [fmpq(0)] * n)
    if fit.mean is None:
        raise ValueError("there are too many rows")
    deviance = exact_sum([(a - b) * (a - b) for a, b in zip(top, fit.mean, strict=True)])
    dispersion = deviance / (n - p)
    with ctx.workprec(BITS):
        roots: list[arb] = [ball(dispersion * fit.inverse[j, j]).sqrt() if dispersion else arb(0) for j in range(p)]
        return {
            "coefficients": [decimal(ball(b), DIGITS) for b in fit.beta],
            "standard_errors": [decimal(r, DIGITS) for r in roots],
            "deviance": decimal(ball(deviance), DIGITS),
            "dispersion": decimal(ball(dispersion), DIGITS),
            "residual_standard_deviation": decimal(ball(dispersion).sqrt() if dispersion else arb(0), DIGITS),
        }


def _exact(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
