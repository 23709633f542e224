"""R's brglm2, type = "ML": glm with method = "brglmFit", which then maximises the likelihood, without adjustment."""

from __future__ import annotations

from typing import Any, ClassVar

from conformance.implementations.offers import only
from conformance.problem import Problem
from conformance.references.r import define, report

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
  frame <- list(.y = y, .X = X, .w = if (is.null(weights)) rep(1, length(y)) else weights)
  frame$.o <- if (is.null(offset)) rep(0, length(y)) else offset
  rhs <- if (!intercept) ".X - 1" else if (ncol(X) > 1) ".X" else "1"
  frame$.X <- if (intercept) X[, -1, drop = FALSE] else X
  done <- heard(glm(as.formula(paste(".y ~", rhs)), family = family_of(family, link, theta, power), data = frame,
    weights = .w, offset = .o, start = start, na.action = na.fail, method = brglm2::brglmFit, control = control))
  fit <- done$value
  summary <- quiet(summary(fit))
  covariance <- quiet(vcov(fit, complete = TRUE))
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
    fitted_values = unname(fitted(fit)),
    linear_predictors = unname(fit$linear.predictors),
    response_residuals = unname(residuals(fit, type = "response")),
    pearson_residuals = unname(residuals(fit, type = "pearson")),
    deviance_residuals = unname(quiet(residuals(fit, type = "deviance"))),
    working_residuals = unname(residuals(fit, type = "working")),
    leverages = leverages_of(fit),
    converged = fit$converged,
    iterations = fit$iter,
    warnings = done$warnings)
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
