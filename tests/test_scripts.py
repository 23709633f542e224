"""scripts/, benchmarks/ and examples/: what they take from the package is there, and the mutated files are."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path for folder in ("scripts", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py"))

#: Paths in prose, code and comments.
NAMED = re.compile(
    r"(?<![\w/])(?:(?:conformance|scripts|benchmarks|tests|examples)/[\w/]+\.(?:py|R|sh|json)\b|conformance/[\w/]+/)"
)


def taken(path: Path) -> Iterator[tuple[str, str | None]]:
    """(module, name) for everything that a file imports of the package, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "conformance":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.name, None) for one in node.names if one.name.split(".")[0] == "conformance")


def is_there(module: str, name: str | None) -> bool:
    try:
        found = importlib.import_module(module)
        return name is None or hasattr(found, name) or bool(importlib.import_module(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_takes_from_the_package_what_is_there(path: Path) -> None:
    assert [one for one in taken(path) if not is_there(*one)] == []


def test_what_is_not_there_is_seen() -> None:
    assert is_there("conformance.question", "problem")
    assert is_there("conformance", "Fit")
    assert not is_there("conformance.irls", "fit")
    assert not is_there("conformance.running.gate", "weigh_and_find_wanting")


def test_every_file_and_folder_that_a_document_or_a_script_names_is_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*.yaml"), *SCRIPTS]
    named = {(path.name, name) for path in pages for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 5
    assert [one for one in sorted(named) if not (ROOT / one[1]).exists()] == []


def test_the_fitters_mutants_are_of_files_that_are_there() -> None:
    tree = ast.parse((ROOT / "benchmarks" / "mutation" / "mutants.py").read_text(encoding="utf-8"))
    (files,) = [
        ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and _name(node) == "FILES"
    ]
    assert [name for name in files if not (ROOT / "conformance" / name).is_file()] == []
    reasons = (ROOT / "docs" / "mutation.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"^- file: (\S+)$", reasons, re.MULTILINE)) <= set(files)


def _name(node: ast.Assign) -> str:
    return ast.unparse(node.targets[0])
