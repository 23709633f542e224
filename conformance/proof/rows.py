"""The data as exact numbers: equal rows counted and not repeated, and the columns that are linearly independent.

Nothing is lost by that, for the score depends on the rows of one covariate pattern through sum w and sum w y alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from conformance.question.problem import Problem

from .balls import rational
from .model import Family
from .result import Invalid

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
BATCH = 512


@dataclass(frozen=True)
class Rows:
    """The n rows of a problem without repetitions, as c cells and d points, with n >= d >= c.

    The rows of one *cell* have the same X and offset, and so the same mean; the score needs no more of them than their
    total weight and their weighted sum of y.  The rows of one *point* have the same X, offset, y and weight, and so the
    same residuals and leverage too; the row-wise quantities are computed once for each point.
    """

    # of the cells
    x: Doubles  # (c, p)
    offset: Doubles  # (c,)
    total: list[fmpq]  # (c,) W = sum w over the rows of the cell
    sum: list[fmpq]  # (c,) S = sum w y
    # of the points
    cell: list[int]  # (d,) the cell that each belongs to
    y: list[fmpq]  # (d,)
    w: list[fmpq]  # (d,)
    count: list[int]  # (d,) how many rows it stands for
    first: Indices  # (d,) the first of those rows
    # of the rows
    point: Indices  # (n,) the point that each belongs to

    @property
    def used(self) -> list[int]:
        """The cells with some weight."""
        return [c for c, total in enumerate(self.total) if total]

    @property
    def n_used(self) -> int:
        """The number of rows with some weight."""
        return sum(count for w, count in zip(self.w, self.count, strict=True) if w != 0)


def collapse(problem: Problem, family: Family) -> Rows:
    """The exact rows of a problem; Invalid for numbers that no likelihood is made of."""
    check(problem)
    design = np.column_stack([problem.X, problem.offsets]) + 0.0  # + 0.0 makes -0.0 equal to 0.0
    first_of_cell, cell_of_row = _unique(design)
    top = problem.y if problem.successes is None else problem.successes
    keys = np.column_stack([cell_of_row.astype(float), top, problem.prior_weights]) + 0.0
    first, point = _unique(keys)
    weights = [rational(w) for w in problem.prior_weights[first]]
    tops = [rational(t) for t in top[first]]
    y = tops if problem.successes is None else [t / w if w else fmpq(0) for t, w in zip(tops, weights, strict=True)]
    counts = np.bincount(point, minlength=len(first)).tolist()
    cells = cell_of_row[first].tolist()
    total, sums = [fmpq(0)] * len(first_of_cell), [fmpq(0)] * len(first_of_cell)
    for c, value, weight, count in zip(cells, y, weights, counts, strict=True):
        if weight:
            if not family.in_domain(value):
                raise Invalid(f"the response {float(value)!r} is outside the {family.name} domain")
            total[c] += weight * count
            sums[c] += weight * value * count
    x = design[first_of_cell]
    return Rows(x[:, :-1], x[:, -1], total, sums, cells, y, weights, counts, first, point)


def check(problem: Problem) -> None:
    """Invalid for arrays of wrong lengths, numbers that are not finite, negative weights, or no weight at all."""
    for name in ("y", "prior_weights", "offsets"):
        if getattr(problem, name).shape != (problem.n,):
            raise Invalid(f"{name} has shape {getattr(problem, name).shape}, not ({problem.n},)")
    for name in ("X", "y", "prior_weights", "offsets"):
        if not np.isfinite(getattr(problem, name)).all():
            raise Invalid(f"{name} holds a number that is not finite")
    if (problem.prior_weights < 0).any():
        raise Invalid("a prior weight is negative")
    if problem.n == 0 or not problem.prior_weights.any():
        raise Invalid("there is no row with a weight")
    if problem.successes is not None and (problem.successes > problem.prior_weights).any():
        raise Invalid("there are more successes than trials")


def _unique(table: Doubles) -> tuple[Indices, Indices]:
    """(d,) the first row of each distinct one, as they appear, and (n,) every row's index of it."""
    view = np.ascontiguousarray(table).view(np.dtype((np.void, table.dtype.itemsize * table.shape[1]))).ravel()
    _, first, inverse = np.unique(view, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[inverse.ravel()]


def independent_columns(x: Doubles) -> list[int]:
    """The indices, in order, of the columns of x (c, p) that are no exact combination of earlier ones.

    Of dependent columns the later one is aliased, as in R.  X v = 0 exactly if X'X v = 0, so that the reduced row
    echelon form of the exact Gram matrix tells.  If some of the rows have full rank already, no more are needed.
    """
    p = x.shape[1]
    if p == 0:
        return []
    gram = fmpz_mat(p, p)
    for start in range(0, len(x), BATCH):
        part, _ = integers(x[start : start + BATCH], scale_of(x))
        gram = gram + part.transpose() * part
        if gram.rank() == p:
            return list(range(p))
    return pivots(gram)


def pivots(matrix: fmpz_mat) -> list[int]:
    """The pivot columns of an exact matrix's reduced row echelon form."""
    form, _, rank = matrix.rref()
    return [next(j for j in range(form.ncols()) if form[i, j] != 0) for i in range(rank)]


def scale_of(x: Doubles) -> list[int]:
    """(p,) for each column the power of two that makes it whole."""
    return [max((_trailing(v) for v in np.unique(x[:, j])), default=0) for j in range(x.shape[1])]


def _trailing(value: float) -> int:
    return float(value).as_integer_ratio()[1].bit_length() - 1


def integers(x: Doubles, scale: list[int]) -> tuple[fmpz_mat, list[int]]:
    """x (c, p) with column j times 2**scale[j], as exact integers; and the same scale (p,)."""
    table = [[_shifted(v, s) for v, s in zip(row, scale, strict=True)] for row in x.tolist()]
    return fmpz_mat(len(x), x.shape[1], [v for row in table for v in row]), scale


def _shifted(value: float, scale: int) -> fmpz:
    top, bottom = value.as_integer_ratio()
    return fmpz(top << (scale - bottom.bit_length() + 1))
