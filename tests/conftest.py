"""What all tests share: the library, and a mark for those that talk to R."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from conformance.question.library import Library

# pytest-xdist's workers load their numerical libraries after this: one thread each, or they fight for the processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.built_in()


@pytest.fixture(autouse=True)
def _children_load_our_libraries() -> Iterator[None]:
    """Tests that start R by themselves leave its LD_LIBRARY_PATH to the children of the next ones: take it away."""
    from conformance.adapters.r import library_path_as_before

    library_path_as_before(BEFORE)
    yield
    library_path_as_before(BEFORE)


@pytest.fixture(autouse=True)
def _no_ci_around_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a GitHub workflow the gate writes annotations and a summary by itself: not those of our tests' own runs."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


BEFORE = os.environ.get("LD_LIBRARY_PATH")
