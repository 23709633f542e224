"""Faults of the objective: another function is maximised, with other data or another parameter; and what NaN hides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Array, Scored, reported


def _maximised(problem: Problem, beta: Array, pull: Callable[[Array, Array, Array], Array], extra: Array) -> Fit | None:
    """The report where X'W r + ``pull`` (of W, eta and beta) is 0; the information has ``extra`` on its diagonal."""
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    for _ in range(500):
        W, r = tools.working(f, g, at, beta)
        score = at.X.T @ (W * r) + pull(W, at.X @ beta + at.offset, beta)
        step = np.linalg.lstsq(at.X.T @ (W[:, None] * at.X) + np.diag(extra), score, rcond=None)[0]
        step *= min(1.0, 5.0 / np.max(np.abs(step), initial=1e-300))
        if not np.isfinite(tools.deviance_at(f, g, at, beta + step)):
            return None
        beta = beta + step
        if np.linalg.norm(np.sqrt(W) * (at.X @ step)) < 1e-11:
            break
    return reported(problem, Scored(beta, beta, at.columns, 5, True))


def _penalised(problem: Problem, penalty: Array) -> Fit:
    """With ``penalty`` (p,) times beta taken from the score."""
    answer = fit(problem)
    if not answer.converged or answer.warnings or np.any(np.isnan(answer.coefficients)):
        return answer
    return _maximised(problem, answer.coefficients, lambda W, eta, beta: -penalty * beta, penalty) or answer


@fault(
    "ridge-of-standardised-columns",
    thread="glmnet and h2o by default; own",
    says="a ridge penalty on standardised columns that was not asked for",
    cause=r"^penal",
)
def ridge_of_standardised_columns(problem: Problem) -> Fit:
    return _penalised(problem, 1e-3 * problem.n * problem.X.std(axis=0) ** 2)


@fault(
    "intercept-penalised",
    thread="liblinear, scikit-learn's LogisticRegression(solver='liblinear'); own",
    says="a ridge penalty, of the intercept too",
    cause=r"^penal",
)
def intercept_penalised(problem: Problem) -> Fit:
    return _penalised(problem, np.ones(problem.p))


