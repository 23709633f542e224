"""R's expressions as text: tokens, names as R writes them, numbers as R reads and writes them.

Every formula passes through ``tokenize`` first.  It lets through only ASCII names, decimal numbers
and the symbols of ``SYMBOLS``, so no quote, bracket, attribute, backtick, assignment or statement
reaches anything behind it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

SYMBOLS = "+ - * / : ^ ( ) , ~"
ARITHMETIC = ("I", "log", "log2", "log10", "exp", "sqrt", "abs")
FUNCTIONS = (*ARITHMETIC, "factor", "offset", "cbind")
MAX_CHARACTERS, MAX_TOKENS, MAX_DEPTH = 4000, 400, 50
# R reads these as words of the language, so no column can have such a name in a formula.
RESERVED = frozenset(
    [
        "if",
        "else",
        "repeat",
        "while",
        "function",
        "for",
        "next",
        "break",
        "in",
        "TRUE",
        "FALSE",
        "NULL",
        "Inf",
        "NaN",
        "NA",
        "NA_integer_",
        "NA_real_",
        "NA_character_",
        "NA_complex_",
    ]
)
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9._])"
_NAME = r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})|(?P<name>{_NAME})|(?P<symbol>[-+*/:^(),~])")


class FormulaError(ValueError):
    """A formula, expression or column that can't be used: ``column`` is its place in the text, ``what`` the key."""

    def __init__(self, message: str, column: int | None = None, what: str = "formula") -> None:
        """``message`` says what was found, what is allowed and how to mend it."""
        super().__init__(message)
        self.message = message
        self.column = column
        self.what = what


@contextmanager
def about(what: str, text: str) -> Iterator[None]:
    """Put the name of the text (formula, weights, offset) and the text before an error's message.

    Raises FormulaError for every FormulaError raised inside.
    """
    try:
        yield
    except FormulaError as error:
        place = "" if error.column is None else f" at column {error.column}"
        shown = repr(text) if len(repr(text)) <= 200 else repr(text)[:200] + "..."
        message = f"{what} {shown}{place}: {error.message}"
        raise FormulaError(message, error.column, error.what if error.what == "levels" else what) from None


@dataclass(frozen=True)
class Token:
    """One word: kind is name, function (a name before a parenthesis), number or symbol."""

    kind: str
    text: str
    column: int


