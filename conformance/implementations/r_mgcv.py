"""R's mgcv::gam without a smooth term, which is a GLM with the same families and links."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.family import PAIRS
from conformance.implementations.offers import only
from conformance.problem import Problem
from conformance.references.r import define, report

_SOURCE = """
report_mgcv <- function(X, y, weights, offset, family, link, theta, power, start, max_iterations, intercept) {
  limit <- if (is.null(max_iterations)) 500 else max_iterations
  control <- mgcv::gam.control(epsilon = 1e-14, maxit = limit, mgcv.tol = 1e-14, scale.est = "pearson")
  frame <- list(.y = y, .X = X, .w = if (is.null(weights)) rep(1, length(y)) else weights)
  frame$.o <- if (is.null(offset)) rep(0, length(y)) else offset
  rhs <- if (!intercept) ".X - 1" else if (ncol(X) > 1) ".X" else "1"
  frame$.X <- if (intercept) X[, -1, drop = FALSE] else X
  distribution <- switch(family,
    negative_binomial = mgcv::negbin(theta, link = link),
    tweedie = mgcv::Tweedie(p = power, link = "log"),
    family_of(family, link, theta, power))
  done <- heard(mgcv::gam(as.formula(paste(".y ~", rhs)), family = distribution, data = frame, weights = .w,
    offset = .o, start = start, na.action = na.fail, method = "GCV.Cp", control = control, drop.unused.levels = FALSE))
  fit <- done$value
  summary <- quiet(summary(fit, freq = TRUE))
  covariance <- quiet(vcov(fit, freq = TRUE))
  list(
    coefficients = unname(coef(fit)),
    standard_errors = if (!is.null(covariance)) unname(sqrt(diag(covariance))),
    covariance = unname(covariance),
    dispersion = summary$dispersion,
    deviance = deviance(fit),
    null_deviance = fit$null.deviance,
    log_likelihood = quiet(as.numeric(logLik(fit))),
    aic = quiet(AIC(fit)),
    bic = quiet(BIC(fit)),
    df_residual = df.residual(fit),
    df_null = fit$df.null,
    rank = fit$rank,
    fitted_values = as.numeric(fitted(fit)),
    linear_predictors = as.numeric(fit$linear.predictors),
    response_residuals = as.numeric(residuals(fit, type = "response")),
    pearson_residuals = as.numeric(residuals(fit, type = "pearson")),
    deviance_residuals = as.numeric(quiet(residuals(fit, type = "deviance"))),
    working_residuals = as.numeric(residuals(fit, type = "working")),
    leverages = if (length(fit$hat) == length(y)) as.numeric(fit$hat),
    converged = fit$converged,
    iterations = fit$iter,
    warnings = done$warnings)
}
"""


class Mgcv:
    """gam(y ~ X), control = gam.control(epsilon = 1e-14, scale.est = "pearson"), covariance with freq = TRUE."""

    name = "r-mgcv"
    #: scale.est: 'How to estimate the scale parameter ... "fletcher" (default) ... "pearson" ... "deviance"'
    #: https://stat.ethz.ch/R-manual/R-devel/library/mgcv/html/gam.control.html; null.deviance: "deviance for single
    #: parameter model", https://stat.ethz.ch/R-manual/R-devel/library/mgcv/html/gamObject.html.  A rank deficient
    #: model matrix is solved by a truncated decomposition, whose answer has the minimum norm.
    conventions: ClassVar = {"null_model_without_intercept": "constant", "aliased": "minimum_norm"}

    def __init__(self) -> None:
        self.version = define(_SOURCE, "mgcv")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit."""
        only(problem, PAIRS, start=True)
        return report(problem, "report_mgcv")
