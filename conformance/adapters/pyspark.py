"""Spark's GeneralizedLinearRegression, unpenalized, on a local master (Java 17 or later is needed).

https://spark.apache.org/docs/latest/ml-classification-regression.html#generalized-linear-regression
"""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import given, heard, only, slopes, some_column
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
    "inverse_gaussian": ("inverse_squared", "inverse", "identity", "log"),
    "tweedie": ("log",),
}
_LINK_POWER = {"inverse_squared": -2.0, "inverse": -1.0, "log": 0.0, "identity": 1.0}
_RESIDUALS = ("response", "pearson", "deviance", "working")


class PySpark:
    """GeneralizedLinearRegression(solver="irls", regParam=0, tol=1e-12); the inverse Gaussian is its Tweedie of 3."""

    name = "pyspark"
    #: aic of the summary: "2 * rank + the family's aic", where the Gaussian, gamma and Tweedie count the dispersion.
    #: https://spark.apache.org/docs/latest/api/python/reference/api/pyspark.ml.regression.GeneralizedLinearRegressionTrainingSummary.html
    conventions: ClassVar = {"zero_weights": "counted"}

    def __init__(self) -> None:
        import pyspark
        from pyspark.ml import linalg, regression
        from pyspark.sql import SparkSession

        session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        session = session.config("spark.driver.host", "localhost").config("spark.ui.showConsoleProgress", "false")
        self._spark = session.config("spark.log.level", "OFF").getOrCreate()
        self._regression, self._vector = regression.GeneralizedLinearRegression, linalg.Vectors.dense
        self.version: str = pyspark.__version__

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit a DataFrame of one partition, so that the rows keep their order."""
        only(problem, _LINKS)
        some_column(problem, "pyspark")
        columns = zip(slopes(problem), problem.y, problem.prior_weights, problem.offsets, strict=True)
        rows = [(self._vector(x), float(y), float(w), float(o)) for x, y, w, o in columns]
        frame = self._spark.createDataFrame(rows, ["features", "label", "w", "o"]).coalesce(1).cache()
        power = 3.0 if problem.family == "inverse_gaussian" else problem.power
        tweedie = {"family": "tweedie", "variancePower": power, "linkPower": _LINK_POWER.get(problem.link)}
        family = {"family": problem.family, "link": problem.link} if power is None else tweedie
        beside = given(weightCol=problem.weights, offsetCol=problem.offset)
        extra = {name: name[0] for name in beside}
        limit = 50 if problem.max_iterations is None else problem.max_iterations
        with heard() as warnings:
            regression = self._regression(
                solver="irls", regParam=0.0, tol=1e-12, maxIter=limit, fitIntercept=problem.intercept, **family, **extra
            )
            model = regression.fit(frame)
            said, slope = model.summary, model.coefficients.toArray()
            answer = {
                "coefficients": np.r_[model.intercept, slope] if problem.intercept else slope,
                "dispersion": said.dispersion,
                "deviance": said.deviance,
                "null_deviance": said.nullDeviance,
                "df_residual": said.degreesOfFreedom,
                "df_null": said.residualDegreeOfFreedomNull,
                "rank": said.rank,
                "iterations": said.numIterations,
                "fitted_values": [row[0] for row in said.predictions.select("prediction").collect()],
                **{f"{kind}_residuals": [row[0] for row in said.residuals(kind).collect()] for kind in _RESIDUALS},
            }
            with contextlib.suppress(Exception):  # "No Std. Error ... available" for a singular design
                answer["standard_errors"] = np.roll(said.coefficientStandardErrors, 1 if problem.intercept else 0)
            with contextlib.suppress(Exception):  # none for a Tweedie family, and trials beyond 2^31 overflow
                answer["aic"] = said.aic
        frame.unpersist()
        return {**answer, "warnings": warnings}
