"""H2O's GLM, lambda = 0, with p-values: https://docs.h2o.ai/h2o/latest-stable/h2o-docs/data-science/glm.html.
It starts a server of its own (Java), which ends with the process.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd

from conformance.adapters.offers import columns, given, heard, only, some_column
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit",),
    "poisson": ("log", "identity"),
    "gamma": ("inverse", "identity", "log"),
    "negative_binomial": ("log", "identity"),
    "tweedie": ("log",),
}


class H2O:
    """H2OGeneralizedLinearEstimator(solver="IRLSM", lambda_=0, compute_p_values=True, standardize=False)."""

    name = "h2o"
    #: dispersion_parameter_method="pearson" (default "pearson"), which its log-likelihood and AIC take, of the link
    #: above; remove_collinear_columns=False refuses: "Found collinear columns in the dataset", but calc_like=True sets
    #: it for three families (GLM.java beside the file below).  Two have the weights of the observed information:
    #: GLMWeightsFun.computeWeights in
    #: https://github.com/h2oai/h2o-3/blob/master/h2o-algos/src/main/java/hex/glm/GLMModel.java
    conventions: ClassVar = {
        "log_likelihood_dispersion": "pearson",
        "aliased": {"gaussian": "dropped", "gamma": "dropped", "negative_binomial": "dropped", "*": "refused"},
        "information": {"negative_binomial": "observed", "tweedie": "observed", "*": "expected"},
    }

    def __init__(self) -> None:
        import h2o
        from h2o.estimators import H2OGeneralizedLinearEstimator

        h2o.init(nthreads=1, max_mem_size="2G", bind_to_localhost=True, verbose=False)
        h2o.no_progress()
        self._h2o, self._estimator = h2o, H2OGeneralizedLinearEstimator
        self.version: str = h2o.__version__

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit an H2OFrame."""
        only(problem, _LINKS, proportions=False, no_intercept=False)  # without: "IllegalArgument: unimplemented"
        some_column(problem, "h2o")
        X, beside = columns(problem), given(weights=problem.weights, offset=problem.offset)
        frame, names = pd.DataFrame({**X, "y": problem.y, **beside}), list(X)
        binomial = problem.family == "binomial"
        family = {"negative_binomial": "negativebinomial"}.get(problem.family, problem.family)
        extra: dict[str, Any] = {"link": problem.link}
        if problem.family == "tweedie":
            extra = {"tweedie_variance_power": problem.power, "tweedie_link_power": 0.0}
        if problem.theta is not None:
            extra["theta"] = 1.0 / problem.theta  # h2o's theta multiplies mu^2: V = mu + theta mu^2
            extra |= {"fix_dispersion_parameter": True, "init_dispersion_parameter": 1.0}
        extra |= {f"{name}_column": name for name in beside}
        with heard() as warnings:
            data = self._h2o.H2OFrame(frame, column_types={"y": "enum"} if binomial else None)
            model = self._estimator(
                family=family,
                solver="IRLSM",
                lambda_=0,
                standardize=False,
                compute_p_values=True,
                max_iterations=5000 if problem.max_iterations is None else problem.max_iterations,
                beta_epsilon=1e-14,
                objective_epsilon=1e-14,
                gradient_epsilon=1e-14,
                dispersion_parameter_method="pearson",
                calc_like=problem.family != "tweedie",  # there it changes the standard errors: finding 69
                **extra,
            )
            model.train(x=names, y="y", training_frame=data)
            table = model._model_json["output"]["coefficients_table"].as_data_frame().set_index("names")
            order = ["Intercept", *names]
            # the columns: predict, and for a binomial p0, p1; last StdErr
            mu = model.predict(data).as_data_frame(use_multi_thread=False)
            answer = {
                "coefficients": table["coefficients"].reindex(order).to_numpy(),
                "standard_errors": table["std_error"].reindex(order).to_numpy(),
                "deviance": float(model.residual_deviance()),
                "null_deviance": float(model.null_deviance()),
                "df_residual": model.residual_degrees_of_freedom(),
                "df_null": model.null_degrees_of_freedom(),
                "aic": float(model.aic()),
                "fitted_values": mu.iloc[:, 2 if binomial else 0].to_numpy(),
            }
            self._h2o.remove_all()
        always = ("H2ODependencyWarning", "UserWarning: This is the AIC function")  # said of every fit
        return {**answer, "warnings": [words for words in warnings if not words.startswith(always)]}
