"""The solution of the decimal data of a NIST StRD set, beside that of the doubles which a program reads.

NIST certifies the fit of the decimals that it prints.  They are read here as fractions, the formula's arithmetic is
done in fractions, and the least squares in exact rationals.  For Filip the two solutions differ in the eighth digit.
"""

from __future__ import annotations

import ast
import csv
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from conformance.proof import decimal_least_squares
from conformance.question.case import Case
from conformance.question.formula.arithmetic import Arithmetic
from conformance.question.formula.terms import parse

SOURCE = "NIST StRD"
_BINARY: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def is_certified_by_nist(case: Case) -> bool:
    """Whether the case is a linear set of NIST's Statistical Reference Datasets, as its source says first of all."""
    linear = (case.family, case.link, case.weights, case.offset) == ("gaussian", "identity", None, None)
    return linear and not case.levels and case.source.startswith(SOURCE)


def decimal_data(case: Case) -> dict[str, Any]:
    """What a stored proof holds beside the doubles' quantities.

    decimal_data: coefficients, standard_errors, deviance, dispersion and residual_standard_deviation, decimal strings.
    Nothing for a case that is none of NIST's, or that rationals can't say (a logarithm, a missing or saturated row).
    """
    if not is_certified_by_nist(case):
        return {}
    try:
        return {"decimal_data": decimal_least_squares(*decimal_design(case))}
    except (ValueError, ZeroDivisionError):
        return {}


def differences(case: Case, stored: Mapping[str, Any]) -> list[str]:
    """What of the stored ``decimal_data`` is not what the exact least squares give, one sentence each."""
    fresh, kept = decimal_data(case).get("decimal_data", {}), stored.get("decimal_data", {})
    if not isinstance(kept, dict):
        return ["decimal_data is no mapping"]
    return [
        f"decimal_data, {name}: stored is {kept.get(name)!r}, proven is {fresh.get(name)!r}"
        for name in dict.fromkeys([*fresh, *kept])
        if kept.get(name) != fresh.get(name)
    ]


def decimal_design(case: Case) -> tuple[list[list[Fraction]], list[Fraction]]:
    """X (n, p) and y (n,) as the formula makes them of the decimals in the data file, without any rounding."""
    model = parse(case.formula)
    with case.data_file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x = []
    for row in rows:
        values = [exact_value(variable.parts[0], row) for variable in model.variables]
        products = [Fraction(1)] if model.intercept else []
        for term in model.terms:
            product = Fraction(1)
            for place, value in enumerate(values):
                product *= value if term >> place & 1 else 1
            products.append(product)
        x.append(products)
    return x, [exact_value(model.response.parts[0], row) for row in rows]


def exact_value(expression: Arithmetic, row: Mapping[str, str]) -> Fraction:
    """The expression's value at one row; ValueError for what rationals can't say, such as a logarithm."""
    operands = {name: Fraction(number) for name, number in expression.numbers.items()}
    operands |= {name: Fraction(row[token.text]) for name, token in expression.columns.items()}
    return _walk(expression.tree, operands)


def _walk(node: ast.AST, operands: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Name(id=name):
            return operands[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_walk(operand, operands)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _walk(operand, operands)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = _walk(right, operands)
            if power.denominator == 1:
                return _walk(left, operands) ** power.numerator
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_walk(left, operands), _walk(right, operands))
        case ast.Call(func=ast.Name(id="I"), args=[argument]):
            return _walk(argument, operands)
    raise ValueError(f"{ast.unparse(node)} is not exact in rationals")
