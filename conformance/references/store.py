"""Stored references: JSON files that know what they were made from, so that a stale one is an error.

reference_outputs/<source>/<id>.json holds ``case``, ``asked_sha256``, ``data_sha256`` (what it answers), ``generator``
(what made it) and the quantities, in one mapping for each variant (r: as_shipped, polished; statsmodels: as_shipped).
Numbers have up to 17 digits, enough to restore every double; NaN and infinities are strings.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import StaleReference
from conformance.files import write_whole
from conformance.json_numbers import dumps, loads, restore
from conformance.mathematics.quantities import KEYS
from conformance.question.case import Case
from conformance.question.library import Library

SCHEMA = 1

#: Beyond this many rows what is one value a row is left out: the file would be larger than its data.
ROWS_STORED = 20_000


def path_of(library: Library, source: str, id: str) -> Path:
    """Where the reference of ``id`` from ``source`` (r, statsmodels, certified) is stored."""
    return library.references / source / f"{id}.json"


def identity(case: Case) -> dict[str, Any]:
    """What a reference says of the question that it answers."""
    return {"case": case.id, "asked_sha256": case.asked_sha256, "data_sha256": case.data_sha256}


def mend(library: Library, case: Case, command: str) -> str:
    """The command that makes the reference again, whole, as it can be pasted."""
    folder = "" if library.cases == Library.built_in().cases else f" --cases {shlex.quote(str(library.cases))}"
    return f"run `glm-conformance {command} {case.id}{folder}`"


def read(library: Library, source: str, case: Case, *, command: str = "regenerate") -> dict[str, Any]:
    """The stored reference; StaleReference names file, cause and the command that mends it."""
    path = path_of(library, source, case.id)
    how = mend(library, case, command)
    try:
        text = path.read_text(encoding="utf-8")
        stored = loads(text)
    except FileNotFoundError as error:
        raise StaleReference(f"{path}: there is no {source} reference for {case.id}; {how}") from error
    except (ValueError, RecursionError) as error:
        raise StaleReference(f"{path}: broken JSON ({error}); restore it from version control, or {how}") from error
    if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
        raise StaleReference(f"{path}: not a reference of schema {SCHEMA}; {how}")
    if stored.pop("seal", None) != seal(text.rpartition(_SEAL)[0] + "\n}"):
        raise StaleReference(f"{path}: damaged: its content is not what was written; restore it, or {how}")
    for key, value in identity(case).items():
        if stored.get(key) != value:
            moved = {"asked_sha256": "the case", "data_sha256": f"its data ({case.data})", "case": "the id"}[key]
            raise StaleReference(f"{path}: stale: {moved} changed since it was made; {how}")
    return stored


def write(path: Path, stored: Mapping[str, Any]) -> None:
    """Write ``stored`` whole or not at all: to a file beside, which then takes the name."""
    write_whole(path, sealed(stored))


_SEAL = ',\n "seal": '


def seal(content: str) -> str:
    """A digest of the content's text, against a digit that was changed by accident or by hand."""
    return hashlib.sha256(content.encode()).hexdigest()


def sealed(stored: Mapping[str, Any]) -> str:
    """The text of the file: the content, and its seal as the last key."""
    content = dumps(stored)
    return content.removesuffix("\n}") + _SEAL + json.dumps(seal(content)) + "\n}\n"


def quantities(variant: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities of one stored variant, as floats and arrays."""
    return {key: restore(value) for key, value in variant.items() if key in KEYS and key not in ("warnings", "trace")}
