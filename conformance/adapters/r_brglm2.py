"""R's brglm2, type = "ML": glm with method = "brglmFit", which then maximises the likelihood, without adjustment."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.adapters.offers import only
from conformance.adapters.r import define, report
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cauchit", "log", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
    "inverse_gaussian": ("inverse_squared", "inverse", "identity", "log"),
}

_SOURCE = """
report_brglm2 <- function(X, y, weights, offset, family, link, theta, power, start, max_iterations, intercept) {
  limit <- if (is.null(max_iterations)) 1000 else max_iterations
  control <- brglm2::brglmControl(type = "ML", epsilon = 1e-12, maxit = limit)
  call <- caller(quote(glm), X, y, weights, offset, intercept)
  report_of(heard(call(family = family_of(family, link, theta, power), start = start, method = brglm2::brglmFit,
    control = control)))
}
"""


class Brglm2:
    """glm(..., method = "brglmFit", control = list(type = "ML", epsilon = 1e-12, maxit = 1000))."""

    name = "r-brglm2"
    #: "the maximum likelihood estimates of the regression parameters and dispersion": the summary's dispersion is ML.
    #: https://cran.r-project.org/web/packages/brglm2/brglm2.pdf (brglmFit, Details)
    conventions: ClassVar = {"dispersion": "mle"}

    def __init__(self) -> None:
        self.version = define(_SOURCE, "brglm2")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit."""
        only(problem, _LINKS, start=True)
        return report(problem, "report_brglm2")
