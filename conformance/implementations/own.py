"""The suite's own IRLS, put to the same test as everybody's."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from conformance.fit import Fit
from conformance.irls import fit
from conformance.problem import Problem


class Irls:
    """``conformance.irls.fit``."""

    name = "irls"

    def __init__(self) -> None:
        try:
            self.version = version("glm-conformance")
        except PackageNotFoundError:  # a checkout that was not installed
            self.version = "uninstalled"

    def __call__(self, problem: Problem) -> Fit:
        """Fit by IRLS."""
        return fit(problem)
