"""Arithmetic over columns with R's values to the last bit, and without running any code.

The text becomes Python source of placeholders (``v0 + v1 ** v2``): R's precedences of ``^``, the
unary signs, ``* /`` and ``+ -`` are Python's of ``**``, the unary signs, ``* /`` and ``+ -``.
Python's parser makes the tree; only the nodes of ``_NODES`` may be in it, and ``value`` walks it.
"""

from __future__ import annotations

import ast
import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.question.formula.syntax import ARITHMETIC, FormulaError, Token, deparse, read_number

Array = NDArray[np.float64]
_NODES = (
    *(ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd),
)


@dataclass(frozen=True)
class Arithmetic:
    """A checked expression: its text as R writes it, its tree, its numbers and its columns.

    ``numbers`` maps a placeholder to its value, ``columns`` a placeholder to the column's token.
    """

    text: str
    tree: ast.expr
    numbers: Mapping[str, float]
    columns: Mapping[str, Token]


def parse(tokens: Sequence[Token]) -> Arithmetic:
    """The expression that ``tokens`` make; FormulaError if they make none, or use no column."""
    if not tokens:
        raise FormulaError("an expression is missing; give a column or arithmetic over columns")
    for token in tokens:
        if token.text in (":", ",", "~") or (token.kind == "function" and token.text not in ARITHMETIC):
            raise FormulaError(
                f"{token.text!r} has no place in arithmetic; allowed are + - * / ^ ( ) and {', '.join(ARITHMETIC)}",
                token.column,
            )
    operands = {f"v{k}": t for k, t in enumerate(tokens) if t.kind in ("name", "number")}
    placeholder = {id(token): name for name, token in operands.items()}
    words = [placeholder.get(id(t), "**" if t.text == "^" else t.text) for t in tokens]
    tree = _tree(tokens, words)
    columns = {name: t for name, t in operands.items() if t.kind == "name"}
    if not columns:
        raise FormulaError("no column is used; a constant has no value per row", tokens[0].column)
    numbers = {name: read_number(t.text) for name, t in operands.items() if t.kind == "number"}
    return Arithmetic(deparse(tokens), tree, numbers, columns)


def _tree(tokens: Sequence[Token], words: Sequence[str]) -> ast.expr:
    """Python's tree of ``words``, which stand for ``tokens``; FormulaError with the place."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    try:
        tree = ast.parse(" ".join(words), mode="eval").body
    except SyntaxError as error:
        index = bisect.bisect_right(starts, (error.offset or 1) - 1) - 1
        token = tokens[min(max(index, 0), len(tokens) - 1)]
        raise FormulaError(
            f"not an arithmetic expression near {token.text!r}; an operator or an operand is "
            "missing (a power is ^, not **)",
            token.column,
        ) from None
    for node in ast.walk(tree):
        call = isinstance(node, ast.Call)
        if not isinstance(node, _NODES) or (call and not _is_plain_call(node)):
            raise FormulaError(
                "not an arithmetic expression: an operator is missing, or a function has not exactly one argument",
                tokens[0].column,
            )
    return tree


def _is_plain_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ARITHMETIC
        and len(node.args) == 1
        and not node.keywords
    )


def value(expression: Arithmetic, columns: Mapping[str, Array]) -> Array:
    """The expression's value (n,) for ``columns``, name -> (n,)."""
    operands: dict[str, Array] = {k: np.asarray(v) for k, v in expression.numbers.items()}
    operands |= {k: columns[token.text] for k, token in expression.columns.items()}
    with np.errstate(all="ignore"):  # 1/0 is Inf and 0/0 NaN, as in R
        return _walk(expression.tree, operands)


def _walk(node: ast.AST, operands: Mapping[str, Array]) -> Array:
    match node:
        case ast.Name(id=name):
            return operands[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return np.negative(_walk(operand, operands))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _walk(operand, operands)
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_walk(left, operands), _walk(right, operands))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _FUNCTIONS[name](_walk(argument, operands))
    raise AssertionError("_tree() lets no other node through")


def _elementwise(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """The C library's function for each element, as R calls it (numpy's SIMD code rounds else)."""

    def apply(x: Array) -> Array:
        x = np.asarray(x)
        return np.array([function(v) for v in x.ravel().tolist()], dtype=float).reshape(x.shape)

    return apply


def _logarithm(function: Callable[[float], float]) -> Callable[[Array], Array]:
    def log(x: float) -> float:
        return function(x) if x > 0 else -math.inf if x == 0 else math.nan

    return _elementwise(log)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def power(x: float, y: float) -> float:
    """R's ``x ^ y``: squares are products, 1^y and x^0 are 1 even for NaN, else C's pow."""
    if y == 2.0:
        return x * x
    if x == 1.0 or y == 0.0:
        return 1.0
    if x == 0.0:  # also for -0.0, whose odd powers would be -0.0 in C
        return 0.0 if y > 0 else math.inf if y < 0 else y
    if x < 0 and (math.isinf(y) or (math.isinf(x) and y % 1 != 0)):
        return math.nan  # where C has 0, 1 or Inf
    if x == -math.inf and y < 0:  # where C has -0.0 for odd powers
        return 0.0
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:  # a negative number to a broken power
        return math.nan


def _power(x: Array, y: Array) -> Array:
    x, y = np.broadcast_arrays(x, y)
    pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
    return np.array([power(a, b) for a, b in pairs], dtype=float).reshape(x.shape)


_BINARY: dict[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "I": lambda x: x,
    "log": _logarithm(math.log),
    "log2": _logarithm(math.log2),
    "log10": _logarithm(math.log10),
    "exp": _elementwise(_exp),
    "sqrt": np.sqrt,  # correctly rounded everywhere, by IEEE 754
    "abs": np.abs,
}
