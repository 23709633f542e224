"""firthmodels' logistic regression without Firth's penalty: https://github.com/jzluo/firthmodels."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import heard, only, slopes, some_column
from conformance.question.problem import Problem


class FirthModels:
    """FirthLogisticRegression(penalty_weight=0), "unpenalized maximum likelihood estimation", gtol=xtol=1e-10."""

    name = "firthmodels"
    #: A step with a singular information is numpy.linalg.lstsq, of minimum norm:
    #: https://github.com/jzluo/firthmodels/blob/main/src/firthmodels/_solvers.py
    conventions: ClassVar = {"aliased": "minimum_norm"}

    def __init__(self) -> None:
        import firthmodels

        self._logistic = firthmodels.FirthLogisticRegression
        self.version = version("firthmodels")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit; the intercept comes last in its standard errors."""
        only(problem, {"binomial": ("logit",)}, proportions=False)
        some_column(problem, "firthmodels")
        X = slopes(problem)
        limit = 1000 if problem.max_iterations is None else problem.max_iterations
        with heard() as warnings:
            model = self._logistic(
                penalty_weight=0.0, gtol=1e-10, xtol=1e-10, max_iter=limit, fit_intercept=problem.intercept
            )
            arguments = {"sample_weight": problem.weights, "offset": problem.offset}
            model.fit(X, np.array(problem.y), **{k: np.array(v) for k, v in arguments.items() if v is not None})
            slope, errors = np.ravel(model.coef_), np.ravel(model.bse_)
            answer = {
                "coefficients": np.r_[model.intercept_, slope] if problem.intercept else slope,
                "standard_errors": np.roll(errors, 1) if problem.intercept else errors,
                "log_likelihood": float(model.loglik_),
                "converged": bool(model.converged_),
                "iterations": int(model.n_iter_),
            }
            if problem.offset is None:
                answer["fitted_values"] = model.predict_proba(X)[:, 1]
        return {**answer, "warnings": warnings}
