"""statsmodels' GLM as shipped (IRLS), with what it declares of its conventions."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from conformance.fit import Unsupported
from conformance.problem import Problem

_LINKS = {
    "identity": "Identity",
    "log": "Log",
    "logit": "Logit",
    "probit": "Probit",
    "cauchit": "Cauchy",
    "cloglog": "CLogLog",
    "inverse": "InversePower",
    "inverse_squared": "InverseSquared",
    "sqrt": "Sqrt",
}


class Statsmodels:
    """``statsmodels.api.GLM(...).fit()``: prior weights are its var_weights."""

    name = "statsmodels"
    #: GLMResults.aic leaves the dispersion out of the count; zero weights count as rows; a singular design gets the
    #: minimum-norm solution of pinv; the null model is a constant.  See GLMResults in statsmodels' documentation.
    conventions: ClassVar = {
        "aic": "without_dispersion",
        "log_likelihood_dispersion": {"gaussian/identity": "deviance_over_n", "*": "pearson"},
        "zero_weights": "counted",
        "aliased": "minimum_norm",
        "null_model_without_intercept": "constant",
    }

    def __init__(self) -> None:
        import statsmodels.api

        self._sm = statsmodels.api
        self.version = version("statsmodels")

    def family(self, problem: Problem) -> Any:
        """The statsmodels family object with its link."""
        families = self._sm.families
        if problem.link not in _LINKS:
            raise Unsupported(f"no link {problem.link}")
        link = getattr(families.links, _LINKS[problem.link])()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # statsmodels warns of every link that is not the canonical one
            match problem.family:
                case "gaussian":
                    return families.Gaussian(link)
                case "binomial":
                    return families.Binomial(link)
                case "poisson":
                    return families.Poisson(link)
                case "gamma":
                    return families.Gamma(link)
                case "inverse_gaussian":
                    return families.InverseGaussian(link)
                case "negative_binomial":
                    return families.NegativeBinomial(link, alpha=1.0 / float(problem.theta or 1.0))
                case "tweedie":
                    return families.Tweedie(link, var_power=problem.power)
        raise Unsupported(f"no family {problem.family}")

    def model(self, problem: Problem) -> Any:
        """The GLM object."""
        arguments = {"offset": problem.offset, "var_weights": problem.weights}
        given = {name: value for name, value in arguments.items() if value is not None}
        return self._sm.GLM(problem.y, problem.X, family=self.family(problem), missing="raise", **given)

    def fit(self, model: Any, problem: Problem) -> Any:
        """Its results, from fit()."""
        limit = {} if problem.max_iterations is None else {"maxiter": problem.max_iterations}
        return model.fit(start_params=problem.start, **limit)

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report what GLMResults has."""
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            report = self.report(self.fit(self.model(problem), problem))
        said = [f"{one.category.__name__}: {one.message}" for one in heard if _matters(one)]
        return {**report, "warnings": list(dict.fromkeys(said))}

    def report(self, result: Any) -> dict[str, Any]:
        """Every quantity that GLMResults has; one whose computation breaks down is not reported."""
        found: dict[str, Any] = {}
        for name, ask in _ASK.items():
            with contextlib.suppress(np.linalg.LinAlgError):  # pinv of NaN, e.g. leverages with zero weights
                found[name] = ask(result)
        return found


_ASK: dict[str, Callable[[Any], Any]] = {
    "coefficients": lambda result: result.params,
    "standard_errors": lambda result: result.bse,
    "covariance": lambda result: result.cov_params(),
    "dispersion": lambda result: float(result.scale),
    "deviance": lambda result: float(result.deviance),
    "null_deviance": lambda result: float(result.null_deviance),
    "log_likelihood": lambda result: float(result.llf),
    "aic": lambda result: float(result.aic),
    "bic": lambda result: float(result.bic_llf),
    "df_residual": lambda result: float(result.df_resid),
    "df_null": lambda result: float(result.nobs - 1),
    "rank": lambda result: float(result.df_model + 1),
    "fitted_values": lambda result: result.fittedvalues,
    "linear_predictors": lambda result: result.predict(which="linear"),
    "response_residuals": lambda result: result.resid_response,
    "pearson_residuals": lambda result: result.resid_pearson,
    "deviance_residuals": lambda result: result.resid_deviance,
    "working_residuals": lambda result: result.resid_working,
    "leverages": lambda result: np.asarray(result.get_hat_matrix_diag(observed=False)),
    "converged": lambda result: bool(result.converged) if hasattr(result, "converged") else None,
    "iterations": lambda result: int(result.fit_history["iteration"]) if hasattr(result, "fit_history") else None,
}


def _matters(one: warnings.WarningMessage) -> bool:
    """Whether a warning is about this fit, not about statsmodels' own future."""
    beside = issubclass(one.category, (FutureWarning, DeprecationWarning)) or one.category.__name__ == "DomainWarning"
    return not beside
