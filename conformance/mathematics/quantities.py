"""The quantities that a fitted GLM reports, by name and shape; what is not reported is None, never a guess."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: The quantities by their shape: p, (p, p), n or a single number.
BY_COLUMN = ("coefficients", "standard_errors")
BY_ROW = (
    "fitted_values",
    "linear_predictors",
    "response_residuals",
    "pearson_residuals",
    "deviance_residuals",
    "working_residuals",
    "leverages",
)
SCALARS = (
    "dispersion",
    "deviance",
    "null_deviance",
    "log_likelihood",
    "aic",
    "bic",
    "df_residual",
    "df_null",
    "rank",
)


@dataclass(frozen=True)
class Iteration:
    """One line of a fit's trace: all of it at the coefficients before the step."""

    deviance: float
    max_change: float  # largest |delta_j|; 0 where no further step was taken
    score_norm: float  # largest |U_j| / sqrt(information_jj): the score in standard-error units
    condition: float  # of the information, in the 2-norm
    smallest_weight: float  # the smallest working weight of a row that counts


@dataclass(frozen=True)
class Fit:
    """The answer to a Problem of n rows and p columns.  Aliased coefficients are NaN; None means not reported."""

    coefficients: Array  # (p,)
    standard_errors: Array | None = None  # (p,)
    covariance: Array | None = None  # (p, p)
    dispersion: float | None = None
    deviance: float | None = None
    null_deviance: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    df_residual: float | None = None
    df_null: float | None = None
    rank: float | None = None
    fitted_values: Array | None = None  # (n,)
    linear_predictors: Array | None = None  # (n,)
    response_residuals: Array | None = None  # (n,)
    pearson_residuals: Array | None = None  # (n,)
    deviance_residuals: Array | None = None  # (n,)
    working_residuals: Array | None = None  # (n,)
    leverages: Array | None = None  # (n,)
    converged: bool | None = None
    iterations: int | None = None
    warnings: tuple[str, ...] = ()
    trace: tuple[Any, ...] = ()  # irls alone: one Iteration each

    @property
    def admits_trouble(self) -> bool:
        """Whether the fit says that something is wrong: converged = False, or any warning."""
        return self.converged is False or bool(self.warnings)


KEYS = tuple(field.name for field in fields(Fit))
