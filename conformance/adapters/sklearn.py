"""scikit-learn's unpenalized GLMs: newton-cholesky and lbfgs.  They report no standard errors.

https://scikit-learn.org/stable/modules/linear_model.html#generalized-linear-models
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import heard, only, slopes, some_column
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log"),
    "binomial": ("logit",),
    "poisson": ("log", "identity"),
    "gamma": ("log", "identity"),
    "inverse_gaussian": ("log", "identity"),
    "tweedie": ("log",),
}
_POWER = {"gaussian": 0.0, "poisson": 1.0, "gamma": 2.0, "inverse_gaussian": 3.0}


class NewtonCholesky:
    """LogisticRegression(C=inf) and TweedieRegressor(alpha=0), solver="newton-cholesky"."""

    name, solver, tol = "scikit-learn", "newton-cholesky", 1e-12
    limit = 1000  # where its line search goes on and on, ten thousand steps are minutes, and as far off
    #: Collinear columns: "the solver ... falls back to lbfgs", whose answer from 0 has the minimum norm.
    #: https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.TweedieRegressor.html
    conventions: ClassVar = {"aliased": "minimum_norm"}

    def __init__(self) -> None:
        import sklearn.linear_model

        self._linear_model = sklearn.linear_model
        self.version: str = sklearn.__version__

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report the coefficients, the means and the linear predictors."""
        only(problem, _LINKS, offset=False, proportions=False)
        some_column(problem, "scikit-learn")
        shared: dict[str, Any] = {
            "solver": self.solver,
            "tol": self.tol,
            "max_iter": self.limit if problem.max_iterations is None else problem.max_iterations,
            "fit_intercept": problem.intercept,
        }
        binomial = problem.family == "binomial"
        if binomial:
            model = self._linear_model.LogisticRegression(C=np.inf, **shared)
        else:
            power = _POWER.get(problem.family, problem.power)
            model = self._linear_model.TweedieRegressor(power=power, link=problem.link, alpha=0.0, **shared)
        X = slopes(problem)
        with heard() as warnings:
            model.fit(X, problem.y, sample_weight=problem.weights)
            if binomial and list(model.classes_) != [0.0, 1.0]:
                raise ValueError(f"scikit-learn sees the classes {list(model.classes_)}")
            slope, constant = np.ravel(model.coef_), np.ravel(model.intercept_)
            answer: dict[str, Any] = {
                "coefficients": np.r_[constant, slope] if problem.intercept else slope,
                "fitted_values": model.predict_proba(X)[:, 1] if binomial else model.predict(X),
                "iterations": int(np.max(model.n_iter_)),
            }
            if binomial:
                answer["linear_predictors"] = model.decision_function(X)
        return {**answer, "warnings": warnings}


class Lbfgs(NewtonCholesky):
    """The same with scipy's L-BFGS, scikit-learn's default."""

    name, solver, limit = "scikit-learn-lbfgs", "lbfgs", 10_000
