"""Faults of the null model, the degrees of freedom and the information criteria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.fitter.summary import null_deviance
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "null-model-without-offset",
    thread="statsmodels#4597",
    says="the null deviance is that of a model without the offset",
    cause=r"null model without the offset|offset",
)
def null_model_without_offset(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.offset is None:
        return answer
    return replace(answer, null_deviance=null_deviance(replace(problem, offset=None)))


@fault(
    "null-model-without-weights",
    thread="fixest#155",
    says="the null model's mean ignores the prior weights",
    cause=r"null model without the (prior )?weights|weights",
)
def null_model_without_weights(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.weights is None or not problem.intercept:
        return answer
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
    return replace(answer, null_deviance=fit(bare).deviance)


@fault(
    "null-model-mean-without-weights",
    thread="fixest#155",
    says="the null model's mean ignores the weights, its deviance does not",
    cause=r"null model.*weights|weights.*null model|without its prior weights",
)
def null_model_mean_without_weights(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.weights is None or problem.offset is not None or not problem.intercept:
        return answer
    used = problem.prior_weights > 0
    y, w = problem.y[used], problem.prior_weights[used]
    mu = np.full_like(y, y.mean())
    with np.errstate(all="ignore"):
        return replace(answer, null_deviance=float(np.sum(w * tools.family(problem).unit_deviance(y, mu, 1.0 - mu))))


@fault(
    "null-model-with-intercept-always",
    thread="R's glm has the offset alone; statsmodels a constant",
    says="the null model has an intercept though the model has none, not declared",
    cause=r"null_model_without_intercept: constant|intercept",
)
def null_model_with_intercept_always(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.intercept:
        return answer
    deviance = null_deviance(replace(problem, intercept=True))
    return replace(answer, null_deviance=deviance, df_null=tools.counted(problem) - 1)


@fault(
    "df-null-without-intercept",
    thread="GLM.jl#263",
    says="df_null is the number of rows, intercept or not",
    cause=r"one (more|too many)|intercept|n rows|number of rows",
)
def df_null_without_intercept(problem: Problem) -> Fit:
    return replace(fit(problem), df_null=tools.counted(problem))


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
    answer = fit(problem)
    assert answer.df_residual is not None
    assert answer.df_null is not None
    extra = problem.n - tools.counted(problem)
    return replace(answer, df_residual=answer.df_residual + extra, df_null=answer.df_null + extra)


@fault(
    "aic-without-dispersion-parameter",
    thread="a common slip, without a thread",
    says="the AIC does not count the dispersion where R does, not declared",
    cause=r"aic: without_dispersion",
)
def aic_without_dispersion_parameter(problem: Problem) -> Fit:
    answer = fit(problem)
    if not tools.estimated(problem) or answer.aic is None or answer.bic is None:
        return answer
    return replace(answer, aic=answer.aic - 2.0, bic=answer.bic - np.log(tools.counted(problem)))


@fault(
    "dispersion-counted-where-known",
    thread="a common slip, without a thread",
    says="the AIC counts a dispersion for binomial and Poisson too",
    cause=r"one parameter more",
)
def dispersion_counted_where_known(problem: Problem) -> Fit:
    answer = fit(problem)
    if tools.estimated(problem) or answer.aic is None or answer.bic is None:
        return answer
    return replace(answer, aic=answer.aic + 2.0, bic=answer.bic + np.log(tools.counted(problem)))


@fault(
    "per-observation-deviance",
    thread="a common slip, without a thread",
    says="the deviance is divided by the number of rows",
    cause=r"one observation|divided by n",
)
def per_observation_deviance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    return replace(answer, deviance=answer.deviance / tools.counted(problem))


@fault(
    "per-weight-deviance",
    thread="scikit-learn's mean_poisson_deviance",
    says="the deviance is divided by the sum of the weights",
    cause=r"sum of (the )?weights|one observation|divided by n",
)
def per_weight_deviance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    return replace(answer, deviance=answer.deviance / float(np.sum(problem.prior_weights)))


@fault(
    "per-observation-aic",
    thread="Stata's estat ic divides by n; FAULTS.md",
    says="the AIC is divided by the number of rows",
    cause=r"one observation|divided by n",
)
def per_observation_aic(problem: Problem) -> Fit:
    answer = fit(problem)
    return answer if answer.aic is None else replace(answer, aic=answer.aic / tools.counted(problem))


@fault(
    "bic-from-deviance",
    thread="statsmodels GLMResults.bic_deviance",
    says="deviance - df log n for the BIC",
    cause=r"deviance",
)
def bic_from_deviance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    assert answer.df_residual is not None
    if answer.bic is None:
        return answer
    return replace(answer, bic=answer.deviance - answer.df_residual * np.log(tools.counted(problem)))


@fault(
    "aic-from-deviance",
    thread="a common slip, without a thread",
    says="deviance + 2 p for the AIC",
    cause=r"deviance",
)
def aic_from_deviance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    assert answer.rank is not None
    return answer if answer.aic is None else replace(answer, aic=answer.deviance + 2.0 * answer.rank)


@fault(
    "bic-counts-trials",
    thread="a common slip, without a thread",
    says="log of the sum of the weights in the BIC",
    cause=r"sum of (the )?weights|weights: frequency|trials",
)
def bic_counts_trials(problem: Problem) -> Fit:
    answer = fit(problem)
    if answer.bic is None or problem.weights is None:
        return answer
    assert answer.rank is not None
    assert answer.log_likelihood is not None
    k = answer.rank + tools.estimated(problem)
    return replace(answer, bic=np.log(np.sum(problem.weights)) * k - 2.0 * answer.log_likelihood)


@fault(
    "undeclared-pearson-likelihood",
    thread="a common slip, without a thread",
    says="the log-likelihood uses Pearson's dispersion, not declared",
    cause=r"log_likelihood_dispersion: pearson",
)
def undeclared_pearson_likelihood(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_likelihood_at(problem, answer, answer.dispersion)


def with_likelihood_at(problem: Problem, answer: Fit, phi: float | None) -> Fit:
    """``answer`` with the log-likelihood of variance phi V / w (not R's w times the log density), its AIC and BIC."""
    if not tools.estimated(problem) or answer.log_likelihood is None or not phi or not np.isfinite(phi):
        return answer
    assert answer.fitted_values is not None
    assert answer.rank is not None
    used = problem.prior_weights > 0
    mu, y, w = answer.fitted_values[used], problem.y[used], problem.prior_weights[used]
    terms = tools.family(problem).log_likelihood(y, mu, 1.0 - mu, np.ones_like(w), phi / w)  # type: ignore[arg-type]
    value = float(np.sum(terms))
    k, n = answer.rank + 1, tools.counted(problem)
    return replace(answer, log_likelihood=value, aic=2.0 * k - 2.0 * value, bic=np.log(n) * k - 2.0 * value)


@fault(
    "null-deviance-not-from-weights-of-zero",
    thread="a common slip, without a thread",
    says="rows of weight 0 count in the null model's mean",
    cause=r"weight 0|weights",
)
def null_deviance_not_from_weights_of_zero(problem: Problem) -> Fit:
    answer = fit(problem)
    used = problem.prior_weights > 0
    if np.all(used) or not problem.intercept or problem.offset is not None:
        return answer
    w = np.where(used, problem.prior_weights, 1.0)
    y, mu = problem.y, np.full(problem.n, np.average(problem.y, weights=w))
    with np.errstate(all="ignore"):
        d = problem.prior_weights * tools.family(problem).unit_deviance(y, mu, 1.0 - mu)
    return replace(answer, null_deviance=float(np.sum(d[used])))


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
    assert answer.aic is not None
    assert answer.bic is not None
    less = 0.5 * float(np.sum(np.log(problem.weights[problem.weights > 0])))
    return replace(
        answer,
        log_likelihood=answer.log_likelihood - less,
        aic=answer.aic + 2.0 * less,
        bic=answer.bic + 2.0 * less,
    )
