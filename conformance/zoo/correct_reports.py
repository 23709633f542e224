"""Correct fitters that say it another way: fewer quantities, other types, more words, a refusal for a warning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import xlogy

from conformance.adapters.answer import Unsupported
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import got
from conformance.zoo.making import reports
from conformance.zoo.registry import correct
from conformance.zoo.remembered import fit

RESIDUALS = ("response_residuals", "pearson_residuals", "deviance_residuals", "working_residuals")


@correct("deviance-by-subtraction", says="the deviance as 2 (l(y) - l(mu)): loses what the textbook formula loses")
@reports("deviance")
def deviance_by_subtraction(problem: Problem, answer: Fit, right: float) -> float:
    if problem.family not in ("poisson", "binomial"):
        return right
    w, y, mu = problem.prior_weights, problem.y, got(answer.fitted_values)
    nu, used = tools.link(problem).complement(got(answer.linear_predictors)), w > 0

    def log_likelihood(mu: Array, nu: Array) -> float:
        """What is free of mu cancels, and is left out."""
        first = xlogy(y, mu)
        return float(np.sum((w * (first - mu if problem.family == "poisson" else first + xlogy(1.0 - y, nu)))[used]))

    return 2.0 * (log_likelihood(y, 1.0 - y) - log_likelihood(mu, nu))


@correct("coefficients-only", says="reports nothing but coefficients and whether it converged")
def coefficients_only(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    return {"coefficients": answer.coefficients, "converged": answer.converged}


@correct("coefficients-alone", says="reports nothing but coefficients; trouble is an exception")
def coefficients_alone(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    if answer.admits_trouble and problem.max_iterations is None and problem.start is None:
        raise ArithmeticError("; ".join(answer.warnings))
    return {"coefficients": answer.coefficients, "warnings": list(answer.warnings)}


@correct("lists-for-arrays", says="lists and Python numbers for arrays")
def lists_for_arrays(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    shown: dict[str, object] = {}
    for name in ("coefficients", "standard_errors", "covariance", "fitted_values", "leverages", *RESIDUALS):
        value = getattr(answer, name)
        shown[name] = None if value is None else value.tolist()
    for name in ("deviance", "null_deviance", "dispersion", "aic", "df_residual", "rank"):
        shown[name] = getattr(answer, name)
    return {**shown, "converged": bool(answer.converged), "warnings": list(answer.warnings)}


@correct("integer-df", says="counts as Python integers, flags as numpy booleans")
def integer_df(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    return {
        "coefficients": answer.coefficients,
        "df_residual": int(got(answer.df_residual)),
        "rank": np.int64(got(answer.rank)),
        "converged": np.bool_(answer.converged),
    }


@correct("chatty", says="warns about everything, and is right")
def chatty(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, warnings=(*answer.warnings, "this is not financial advice"))


@correct("separation-refused", says="separated data, and whatever else does not converge, are refused")
def separation_refused(problem: Problem) -> Fit:
    answer = fit(problem)
    if not answer.converged and problem.max_iterations is None:
        raise ArithmeticError(answer.warnings[0])
    return answer


@correct(
    "logistic-alone",
    says="Unsupported for all but the binomial with logit link, without an offset",
    leaves=None,
)
def logistic_alone(problem: Problem) -> Fit:
    if (problem.family, problem.link) != ("binomial", "logit") or problem.offset is not None:
        raise Unsupported("logistic regression without an offset only")
    return fit(problem)
