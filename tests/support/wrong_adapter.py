"""Adapters that are wrong on purpose, written as a user writes one: a file with a function ``fit``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

#: Right but for its deviance, by one in a hundred.
WRONG_DEVIANCE = """\
from conformance.fitter import fit as irls


def fit(problem):
    said = irls(problem)
    return dict(coefficients=said.coefficients, deviance=said.deviance * 1.01, converged=said.converged,
                warnings=list(said.warnings))
"""


def adapter(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str = WRONG_DEVIANCE) -> str:
    """``folder``/``name``.py with ``text``, and ``folder`` the working directory: what --implementation calls it."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    sys.modules.pop(name, None)
    return f"{name}:fit"
