"""pyfixest without fixed effects: fepois, feglm (logit, probit, Gaussian) and, for weighted data, feols.

https://pyfixest.org/reference/estimation.api.feglm.feglm.html
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from conformance.adapters.answer import Unsupported
from conformance.adapters.offers import columns, given, heard, only, some_column
from conformance.question.problem import Problem

_LINKS = {"gaussian": ("identity",), "binomial": ("logit", "probit"), "poisson": ("log",)}


class Pyfixest:
    """vcov="iid" without pyfixest's factor (N - 1) / (N - k), but for feols, whose iid needs it to divide by N - k.

    https://pyfixest.org/reference/estimation.api.utils.ssc.html
    """

    name = "pyfixest"

    def __init__(self) -> None:
        import pyfixest

        self._pf = pyfixest
        self.version = version("pyfixest")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit from a formula over the columns of the design matrix, called x0, x1, ..."""
        poisson, weighted = problem.family == "poisson", problem.weights is not None
        only(problem, _LINKS, proportions=False, offset=poisson, weights=problem.family != "binomial")
        some_column(problem, "pyfixest")
        if weighted and np.any(problem.prior_weights == 0.0):
            raise Unsupported("weights above 0 only")
        X, beside = columns(problem), given(weights=problem.weights, offset=problem.offset)
        data, names = pd.DataFrame({**X, "y": problem.y, **beside}), list(X)
        formula = "y ~ " + " + ".join(names if problem.intercept else ["0", *names])
        least_squares = problem.family == "gaussian" and weighted
        shared: dict[str, Any] = {
            "vcov": "iid",
            "ssc": self._pf.ssc(k_adj=least_squares, G_adj=False),
            "collin_tol": 1e-14,
        }
        shared |= {name: name for name in beside}
        if least_squares and problem.max_iterations is not None:
            raise Unsupported("no limit of the iterations")
        if not least_squares:
            shared["iwls_tol"] = 1e-14
            shared["iwls_maxiter"] = 200 if problem.max_iterations is None else problem.max_iterations
        with heard() as warnings:
            if least_squares:
                fit = self._pf.feols(formula, data, **shared)
            elif poisson:
                fit = self._pf.fepois(formula, data, **shared)
            else:
                family = "gaussian" if problem.family == "gaussian" else problem.link
                fit = self._pf.feglm(formula, data, family=family, **shared)
            answer: dict[str, Any] = {"coefficients": np.full(problem.p, np.nan)}
            order = ["Intercept", *names] if problem.intercept else names
            kept = [order.index(name) for name in fit.coef().index]
            answer["coefficients"][kept] = fit.coef().to_numpy()
            covariance = np.full((problem.p, problem.p), np.nan)
            covariance[np.ix_(kept, kept)] = fit._vcov
            answer |= {"covariance": covariance, "standard_errors": np.sqrt(np.diag(covariance))}
            if problem.n == fit._N:  # it drops rows, and says so
                answer["fitted_values"] = np.ravel(fit.predict(type="response"))
                answer["linear_predictors"] = np.ravel(fit.predict(type="link"))
            if not least_squares:
                answer |= {"deviance": float(fit.deviance), "converged": bool(fit.convergence)}
            if poisson:
                answer["log_likelihood"] = float(fit._loglik)
        return {**answer, "warnings": warnings}