def nearest(word: str, allowed: Iterable[str]) -> str:
    """' Did you mean ...?' with the nearest allowed word, or nothing when none is near."""
    close = difflib.get_close_matches(word, list(allowed), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text``; FormulaError for anything outside the language."""
    if not isinstance(text, str):
        raise FormulaError(f"found {type(text).__name__}, a string is needed")
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(f"{len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] in " \t\n":
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(_foreign(text[position:]), position)
        kind = str(match.lastgroup)
        if kind == "name":
            kind = "function" if text[match.end() :].lstrip(" \t\n").startswith("(") else "name"
        tokens.append(Token(kind, match.group(), position))
        _check_word(tokens[-1])
        position = match.end()
    _check_size(tokens)
    return tokens


def _foreign(rest: str) -> str:
    """What to say of text that starts with something outside the language."""
    if rest[0].isdigit() or re.match(r"\.[0-9]", rest):
        found = re.match(r"[\w.]+", rest, re.ASCII)
        return f"{found.group() if found else rest[0]!r} is neither a decimal number nor a name"
    return (
        f"{rest[0]!r} is not allowed; a formula is made of columns, decimal numbers, {SYMBOLS} "
        f"and the functions {', '.join(FUNCTIONS)}"
    )


def _check_word(token: Token) -> None:
    if token.kind == "function" and token.text not in FUNCTIONS:
        raise FormulaError(
            f"{token.text}() is not an allowed function; allowed are {', '.join(FUNCTIONS)}."
            + nearest(token.text, FUNCTIONS),
            token.column,
        )
    if token.kind == "name" and re.fullmatch(r"\.+[0-9]*", token.text):
        raise FormulaError(f"{token.text!r} is not a column; write the columns out", token.column)
    if token.text in RESERVED:
        raise FormulaError(
            f"{token.text!r} is a word of R's language, not a column; rename the column",
            token.column,
        )
    if token.kind == "number":
        _check_number(token)


def _check_number(token: Token) -> None:
    """Only numbers whose reading by R is known exactly: 15 digits, a scale of 1e-27 to 1e27."""
    mantissa, _, exponent = token.text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    scale = int(exponent[:6] or "0") - len(decimals)
    if len(digits) > 15 or abs(scale) > 27 or len(exponent) > 6:
        raise FormulaError(
            f"the number {token.text} is out of range; a number has at most 15 significant digits "
            "and is scaled by a power of ten between -27 and 27; round it, or make it a column",
            token.column,
        )


def _check_size(tokens: Sequence[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise FormulaError(f"{len(tokens)} words; at most {MAX_TOKENS} are allowed")
    open_at: list[int] = []
    for token in tokens:
        if token.text == "(":
            open_at.append(token.column)
        elif token.text == ")" and not open_at:
            raise FormulaError("this ')' closes nothing; remove it", token.column)
        elif token.text == ")":
            open_at.pop()
        if len(open_at) > MAX_DEPTH:
            raise FormulaError(f"more than {MAX_DEPTH} nested parentheses", token.column)
    if open_at:
        raise FormulaError("this '(' is never closed; add a ')'", open_at[-1])


def closing(tokens: Sequence[Token], start: int) -> int:
    """The index of the parenthesis that closes the first one at or after ``start``."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
        if depth == 0 and tokens[index].text == ")":
            return index
    raise AssertionError("tokenize() has checked the parentheses")


def is_unary(tokens: Sequence[Token], index: int) -> bool:
    """Whether the sign at ``index`` has no left operand."""
    return index == 0 or (tokens[index - 1].kind == "symbol" and tokens[index - 1].text != ")")


def deparse(tokens: Sequence[Token]) -> str:
    """The expression as R writes it, e.g. ``I(x*2)`` as ``I(x * 2)`` and ``1e5`` as ``1e+05``."""
    words = []
    for index, token in enumerate(tokens):
        if token.kind == "number":
            words.append(write_number(read_number(token.text)))
        elif token.text == "," or (token.text in "+-*" and not is_unary(tokens, index)):
            words.append(", " if token.text == "," else f" {token.text} ")
        else:
            words.append(token.text)
    return "".join(words)


def read_number(text: str) -> float:
    """The double that R's parser makes of a decimal number.

    R computes digits x 10^scale in an 80-bit long double and then rounds to a double: twice
    rounded, the last bit can differ from the correctly rounded ``float(text)``.
    """
    value = Fraction(text)
    if value == 0:
        return 0.0
    shift = value.numerator.bit_length() - value.denominator.bit_length() - 64
    if value >= Fraction(2) ** (shift + 64):
        shift += 1
    return float(round(value / Fraction(2) ** shift) * Fraction(2) ** shift)


def write_number(value: float) -> str:
    """A double as R's ``as.character`` writes it: the fewest digits, up to 15, that show it.

    Fixed notation unless the scientific one is shorter.  NaN is not expected (R has it missing).
    """
    if value in (0.0, float("inf"), float("-inf")):
        return {0.0: "0", float("inf"): "Inf", float("-inf"): "-Inf"}[value]
    mantissa, _, power = f"{value:.14e}".partition("e")
    digits = len(mantissa.lstrip("-").replace(".", "").rstrip("0"))
    exponent = int(power)
    decimals = max(0, digits - 1 - exponent)
    fixed = max(1, exponent + 1) + (decimals + 1 if decimals else 0)
    scientific = (digits + 1 if digits > 1 else 1) + (4 if abs(exponent) < 100 else 5)
    if fixed <= scientific:
        return f"{value:.{decimals}f}"
    return f"{value:.{digits - 1}e}"
