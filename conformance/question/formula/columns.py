"""The columns and variables of a model: checked, evaluated, with R's factors and missing values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from conformance.question.formula import arithmetic as arithmetic
from conformance.question.formula.arithmetic import Arithmetic, Array
from conformance.question.formula.syntax import FormulaError, Token, nearest, write_number
from conformance.question.formula.terms import Variable

Rows = NDArray[np.intp]

#: A number in a data file.  float() takes more, which R does not: 1_000, other scripts' digits.
DECIMAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


@dataclass(frozen=True)
class Factor:
    """A factor's codes (n,), -1 where missing, and its levels."""

    codes: NDArray[np.intp]
    levels: tuple[str, ...]

    def take(self, rows: Rows) -> Factor:
        """The given rows, without the levels that they don't have."""
        used, codes = np.unique(self.codes[rows], return_inverse=True)
        return Factor(codes.astype(np.intp), tuple(self.levels[k] for k in used))


Values = Array | Factor


def check_levels(levels: Mapping[str, Sequence[str]], data: pd.DataFrame) -> None:
    """Raise FormulaError unless ``levels`` gives distinct strings for columns that there are."""
    if not data.columns.is_unique:
        raise FormulaError("two columns have the same name; rename one")
    for name, given in levels.items():
        if name not in data.columns:
            raise FormulaError(
                f"levels: there is no column {name!r}." + nearest(name, map(str, data.columns)), what="levels"
            )
        strings = not isinstance(given, str) and all(isinstance(level, str) for level in given)
        if not strings or len(set(given)) != len(given) or not given:
            raise FormulaError(f"levels: {name} needs a list of distinct strings, not {given!r}", what="levels")


def read(tokens: Iterable[Token], data: pd.DataFrame, levels: Mapping[str, Sequence[str]]) -> dict[str, Values]:
    """The columns that ``tokens`` name, name -> values."""
    values: dict[str, Values] = {}
    for token in tokens:
        name = token.text
        if name not in data.columns:
            known = [str(column) for column in data.columns]
            raise FormulaError(
                f"there is no column {name!r}; columns are {', '.join(known)}." + nearest(name, known),
                token.column,
            )
        if name not in values:
            series = data[name]
            if name in levels:
                values[name] = _factor(series, tuple(levels[name]))
            elif pd.api.types.is_numeric_dtype(series.dtype):
                values[name] = series.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                words = [(n, v) for n, v in enumerate(series, 1) if isinstance(v, str)]
                row, text = next((one for one in words if not DECIMAL.fullmatch(one[1])), words[0])
                raise FormulaError(
                    f"column {name!r} holds strings, {text!r} in row {row}; give its levels, in order, to make it a "
                    "factor, or write numbers such as 1000, -0.5 and 2e-7",
                    token.column,
                )
    return values


def _factor(series: pd.Series, levels: tuple[str, ...]) -> Factor:
    place = {level: code for code, level in enumerate(levels)}
    codes = np.full(len(series), -1, dtype=np.intp)
    missing = series.isna().to_numpy()
    for row, found in enumerate(series.tolist()):
        if not missing[row] and found not in place:
            raise FormulaError(
                f"column {series.name!r} has {found!r} in row {row + 1} of the data, which is not among its "
                f"levels {', '.join(levels)}." + nearest(str(found), levels),
                what="levels",
            )
        codes[row] = -1 if missing[row] else place[found]
    return Factor(codes, levels)


def numeric(expression: Arithmetic, columns: Mapping[str, Values]) -> Array:
    """The expression's value (n,); FormulaError if it uses a factor."""
    numbers: dict[str, Array] = {}
    for token in expression.columns.values():
        values = columns[token.text]
        if isinstance(values, Factor):
            raise FormulaError(
                f"{token.text!r} is a factor and has no arithmetic; use it as a term of its own",
                token.column,
            )
        numbers[token.text] = values
    return arithmetic.value(expression, numbers)


def evaluate(part: Arithmetic, variable: Variable, columns: Mapping[str, Values]) -> Values:
    """The values of (one part of) a variable, for all rows."""
    if variable.kind in ("column", "factor"):
        single = columns.get(part.text)  # None for arithmetic such as age/10
        if isinstance(single, Factor):
            return single
        if variable.kind == "factor":
            x = numeric(part, columns)
            used = [columns[token.text] for token in part.columns.values()]
            known = [~np.isnan(column) for column in used if not isinstance(column, Factor)]
            if (np.isnan(x) & np.logical_and.reduce(known)).any():
                raise FormulaError(
                    f"{part.text} is not a number in some row, and R makes that a level 'NaN'; "
                    "drop such rows from the data"
                )
            return _factor_of_numbers(x)
    return numeric(part, columns)


def _factor_of_numbers(x: Array) -> Factor:
    """R's factor(x): levels in numeric order, named with 15 digits; equal names are one level."""
    distinct, inverse = np.unique(x[~np.isnan(x)], return_inverse=True)
    names = [write_number(value) for value in distinct.tolist()]
    place = {name: code for code, name in enumerate(dict.fromkeys(names))}
    codes = np.full(len(x), -1, dtype=np.intp)
    codes[~np.isnan(x)] = np.array([place[name] for name in names], dtype=np.intp)[inverse]
    return Factor(codes, tuple(place))


def complete_rows(values: Iterable[Values], n: int) -> Rows:
    """The rows where nothing is missing: as in R, no variable's value, whatever its columns."""
    complete = np.ones(n, dtype=bool)
    for v in values:
        complete &= v.codes >= 0 if isinstance(v, Factor) else ~np.isnan(v)
    if not complete.any():
        raise FormulaError("no row is left once the rows with a missing value are dropped")
    return np.flatnonzero(complete)


def take(values: Values, rows: Rows) -> Values:
    """The given rows; a factor loses the levels that they don't have."""
    return values.take(rows) if isinstance(values, Factor) else values[rows]


def used_data(data: pd.DataFrame, columns: Mapping[str, Values], rows: Rows) -> pd.DataFrame:
    """The used columns and rows, in the order of ``data``, numbered anew."""
    used: dict[str, object] = {}
    for name in (str(column) for column in data.columns if column in columns):
        values = take(columns[name], rows)
        if isinstance(values, Factor):
            used[name] = pd.Categorical.from_codes(values.codes, pd.Index(values.levels))
        else:
            used[name] = values
    return pd.DataFrame(used, index=pd.RangeIndex(len(rows)))
