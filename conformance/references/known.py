"""What is known of a case's answer: the best stored reference, as the checks want it."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import Case
from conformance.library import Library
from conformance.references import store
from conformance.trial import Reference


def reference_of(library: Library, case: Case) -> Reference:
    """The reference that ``case`` is graded by; StaleReference says which command makes or mends it."""
    if not case.has_estimate:
        return Reference({}, "none: the case has no estimate")
    stored = store.read(library, "r", case)
    if "refused" in stored["polished"]:
        return Reference({}, f"none: {stored['polished']['refused']}")
    values = store.quantities(stored["polished"])
    return Reference(with_dispersions(values, case), f"{stored['generator']['R']}, polished")


def with_dispersions(values: dict[str, Any], case: Case) -> dict[str, Any]:
    """``values`` and beside them the dispersions that other conventions report, from R's own X^2 and deviance."""
    df, w = values["df_residual"], case.problem().prior_weights
    chi2 = float(np.sum(values["pearson_residuals"][w > 0] ** 2))
    with np.errstate(all="ignore"):
        values["dispersion_pearson"] = np.divide(chi2, df)
        values["dispersion_deviance"] = np.divide(values["deviance"], df)
    if case.family == "gaussian":
        values["dispersion_mle"] = values["deviance"] / np.sum(w > 0)
    return values
