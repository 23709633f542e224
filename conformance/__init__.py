"""Reference validation and conformance tests for generalized linear models."""

from conformance.case import Case
from conformance.fit import Fit, Unsupported
from conformance.problem import Problem

__all__ = ["Case", "Fit", "Problem", "Unsupported"]
