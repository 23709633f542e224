"""pygam with linear terms and lam = 0, which is a GLM: https://pygam.readthedocs.io/en/latest/api/gam.html."""

from __future__ import annotations

import contextlib
import io
from functools import reduce
from importlib.metadata import version
from operator import add
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import heard, only, slopes, some_column
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "log"),
    "poisson": ("log", "identity"),
    "gamma": ("inverse", "identity", "log"),
    "inverse_gaussian": ("inverse_squared", "inverse", "identity", "log"),
}
_FAMILY = {"gaussian": "normal", "inverse_gaussian": "inv_gauss"}


class PyGam:
    """GAM(l(0, lam=0) + l(1, lam=0) + ...), tol=1e-14; it puts the intercept last, and says on paper what fails."""

    name = "pygam"
    #: "scale: scale/standard deviation of the distribution", from Pearson's X^2, and taken in the log-likelihood:
    #: https://pygam.readthedocs.io/en/latest/api/distributions.html; a step is numpy.linalg.svd, and n counts all rows:
    #: https://github.com/dswah/pyGAM/blob/main/pygam/pygam.py (_pirls, _estimate_model_statistics)
    conventions: ClassVar = {
        "log_likelihood_dispersion": "pearson",
        "zero_weights": "counted",
        "aliased": "minimum_norm",
    }

    def __init__(self) -> None:
        import pygam

        self._pygam = pygam
        self.version = version("pygam")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report pygam's statistics_."""
        only(problem, _LINKS, offset=False, proportions=False)
        some_column(problem, "pygam")
        X = slopes(problem)
        terms = reduce(add, [self._pygam.l(j, lam=0) for j in range(X.shape[1])])
        printed = io.StringIO()
        with heard() as warnings, contextlib.redirect_stdout(printed):
            model = self._pygam.GAM(
                terms,
                distribution=_FAMILY.get(problem.family, problem.family),
                link={"inverse_squared": "inv_squared"}.get(problem.link, problem.link),
                fit_intercept=problem.intercept,
                tol=1e-14,
                max_iter=200 if problem.max_iterations is None else problem.max_iterations,
            )
            model.fit(X, np.array(problem.y), weights=None if problem.weights is None else np.array(problem.weights))
            said, last = model.statistics_, 1 if problem.intercept else 0
            answer = {
                "coefficients": np.roll(model.coef_, last),
                "standard_errors": np.roll(said["se"], last),
                "covariance": np.roll(said["cov"], (last, last), (0, 1)),
                "dispersion": float(said["scale"]) ** 2,
                "log_likelihood": float(said["loglikelihood"]),
                "aic": float(said["AIC"]),
                "fitted_values": model.predict_mu(X),
                "iterations": len(model.logs_["diffs"]),
            }
        told = printed.getvalue().split("\n")  # "did not converge" is printed, not warned
        return {**answer, "warnings": [*warnings, *dict.fromkeys(line for line in told if line)]}
