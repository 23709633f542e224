"""RustyStats, a GLM in Rust: https://pricingfrontier.github.io/rustystats/."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import columns, given, heard, only
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log"),
    "binomial": ("logit",),
    "poisson": ("log", "identity"),
    "gamma": ("log", "identity"),
    "negative_binomial": ("log", "identity"),
    "tweedie": ("log",),
}
_FAMILY = {"negative_binomial": "negbinomial"}


class RustyStats:
    """glm_dict over the columns of the design matrix, tol=1e-14."""

    name = "rustystats"
    #: Its summary() shows them (https://pricingfrontier.github.io/rustystats/): the null deviance of a constant, the
    #: Pearson scale, an AIC of the coefficients; a singular design is refused ("matrix may be singular").
    conventions: ClassVar = {
        "negative_binomial_dispersion": "estimated",
        "null_model_without_intercept": "constant",
        "zero_weights": "counted",
        "log_likelihood_dispersion": "pearson",
        "aic": "without_dispersion",
        "aliased": "refused",
    }

    def __init__(self) -> None:
        import polars
        import rustystats

        self._frame, self._rs = polars.DataFrame, rustystats
        self.version: str = rustystats.__version__

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report what GLMModel has."""
        only(problem, _LINKS)
        X = columns(problem)
        extra = {"var_power": problem.power, "theta": problem.theta}
        with heard() as warnings:
            model = self._rs.glm_dict(
                "y",
                {name: {"type": "linear"} for name in X},
                self._frame({"y": np.array(problem.y), **X}),
                intercept=problem.intercept,
                family=_FAMILY.get(problem.family, problem.family),
                link=problem.link,
                **given(offset=problem.offset, weights=problem.weights),
                allow_extended_tweedie=problem.family == "tweedie",
                **{name: value for name, value in extra.items() if value is not None},
            )
            fit = model.fit(tol=1e-14, max_iter=problem.max_iterations or 200)
            phi, unscaled = float(fit.scale()), np.asarray(fit.cov_params_unscaled)
            answer = {
                "coefficients": fit.params,
                "standard_errors": fit.bse(),
                "covariance": phi * unscaled,
                "dispersion": phi,
                "deviance": fit.deviance,
                "null_deviance": fit.null_deviance(),
                "log_likelihood": fit.llf(),
                "aic": fit.aic(),
                "bic": fit.bic(),
                "df_residual": fit.df_resid,
                "fitted_values": fit.fittedvalues,
                "linear_predictors": fit.linear_predictor,
                "response_residuals": fit.resid_response(),
                "pearson_residuals": fit.resid_pearson(),
                "deviance_residuals": fit.resid_deviance(),
                "working_residuals": fit.resid_working(),
                "converged": bool(fit.converged),
                "iterations": int(fit.iterations),
            }
        return {**answer, "warnings": list(dict.fromkeys([*warnings, *map(str, fit.warnings)]))}
