"""The messages of the JSON Lines protocol, version 1 (docs/protocol.md): written, read, and described by a JSON Schema.

python -m conformance.adapters.protocol > conformance/adapters/protocol.schema.json
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.conventions import CONVENTIONS, MODELS, declared
from conformance.errors import ImplementationError
from conformance.json_numbers import WORDS, loads, numbers, plain
from conformance.mathematics.family import PAIRS
from conformance.mathematics.link import LINKS
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, SCALARS
from conformance.question.problem import Problem

VERSION: Final = 1
START: Final = {"cmd": "start", "protocol": VERSION}
STOP: Final = {"cmd": "stop"}
_ARRAYS = ("X", "y", "weights", "offset")
_REST = ("family", "link", "theta", "power", "start", "max_iterations", "names", "intercept")
_OF_START = ("name", "version", "language", "conventions", "protocol")


def fit_request(problem: Problem, id: str) -> dict[str, Any]:
    """The request to fit ``problem``; what it does not have is null."""
    return {"cmd": "fit", "id": id, **{name: getattr(problem, name) for name in (*_ARRAYS, *_REST)}}


def longest_answer(n: int, p: int) -> int:
    """How many bytes a line may have: 32 for each number that an answer can hold, and 1 MiB for words."""
    return (1 << 20) + 32 * (len(BY_ROW) * n + len(BY_COLUMN) * p + p * p)


def line(message: Mapping[str, Any]) -> bytes:
    """``message`` as a line of ASCII; every double is written so that it is read back to the last bit."""
    return json.dumps(plain(message), allow_nan=False).encode() + b"\n"


def parsed(text: bytes) -> dict[str, Any]:
    """The object that a line holds; ValueError says in a few words why it is no answer."""
    try:
        answer = loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"wrote a line that is no JSON ({_words(error)}): {shown(text)}") from error
    if not isinstance(answer, dict):
        raise ValueError(f"wrote a line that is JSON, but no object: {shown(text)}")
    for key in ("unsupported", "refused"):
        if key in answer and not (isinstance(answer[key], str) and set(answer) <= {key, "id"}):
            raise ValueError(f'answered `{key}` wrongly: expected {{"{key}": "why"}} and no more, found {shown(text)}')
    return answer


def restored(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with "NaN", "Infinity" and "-Infinity" as numbers again, wherever numbers are due."""
    return {key: value if key == "warnings" else numbers(value) for key, value in answer.items()}


def fault_of_start(answer: Mapping[str, Any]) -> str | None:
    """What is wrong with the answer to `start`, None if nothing is."""
    for key in answer:
        if key not in _OF_START:
            near = difflib.get_close_matches(key, _OF_START, 1)
            return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    for key in ("name", "version", "language"):
        if not (isinstance(answer.get(key), str) and answer[key]):
            return f"{key!r} is {answer.get(key)!r}; expected a string, as in {_EXAMPLE}"
    if answer.get("protocol", VERSION) != VERSION:
        return f"it speaks protocol {answer['protocol']!r}; expected {VERSION}"
    try:
        declared(answer.get("conventions"))
    except ImplementationError as error:
        return str(error)
    return None


def shown(text: bytes | bytearray) -> str:
    """The beginning of what was written, for a message."""
    words = text[:200].decode("utf-8", "replace").strip()
    return repr(words if len(words) <= 60 else words[:57] + "...")


_EXAMPLE = '{"name": "mypackage", "version": "1.2", "language": "R 4.2.2", "conventions": {}}'


def _words(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


# ------------------------------------------------------------------------------------------ the JSON Schema


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every message: `$defs` has each by name, the whole accepts any."""
    number, vector, matrix = ({"$ref": f"#/$defs/{name}"} for name in ("number", "vector", "matrix"))
    text = {"type": "string"}
    words = {"type": "string", "minLength": 1}

    def message(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        properties = {**required, **(optional or {})}
        return {"type": "object", "properties": properties, "required": list(required), **more}

    def or_null(kind: Mapping[str, Any]) -> dict[str, Any]:
        return {"anyOf": [kind, {"type": "null"}]}

    def by_family(values: Sequence[str]) -> dict[str, Any]:
        return {"type": "object", "properties": {f: {"enum": list(values)} for f in MODELS}, **exact}

    exact = {"additionalProperties": False}
    conventions = {
        "type": "object",
        "properties": {name: {"anyOf": [{"enum": list(v)}, by_family(v)]} for name, v in CONVENTIONS.items()},
        **exact,
    }
    asked = {
        "cmd": {"const": "fit"},
        "id": text,
        "X": matrix,
        "y": vector,
        "weights": or_null(vector),
        "offset": or_null(vector),
        "family": {"type": "string", "examples": list(PAIRS)},
        "link": {"type": "string", "examples": list(LINKS)},
        "theta": or_null({"type": "number"}),
        "power": or_null({"type": "number"}),
        "start": or_null(vector),
        "max_iterations": or_null({"type": "integer", "minimum": 1}),
        "names": {"type": "array", "items": text},
        "intercept": {"type": "boolean"},
    }
    reported = {
        **{name: or_null(vector) for name in (*BY_COLUMN[1:], *BY_ROW)},
        "covariance": or_null(matrix),
        **{name: or_null(number) for name in SCALARS},
        "converged": {"type": ["boolean", "null"]},
        "iterations": {"type": ["integer", "null"]},
        "warnings": or_null({"type": "array", "items": text}),
        "id": text,
    }
    introduced = {"name": words, "version": words, "language": words}
    definitions: dict[str, Any] = {
        "number": {"anyOf": [{"type": "number"}, {"enum": list(WORDS)}]},
        "vector": {"type": "array", "items": number},
        "matrix": {"type": "array", "items": vector, "description": "row by row"},
        "start": message({"cmd": {"const": "start"}, "protocol": {"const": VERSION}}),
        "started": message(introduced, {"conventions": or_null(conventions), "protocol": {"const": VERSION}}, **exact),
        "fit": message(asked),
        "fitted": message({BY_COLUMN[0]: vector}, reported, **exact),
        "unsupported": message({"unsupported": text}, {"id": text}, **exact),
        "refused": message({"refused": text}, {"id": text}, **exact),
        "stop": message({"cmd": {"const": "stop"}}),
    }
    groups = {
        "request": ("start", "fit", "stop"),
        "answer_to_start": ("started", "refused"),
        "answer_to_fit": ("fitted", "unsupported", "refused"),
    }
    for group, members in groups.items():
        definitions[group] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in members]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"glm-conformance, JSON Lines protocol, version {VERSION}",
        "description": "One message a line.  The lengths (n rows, p columns) are in docs/protocol.md.",
        "anyOf": [{"$ref": f"#/$defs/{group}"} for group in groups],
        "$defs": definitions,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
