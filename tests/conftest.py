"""What all tests share: the library, and a mark for those that talk to R."""

from __future__ import annotations

import pytest

from conformance.library import Library


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.built_in()
