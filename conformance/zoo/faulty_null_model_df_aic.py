"""Faults of the null model, the degrees of freedom and the information criteria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.fitter.summary import null_deviance
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import got, parameters, with_log_likelihood, with_more_parameters
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit

# ------------------------------------------------------------------------------- the null model


@fault(
    "null-model-without-offset",
    thread="statsmodels#4597",
    says="the null deviance is that of a model without the offset",
    cause=r"null model without the offset|offset",
)
@reports("null_deviance")
def null_model_without_offset(problem: Problem, answer: Fit, right: float) -> float:
    return right if problem.offset is None else null_deviance(replace(problem, offset=None))


@fault(
    "null-model-without-weights",
    thread="fixest#155",
    says="the null model's mean ignores the prior weights",
    cause=r"null model without the (prior )?weights|weights",
)
@reports("null_deviance")
def null_model_without_weights(problem: Problem, answer: Fit, right: float) -> float | None:
    if problem.weights is None or not problem.intercept:
        return right
    used = problem.prior_weights > 0
    bare = replace(
        problem,
        X=np.ones((int(used.sum()), 1)),
        y=problem.y[used],
        offset=None if problem.offset is None else problem.offset[used],
        weights=None,
        successes=None,
        names=("(Intercept)",),
        start=None,
        max_iterations=None,
    )
    return fit(bare).deviance


def _null_deviance_at_the_mean_by(problem: Problem, weights: Array) -> float:
    """The deviance, with the prior weights as they are, at the mean of y by other ``weights``."""
    y, mu = problem.y, np.full(problem.n, np.average(problem.y, weights=weights))
    d = problem.prior_weights * tools.family(problem).unit_deviance(y, mu, 1.0 - mu)
    return float(np.sum(d[problem.prior_weights > 0]))


@fault(
    "null-model-mean-without-weights",
    thread="fixest#155",
    says="the null model's mean ignores the weights, its deviance does not",
    cause=r"null model.*weights|weights.*null model|without its prior weights",
)
@reports("null_deviance")
def null_model_mean_without_weights(problem: Problem, answer: Fit, right: float) -> float:
    if problem.weights is None or problem.offset is not None or not problem.intercept:
        return right
    return _null_deviance_at_the_mean_by(problem, np.where(problem.prior_weights > 0, 1.0, 0.0))


@fault(
    "null-deviance-not-from-weights-of-zero",
    thread="a common slip, without a thread",
    says="rows of weight 0 count in the null model's mean",
    cause=r"weight 0|weights",
)
@reports("null_deviance")
def null_deviance_not_from_weights_of_zero(problem: Problem, answer: Fit, right: float) -> float:
    w = problem.prior_weights
    if np.all(w > 0) or not problem.intercept or problem.offset is not None:
        return right
    return _null_deviance_at_the_mean_by(problem, np.where(w > 0, w, 1.0))


# ------------------------------------------------------------------------------- degrees of freedom


@fault(
    "df-null-without-intercept",
    thread="GLM.jl#263",
    says="df_null is the number of rows, intercept or not",
    cause=r"one (more|too many)|intercept|n rows|number of rows",
)
@reports("df_null")
def df_null_without_intercept(problem: Problem, answer: Fit, right: float) -> float:
    return tools.counted(problem)


@fault(
    "df-from-columns-not-rank",
    thread="GLM.jl#263",
    says="degrees of freedom count the aliased columns too",
    cause=r"number of columns|aliased",
)
def df_from_columns_not_rank(problem: Problem) -> Fit:
    return replace(fit(problem), df_residual=tools.counted(problem) - problem.p, rank=problem.p)


@fault(
    "zero-weight-rows-counted",
    thread="R before 2.14.1",
    says="rows of weight 0 count in the degrees of freedom, not declared",
    cause=r"zero_weights: counted",
)
def zero_weight_rows_counted(problem: Problem) -> Fit:
    answer, extra = fit(problem), problem.n - tools.counted(problem)
    return replace(answer, df_residual=got(answer.df_residual) + extra, df_null=got(answer.df_null) + extra)


@fault(
    "negative-residual-df",
    thread="statsmodels#8891",
    says="the intercept is counted on top of the columns: n - p - 1, which is -1 for a saturated model",
    cause=r"one (more|less|fewer)|minus 1|n - p - 1|negative",
)
@reports("df_residual")
def negative_residual_df(problem: Problem, answer: Fit, right: float) -> float:
    return right - problem.intercept


# ------------------------------------------------------------------------------- information criteria, deviance


@fault(
    "dispersion-counted-where-known",
    thread="a common slip, without a thread",
    says="the AIC counts a dispersion for binomial and Poisson too",
    cause=r"one parameter more",
)
def dispersion_counted_where_known(problem: Problem) -> Fit:
    answer = fit(problem)
    return answer if tools.estimated(problem) else with_more_parameters(problem, answer, 1)


@fault(
    "per-observation-deviance",
    thread="a common slip, without a thread",
    says="the deviance is divided by the number of rows",
    cause=r"one observation|divided by n",
)
@reports("deviance")
def per_observation_deviance(problem: Problem, answer: Fit, right: float) -> float:
    return right / tools.counted(problem)


@fault(
    "per-weight-deviance",
    thread="scikit-learn's mean_poisson_deviance",
    says="the deviance is divided by the sum of the weights",
    cause=r"sum of (the )?weights|one observation|divided by n",
)
@reports("deviance")
def per_weight_deviance(problem: Problem, answer: Fit, right: float) -> float:
    return right / float(np.sum(problem.prior_weights))


@fault(
    "per-observation-aic",
    thread="Stata's estat ic divides by n",
    says="the AIC is divided by the number of rows",
    cause=r"one observation|divided by n",
)
@reports("aic")
def per_observation_aic(problem: Problem, answer: Fit, right: float) -> float:
    return right / tools.counted(problem)


@fault(
    "bic-from-deviance",
    thread="statsmodels GLMResults.bic_deviance",
    says="deviance - df log n for the BIC",
    cause=r"deviance",
)
@reports("bic")
def bic_from_deviance(problem: Problem, answer: Fit, right: float) -> float:
    return float(got(answer.deviance) - got(answer.df_residual) * np.log(tools.counted(problem)))


@fault(
    "aic-from-deviance",
    thread="a common slip, without a thread",
    says="deviance + 2 p for the AIC",
    cause=r"deviance",
)
@reports("aic")
def aic_from_deviance(problem: Problem, answer: Fit, right: float) -> float:
    return got(answer.deviance) + 2.0 * got(answer.rank)


def _bic(problem: Problem, answer: Fit, n: float) -> float:
    """The BIC with the logarithm of another ``n``."""
    return float(np.log(n) * parameters(problem, answer) - 2.0 * got(answer.log_likelihood))


@fault(
    "bic-counts-trials",
    thread="a common slip, without a thread",
    says="log of the sum of the weights in the BIC",
    cause=r"sum of (the )?weights|weights: frequency|trials",
)
@reports("bic")
def bic_counts_trials(problem: Problem, answer: Fit, right: float) -> float:
    return right if problem.weights is None else _bic(problem, answer, float(np.sum(problem.weights)))


@fault(
    "bic-from-residual-df",
    thread="own",
    says="the BIC with the log of the residual degrees of freedom",
    cause=r"log of the residual degrees",
)
@reports("bic")
def bic_from_residual_df(problem: Problem, answer: Fit, right: float) -> float:
    return _bic(problem, answer, answer.df_residual) if answer.df_residual else right


@fault("aicc-for-aic", thread="own", says="the AICc is reported as the AIC", cause=r"AICc")
@reports("aic")
def aicc_for_aic(problem: Problem, answer: Fit, right: float) -> float:
    k, n = parameters(problem, answer), tools.counted(problem)
    return right if n - k - 1 <= 0 else right + 2.0 * k * (k + 1) / (n - k - 1)


@fault(
    "gaussian-likelihood-without-log-weights",
    thread="own",
    says="the Gaussian log-likelihood lacks half the sum of the logs of the weights, and AIC and BIC with it",
    cause=r"half the logs of the weights",
)
def gaussian_likelihood_without_log_weights(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family != "gaussian" or problem.weights is None or answer.log_likelihood is None:
        return answer
    less = 0.5 * float(np.sum(np.log(problem.weights[problem.weights > 0])))
    return with_log_likelihood(problem, answer, answer.log_likelihood - less)
