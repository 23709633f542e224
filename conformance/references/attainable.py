"""What a correct double-precision solver can attain, derived from the data: no tolerance is written by hand.

A backward-stable solver returns the exact fit of data that differ in the last bit.  Coefficients: the componentwise
condition numbers A_k of the estimate, stored with the proof, give the error u (A_k + |beta_k|).  Everything else:
sigma, the root mean square change of the quantity when every datum is jittered by one last bit, gives
sigma sqrt(n p) + u |q|; to that comes what a formula without cancellation costs at rounded means (Loader 2000): unit
deviances as sums of terms that are not negative, the log-likelihood as the saturated one less half the deviance.
All are first-order errors; the gate allows a solver ``guard`` times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.question.problem import Problem

Array = NDArray[np.float64]
U = 2.0**-53  # the unit roundoff of doubles
#: K, and from how many rows on it grows with them: tests/test_strict.py shows that correct solvers need so much.
GUARD, GUARD_ROWS = 20.0, 1000.0
_OF_INFORMATION = ("standard_errors", "covariance", "standard_errors_observed", "covariance_observed")


def guard(n: int) -> float:
    """K: how many times its attainable error a correct solver may make over n rows.

    A sum of n terms one after the other errs with n (Higham 2002, sec. 4.2): R's LINPACK does so over 20500 rows.
    """
    return GUARD * max(1.0, n / GUARD_ROWS)


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
    nu, mu_eta = link.complement(eta), np.abs(link.mu_eta(eta))
    deviation = _deviation(problem, mu, nu)  # the root of V, which may underflow where it does not

    # eta is a sum over columns of rounded coefficients, mu a function of it, and a residual a difference of doubles
    found["linear_predictors"] = found["linear_predictors"] + U * (np.abs(problem.X) @ np.abs(beta))
    found["linear_predictors"] += U * np.abs(problem.offsets)
    found["linear_predictors"] += _projection(problem, values, mu_eta / deviation)
    if "coefficients" in sigma:  # rows of weight 0 are not jittered, but their coefficients are
        unused = np.sqrt(problem.X**2 @ np.nan_to_num(np.asarray(sigma["coefficients"], dtype=np.float64)) ** 2)
        jitter = float(np.sqrt(problem.n * problem.p))
        found["linear_predictors"] += np.where(used, 0.0, unused * jitter)
    e_mu = found["fitted_values"] = np.maximum(found["fitted_values"], mu_eta * found["linear_predictors"])
    e_residual = e_mu + U * (np.abs(y) + np.abs(mu))
    e_eta = found["linear_predictors"]

    def root_of(eta: Array) -> Array:
        return np.asarray(np.sqrt(w) / _deviation(problem, link.linkinv(eta), link.complement(eta)))

    def inverse_of(eta: Array) -> Array:
        return np.asarray(1.0 / np.abs(link.mu_eta(eta)))

    root = np.sqrt(w) / deviation
    for name, factor, of in (
        ("response", 1.0, np.ones_like),
        ("pearson", root, root_of),
        ("working", 1.0 / mu_eta, inverse_of),
    ):
        key = f"{name}_residuals"
        if key in found:  # a product of the residual and what is a function of eta, too
            moved = np.abs(y - mu) * np.fmax(np.abs(of(eta + e_eta) - factor), np.abs(of(eta - e_eta) - factor))
            own = _or_0(e_residual * factor) + _or_0(moved)  # a mean that underflows: its residual is a constant
            found[key] = np.maximum(found[key], np.where(used, own, 0.0))

    # a unit deviance is of the second order in y - mu, so that its root has the error of a Pearson residual
    relative = _or_0(e_mu / deviation)
    e_unit = w * (_formula(problem, y, mu, nu) + 2.0 * _or_0(np.abs(y - mu) / deviation) * relative + relative**2)
    d = np.abs(values["deviance_residuals"])
    near_zero = np.sqrt(e_unit)
    found["deviance_residuals"] = np.maximum(
        found.get("deviance_residuals", np.zeros_like(d)), np.fmin(np.divide(e_unit, 2.0 * d), near_zero)
    )
    e_deviance = float(np.sum(e_unit[used]))
    e_pearson = np.where(used, _or_0(root * e_residual), 0.0)
    e_chi2 = float(np.sum(2.0 * np.abs(values["pearson_residuals"][used]) * e_pearson[used] + e_pearson[used] ** 2))
    df = float(values["df_residual"])
    mean = np.full_like(y, np.average(y[used], weights=w[used])) if problem.intercept else link.linkinv(problem.offsets)
    e_null = float(np.sum((w * _formula(problem, y, mean, 1.0 - mean))[used]))
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
    e_likelihood = _saturated(problem) + e_deviance / (family.known_dispersion or values.get("dispersion") or 1.0)
    for name in list(found):
        if name.startswith(("log_likelihood", "aic", "bic")):
            found[name] = found[name] + e_likelihood * (1.0 if name.startswith("log") else 2.0)


def _projection(problem: Problem, values: Mapping[str, Any], slope: Array) -> Array:
    """What the rounding of a least squares step does to eta (n,): u times the length of the whole working residual.

    The residuals of rows that have no part in a coefficient are rounded into it too, for a QR is backward stable in the
    norm and not in each row (Higham 2002, sec. 20.1); the jitter, which is relative, leaves such rows out.
    ``slope`` is mu_eta / sqrt(V), (n,).
    """
    weight = np.sqrt(problem.prior_weights) * slope
    length = float(np.sqrt(np.nansum(np.square(values["pearson_residuals"]))))
    share = np.divide(np.sqrt(np.abs(values["leverages"])), weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(np.nan_to_num(U * share * length))


def n_of(problem: Problem) -> float:
    """The number of rows that count."""
    return float(np.sum(problem.prior_weights > 0))


def _or_0(values: Array) -> Array:
    """0 for 0 / 0 and for what overflows: at a mean that underflows nothing is left to err."""
    return np.where(np.isfinite(values), values, 0.0)


def _deviation(problem: Problem, mu: Array, nu: Array) -> Array:
    """sqrt(V) (n,), for the powers of the mean without V, which underflows at a mean of 1e-170."""
    power = {"gamma": 2.0, "inverse_gaussian": 3.0, "tweedie": problem.power}.get(problem.family)
    if power is not None:
        return np.asarray(np.power(mu, power / 2.0))
    return np.asarray(np.sqrt(family_of(problem.family, problem.theta, problem.power).variance(mu, nu)))


def _formula(problem: Problem, y: Array, mu: Array, nu: Array) -> Array:
    """(n,) the rounding error of a unit deviance by a formula of which no terms cancel, at a mean that is exact.

    Such a formula has the digits of y - mu, which doubles subtract without an error where it matters; of a proportion
    it is y nu - (1 - y) mu, with an error of u times the larger of them.
    """
    family = family_of(problem.family, problem.theta, problem.power)
    lost = np.zeros_like(mu)
    if problem.family == "binomial":
        lost = _or_0(U * (y * nu + (1.0 - y) * mu) / _deviation(problem, mu, nu))
    off = _or_0(np.abs(family.residual(y, mu, nu)) / _deviation(problem, mu, nu))
    return 4.0 * U * _or_0(family.unit_deviance(y, mu, nu)) + 2.0 * off * lost + lost**2


def _saturated(problem: Problem) -> float:
    """u times the size of the terms of the saturated log-likelihood, which by Stirling's errors are logarithms."""
    used = problem.prior_weights > 0
    y, w = problem.y[used], problem.prior_weights[used]
    match problem.family:
        case "binomial":
            m, k = np.rint(w), np.rint(w * y)
            sizes = 1.0 + np.abs(np.log(np.where((k > 0) & (k < m), m / (k * (m - k)), 1.0)))
        case "poisson":
            sizes = w * (1.0 + np.abs(np.log(np.where(y > 0, y, 1.0))))
        case "negative_binomial":
            theta = problem.theta or 1.0
            sizes = w * (1.0 + np.abs(np.log(np.where(y > 0, y / (1.0 + y / theta), 1.0))))
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
