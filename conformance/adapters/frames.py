"""How an adapter in Python answers from a process of its own: names in JSON, and doubles as they lie in memory.

A frame is its length, the length of the header (8 bytes each, little-endian), the header (a JSON object), and doubles.
The shape of each quantity follows from the problem and is never read, and nothing that is read can run: the judge
takes plain numbers and bounded words, whoever wrote them.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from conformance.adapters.answer import MOST_WARNINGS, Answer, as_fit, shapes_of
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, SCALARS
from conformance.question.problem import Problem

_LENGTHS = struct.Struct("<QQ")
#: The quantities that are doubles.
_NUMBERS = (*BY_COLUMN, *BY_ROW, "covariance", *SCALARS)
#: What an adapter can change of a problem.
MUTABLE = ("X", "y", "weights", "offset", "start", "successes", "data")
#: Bytes of words in an answer.
_WORDS = 1 << 20


class NotAFrame(ValueError):
    """What was written is no frame, in a few words."""


def frame(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """The bytes of a frame."""
    head = json.dumps(header).encode("ascii")
    return _LENGTHS.pack(_LENGTHS.size + len(head) + len(body), len(head)) + head + body


def measure(said: bytearray, chunk: bytes) -> int | None:
    """How many bytes the frame takes that begins ``said``; None while its length is not there yet."""
    return None if len(said) < _LENGTHS.size else max(_LENGTHS.unpack_from(said)[0], _LENGTHS.size)


def longest(problem: Problem | None) -> int:
    """How many bytes an answer may have, of a fit of ``problem`` or of words alone."""
    sizes = [] if problem is None else [math.prod(shape) for shape in shapes_of(problem).values()]
    return _WORDS + 8 * sum(sizes)


def parsed(said: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the body of a frame; NotAFrame where it is none."""
    total, length = _LENGTHS.unpack_from(said)
    try:
        header = json.loads(said[_LENGTHS.size : _LENGTHS.size + length])
    except (ValueError, RecursionError) as error:
        raise NotAFrame("its header is no JSON") from error
    if total != len(said) or not isinstance(header, dict):
        raise NotAFrame("its header is no JSON object of the length that it tells")
    return header, said[_LENGTHS.size + length :]


def fitted(answer: Answer) -> bytes:
    """The frame of a fit that was checked: what it has, but for a trace."""
    fit = answer.fit
    values = {key: getattr(fit, key) for key in _NUMBERS if getattr(fit, key) is not None}
    header = {
        "fit": list(values),
        "converged": fit.converged,
        "iterations": fit.iterations,
        "warnings": list(fit.warnings),
        "mutated": list(answer.mutated),
    }
    return frame(header, b"".join(np.asarray(value, dtype="<f8").tobytes() for value in values.values()))


def fit_of(header: Mapping[str, Any], body: bytes, problem: Problem) -> Answer:
    """The fit of a frame, checked again; NotAFrame or NotAFit where it is none."""
    shapes, keys = shapes_of(problem), header.get("fit")
    if not isinstance(keys, list) or not all(isinstance(key, str) and key in shapes for key in keys):
        raise NotAFrame("it names what is no quantity")
    sizes = [math.prod(shapes[key]) for key in keys]
    if len(set(keys)) != len(keys) or 8 * sum(sizes) != len(body):
        raise NotAFrame("it has not the numbers that it names")
    numbers, ends = np.frombuffer(body, dtype="<f8"), accumulate(sizes)
    values: dict[str, Any] = {
        key: numbers[end - size : end].reshape(shapes[key]) for key, size, end in zip(keys, sizes, ends, strict=True)
    }
    rest = {key: header.get(key) for key in ("converged", "iterations")}
    return Answer(as_fit({**values, **rest, "warnings": _texts(header, "warnings")}, problem), mutated(header))


def mutated(header: Mapping[str, Any]) -> tuple[str, ...]:
    """The arrays that the adapter is said to have changed."""
    return tuple(name for name in MUTABLE if name in _texts(header, "mutated"))


def text(header: Mapping[str, Any], key: str) -> str:
    """The text that a header has under ``key``; NotAFrame where it is none."""
    value = header.get(key)
    if not isinstance(value, str):
        raise NotAFrame(f"its {key!r} is no text")
    return value


def _texts(header: Mapping[str, Any], key: str) -> list[str]:
    """A short list of texts; NotAFrame where it is none."""
    value = header.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise NotAFrame(f"its {key!r} is no list of texts")
    return value[:MOST_WARNINGS]
