"""glum's GeneralizedLinearRegressor, alpha = 0: https://glum.readthedocs.io/en/latest/glm.html."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import given, heard, only, slopes, some_column
from conformance.mathematics.family import family_of
from conformance.question.problem import Problem

_POSITIVE = ("poisson", "gamma", "inverse_gaussian", "negative_binomial")
_LINKS = {
    **dict.fromkeys(("gaussian", *_POSITIVE), ("log", "identity")),
    "binomial": ("logit", "cloglog"),
    "tweedie": ("log",),
}


class Glum:
    """alpha=0, solver="irls-ls", gradient_tol=1e-13; covariance_matrix(robust=False, dispersion=1 if known)."""

    name = "glum"
    #: "The non-robust covariance matrix is computed as the inverse of the Fisher information matrix"
    #: https://glum.readthedocs.io/en/latest/glm.html#glum.GeneralizedLinearRegressor.covariance_matrix; its dispersion
    #: divides by the sum of the weights less the parameters, its AIC is at the Pearson dispersion and counts none:
    #: https://github.com/Quantco/glum/blob/main/src/glum/_glm.py (covariance_matrix, _compute_information_criteria)
    conventions: ClassVar = {
        "weights": "frequency",
        "log_likelihood_dispersion": "pearson",
        "aic": "without_dispersion",
        "aliased": "minimum_norm",
    }

    def __init__(self) -> None:
        import glum

        self._glum = glum
        self.version: str = glum.__version__

    def _family(self, problem: Problem) -> Any:
        if problem.theta is not None:  # glum's theta multiplies mu^2: V = mu + theta mu^2
            return self._glum.NegativeBinomialDistribution(1.0 / problem.theta)
        if problem.power is not None:
            return self._glum.TweedieDistribution(problem.power)
        return problem.family.replace("_", ".")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit."""
        only(problem, _LINKS, start=True)
        some_column(problem, "glum")
        X = slopes(problem)
        extra = given(sample_weight=problem.weights, offset=problem.offset)
        with heard() as warnings:
            model = self._glum.GeneralizedLinearRegressor(
                alpha=0,
                family=self._family(problem),
                link=problem.link,
                solver="irls-ls",
                gradient_tol=1e-13,
                max_iter=problem.max_iterations or 100,
                fit_intercept=problem.intercept,
                **given(start_params=problem.start),
            )
            model.fit(X, problem.y, **extra)
            mu = model.predict(X, offset=problem.offset)
            family = model.family_instance
            phi = family_of(problem.family, problem.theta, problem.power).known_dispersion
            if phi is None:
                phi = float(family.dispersion(problem.y, mu, problem.weights, ddof=problem.p))
            answer: dict[str, Any] = {
                "coefficients": np.r_[model.intercept_, model.coef_] if problem.intercept else model.coef_,
                "dispersion": phi,
                "deviance": float(family.deviance(problem.y, mu, problem.weights)),
                "fitted_values": mu,
                "linear_predictors": model.linear_predictor(X, offset=problem.offset),
                "iterations": int(model.n_iter_),
            }
            with contextlib.suppress(np.linalg.LinAlgError, ValueError):  # "Cannot estimate standard errors."
                covariance = model.covariance_matrix(X, problem.y, **extra, robust=False, dispersion=phi)
                answer |= {"covariance": covariance, "standard_errors": np.sqrt(np.diag(covariance))}
            if hasattr(family, "log_likelihood"):
                answer["log_likelihood"] = float(family.log_likelihood(problem.y, mu, problem.weights, dispersion=phi))
                answer["aic"] = float(model.aic(X, problem.y, problem.weights))
                answer["bic"] = float(model.bic(X, problem.y, problem.weights))
        return {**answer, "warnings": warnings}
