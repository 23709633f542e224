"""Conventions: where packages rightly differ, and what each choice makes of the reference values.

A convention that is declared is respected; one that is not is offered as the explanation of a failure.
R's choice comes first and is the default.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.errors import ImplementationError
from conformance.mathematics.family import PAIRS, family_of
from conformance.question.problem import Problem

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "dispersion": ("pearson", "deviance", "mle"),
    "information": ("expected", "observed"),
    "aic": ("with_dispersion", "without_dispersion"),
    "log_likelihood_dispersion": ("deviance_over_n", "pearson", "mle"),
    "null_model_without_intercept": ("offset_only", "constant"),
    "zero_weights": ("excluded", "counted"),
    "weights": ("prior", "frequency"),
    "aliased": ("dropped", "minimum_norm", "refused"),
    "negative_binomial_dispersion": ("one", "estimated"),
}

DEFAULTS: dict[str, str] = {name: values[0] for name, values in CONVENTIONS.items()}

#: In a mapping of families to values: every other family.
EVERY = "*"

#: What a mapping may name.
MODELS = (*PAIRS, *(f"{family}/{link}" for family, links in PAIRS.items() for link in links), EVERY)

Values = Mapping[str, Any]
Declared = str | Mapping[str, str]  # one value, or one for each family


def declared(conventions: Mapping[str, Declared] | None) -> dict[str, Declared]:
    """``conventions`` over the defaults; ImplementationError for a name or a value that is none.

    A value is one for all families, or a mapping of families (or of families with a link) to values, in which "*"
    stands for the rest: {"log_likelihood_dispersion": {"gaussian/identity": "deviance_over_n", "*": "pearson"}}.
    """
    if conventions is not None and not isinstance(conventions, Mapping):
        raise ImplementationError(f"conventions must be a mapping of names to values, found {conventions!r}")
    for name, value in (conventions or {}).items():
        if name not in CONVENTIONS:
            near = difflib.get_close_matches(str(name), CONVENTIONS, 1)
            raise ImplementationError(f"unknown convention {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        by_family = value if isinstance(value, Mapping) else {EVERY: value}
        for family, one in by_family.items():
            if family not in MODELS:
                families = " | ".join(PAIRS)
                raise ImplementationError(
                    f"convention {name} is declared for family {family!r}; it may be {families} | {EVERY}, or a family "
                    "with one of its links, such as gaussian/log"
                )
            if one not in CONVENTIONS[name]:
                choices = " | ".join(CONVENTIONS[name])
                raise ImplementationError(f"convention {name} is declared as {one!r}; it may be {choices}")
    return {**DEFAULTS, **(conventions or {})}


def of_model(conventions: Mapping[str, Declared], family: str, link: str) -> dict[str, str]:
    """What ``conventions`` say of one family and link: a value each, R's where a mapping leaves it out."""
    return {
        name: value
        if isinstance(value, str)
        else next((value[key] for key in (f"{family}/{link}", family, EVERY) if key in value), DEFAULTS[name])
        for name, value in conventions.items()
    }


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
    rows, p = float(np.sum(w > 0)), float(values["rank"])

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
