"""Small folders of cases: written by a test, or copied from the built-in library with their references."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from conformance.question.library import Library

#: Nine rows: a factor, a number, a count, a proportion with its trials.
DOSE_CSV = """group,dose,deaths,alive,exposure
low,1,2,8,10.5
low,2,3,7,11
low,3,2,8,9
mid,1,4,6,10
mid,2,5,5,12
mid,3,5,5,10
high,1,6,4,8
high,2,7,3,10
high,3,9,1,10
"""

DOSE: dict[str, Any] = {
    "id": "dose",
    "title": "Deaths by dose",
    "source": "made for a test",
    "data": "data/dose.csv",
    "formula": "deaths ~ group + dose",
    "levels": {"group": ["low", "mid", "high"]},
    "family": "poisson",
    "link": "log",
    "outcome": "estimate",
}

ABSENT = object()


def case_text(**changes: Any) -> str:
    """A good case with ``changes``, one key a line, values as JSON (which is YAML); ABSENT leaves a key out."""
    keys = {**DOSE, **changes}
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items() if value is not ABSENT)


def line_of(text: str, key: str) -> int:
    """The line (from 1) on which ``key`` stands."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.lstrip(" ").startswith(f"{key}:"))


def write_case(folder: Path, text: str | bytes, *, name: str = "dose", csv: str | bytes | None = DOSE_CSV) -> Path:
    """``folder``/poisson/``name``.yaml with its data; the path of the case file."""
    path = folder / "poisson" / f"{name}.yaml"
    data = folder / "data" / "dose.csv"
    for file, content in ((path, text), (data, csv)):
        file.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def copy_cases(to: Path, *ids: str) -> Library:
    """Built-in cases, byte for byte, with their data and every reference that is stored for them."""
    built_in = Library.built_in()
    for id in ids:
        case = built_in.case(id)
        for source, below in ((case.file, case.file.relative_to(built_in.cases)), (case.data_file, Path(case.data))):
            (to / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to / below)
        for stored in built_in.references.glob(f"*/{id}.json"):
            kept = to / "reference_outputs" / stored.parent.name / stored.name
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(stored, kept)
    return Library.at(to)
