"""R's design matrix from R's formula, to the last bit, without running anything from the formula.

``design`` does what ``glm`` does before it fits: ``model.frame(na.action = na.omit,
drop.unused.levels = TRUE)``, then ``model.matrix`` with treatment contrasts.  The text is checked
in syntax, its terms found in terms, its arithmetic done in arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from conformance.question.formula import arithmetic as arithmetic
from conformance.question.formula import columns as frame
from conformance.question.formula.arithmetic import Array
from conformance.question.formula.columns import Factor, Rows, Values
from conformance.question.formula.syntax import FormulaError, about, tokenize
from conformance.question.formula.terms import Model, Variable, parse

__all__ = ["Design", "FormulaError", "design", "evaluate", "used_columns"]
MAX_COLUMNS = 2000


@dataclass(frozen=True)
class Design:
    """What ``glm`` fits, n rows and p columns, all float64.

    X          (n, p), and ``names`` its p columns as R names them
    y          (n,) the response; for cbind(s, f) s / (s + f), and 0 where s + f is 0; for a factor
               0 for its first level and 1 for every other
    trials     (n,) s + f, and ``successes`` (n,) s; None without cbind
    weights    (n,) the weights expression, for cbind times the trials (and the trials alone when
               no weights are given); None for neither
    offset     (n,) the sum of the offset argument and of the offset() terms; None for neither
    rows       (n,) int, the positions in the given data of the rows that are used
    intercept  whether the first column of X is the constant
    data       the used columns and rows, index 0 to n - 1, factors as Categorical without the
               levels that no used row has
    """

    X: Array
    names: tuple[str, ...]
    y: Array
    trials: Array | None
    successes: Array | None
    weights: Array | None
    offset: Array | None
    rows: Rows
    intercept: bool
    data: pd.DataFrame = field(repr=False, compare=False)


def design(
    formula: str,
    data: pd.DataFrame,
    levels: Mapping[str, Sequence[str]],
    *,
    weights: str | None = None,
    offset: str | None = None,
) -> Design:
    """The design of ``formula`` over ``data``.

    ``data`` has columns of numbers and of strings; ``levels`` gives the levels, in order, of those
    that are factors.  ``weights`` and ``offset`` are expressions over the columns.  Raises
    FormulaError for text outside the language and for columns that can't be used.
    """
    frame.check_levels(levels, data)
    with about("formula", formula):
        model = parse(formula)
        columns = frame.read(model.response.columns, data, levels)
        columns |= frame.read((t for v in model.variables for t in v.columns), data, levels)
        response = [frame.evaluate(part, model.response, columns) for part in model.response.parts]
        variables = [frame.evaluate(v.parts[0], v, columns) for v in model.variables]
    extra: dict[str, Array] = {}
    for what, text in (("weights", weights), ("offset", offset)):
        if text is not None:
            with about(what, text):
                tree = arithmetic.parse(tokenize(text))
                used = frame.read(tree.columns.values(), data, levels)
                extra[what] = frame.numeric(tree, used)
                columns |= used
    # As in R, Inf - Inf and 0 * Inf are NaN without a word.
    with about("formula", formula), np.errstate(all="ignore"):
        rows = frame.complete_rows([*response, *variables, *extra.values()], len(data))
        X, names = _matrix(model, [frame.take(v, rows) for v in variables], len(rows))
        given = extra["weights"][rows] if "weights" in extra else None
        y, successes, trials = _response(model.response, response, rows)
        return Design(
            X=X,
            names=names,
            y=y,
            trials=trials,
            successes=successes,
            weights=given if trials is None else trials if given is None else trials * given,
            offset=_offset(model, variables, extra.get("offset"), rows),
            rows=rows,
            intercept=model.intercept,
            data=frame.used_data(data, columns, rows),
        )


def evaluate(expression: str, data: pd.DataFrame) -> Array:
    """The value (n,) of arithmetic over the columns of ``data``, NaN where a column is missing."""
    with about("expression", expression):
        tree = arithmetic.parse(tokenize(expression))
        return frame.numeric(tree, frame.read(tree.columns.values(), data, {}))


def used_columns(formula: str, weights: str | None = None, offset: str | None = None) -> set[str]:
    """The names of the columns that the texts use, whether or not any data has them."""
    with about("formula", formula):
        model = parse(formula)
    names = {t.text for v in (model.response, *model.variables) for t in v.columns}
    for what, text in (("weights", weights), ("offset", offset)):
        if text is not None:
            with about(what, text):
                tree = arithmetic.parse(tokenize(text))
            names |= {token.text for token in tree.columns.values()}
    return names


def _response(variable: Variable, values: Sequence[Values], rows: Rows) -> tuple[Array, Array | None, Array | None]:
    """The response's y, successes and trials, each (n,); the last two None without cbind."""
    first, *second = [frame.take(v, rows) for v in values]
    if isinstance(first, Factor):
        given = values[0]
        if isinstance(given, Factor) and given.levels[0] not in first.levels:
            # R drops the unused level, and the next one would silently become the failure.
            raise FormulaError(
                f"no used row of the response {variable.name} has its first level "
                f"{given.levels[0]!r}, the failure; use a column of 0 and 1"
            )
        return (first.codes != 0).astype(np.float64), None, None
    if not second or isinstance(second[0], Factor):
        return first, None, None
    trials = first + second[0]
    return np.where(trials == 0, 0.0, first / trials), first, trials


