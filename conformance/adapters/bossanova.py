"""bossanova's model() without random effects, as it reports itself: https://pypi.org/project/bossanova/."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import columns, given, heard, only
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit"),
    "poisson": ("log",),
    "gamma": ("inverse", "log"),
}


class Bossanova:
    """model("y ~ x0 + x1 + ...", data, family, link).fit(tol=1e-14).infer(), over the columns of the design matrix."""

    name = "bossanova"
    #: compute_null_deviance: "Compute null deviance for the intercept-only model" (maths/solvers/glm.py of the wheel);
    #: fit/ols.py there: "df_resid: Residual degrees of freedom (n - rank)", n being all rows, those of weight 0 too.
    #: https://pypi.org/project/bossanova/
    conventions: ClassVar = {
        "null_model_without_intercept": {"gaussian/identity": "offset_only", "*": "constant"},
        "zero_weights": "counted",
    }

    def __init__(self) -> None:
        import bossanova
        import polars

        bossanova.set_backend("numpy")  # JAX compiles anew for every shape
        bossanova.set_display_digits(17)  # its data frames are rounded to 4 significant digits otherwise
        self._model, self._frame = bossanova.model, polars.DataFrame
        self.version = version("bossanova")

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit, and report the frames params, diagnostics and data."""
        only(problem, _LINKS)
        X, beside = columns(problem), given(weights=problem.weights, offset=problem.offset)
        data, names = self._frame({"y": np.array(problem.y), **X, **beside}), list(X)
        formula = "y ~ " + " + ".join(["1" if problem.intercept else "0", *names])
        limit = 200 if problem.max_iterations is None else problem.max_iterations
        least_squares = problem.family == "gaussian" and problem.link == "identity"
        options: dict[str, Any] = {} if least_squares else {"tol": 1e-14, "max_iter": limit}
        with heard() as warnings:
            model = self._model(formula, data, family=problem.family, link=problem.link)
            fit = model.fit(**{name: name for name in beside}, **options).infer()
            params, said = fit.params, fit.diagnostics.row(0, named=True)
            order = {name: j for j, name in enumerate(["Intercept", *names] if problem.intercept else names)}
            coefficients, errors = np.full(problem.p, np.nan), np.full(problem.p, np.nan)
            for term, estimate, error in params.select("term", "estimate", "se").iter_rows():
                coefficients[order[term]] = np.nan if estimate is None else estimate
                errors[order[term]] = np.nan if error is None else error
            rows = {"fitted_values": "fitted", "response_residuals": "resid", "leverages": "hat"}
            answer: dict[str, Any] = {
                "coefficients": coefficients,
                "standard_errors": errors,
                **{ours: fit.data[theirs].to_numpy() for ours, theirs in rows.items() if theirs in fit.data.columns},
                "converged": bool(fit._fit.converged),
                "iterations": int(fit._fit.n_iter),
            }
            for ours, theirs in _SAID.items():
                if said.get(theirs) is not None:
                    answer[ours] = float(said[theirs])
        return {**answer, "warnings": warnings}


_SAID = {
    "dispersion": "dispersion",
    "deviance": "deviance",
    "null_deviance": "null_deviance",
    "log_likelihood": "loglik",
    "aic": "aic",
    "bic": "bic",
    "df_residual": "df_resid",
}
