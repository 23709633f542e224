"""YAML files that people write: read with their lines, so that every complaint names file, line and mend."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from conformance.errors import Unusable


def text_of(path: Path, kind: type[Unusable]) -> str:
    """The file's text; an error of ``kind`` names the line of a byte that is not UTF-8."""
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise kind(f"{path}:{line}: byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise kind(f"{path}:1: can't be read: {error.strerror}") from error


def tree_of(path: Path, text: str, kind: type[Unusable], what: str) -> Any:
    """ruamel's tree of ``text``, whose nodes know their lines; an error of ``kind`` where it is no YAML."""
    try:
        return YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise kind(f"{path}:{line}: not {what}: {problem}") from error


def plain(node: Any) -> Any:
    """ruamel's round-trip nodes as plain Python values; absent keys and explicit nulls are the same."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items() if value is not None}
    if isinstance(node, list):
        return [plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def line_of(tree: Any, where: tuple[Any, ...]) -> int:
    """The line of the key path ``where`` in ``tree``; where it ends early, the line that it came to."""
    line = 0
    try:
        for part in where:
            line = (tree.lc.item if isinstance(part, int) else tree.lc.key)(part)[0]
            tree = tree[part]
    except (KeyError, AttributeError, IndexError, TypeError):
        pass
    return int(line) + 1


def explained(path: Path, tree: Any, error: Any, model: type[BaseModel], what: str) -> str:
    """One pydantic complaint about ``what`` ('a case') as 'file:line: what was found, what was expected'."""
    where = tuple(error["loc"])
    line, key = line_of(tree, where), ".".join(map(str, where[isinstance(next(iter(where), None), int) :]))
    if error["type"] == "extra_forbidden":
        name, fields = str(where[-1]), model.model_fields
        near = difflib.get_close_matches(name, fields, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"{what} may have {', '.join(fields)}"
        return f"{path}:{line}: unknown key {name!r}; {hint}"
    if error["type"] == "missing":
        return f"{path}:{line}: the key {str(where[-1])!r} is missing"
    if error["type"] == "amiss":
        at = error["ctx"]["key"]
        return f"{path}:{line_of(tree, (*where, at))}: {at}: {error['msg']}"
    if not key:
        return f"{path}:1: {error['msg'].removeprefix('Value error, ')}"
    mend = " (quote it to make it a string)" if error["type"] == "string_type" else ""
    return f"{path}:{line}: {key}: {error['msg']}, found {error['input']!r}{mend}"
