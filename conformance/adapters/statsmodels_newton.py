"""statsmodels' GLM with fit(method="newton"), started by three IRLS steps as it does itself."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from conformance.adapters.statsmodels import Statsmodels
from conformance.question.problem import Problem


class StatsmodelsNewton(Statsmodels):
    """``statsmodels.api.GLM(...).fit(method="newton")``; grouped data as (successes, failures).

    Its covariance is the inverse of the observed information (the Hessian), unless asked for cov_type="eim":
    https://www.statsmodels.org/stable/generated/statsmodels.genmod.generalized_linear_model.GLM.fit.html
    """

    name = "statsmodels-newton"
    conventions: ClassVar = {**Statsmodels.conventions, "information": "observed"}

    def model(self, problem: Problem) -> Any:
        """The GLM object; successes and failures in two columns, as ``families.Binomial`` asks."""
        if problem.successes is None:
            return super().model(problem)
        counts = np.column_stack([problem.successes, problem.prior_weights - problem.successes])
        given = {} if problem.offset is None else {"offset": problem.offset}
        return self._sm.GLM(counts, problem.X, family=self.family(problem), missing="raise", **given)

    def fit(self, model: Any, problem: Problem) -> Any:
        """Its results, from Newton's method."""
        limit = 200 if problem.max_iterations is None else problem.max_iterations
        return model.fit(method="newton", maxiter=limit, start_params=problem.start, disp=False)

    def report(self, result: Any) -> dict[str, Any]:
        """As for IRLS, with what Newton's method says of itself."""
        told = result.mle_retvals
        said = {"converged": bool(told["converged"]), "iterations": int(told["iterations"])}
        return {**super().report(result), **said}