@fault(
    "bias-reduced-silently",
    thread="brglm2's default type; own",
    says="Firth's penalised likelihood for the logit, not declared",
    cause=r"Firth",
)
def bias_reduced_silently(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.link != "logit" or np.any(np.isnan(answer.coefficients)):
        return answer
    at, g = tools.parts(problem), tools.link(problem)

    def jeffreys(W: Array, eta: Array, beta: Array) -> Array:
        Q = np.linalg.qr(at.X * np.sqrt(W)[:, None])[0]
        return np.asarray(at.X.T @ (np.sum(Q**2, axis=1) * (0.5 - g.linkinv(eta))))

    start = answer.coefficients if answer.converged else np.zeros(problem.p)
    return _maximised(problem, start, jeffreys, np.zeros(problem.p)) or answer


@fault(
    "default-theta",
    thread="statsmodels' NegativeBinomial(alpha=1.0); own",
    says="theta = 1 whatever theta was given",
    cause=r"theta = 1",
)
def default_theta(problem: Problem) -> Fit:
    return fit(problem if problem.theta is None else replace(problem, theta=1.0))


@fault(
    "default-tweedie-power",
    thread="own",
    says="the Tweedie power is 1.5 whatever was given",
    cause=r"power 1\.5",
)
def default_tweedie_power(problem: Problem) -> Fit:
    return fit(problem if problem.power is None or problem.power >= 2.0 else replace(problem, power=1.5))


@fault(
    "response-transformed",
    thread="own, as users do",
    says="least squares of log y for the Gaussian log link",
    cause=r"transformed",
)
def response_transformed(problem: Problem) -> Fit:
    if (problem.family, problem.link) != ("gaussian", "log") or not np.all(problem.y > 0):
        return fit(problem)
    at = tools.parts(problem)
    beta = fit(replace(problem, link="identity", y=np.log(problem.y), start=None)).coefficients[at.columns]
    return reported(problem, Scored(beta, beta, at.columns, 2, True))


@fault(
    "half-a-success-added",
    thread="own: the smoothing of the start kept as data",
    says="half a success and half a failure are added to each group",
    cause=r"half a success",
)
def half_a_success_added(problem: Problem) -> Fit:
    if problem.successes is None:
        return fit(problem)
    w = problem.prior_weights
    y = np.where(w > 0, (w * problem.y + 0.5) / (w + 1.0), problem.y)
    return fit(replace(problem, y=y, weights=np.where(w > 0, w + 1.0, 0.0), successes=None))


@fault(
    "offset-in-single-precision",
    thread="own, after scikit-learn#23376",
    says="the offset goes through float32",
    cause=r"single precision",
)
def offset_in_single_precision(problem: Problem) -> Fit:
    if problem.offset is None:
        return fit(problem)
    return fit(replace(problem, offset=problem.offset.astype(np.float32).astype(np.float64)))


@fault(
    "nan-where-separated",
    thread="own",
    says="NaN for every coefficient of separated data, converged, without a word",
    cause=r"separat|no maximum likelihood",
)
def nan_where_separated(problem: Problem) -> Fit:
    answer = fit(problem)
    if not any("separat" in words for words in answer.warnings):
        return answer
    return Fit(coefficients=np.full(problem.p, np.nan), converged=True)


@fault(
    "separated-column-as-aliased",
    thread="own",
    says="the column that separation sends to infinity is dropped in silence, as if it were aliased",
    cause=r"separat|no maximum likelihood",
)
def separated_column_as_aliased(problem: Problem) -> Fit:
    answer = fit(problem)
    if not any("separat" in words for words in answer.warnings):
        return answer
    last = int(np.nanargmax(np.abs(answer.coefficients) * problem.X.std(axis=0)))
    keep = np.delete(np.arange(problem.p), last)
    names = tuple(problem.names[k] for k in keep)
    beta = np.full(problem.p, np.nan)
    beta[keep] = fit(replace(problem, X=problem.X[:, keep], names=names, start=None)).coefficients
    return Fit(coefficients=beta, converged=True)


@fault("aicc-for-aic", thread="own", says="the AICc is reported as the AIC", cause=r"AICc")
def aicc_for_aic(problem: Problem) -> Fit:
    answer = fit(problem)
    if answer.aic is None or answer.rank is None:
        return answer
    k, n = answer.rank + tools.estimated(problem), tools.counted(problem)
    return answer if n - k - 1 <= 0 else replace(answer, aic=answer.aic + 2.0 * k * (k + 1) / (n - k - 1))


@fault(
    "bic-from-residual-df",
    thread="own",
    says="the BIC with the log of the residual degrees of freedom",
    cause=r"log of the residual degrees",
)
def bic_from_residual_df(problem: Problem) -> Fit:
    answer = fit(problem)
    if answer.bic is None or not answer.df_residual or answer.rank is None or answer.log_likelihood is None:
        return answer
    k = answer.rank + tools.estimated(problem)
    return replace(answer, bic=np.log(answer.df_residual) * k - 2.0 * answer.log_likelihood)


@fault(
    "residual-df-at-least-one",
    thread="own",
    says="max(n - p, 1) divides: a saturated model has a dispersion, and standard errors",
    cause=r"no degree of freedom",
)
def residual_df_at_least_one(problem: Problem) -> Fit:
    answer = fit(problem)
    if not tools.estimated(problem) or answer.df_residual != 0 or answer.pearson_residuals is None:
        return answer
    chi2 = float(np.sum(answer.pearson_residuals[problem.prior_weights > 0] ** 2))
    return replace(answer, dispersion=chi2)
