"""A formula's structure: its variables, its terms in R's order, its intercept and its offsets.

A term is an int whose bit i says that variable i is in it, as in R's own ``terms``.  formulaic's
parser reads the operators (``+ - * : ^`` and parentheses); what they mean is worked out here, since
R orders terms and variables its own way and a power of a sum must not grow without bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from formulaic.errors import FormulaicError
from formulaic.parser import DefaultFormulaParser

from conformance.question.formula import arithmetic as arithmetic
from conformance.question.formula.arithmetic import Arithmetic
from conformance.question.formula.syntax import (
    ARITHMETIC,
    FormulaError,
    Token,
    closing,
    deparse,
    is_unary,
    tokenize,
)

MAX_TERMS, MAX_NAME = 2000, 400


@dataclass(frozen=True)
class Variable:
    """One of R's variables: kind is column, arithmetic, factor, cbind or offset; name is R's."""

    name: str
    kind: str
    parts: tuple[Arithmetic, ...]  # two for cbind, else one

    def __post_init__(self) -> None:
        """R breaks longer names over lines, and then loses track of them."""
        if len(self.name) > MAX_NAME:
            raise FormulaError(f"{self.name[:40]}... is longer than {MAX_NAME} characters")

    @property
    def columns(self) -> list[Token]:
        """The tokens of the columns that the variable uses."""
        return [token for part in self.parts for token in part.columns.values()]


@dataclass(frozen=True)
class Model:
    """A parsed formula; ``terms`` are bit masks over ``variables`` (offsets are among those)."""

    response: Variable
    variables: tuple[Variable, ...]
    terms: tuple[int, ...]
    intercept: bool


def parse(formula: str) -> Model:
    """The model that ``formula`` describes; FormulaError if it is outside the language."""
    tokens = tokenize(formula)
    tildes = [index for index, token in enumerate(tokens) if token.text == "~"]
    if len(tildes) != 1:
        column = tokens[tildes[1]].column if tildes else None
        raise FormulaError(f"found {len(tildes)} '~'; needed is: response ~ terms", column)
    response = _response(tokens[: tildes[0]])
    variables: dict[str, Variable] = {}
    words = _words(tokens[tildes[0] + 1 :], variables)
    if response.name in variables:
        raise FormulaError(f"the response {response.name} is also a term; remove it there")
    kept, intercept = _take_summands(words)
    return Model(response, tuple(variables.values()), _terms(kept), intercept)


def _response(tokens: Sequence[Token]) -> Variable:
    if not tokens:
        raise FormulaError("nothing stands left of '~'; give a response", 0)
    called = tokens[0].kind == "function" and closing(tokens, 0) == len(tokens) - 1
    if called and tokens[0].text in ("cbind", "factor"):
        return _variable(tokens)
    kind = "column" if len(tokens) == 1 else "arithmetic"
    return Variable(deparse(tokens), kind, (arithmetic.parse(tokens),))


def _variable(tokens: Sequence[Token]) -> Variable:
    """The variable that one name or one whole call makes."""
    head = tokens[0]
    if head.kind == "name" or head.text in ARITHMETIC:
        kind = "column" if head.kind == "name" else "arithmetic"
        return Variable(deparse(tokens), kind, (arithmetic.parse(tokens),))
    parts = _arguments(tokens[2:-1])
    wanted = 2 if head.text == "cbind" else 1
    if len(parts) != wanted:
        shown = "cbind(successes, failures)" if wanted == 2 else f"{head.text}(expression)"
        raise FormulaError(f"found {len(parts)} arguments; needed is {shown}", head.column)
    return Variable(deparse(tokens), head.text, tuple(arithmetic.parse(part) for part in parts))


def _arguments(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split at the commas outside parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


@dataclass(frozen=True)
class _Word:
    """A word of the terms' language: a symbol, a number, ``offset``, or ``v<i>`` for variable i."""

    text: str
    token: Token


def _words(tokens: Sequence[Token], variables: dict[str, Variable]) -> list[_Word]:
    """Each name and each whole call as one word; the variables found are put in ``variables``."""
    words = []
    index = 0
    while index < len(tokens):
        token, end = tokens[index], index
        text = token.text
        if token.kind in ("name", "function"):
            if token.text == "cbind":
                raise FormulaError("cbind() belongs left of '~'", token.column)
            end = closing(tokens, index) if token.kind == "function" else index
            variable = _variable(tokens[index : end + 1])
            variables.setdefault(variable.name, variable)
            place = list(variables).index(variable.name)
            text = "offset" if variable.kind == "offset" else f"v{place}"
        _check_place(tokens, index)
        words.append(_Word(text, token))
        index = end + 1
    if words and tokens[-1].kind == "symbol" and tokens[-1].text != ")":
        raise FormulaError("a term is missing at the end; add it", tokens[-1].column)
    if not words:
        raise FormulaError("nothing stands right of '~'; for a constant alone write ~ 1")
    return words


