"""The score of a generalized linear model and its Jacobian in ball arithmetic.

U(beta) = sum_c x_c (S_c - W_c mu_c) mu'_c / V_c, with S = sum w y and W = sum w over the rows of a
covariate pattern; minus its Jacobian is the observed information, sum_c x_c x_c' [W mu'^2/V - (S -
W mu)(mu''/V - mu'^2 V'/V^2)], and its expectation sum_c x_c x_c' W mu'^2/V (McCullagh & Nelder
1989, section 2.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flint import arb, arb_mat, fmpq

from .balls import Scalar, ball, rational
from .model import Family
from .result import NotProven

CHUNK = 10_000


@dataclass
class System:
    """The c covariate patterns of one model, in exact scalars: doubles, or rationals.

    x       c rows of p scalars
    offset  (c,)
    total   (c,) W, the sum of the prior weights of the pattern's rows, > 0
    sum     (c,) S, their weighted sum of y
    """

    family: Family
    x: Sequence[Sequence[Scalar]]
    offset: Sequence[Scalar]
    total: Sequence[Scalar]
    sum: Sequence[Scalar]
    _blocks: list[arb_mat] | None = field(default=None, init=False, repr=False)

    @property
    def p(self) -> int:
        """The number of columns."""
        return len(self.x[0])

    @cached_property
    def reach(self) -> list[float]:
        """(p,) the largest |x_ij| of each column, in doubles."""
        return [float(max(map(abs, column))) for column in zip(*self.x, strict=True)]

    def blocks(self) -> Iterator[tuple[int, arb_mat]]:
        """Blocks of rows of X at the working precision, with the index of their first row."""
        starts = range(0, len(self.x), CHUNK)
        if self._blocks is None and all(isinstance(v, float) for v in self.x[0]):
            self._blocks = [arb_mat(self.x[k : k + CHUNK]) for k in starts]  # exact at any precision, so made once
        if self._blocks is not None:
            yield from zip(starts, self._blocks, strict=True)
        else:
            for k in starts:
                yield k, arb_mat([[ball(v) for v in row] for row in self.x[k : k + CHUNK]])

    def eta(self, beta: Sequence[arb]) -> list[arb]:
        """(c,) the linear predictors."""
        vector = arb_mat([[b] for b in beta])
        found: list[arb] = []
        for _, block in self.blocks():
            found += (block * vector).entries()
        return [e + ball(o) if o else e for e, o in zip(found, self.offset, strict=True)]

    def evaluate(self, beta: Sequence[arb]) -> list[tuple[arb, arb, arb]]:
        """(c,) the score in eta, and the expected and observed weights, of each pattern.

        Raises NotProven where the mean is not provably inside the family's domain.
        """
        return [self.row(*row) for row in self._rows(beta)]

    def slopes(self, beta: Sequence[arb]) -> list[arb]:
        """(c,) the score in eta alone."""
        return [self._slope(*row)[0] for row in self._rows(beta)]

    def _rows(self, beta: Sequence[arb]) -> Iterator[tuple[arb, Scalar, Scalar]]:
        return zip(self.eta(beta), self.total, self.sum, strict=True)

    def _slope(self, eta: arb, total: Scalar, sum_: Scalar) -> tuple[arb, ...]:
        """The score, and what it is made of: sum w (y - mu), mu'/V, mu', mu'', V, V', W."""
        mu, q, slope, curve = self.family.mean(eta)
        if not self.family.valid(eta, mu, q):
            raise NotProven("a mean is not provably inside the family's domain")
        w, s = ball(total), ball(sum_)
        variance, growth = self.family.variance(mu, q)
        if self.family.name == "binomial":  # noqa: SIM108  two formulas, a line each
            residual = s * q - ball(rational(total) - rational(sum_)) * mu
        else:
            residual = s - w * mu
        per_variance = slope / variance
        return residual * per_variance, residual, per_variance, slope, curve, variance, growth, w

    def row(self, eta: arb, total: Scalar, sum_: Scalar) -> tuple[arb, arb, arb]:
        """The score in eta, and the expected and observed weights, of one pattern; NotProven as `evaluate`."""
        score, residual, per, slope, curve, variance, growth, w = self._slope(eta, total, sum_)
        expected = w * slope * per
        observed = expected - residual * (curve - slope * per * growth) / variance
        return score, expected, observed

    def score(self, slopes: Sequence[arb]) -> arb_mat:
        """(p, 1) the score X' slopes."""
        found = arb_mat(self.p, 1)
        for start, block in self.blocks():
            part = [[s] for s in slopes[start : start + block.nrows()]]
            found = found + block.transpose() * arb_mat(part)
        return found

    def information(self, weights: Sequence[arb]) -> arb_mat:
        """(p, p) X' diag(weights) X."""
        return gram(self.blocks(), weights, self.p)


def gram(blocks: Iterator[tuple[int, arb_mat]], weights: Sequence[arb], p: int) -> arb_mat:
    """(p, p) X' diag(weights) X over blocks of rows."""
    found = arb_mat(p, p)
    for start, block in blocks:
        part = weights[start : start + block.nrows()]
        scaled = arb_mat([[w * v for v in row] for w, row in zip(part, block.tolist(), strict=True)])
        found = found + block.transpose() * scaled
    return found


def exact_sum(values: Sequence[fmpq]) -> fmpq:
    """The sum of rationals."""
    found = fmpq(0)
    for value in values:
        found += value
    return found
