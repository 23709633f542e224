"""A ReferenceChange: how a stored reference differs from what its source says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ReferenceChange:
    """How a stored reference differs from what its source says now."""

    case: str
    source: str
    state: str  # new | same | moved | broken | undecided
    digits: Mapping[str, float]  # by variant.quantity, only those with fewer than SAME_DIGITS or missing
    message: str = ""
