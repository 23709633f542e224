"""statsmodels' GLM as shipped (IRLS), with what it declares of its conventions."""

from __future__ import annotations

import contextlib
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import given, heard, only
from conformance.mathematics.family import PAIRS
from conformance.question.problem import Problem

_FAMILIES = {
    "gaussian": "Gaussian", "binomial": "Binomial", "poisson": "Poisson", "gamma": "Gamma",
    "inverse_gaussian": "InverseGaussian", "negative_binomial": "NegativeBinomial", "tweedie": "Tweedie",
}  # fmt: skip
_LINKS = {
    "identity": "Identity", "log": "Log", "logit": "Logit", "probit": "Probit", "cauchit": "Cauchy",
    "cloglog": "CLogLog", "inverse": "InversePower", "inverse_squared": "InverseSquared", "sqrt": "Sqrt",
}  # fmt: skip
#: families.Gaussian takes these links and raises ValueError for any other ("Invalid link for family").
_OFFERED = {**PAIRS, "gaussian": ("identity", "log", "inverse")}
#: https://www.statsmodels.org/stable/generated/statsmodels.genmod.generalized_linear_model.GLMResults.html
_ATTRIBUTES = {
    "coefficients": "params", "standard_errors": "bse", "dispersion": "scale", "deviance": "deviance",
    "null_deviance": "null_deviance", "log_likelihood": "llf", "aic": "aic", "bic": "bic_llf",
    "df_residual": "df_resid", "fitted_values": "fittedvalues", "response_residuals": "resid_response",
    "pearson_residuals": "resid_pearson", "deviance_residuals": "resid_deviance",
    "working_residuals": "resid_working", "converged": "converged",
}  # fmt: skip


class Statsmodels:
    """``statsmodels.api.GLM(...).fit()``: prior weights are its var_weights."""

    name = "statsmodels"
    #: aic is "-2 * llf + 2*(df_model + 1)", and null_deviance that "with a constant as the only regressor" (the page
    #: above); llf is at "the estimated scale" (generated/statsmodels.genmod.generalized_linear_model.GLMResults.
    #: llf_scaled.html); nobs counts the rows of weight 0; a step of IRLS is numpy.linalg.lstsq, of minimum norm:
    #: https://github.com/statsmodels/statsmodels/blob/main/statsmodels/regression/_tools.py
    conventions: ClassVar = {
        "aic": "without_dispersion",
        "log_likelihood_dispersion": {"gaussian/identity": "deviance_over_n", "*": "pearson"},
        "zero_weights": "counted",
        "aliased": "minimum_norm",
        "null_model_without_intercept": "constant",
    }

    def __init__(self) -> None:
        import statsmodels.api
        from statsmodels.tools.sm_exceptions import DomainWarning

        self._sm, self._of_every_link = statsmodels.api, DomainWarning  # but for the canonical one
        self.version = version("statsmodels")

    def model(self, problem: Problem) -> Any:
        """The GLM object."""
        arrays = given(offset=problem.offset, var_weights=problem.weights)
        return self._sm.GLM(problem.y, problem.X, family=self.family(problem), missing="raise", **arrays)

    def family(self, problem: Problem) -> Any:
        """The statsmodels family object with its link; its alpha is 1 / theta."""
        families = self._sm.families
        shape = {} if problem.theta is None else {"alpha": 1.0 / problem.theta}
        shape |= {} if problem.power is None else {"var_power": problem.power}
        link = getattr(families.links, _LINKS[problem.link])()
        return getattr(families, _FAMILIES[problem.family])(link, **shape)

    def fit(self, model: Any, problem: Problem) -> Any:
        """Its results, from fit()."""
        limit = {} if problem.max_iterations is None else {"maxiter": problem.max_iterations}
        return model.fit(start_params=problem.start, **limit)

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report what GLMResults has."""
        only(problem, _OFFERED, start=True)
        with heard(self._of_every_link) as warnings:
            answer = self.report(self.fit(self.model(problem), problem))
        return {**answer, "warnings": warnings}

    def report(self, result: Any) -> dict[str, Any]:
        """Every quantity that GLMResults has; one whose computation breaks down is not reported."""
        found: dict[str, Any] = {"df_null": result.nobs - 1, "rank": result.df_model + 1}
        breaks_down = contextlib.suppress(np.linalg.LinAlgError)  # pinv of NaN, e.g. leverages with zero weights
        for name, attribute in _ATTRIBUTES.items():
            with breaks_down if name != "null_deviance" else contextlib.suppress(ValueError):  # of another fit
                found[name] = getattr(result, attribute, None)
        with breaks_down:
            found["covariance"] = result.cov_params()
            observed = self.conventions.get("information") == "observed"  # as the covariance has it
            found["leverages"] = np.asarray(result.get_hat_matrix_diag(observed=observed))
        found["linear_predictors"] = result.predict(which="linear")
        found["iterations"] = getattr(result, "fit_history", {}).get("iteration")
        return found
