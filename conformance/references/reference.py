"""What is known of a case's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reference:
    """What is known of a case's answer.

    values       quantities in R's meaning, and the variants that `conventions.under` knows
    source       who says so, in words ('proven to 40 digits', 'R 4.2.2, polished')
    beside       what R (polished) says of the same case: data, never the judge
    errors       for each quantity the error, elementwise, that rounding the data to doubles may make; absent: unknown
    """

    values: Mapping[str, Any]
    source: str
    errors: Mapping[str, Any] = field(default_factory=dict)
    r_polished: Mapping[str, Any] = field(default_factory=dict)