def _offset(model: Model, variables: Sequence[Values], given: Array | None, rows: Rows) -> Array | None:
    """The offset argument plus the offset() terms, in R's order of addition."""
    terms = [
        values
        for variable, values in zip(model.variables, variables, strict=True)
        if variable.kind == "offset" and not isinstance(values, Factor)
    ]
    if not terms:
        return None if given is None else given[rows]
    return sum(terms, np.zeros(()) if given is None else given)[rows]


# --- the matrix


def _matrix(model: Model, values: Sequence[Values], n: int) -> tuple[Array, tuple[str, ...]]:
    """X (n, p) and its column names; ``values`` are those of the model's variables."""
    for variable, v in zip(model.variables, values, strict=True):
        if isinstance(v, Factor) and len(v.levels) < 2:
            raise FormulaError(
                f"the factor {variable.name} has only the level {v.levels[0]!r} in the used rows; "
                "a factor needs two: drop it from the formula"
            )
    factors = sum(1 << i for i, v in enumerate(values) if isinstance(v, Factor))
    full = _full_coding(model, factors)
    columns: list[Array] = [np.ones(n)] if model.intercept else []
    names: list[str] = ["(Intercept)"] if model.intercept else []
    for place, term in enumerate(model.terms):
        used = [i for i in range(len(values)) if term >> i & 1]
        sizes = (len(v.levels) if isinstance(v, Factor) else 1 for v in (values[i] for i in used))
        if len(names) + math.prod(sizes) > MAX_COLUMNS:
            raise FormulaError(f"more than {MAX_COLUMNS} columns; use fewer terms or levels")
        block: list[tuple[str, Array | None]] = [("", None)]
        for i in used:
            block = _times(block, model.variables[i].name, values[i], (place, i) in full)
        names += [name for name, _ in block]
        columns += [column for _, column in block if column is not None]
    return np.column_stack(columns) if columns else np.empty((n, 0)), tuple(names)


def _full_coding(model: Model, factors: int) -> set[tuple[int, int]]:
    """The (place of term, variable) that get a column for every level, not only contrasts.

    R takes contrasts if the term without the variable is empty, or is contained in a term that
    comes before (see TermCode in R's model.c); without an intercept the first factor gets all.
    """
    full = set()
    coded = model.intercept  # whether the columns so far add up to the constant
    for place, term in enumerate(model.terms):
        for i in (i for i in range(term.bit_length()) if (term & factors) >> i & 1):
            rest = term & ~(1 << i)
            nested = rest == 0 or any(rest & ~other == 0 for other in model.terms[:place])
            if not nested or not coded:
                full.add((place, i))
            coded = True
    return full


def _times(
    block: Sequence[tuple[str, Array | None]], name: str, values: Values, full: bool
) -> list[tuple[str, Array | None]]:
    """A term's (name, column) pairs times a further variable; None is the empty product.

    The columns that are there vary fastest.  Like R this multiplies by an indicator's 0 and 1, so
    that a negative number becomes -0.0, and an infinite one NaN, where the indicator is 0.
    """
    if not isinstance(values, Factor):
        return [(_joined(left, name), values if x is None else values * x) for left, x in block]
    product = []
    for code in range(0 if full else 1, len(values.levels)):
        on = (values.codes == code).astype(np.float64)
        product += [(_joined(left, name + values.levels[code]), on if x is None else on * x) for left, x in block]
    return product


def _joined(left: str, right: str) -> str:
    return f"{left}:{right}" if left else right
