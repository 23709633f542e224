"""What known mistakes make of a right value: formulas that real programs have got wrong, each with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from conformance.fitter.summary import null_deviance
from conformance.judging.causes.information import covariance_mistakes, observed_leverages, without_offset
from conformance.judging.causes.solved import Solved, solved
from conformance.judging.comparison import Comparison
from conformance.mathematics.link import LINKS
from conformance.question.problem import Problem

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)
KEPT_OFF_0 = 1e-20  # what programs add to a probability before they take its logarithm


def mistakes(comparison: Comparison, quantity: str) -> Iterator[tuple[str, Any]]:
    """What known mistakes make of ``quantity``, each with its name."""
    want, n = comparison.expected.get(quantity), comparison.problem.n
    if want is None:
        return
    yield from _slips_at_the_solution(comparison, quantity)
    phi, df = comparison.expected.get("dispersion"), comparison.expected["df_residual"]
    general: dict[str, Callable[[Any], Any]] = {
        "the value with its sign reversed": lambda v: -v,
        "half the value": lambda v: v / 2,
        "twice the value": lambda v: 2 * v,
        "the value for one observation (divided by n)": lambda v: v / n,
    }
    if quantity in ("standard_errors", "covariance"):
        power = 0.5 if quantity == "standard_errors" else 1.0
        if phi:
            yield "computed with dispersion 1: the dispersion was left out", want / phi**power
            yield "computed with the dispersion applied twice", want * phi**power
            yield "computed with sigma for sigma^2", want * phi ** (-power / 2)
        if df > 0:
            yield "computed with n in place of n - p", want * (df / n) ** power
            yield "computed with n / (n - p) on top of n - p", want * (n / df) ** power
        if quantity == "standard_errors":
            yield "the variances: the root was not taken", want**2
    if quantity == "dispersion" and df > 0:
        yield "computed with n in place of n - p", want * df / n
        yield "computed with n - 1 in place of n - p", want * df / (n - 1)
        columns = df + comparison.expected["rank"] - comparison.problem.p  # fewer degrees of freedom than there are
        if 0 < columns < df:
            yield "computed with n minus the number of columns, aliased ones included", want * df / columns
        yield "sigma in place of sigma^2", np.sqrt(want)
        yield "1: the dispersion was not estimated", 1.0
    if quantity == "deviance" and comparison.expected.get("log_likelihood") is not None:
        yield "-2 log-likelihood, without the saturated model's", -2.0 * comparison.expected["log_likelihood"]
    if quantity == "deviance" and phi:
        yield "the scaled deviance (divided by the dispersion)", want / phi
    if quantity == "df_residual":
        yield "n minus the number of columns, aliased ones included", float(n - comparison.problem.p)
    if quantity in ("aic", "bic"):
        yield "counted with one parameter more", want + (2.0 if quantity == "aic" else np.log(n))
        yield "counted with one parameter less", want - (2.0 if quantity == "aic" else np.log(n))
        k = comparison.expected["rank"] + (comparison.response.family.known_dispersion is None)
        if quantity == "aic" and n - k > 1:
            yield "the AICc, with its correction for small samples", want + 2.0 * k * (k + 1) / (n - k - 1)
        if quantity == "bic" and df > 0:
            yield "with the log of the residual degrees of freedom for that of n", want + k * np.log(df / n)
    if quantity == "linear_predictors":
        yield "the linear predictor without the offset", want - comparison.problem.offsets
    if quantity.endswith("_residuals") and comparison.problem.weights is not None:
        with np.errstate(all="ignore"):
            yield "the residuals without the weights", want / np.sqrt(comparison.problem.weights)
    if quantity == "deviance_residuals":
        yield "the residuals without their sign", np.abs(want)
    for name, function in general.items():
        yield name, function(want)


def _slips_at_the_solution(comparison: Comparison, quantity: str) -> Iterator[tuple[str, Any]]:
    """The same, for those that need the model at the reference."""
    want, at = comparison.expected.get(quantity), solved(comparison)
    if want is None or at is None:
        return
    problem, n, p = comparison.problem, comparison.problem.n, len(at.X.T)
    w, y, mu, nu, used = at.w, at.y, at.mu, at.nu, at.used
    phi, rows = comparison.expected.get("dispersion"), int(used.sum())
    weighted = problem.weights is not None
    ratio = n / float(np.sum(w))

    if quantity == "null_deviance":
        if problem.offset is not None:
            yield "that of a null model without the offset", null_deviance(replace(problem, offset=None))
        if weighted and problem.intercept:
            part = replace(
                problem, X=problem.X[used], y=y[used], weights=None, successes=None, start=None,
                offset=None if problem.offset is None else problem.offset[used],
            )  # fmt: skip
            yield "that of a null model without the prior weights", null_deviance(part)
            for words, mean in (
                ("that of a null model whose mean leaves out the prior weights", np.mean(y[used])),
                (
                    "that of a null model whose mean counts rows of weight 0",
                    np.average(y, weights=np.where(used, w, 1)),
                ),
            ):
                m = np.full(n, mean)
                yield words, _deviance(at, y, m, 1.0 - m)
    if quantity == "null_deviance" and not problem.intercept and at.family.name == "binomial":  # at eta = offset
        m = np.clip(at.link.linkinv(problem.offsets), EPS, 1.0 - EPS)
        yield "that of means kept 2.2e-16 off 0 and 1", _deviance(at, y, m, 1.0 - m)
    if quantity in ("deviance", "null_deviance") and weighted:
        yield "computed with the weights rescaled to sum to n", want * ratio
        yield "divided by the sum of the weights", want / np.sum(w)
    short = y.astype(np.float32).astype(np.float64)
    if quantity in ("deviance", "null_deviance") and np.any(short != y):
        fitted = (mu, nu) if quantity == "deviance" else _constant(short, w, problem)
        if fitted is not None:
            yield "that of responses rounded to 32 bits", _deviance(at, short, *fitted)
    if quantity == "deviance":
        yield "the value for one observation (divided by n)", want / rows
        if at.family.name == "poisson":
            yield "without its linear term -(y - mu)", want + 2.0 * float(np.sum((w * (y - mu))[used]))
        if at.family.name == "binomial":
            bernoulli = -2.0 * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu))
            yield "the Bernoulli formula, without the saturated model's part", float(np.sum((w * bernoulli)[used]))
    if quantity == "deviance_residuals":
        sign = np.sign(at.at.residual)
        if at.family.name == "poisson":
            yield (
                "without its linear term -(y - mu)",
                sign * np.sqrt(w * np.maximum(at.at.unit_deviance + 2.0 * (y - mu), 0.0)),
            )
        if at.family.name == "binomial":
            bernoulli = -2.0 * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu))
            yield "the Bernoulli formula, without the saturated model's part", sign * np.sqrt(w * bernoulli)
    if quantity in ("pearson_residuals", "deviance_residuals") and weighted:
        yield "multiplied by the weights in place of their roots", want * np.sqrt(w)
        yield "computed with the weights rescaled to sum to n", want * np.sqrt(ratio)
    if quantity == "pearson_residuals":
        with np.errstate(all="ignore"):
            yield (
                "computed with mu_eta for the variance, which holds for the canonical link only",
                at.at.residual * np.sqrt(w / np.abs(at.at.mu_eta)),
            )
            if phi:
                yield "divided by the root of the dispersion (scaled)", want / np.sqrt(phi)
            if phi and comparison.expected.get("leverages") is not None:
                yield (
                    "studentised: divided by sqrt(phi (1 - h))",
                    want / np.sqrt(phi * (1 - comparison.expected["leverages"])),
                )
    if quantity in ("response_residuals", "fitted_values") and weighted:
        yield "multiplied by the weights (counts in place of proportions)", want * w
    if quantity == "working_residuals":
        yield "the response residuals: not divided by mu_eta", at.at.residual
        if weighted:
            yield "multiplied by the roots of the weights", want * np.sqrt(w)
    if quantity == "fitted_values":
        yield "the linear predictor", at.eta
        if problem.offset is not None:
            yield "computed without the offset", at.link.linkinv(at.eta - problem.offsets)
        for name, link in LINKS.items():
            if name != problem.link:
                yield f"computed with the inverse of the {name} link", link.linkinv(at.eta)
    if quantity == "leverages" and p:
        blind = without_offset(comparison)
        for words, weights in (
            ("the leverages of X: unweighted", np.ones(rows)),
            ("computed without the prior weights", at.W / w[used]),
            ("computed at the linear predictor without the offset", at.W if blind is None else blind),
        ):
            h = np.zeros(n)
            h[used] = np.sum(np.linalg.qr(at.X * np.sqrt(weights)[:, None])[0] ** 2, axis=1)
            yield words, h
        yield "computed from the observed information", observed_leverages(comparison, at)
        yield "0 in every row", np.zeros(n)
    if quantity == "df_residual" and p == problem.p:
        yield "n - p - 1: the intercept was counted twice", want - 1.0
    if quantity == "df_null" and problem.intercept:
        yield "the number of rows: the intercept was not taken off", want + 1.0
    if quantity == "rank":
        yield "the number of columns, aliased ones included", float(problem.p)
    if quantity == "log_likelihood":
        yield from likelihood_slips(comparison, at, float(want))
    D, df = comparison.expected.get("deviance"), comparison.expected["df_residual"]
    if quantity == "bic" and D is not None:
        yield "the deviance - df log n: from the deviance, not the log-likelihood", D - df * np.log(rows)
        k = (want + 2.0 * comparison.expected["log_likelihood"]) / np.log(rows) if rows > 1 else p
        yield "computed with the sum of the weights for n", want + k * (np.log(np.sum(w)) - np.log(rows))
    if quantity == "aic" and D is not None:
        yield "the deviance + 2 p: from the deviance, not the log-likelihood", D + 2.0 * p
    if quantity in ("standard_errors", "covariance"):
        for words, matrix in covariance_mistakes(comparison, at):
            kept = ~np.isnan(comparison.expected["coefficients"])
            whole = np.full((problem.p, problem.p), np.nan)
            whole[np.ix_(kept, kept)] = matrix
            with np.errstate(all="ignore"):
                yield words, whole if quantity == "covariance" else np.sqrt(np.diag(whole))
    if quantity == "dispersion" and weighted:
        yield "computed with the weights rescaled to sum to n", want * ratio
    if quantity == "dispersion" and at.family.known_dispersion is not None and df > 0:
        with np.errstate(all="ignore"):
            chi2 = float(np.sum((w * at.at.pearson**2)[used]))
        yield "estimated where it is known to be 1", chi2 / df
        yield "estimated where it is known to be 1", (D or 0.0) / df


def _deviance(at: Solved, y: Array, mu: Array, nu: Array) -> float:
    """The deviance of responses ``y`` at means ``mu``, with ``nu`` = 1 - mu."""
    return float(np.sum((at.w * at.family.unit_deviance(y, mu, nu))[at.used]))


def _constant(y: Array, w: Array, problem: Problem) -> tuple[Array, Array] | None:
    """The means of the null model of ``y``, and 1 - those, where they follow without a fit."""
    if not problem.intercept or np.any(problem.offsets != problem.offsets[0]):
        return None
    mean = np.full_like(y, np.average(y, weights=w))
    return mean, 1.0 - mean


def likelihood_slips(comparison: Comparison, at: Solved, want: float) -> Iterator[tuple[str, float]]:
    """Wrong log-likelihoods."""
    w, y, mu, nu, used = at.w[at.used], at.y[at.used], at.mu[at.used], at.nu[at.used], at.used
    theta, name = comparison.problem.theta, at.family.name
    with np.errstate(all="ignore"):
        if name in ("poisson", "negative_binomial"):
            yield "without its constants, log y!", want + float(np.sum(w * special.gammaln(y + 1.0)))
            change = special.gammaln(y + 1.0) - special.digamma(y + 1.0)
            if theta:
                change += special.digamma(theta + y) - special.digamma(theta)
                change -= special.gammaln(theta + y) - special.gammaln(theta)
            yield "computed with digamma for log-gamma", want + float(np.sum(w * change))
        if name == "gaussian":
            yield "without its constant, half the logs of the weights", want - 0.5 * float(np.sum(np.log(w)))
        if name in ("gaussian", "inverse_gaussian"):
            size = float(used.sum() if name == "gaussian" else np.sum(w))
            yield "without its constants, log 2 pi", want + 0.5 * size * float(np.log(2.0 * np.pi))
        if name == "binomial":
            yield (
                "the Bernoulli likelihood: without its constants, the binomial coefficients",
                float(np.sum(w * (special.xlogy(y, mu) + special.xlogy(1.0 - y, nu)))),
            )
            yield (
                "computed with one trial in every row: the weights are ignored",
                float(np.sum(at.family.log_likelihood(y, mu, nu, np.ones_like(w), 1.0))),
            )
            one = special.gammaln(2.0) - special.gammaln(y + 1.0) - special.gammaln(2.0 - y)
            for left in (nu, 1.0 - mu + KEPT_OFF_0):  # as it is, or by subtraction and kept off 0
                yield (
                    "the weights times the likelihood of one trial, with the binomial coefficient of a fraction",
                    float(np.sum(w * (one + special.xlogy(y, mu) + special.xlogy(1.0 - y, left)))),
                )
            m, k = np.trunc(w), np.trunc(w * y)
            choose = special.gammaln(m + 1.0) - special.gammaln(k + 1.0) - special.gammaln(m - k + 1.0)
            yield (
                "computed with successes truncated to whole numbers, not rounded",
                float(np.sum(choose + special.xlogy(k, mu) + special.xlogy(m - k, nu))),
            )
        if comparison.expected.get("deviance") is not None:
            yield "minus half the deviance", -0.5 * comparison.expected["deviance"]
