"""Reference validation and conformance tests for generalized linear models.

The names below are loaded when they are first used: ``import conformance`` alone costs neither pandas nor scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.adapters.answer import Unsupported
    from conformance.mathematics.quantities import Fit
    from conformance.question.case import Case
    from conformance.question.problem import Problem

__all__ = ["Case", "Fit", "Problem", "Unsupported"]

_HOME = {
    "Case": "conformance.question.case",
    "Fit": "conformance.mathematics.quantities",
    "Problem": "conformance.question.problem",
    "Unsupported": "conformance.adapters.answer",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'conformance' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
