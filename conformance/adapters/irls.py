"""The suite's own IRLS, put to the same test as everybody's."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from conformance.adapters.answer import Unsupported
from conformance.fitter import fit
from conformance.mathematics.family import PAIRS
from conformance.mathematics.link import LINKS
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem


class Irls:
    """``conformance.fitter.irls.fit``."""

    name = "irls"

    def __init__(self) -> None:
        try:
            self.version = version("glm-conformance")
        except PackageNotFoundError:  # a checkout that was not installed
            self.version = "uninstalled"

    def __call__(self, problem: Problem) -> Fit:
        """Fit by IRLS; Unsupported for a family or link that is none of ours."""
        if problem.family not in PAIRS or problem.link not in LINKS:
            raise Unsupported(f"no family {problem.family!r} with link {problem.link!r}")
        return fit(problem)
