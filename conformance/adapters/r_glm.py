"""R's glm, live through rpy2: polished to its fixed point (r-glm), with tight control, and as shipped."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.adapters.answer import Unsupported
from conformance.adapters.r import Mode, describe, r_glm
from conformance.mathematics.family import PAIRS
from conformance.mathematics.link import LINKS
from conformance.question.problem import Problem


class _RGlm:
    mode: Mode
    #: summary.glm estimates the dispersion of MASS::negative.binomial(theta), which is no "poisson" nor "binomial".
    conventions: ClassVar = {"negative_binomial_dispersion": "estimated"}

    def __init__(self) -> None:
        self.version = describe()["R"]

    def __call__(self, problem: Problem) -> dict[str, Any]:
        if problem.family not in PAIRS or problem.link not in LINKS:
            raise Unsupported(f"no family {problem.family!r} with link {problem.link!r}")
        return r_glm(problem, self.mode)


class Polished(_RGlm):
    """glm.fit(start = coef, maxit = 1) until the coefficients stop moving: what R's own arithmetic can do."""

    name, mode = "r-glm", "polished"


class Tight(_RGlm):
    """glm.control(epsilon = 1e-14, maxit = 200)."""

    name, mode = "r-glm-tight", "tight"


class AsShipped(_RGlm):
    """glm with its default control: epsilon 1e-8 on the deviance, 25 iterations."""

    name, mode = "r-glm-default", "as_shipped"
