"""What a correct double-precision solver can attain, derived from the data: no tolerance is written by hand.

A backward-stable solver returns the exact fit of data that differ in the last bit.  Coefficients: the componentwise
condition numbers A_k of the estimate, stored with the proof, give the error u (A_k + |beta_k|).  Everything else:
sigma, the root mean square change of the quantity when every datum is jittered by one last bit, gives
sigma sqrt(n p) + u |q|; to that comes what the textbook formula costs at rounded means, where its terms cancel.
All are first-order errors; the gate allows a solver some times as much (Comparison.guard).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.question.problem import Problem

Array = NDArray[np.float64]
U = 2.0**-53  # the unit roundoff of doubles
_OF_INFORMATION = ("standard_errors", "covariance", "standard_errors_observed", "covariance_observed")


def attainable_errors(
    problem: Problem, values: Mapping[str, Any], condition: Array | None, sigma: Mapping[str, Any]
) -> dict[str, Array]:
    """The error that each of ``values`` may have in doubles, elementwise and absolute; a quantity is absent if unknown.

    ``condition`` (p,) holds the A_k, ``sigma`` the jitter of each quantity, both from the stored proof.
    """
    n, p = problem.n, problem.p
    jitter = float(np.sqrt(n * p))
    with np.errstate(all="ignore"):
        found: dict[str, Array] = {
            name: np.nan_to_num(np.asarray(sigma[name], dtype=np.float64)) * jitter + U * np.abs(values[name])
            for name in sigma
            if values.get(name) is not None
        }
        if condition is not None:
            found["coefficients"] = U * (condition + np.abs(values["coefficients"]))
        if "fitted_values" in values and "fitted_values" in found:
            _rows(problem, values, sigma, found)
        for name in _OF_INFORMATION:
            _add_dispersion(name, values, found)
        for name in ("covariance", "covariance_observed"):  # an entry that the jitter leaves at 0, as blocks do, too
            if name in found:
                own = np.sqrt(np.diag(found[name]))
                found[name] = np.fmax(found[name], np.outer(own, own))
        _add_weights(problem, values, found)
    known = {name: error for name, error in found.items() if np.ndim(error) or not np.isnan(error)}
    return {name: np.where(np.isnan(error), 0.0, error) for name, error in known.items()}  # aliased: 0


def _rows(problem: Problem, values: Mapping[str, Any], sigma: Mapping[str, Any], found: dict[str, Array]) -> None:
    """Errors over the rows, and of the sums over them."""
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    y, w, used = problem.y, problem.prior_weights, problem.prior_weights > 0
    beta = np.nan_to_num(values["coefficients"])
    eta, mu = values["linear_predictors"], values["fitted_values"]
    mu_eta, V = np.abs(link.mu_eta(eta)), family.variance(mu, link.complement(eta))

    # eta is a sum over columns of rounded coefficients, mu a function of it, and a residual a difference of doubles
    found["linear_predictors"] = found["linear_predictors"] + U * (np.abs(problem.X) @ np.abs(beta))
    found["linear_predictors"] += U * np.abs(problem.offsets)
    found["linear_predictors"] += _projection(problem, values, mu_eta, V)
    if "coefficients" in sigma:  # rows of weight 0 are not jittered, but their coefficients are
        unused = np.sqrt(problem.X**2 @ np.nan_to_num(np.asarray(sigma["coefficients"], dtype=np.float64)) ** 2)
        jitter = float(np.sqrt(problem.n * problem.p))
        found["linear_predictors"] += np.where(used, 0.0, unused * jitter)
    e_mu = found["fitted_values"] = np.maximum(found["fitted_values"], mu_eta * found["linear_predictors"])
    e_residual = e_mu + U * (np.abs(y) + np.abs(mu))
    e_eta = found["linear_predictors"]

    def root_of(eta: Array) -> Array:
        mu = link.linkinv(eta)
        return np.asarray(np.sqrt(w / family.variance(mu, link.complement(eta))))

    def inverse_of(eta: Array) -> Array:
        return np.asarray(1.0 / np.abs(link.mu_eta(eta)))

    root = np.sqrt(w / V)
    for name, factor, of in (
        ("response", 1.0, np.ones_like),
        ("pearson", root, root_of),
        ("working", 1.0 / mu_eta, inverse_of),
    ):
        key = f"{name}_residuals"
        if key in found:  # a product of the residual and what is a function of eta, too
            moved = np.abs(y - mu) * np.fmax(np.abs(of(eta + e_eta) - factor), np.abs(of(eta - e_eta) - factor))
            own = e_residual * factor + np.where(np.isfinite(moved), moved, 0.0)
            found[key] = np.maximum(found[key], np.where(used, own, 0.0))

    # a unit deviance whose terms cancel has an error of their size; its root, near 0, keeps half the digits
    e_unit = w * (_cancellation(problem, y, mu) + 2.0 * np.abs(y - mu) / V * e_mu + e_mu**2 / V)
    d = np.abs(values["deviance_residuals"])
    near_zero = np.sqrt(e_unit)
    found["deviance_residuals"] = np.maximum(
        found.get("deviance_residuals", np.zeros_like(d)), np.minimum(np.divide(e_unit, 2.0 * d), near_zero)
    )
    e_deviance = float(np.sum(e_unit[used]))
    e_pearson = np.where(used, root * e_residual, 0.0)
    e_chi2 = float(np.sum(2.0 * np.abs(values["pearson_residuals"][used]) * e_pearson[used] + e_pearson[used] ** 2))
    df = float(values["df_residual"])
    mean = np.full_like(y, np.average(y[used], weights=w[used])) if problem.intercept else link.linkinv(problem.offsets)
    e_null = float(np.sum((w * _cancellation(problem, y, mean))[used]))
    for name, extra in (
        ("deviance", e_deviance),
        ("null_deviance", e_null),
        ("dispersion_pearson", e_chi2 / df if df else 0.0),
        ("dispersion_deviance", e_deviance / df if df else 0.0),
        ("dispersion_mle", e_deviance / n_of(problem)),
    ):
        if name in found:
            found[name] = found[name] + extra
    if "dispersion" in found and family.known_dispersion is None:
        found["dispersion"] = found["dispersion_pearson"]
    e_likelihood = _constants(problem) + e_deviance / (family.known_dispersion or values.get("dispersion") or 1.0)
    for name in list(found):
        if name.startswith(("log_likelihood", "aic", "bic")):
            found[name] = found[name] + e_likelihood * (1.0 if name.startswith("log") else 2.0)


def _projection(problem: Problem, values: Mapping[str, Any], mu_eta: Array, V: Array) -> Array:
    """What the rounding of a least squares step does to eta (n,): u times the length of the whole working residual.

    The residuals of rows that have no part in a coefficient are rounded into it too, for a QR is backward stable in the
    norm and not in each row (Higham 2002, sec. 20.1); the jitter, which is relative, leaves such rows out.
    """
    weight = np.sqrt(problem.prior_weights / V) * mu_eta
    length = float(np.sqrt(np.nansum(np.square(values["pearson_residuals"]))))
    share = np.divide(np.sqrt(np.abs(values["leverages"])), weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(np.nan_to_num(U * share * length))


def n_of(problem: Problem) -> float:
    """The number of rows that count."""
    return float(np.sum(problem.prior_weights > 0))


def _cancellation(problem: Problem, y: Array, mu: Array) -> Array:
    """u times the size of the terms of the unit deviance as textbooks write it, which cancel where mu is near y."""
    match problem.family:
        case "gaussian" | "inverse_gaussian":
            return np.zeros_like(mu)  # a square: nothing cancels but the residual
        case "binomial":
            return np.full_like(mu, 4.0 * U)  # y + mu + (1 - y) + (1 - mu) = 2, twice
        case "poisson":
            return 2.0 * U * (y + mu)
        case "gamma":
            return 2.0 * U * (1.0 + y / mu)
        case "negative_binomial":
            return 2.0 * U * (y + mu + 2.0 * (y + (problem.theta or 0.0)))
        case _:
            return 4.0 * U * (y + mu) * mu ** (1.0 - (problem.power or 1.0))


def _constants(problem: Problem) -> float:
    """u times the size of the log-gammas in a log-likelihood as textbooks write it."""
    y, w = problem.y, problem.prior_weights
    match problem.family:
        case "binomial":
            sizes = np.abs(special.gammaln(w + 1.0))
        case "poisson" | "negative_binomial":
            sizes = w * np.abs(special.gammaln(y + (problem.theta or 0.0) + 1.0))
        case _:
            return 0.0
    return float(U * np.sum(sizes))


def _add_weights(problem: Problem, values: Mapping[str, Any], found: dict[str, Array]) -> None:
    """What rounding in the working weights does to the information: an average of their errors by leverage.

    d log W / d log eta, times the relative error of eta: a sum over columns that cancels next to a wall of the domain
    has few digits there, whatever the coefficients have.  A leverage is a sum of p squares besides.
    """
    if values.get("leverages") is None or values.get("linear_predictors") is None:
        return
    eta, h = np.abs(values["linear_predictors"]), values["leverages"]
    terms = np.abs(problem.X) @ np.abs(np.nan_to_num(values["coefficients"])) + np.abs(problem.offsets)
    of_eta = U * np.maximum(1.0, np.divide(terms, eta, out=np.ones_like(eta), where=eta > 0))
    growth = {"probit": eta**2, "cloglog": eta + np.exp(values["linear_predictors"]), "log": eta, "logit": eta}
    of_weights = 4.0 * U + of_eta * growth.get(problem.link, np.full_like(eta, 2.0))
    average = float(np.sum(np.where(h > 0, h * of_weights, 0.0))) / max(1.0, float(values["rank"]))
    for name in _OF_INFORMATION:
        if name in found:
            found[name] = found[name] + np.abs(values[name]) * average
    if "leverages" in found:
        found["leverages"] = found["leverages"] + np.where(h > 0, h * (of_weights + average), 0.0) + U * problem.p


def _add_dispersion(name: str, values: Mapping[str, Any], found: dict[str, Array]) -> None:
    """The part of a standard error's or covariance's error that the dispersion brings; near 0 half its digits."""
    unscaled, phi, error = values.get("covariance_unscaled"), values.get("dispersion"), found.get("dispersion")
    if name not in found or unscaled is None or phi is None or error is None:
        return
    if name.startswith("covariance"):
        found[name] = found[name] + np.abs(unscaled) * error
    else:
        of_root = np.minimum(np.divide(error, 2.0 * np.sqrt(phi)), np.sqrt(error))
        found[name] = found[name] + np.sqrt(np.abs(np.diag(unscaled))) * of_root
