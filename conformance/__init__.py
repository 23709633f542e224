"""Reference validation and conformance tests for generalized linear models."""

from conformance.adapters.answer import Unsupported
from conformance.mathematics.quantities import Fit
from conformance.question.case import Case
from conformance.question.problem import Problem

__all__ = ["Case", "Fit", "Problem", "Unsupported"]
