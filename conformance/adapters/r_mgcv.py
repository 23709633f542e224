"""R's mgcv::gam without a smooth term, which is a GLM with the same families and links."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.adapters.answer import Unsupported
from conformance.adapters.offers import only
from conformance.adapters.r import define, report
from conformance.mathematics.family import PAIRS
from conformance.question.problem import Problem

_SOURCE = """
report_mgcv <- function(X, y, weights, offset, family, link, theta, power, start, max_iterations, intercept) {
  limit <- if (is.null(max_iterations)) 500 else max_iterations
  # epsilon bounds the gradient too, over the deviance: 1e-14 is below its rounding, and no fit would call itself
  # converged.  rank.tol is that of Gaussian models, by default 1.5e-8; gam.fit3 has this one for all others.
  control <- mgcv::gam.control(epsilon = 1e-10, maxit = limit, rank.tol = 100 * .Machine$double.eps,
    scale.est = "pearson")
  distribution <- switch(family,
    negative_binomial = mgcv::negbin(theta, link = link),
    tweedie = mgcv::Tweedie(p = power, link = "log"),
    family_of(family, link, theta, power))
  call <- caller(quote(mgcv::gam), X, y, weights, offset, intercept)
  done <- heard(call(family = distribution, start = start, method = "GCV.Cp", control = control,
    drop.unused.levels = FALSE))
  answer <- report_of(done, freq = TRUE)
  answer["leverages"] <- list(if (length(done$value$hat) == length(y)) as.numeric(done$value$hat))
  answer
}
"""


class Mgcv:
    """gam(y ~ X), control = gam.control(epsilon = 1e-10, scale.est = "pearson"), covariance with freq = TRUE."""

    name = "r-mgcv"
    #: scale.est: 'How to estimate the scale parameter ... "fletcher" (default) ... "pearson" ... "deviance"'
    #: https://stat.ethz.ch/R-manual/R-devel/library/mgcv/html/gam.control.html; null.deviance: "deviance for single
    #: parameter model", https://stat.ethz.ch/R-manual/R-devel/library/mgcv/html/gamObject.html, but for the Gaussian
    #: with the identity link.  df.residual is nrow(X) - sum(edf), rows of weight 0 among them, and the family's aic is
    #: taken at the estimated scale: https://github.com/cran/mgcv/blob/master/R/mgcv.r (gam, gam.fit).  A rank
    #: deficient model matrix is solved by a truncated decomposition, whose answer has the minimum norm.
    conventions: ClassVar = {
        "log_likelihood_dispersion": {"gamma": "pearson", "*": "deviance_over_n"},
        "null_model_without_intercept": {"gaussian/identity": "offset_only", "*": "constant"},
        "zero_weights": "counted",
        "aliased": "minimum_norm",
    }

    def __init__(self) -> None:
        self.version = define(_SOURCE, "mgcv")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit."""
        only(problem, PAIRS, start=True)
        if problem.power is not None and not 1.0 < problem.power <= 2.0:
            raise Unsupported(f"no Tweedie family of power {problem.power:g}: 1 < p <= 2")
        return report(problem, "report_mgcv")
