"""The first line of a record: what was put to the cases, by which suite, where."""

from __future__ import annotations

import os
import platform
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from conformance.adapters import COMMAND, Implementation


def suite_version() -> str:
    """The version of the installed suite."""
    try:
        return version("glm-conformance")
    except PackageNotFoundError:
        return "uninstalled"


def run_line(implementation: Implementation, cases: int, checks: int, **more: Any) -> dict[str, Any]:
    """The record's first line; ``more`` are keys that only some runs have, and None is none."""
    return {
        "type": "run",
        "implementation": implementation.name,
        "version": implementation.version,
        "conventions": dict(implementation.conventions),
        "suite": suite_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cases": cases,
        "checks": checks,
        **{key: value for key, value in more.items() if value is not None},
    }


def source_of(name: str, implementation: Implementation) -> str | None:
    """The adapter's file, if it lies below the current folder (a checkout): where GitHub is to show what fails."""
    if name.startswith(COMMAND):
        words = shlex.split(name.removeprefix(COMMAND))
        files = (Path(word) for word in words if not Path(word).is_absolute() and Path(word).is_file())
        return next((shown for shown in map(in_checkout, files) if shown), None)
    found = implementation.file
    return None if found is None or "site-packages" in Path(found).parts else in_checkout(Path(found))


def in_checkout(path: Path) -> str | None:
    """``path`` from the root of the checkout, as GitHub takes it, else from the current folder; None if outside."""
    try:
        root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
        return path.resolve().relative_to(root).as_posix()
    except (OSError, ValueError):
        return None
