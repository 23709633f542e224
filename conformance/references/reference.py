"""What is known of a case's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.proof.result import Uniqueness


@dataclass(frozen=True)
class Reference:
    """What is known of a case's answer.

    values       quantities in R's meaning, and the variants that `conventions.under` knows
    source       who says so, for messages ('proven to 40 digits', 'R 4.2.2, polished')
    uniqueness   whether the maximum is proven to be the only one; None where no proof says anything
    errors       for each quantity the error, elementwise, that rounding the data to doubles may make; absent: unknown
    r_polished   what R (polished) says of the same case: data, never the judge
    """

    values: Mapping[str, Any]
    source: str
    uniqueness: Uniqueness | None = None
    errors: Mapping[str, Any] = field(default_factory=dict)
    r_polished: Mapping[str, Any] = field(default_factory=dict)
