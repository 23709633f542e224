"""What each choice of a convention makes of the reference values.

A convention that is declared is respected; one that is not is offered as the explanation of a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.adapters.conventions import CONVENTIONS
from conformance.mathematics.family import family_of
from conformance.question.problem import Problem

Values = Mapping[str, Any]


def others(conventions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each (name, value) that could have been declared in place of one of ``conventions``."""
    for name, values in CONVENTIONS.items():
        yield from ((name, value) for value in values if value != conventions[name])


def under(reference: Values, problem: Problem, conventions: Mapping[str, str]) -> dict[str, Any]:
    """The reference values as ``conventions`` would have them reported; a value that nobody can tell is absent.

    ``reference`` holds R's meaning of every quantity, and beside it what else is known:
    dispersion_pearson, dispersion_deviance, dispersion_mle, standard_errors_observed, covariance_observed,
    leverages_observed, log_likelihood_pearson, log_likelihood_mle, null_deviance_constant.
    """
    with np.errstate(all="ignore"):  # a perfect fit has dispersion 0 and an infinite log-likelihood
        return {name: value for name, value in _under(reference, problem, conventions).items() if value is not None}


def _under(reference: Values, problem: Problem, conventions: Mapping[str, str]) -> dict[str, Any]:
    values = {k: v for k, v in reference.items() if v is not None}
    family = family_of(problem.family, problem.theta, problem.power)
    if "coefficients" not in values or "df_residual" not in values:
        return values
    w = problem.prior_weights
    rows, p = float(np.sum(problem.counts)), float(values["rank"])

    # 1. How many observations there are
    if conventions["zero_weights"] == "counted":
        rows = float(problem.n)
    if conventions["weights"] == "frequency" and problem.weights is not None:
        rows = float(np.sum(w))
    df = rows - p
    if df != values["df_residual"]:
        values["df_null"] = values["df_null"] + df - values["df_residual"]
        for name in ("dispersion_pearson", "dispersion_deviance"):
            if name in values:
                values[name] = values[name] * values["df_residual"] / df if df > 0 else np.nan
        closed = family.name in ("gaussian", "inverse_gaussian") and "deviance" in values  # else an equation's root
        values["dispersion_mle"] = values["deviance"] / rows if closed else None
        values["log_likelihood_mle"] = None  # it is at the other dispersion
        values["df_residual"] = df

    # 2. The dispersion, and with it the standard errors
    before = values.get("dispersion")
    choice = "dispersion_" + conventions["dispersion"]
    if family.name == "negative_binomial" and conventions["negative_binomial_dispersion"] == "one":
        values["dispersion"] = 1.0
    elif family.name == "negative_binomial" or family.known_dispersion is None:
        if values.get(choice) is not None:
            values["dispersion"] = values[choice]
        elif choice != "dispersion_pearson":
            values.pop("dispersion", None)
    if conventions["information"] == "observed":
        for name in ("standard_errors", "covariance", "leverages"):
            values[name] = values.get(name + "_observed")
    phi = values.get("dispersion")
    if phi is None or before is None:
        values["standard_errors"] = values["covariance"] = None
    elif phi != before:
        for name, factor in (("standard_errors", np.sqrt(phi / before)), ("covariance", phi / before)):
            if values.get(name) is not None:
                values[name] = values[name] * factor

    # 3. The log-likelihood, and with it AIC and BIC
    estimated = family.known_dispersion is None
    if estimated and conventions["log_likelihood_dispersion"] != "deviance_over_n":
        values["log_likelihood"] = values.get("log_likelihood_" + conventions["log_likelihood_dispersion"])
    if conventions["weights"] == "frequency" and problem.weights is not None and family.name == "gaussian":
        of_phi = values.get("dispersion_pearson") if conventions["log_likelihood_dispersion"] == "pearson" else None
        phi = values["deviance"] / rows if of_phi is None else of_phi  # of repeated rows, with no log of a weight
        rest = values["deviance"] / phi if phi > 0 else 0.0
        values["log_likelihood"] = -0.5 * (rows * np.log(2.0 * np.pi * phi) + rest)
    if values.get("log_likelihood") is not None:
        parameters = p + (estimated and conventions["aic"] == "with_dispersion")
        values["aic"] = 2.0 * parameters - 2.0 * values["log_likelihood"]
        values["bic"] = np.log(rows) * parameters - 2.0 * values["log_likelihood"]
    else:
        values["aic"] = values["bic"] = None

    # 4. The null model
    if not problem.intercept and conventions["null_model_without_intercept"] == "constant":
        values["null_deviance"] = values.get("null_deviance_constant")
        values["df_null"] = rows - 1.0
    return values
