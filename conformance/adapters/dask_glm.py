"""dask-glm's Newton on dask arrays; it returns coefficients alone and says nothing of convergence.

https://dask-glm.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import heard, only
from conformance.question.problem import Problem

_LINKS = {"gaussian": ("identity",), "binomial": ("logit",), "poisson": ("log",)}
_FAMILY = {"gaussian": "Normal", "binomial": "Logistic", "poisson": "Poisson"}


class DaskGlm:
    """``dask_glm.algorithms.newton(X, y, tol=1e-14)``; the column of ones is part of X."""

    name = "dask-glm"
    #: Each step is numpy.linalg.lstsq of the Hessian, from 0: the solution of minimum norm.
    #: https://github.com/dask/dask-glm/blob/main/dask_glm/algorithms.py (newton)
    conventions: ClassVar = {"aliased": "minimum_norm"}

    def __init__(self) -> None:
        import dask.array
        from dask_glm import algorithms, families

        self._newton, self._families, self._array = algorithms.newton, families, dask.array.from_array
        self.version = version("dask-glm")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, in two blocks of rows."""
        only(problem, _LINKS, weights=False, offset=False, proportions=False)
        limit = 100 if problem.max_iterations is None else problem.max_iterations
        rows = max(1, (problem.n + 1) // 2)
        X = self._array(np.array(problem.X), chunks=(rows, problem.p))
        y = self._array(np.array(problem.y), chunks=rows)
        with heard() as warnings:
            family = getattr(self._families, _FAMILY[problem.family])
            beta = self._newton(X, y, max_iter=limit, tol=1e-14, family=family)
        return {"coefficients": np.asarray(beta), "warnings": warnings}