def _check_place(tokens: Sequence[Token], index: int) -> None:
    """Refuse what is no sum of terms, and nesting, signs and powers that are not plain to read."""
    token = tokens[index]
    if token.text in ("/", ","):
        raise FormulaError(
            f"{token.text!r} stands between terms; for a ratio write I(a/b), for nesting a + a:b",
            token.column,
        )
    leads_number = index == 0 and len(tokens) > 1 and tokens[1].kind == "number"
    operand = token.kind != "symbol" or token.text == "("
    if operand != is_unary(tokens, index) and not (token.text in ("+", "-") and leads_number):
        missing = "an operator (+ - * :)" if operand else "a term"
        raise FormulaError(f"{missing} is missing left of {token.text!r}", token.column)
    if token.text == "^":
        power = tokens[index + 1] if index + 1 < len(tokens) else token
        chained = index + 2 < len(tokens) and tokens[index + 2].text == "^"
        if not power.text.isdigit() or int(power.text) < 2 or chained:
            raise FormulaError(
                "terms are raised to one whole number of at least 2 (R refuses 1), e.g. (a + b)^2; "
                "for arithmetic write I(a^b)",
                token.column,
            )


def _take_summands(words: Sequence[_Word]) -> tuple[list[str], bool]:
    """Take 0, 1 and offset() out: the words left, and whether there is an intercept."""
    kept: list[str] = []
    intercept = True
    depth = 0
    for index, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        before = words[index - 1].text if index else None
        after = words[index + 1].text if index + 1 < len(words) else None
        if (word.token.kind != "number" or before == "^") and word.text != "offset":
            kept.append(word.text)
            continue
        alone = depth == 0 and before in (None, "+", "-") and after in (None, "+", "-")
        if not alone or word.text not in ("0", "1", "offset"):
            raise FormulaError(
                f"{word.token.text} among terms; of numbers only 0 and 1 are allowed there, and "
                "like offset() only as summands outside parentheses; for arithmetic write I()",
                word.token.column,
            )
        if word.text == "offset" and before == "-":
            raise FormulaError("R adds this offset all the same; remove it", word.token.column)
        if word.text != "offset":
            intercept = (word.text == "1") == (before != "-")
        if before is not None:
            kept.pop()  # the sign of what is taken out
    return kept, intercept


def _terms(words: Sequence[str]) -> tuple[int, ...]:
    """The terms of an expression, by degree and then as they come, as R orders them."""
    if not words:
        return ()
    parser = DefaultFormulaParser(include_intercept=False, feature_flags=set())
    try:
        terms = _expand(parser.get_ast(" ".join(words)))
    except FormulaicError as error:
        reason = str(error).splitlines()[0]
        raise FormulaError(f"not terms joined by + - * : ^ ({reason}); an operator or a term is missing") from None
    return tuple(sorted(terms, key=int.bit_count))


def _expand(node: Any) -> list[int]:
    """The distinct terms of formulaic's tree; a leaf is a token ``v<i>``."""
    if not hasattr(node, "operator"):
        return [1 << int(str(node)[1:])]
    symbol, operands = node.operator.symbol, list(node.args)
    if len(operands) == 1:  # a sign left in front by what _take_summands took out
        terms = _expand(operands[0])
        return terms if symbol == "+" else []
    left = _expand(operands[0])
    right = [] if symbol == "^" else _expand(operands[1])
    if symbol in ":*^" and (not left or (not right and symbol != "^")):
        raise FormulaError(f"all terms on one side of {symbol!r} are taken out again; leave it out")
    match symbol:
        case "^":
            return _power(left, int(str(operands[1])))
        case "+":
            return _distinct([*left, *right])
        case "-":
            return [term for term in left if term not in right]
        case ":":
            return _interactions(left, right)
        case "*":
            return _distinct([*left, *right, *_interactions(left, right)])
    raise FormulaError(f"operator {symbol!r} is not allowed between terms")


def _interactions(left: Sequence[int], right: Sequence[int]) -> list[int]:
    if len(left) * len(right) > 100 * MAX_TERMS:  # before any work is done on them
        raise FormulaError(f"more than {MAX_TERMS} terms; write out fewer")
    return _distinct(a | b for a in left for b in right)


def _power(terms: list[int], exponent: int) -> list[int]:
    """``terms ^ exponent``: it stops growing by itself, so a huge exponent costs nothing."""
    result = terms
    for _ in range(exponent - 1):
        grown = _interactions(result, terms)
        if grown == result:
            break
        result = grown
    return result


def _distinct(terms: Iterable[int]) -> list[int]:
    result = list(dict.fromkeys(terms))
    if len(result) > MAX_TERMS:
        raise FormulaError(f"more than {MAX_TERMS} terms; write out fewer")
    return result
