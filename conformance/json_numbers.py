"""Floats in JSON: NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity", which every reader takes.

RFC 8259 has no form for them.  Every other double is written with up to 17 digits and comes back bit for bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

WORDS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any) -> Any:
    """``value`` with arrays as lists and NaN and infinities as strings, so that any JSON reader takes it."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else "NaN" if number != number else f"{'-' * (number < 0)}Infinity"
    return value.item() if isinstance(value, np.generic) else value


def numbers(value: Any) -> Any:
    """``value`` with the three words as floats again, in lists and lists of lists too."""
    if isinstance(value, list):
        return [numbers(one) for one in value]
    return WORDS.get(value, value) if isinstance(value, str) else value


def restore(value: Any) -> Any:
    """What ``plain`` made plain, as floats and float64 arrays again; a list with any other word in it stays a list."""
    if isinstance(value, list) and value and not isinstance(value[0], (dict, bool)):
        if any(isinstance(one, str) and one not in WORDS for one in value):
            return value
        return np.array([restore(one) for one in value], dtype=np.float64)
    return numbers(value) if isinstance(value, str) else value


def dumps(tree: Any, indent: str = "") -> str:
    """JSON with a line for each key of a mapping, and one line for each list: short files, readable diffs."""
    if isinstance(tree, Mapping):
        inner = indent + " "
        lines = (f"{inner}{json.dumps(str(key))}: {dumps(value, inner)}" for key, value in tree.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return json.dumps(plain(tree), allow_nan=False, ensure_ascii=False)


def loads(text: str | bytes | bytearray) -> Any:
    """The JSON of ``text``; ValueError for the bare NaN and Infinity that Python's reader takes and others refuse."""
    return json.loads(text, parse_constant=_refused)


def _refused(word: str) -> float:
    raise ValueError(f'{word} is not JSON, write the string "{word}"')
