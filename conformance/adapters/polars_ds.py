"""polars-ds' GLM, IRLS in Rust; it reports coefficients alone.

https://polars-ds-extension.readthedocs.io/en/latest/linear_models.html
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from conformance.adapters.offers import heard, only
from conformance.question.problem import Problem

_LINKS = {"gaussian": ("identity",), "binomial": ("logit",), "poisson": ("log",), "gamma": ("inverse",)}


class PolarsDs:
    """GLM(solver="irls", tol=1e-14); the column of ones is part of X."""

    name = "polars-ds"

    def __init__(self) -> None:
        from polars_ds import linear_models

        self._glm = linear_models.GLM
        self.version = version("polars-ds")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit."""
        only(problem, _LINKS, weights=False, offset=False, proportions=False)
        limit = 200 if problem.max_iterations is None else problem.max_iterations
        X = np.array(problem.X)
        with heard() as warnings:
            model = self._glm(solver="irls", family=problem.family, max_iter=limit, tol=1e-14)
            model.fit(X, np.array(problem.y))
            answer = {"coefficients": np.ravel(model.coeffs())}  # 0.13.0: predict(X) raises AttributeError
        return {**answer, "warnings": warnings}
