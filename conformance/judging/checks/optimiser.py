"""Agreement with an independent optimiser: the likelihood itself, maximised without any formula of GLM theory.

The log density of each row is written as a function of its linear predictor; its derivative is taken by the complex
step (Squire and Trapp 1998), exact to the last bit, so that neither variance nor mu_eta nor weights are used.
BFGS comes near, Newton's method finishes.  BFGS's own approximation of the inverse Hessian is no standard error and is
never compared; the Hessian at the maximum is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from conformance.fitter.predictor import AtBeta
from conformance.fitter.start import start
from conformance.judging.causes import explain
from conformance.judging.checks.values import compare
from conformance.judging.comparison import APART, Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import agreement, worst
from conformance.mathematics.least_squares import independent_columns
from conformance.mathematics.response import Response
from conformance.proof.result import Uniqueness
from conformance.question.problem import Problem

Array = NDArray[np.float64]
Complex = NDArray[np.complexfloating[Any, Any]]
H = 1e-30  # the complex step: no cancellation, so it may be as small as one likes
NEWTON_STEPS = 60

#: The digits that the Hessian's standard errors have: it comes from differences of derivatives, and has 6 to 9.
HESSIAN_DIGITS = 4.0
#: With fewer attainable digits the design is so ill-conditioned that a Hessian of differences has none to compare.
HESSIAN_NEEDS = 12.0
#: Steps of those differences, relative to the parameter, to the largest one, and where all are 0.
STEP, LEAST_STEP, STEP_AT_0 = 1e-5, 1e-3, 1e-12
#: In standard errors: the optimiser arrived if it is so near; and its Newton steps end where they are so short.
ARRIVED, STEPS_END = 1e-7, 1e-9
#: Of the sum of squares: a perfect fit, whose likelihood has no maximum in sigma.
PERFECT = 1e-24


@dataclass(frozen=True)
class Optimum:
    """The maximum: beta (p,) with NaN where aliased, the Hessian's standard errors for unit dispersion, sigma^2, and
    the errors of BFGS's own inverse Hessian, which is a by-product and no standard error.
    """

    beta: Array
    unscaled_errors: Array
    sigma2: float | None
    decrement: float
    bfgs_errors: Array


def optimiser(comparison: Comparison) -> Finding:
    """The MLE is the maximum that a general optimiser finds on the log-likelihood (Nocedal and Wright 2006, ch. 6).

    For a canonical link the Hessian at the maximum is the expected information, so that the reported standard errors
    over the root of the reported dispersion must be those of the Hessian too (McCullagh and Nelder 1989, sec. 2.5).
    """
    if comparison.fit is None:
        return Finding(Outcome.NOT_REPORTED, "optimiser", message=f"refused: {comparison.refusal}")
    if comparison.why_undecided:
        return Finding(Outcome.UNDECIDED, "optimiser", message=comparison.why_undecided)
    optimum = maximise(comparison.problem)
    if optimum is None or optimum.decrement > ARRIVED:
        return Finding(Outcome.UNDECIDED, "optimiser", message="the independent optimiser did not converge")
    if np.any(comparison.aliased != np.isnan(optimum.beta)):
        return Finding(Outcome.UNDECIDED, "optimiser", message="other columns of a dependent set were kept")
    if comparison.reference.uniqueness is Uniqueness.LOCAL:
        apart = np.abs(optimum.beta - comparison.expected["coefficients"]) / comparison.scale("coefficients")
        if np.nanmax(apart, initial=0.0) > APART:
            return Finding(Outcome.UNDECIDED, "optimiser", message="scipy ends at another maximum than the proven one")
    independent = replace(comparison.reference, values={**comparison.reference.values, "coefficients": optimum.beta})
    demand = replace(comparison.demand, strict=False)  # a general optimiser does not have all the digits itself
    found = compare(replace(comparison, reference=independent, demand=demand), "coefficients")
    name = found.quantity.replace("coefficients", "optimiser")
    if found.outcome is Outcome.FAIL:
        message = f"against scipy's optimum of the log-likelihood: {found.message}"
        return replace(found, quantity=name, message=message)
    return _errors(comparison, optimum) or replace(found, quantity=name)


def _errors(comparison: Comparison, optimum: Optimum) -> Finding | None:
    """For a canonical link: the standard errors against the Hessian's; None where they agree or are not comparable."""
    fit, problem = comparison.fit, comparison.problem
    if fit is None or fit.standard_errors is None or not comparison.response.canonical:
        return None
    if not fit.dispersion or not np.isfinite(fit.dispersion):  # a perfect fit, or no degree of freedom
        return None
    with np.errstate(all="ignore"):
        got = fit.standard_errors / np.sqrt(fit.dispersion)
    kept = np.isfinite(optimum.unscaled_errors) & (optimum.unscaled_errors > 0)
    digits, at = worst(agreement(got[kept], optimum.unscaled_errors[kept], optimum.unscaled_errors[kept]))
    required = min(HESSIAN_DIGITS, comparison.demand.digits)
    if digits >= required or (comparison.reference.errors.get("standard_errors") is not None and _hopeless(comparison)):
        return None
    want = float(optimum.unscaled_errors[kept][at])
    message = (
        f"the standard error over sqrt(dispersion) of {problem.names[int(np.flatnonzero(kept)[at])]} is "
        f"{float(got[kept][at])!r}; the Hessian of the log-likelihood gives {want!r}: {digits:.1f} digits"
    )
    cause, sentence = (
        explain(comparison, "standard_errors") if "standard_errors" in comparison.expected else ("unexplained", "")
    )
    if cause == "unexplained":
        cause, sentence = "covariance", "the covariance is not that of the information"
    numbers = (digits, required, None, float(got[kept][at]), want)
    return Finding(Outcome.FAIL, "optimiser standard errors", *numbers, cause, f"{message}; {sentence}")


def _hopeless(comparison: Comparison) -> bool:
    """Whether the data are so ill-conditioned that a Hessian of differences has no digits."""
    attainable = comparison.attainable("standard_errors")
    return attainable is not None and float(np.nanmin(attainable)) < HESSIAN_NEEDS


def maximise(problem: Problem) -> Optimum | None:
    """The maximum of the log-likelihood of ``problem``, None where the search fails; remembered for the same object."""
    return _last(_Same(problem))


@dataclass(frozen=True, eq=False)
class _Same:
    """A problem, equal to itself alone: an audit and the zoo ask the same object for each implementation."""

    problem: Problem

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.problem is self.problem

    def __hash__(self) -> int:
        return id(self.problem)


@lru_cache(maxsize=512)
def _last(asked: _Same) -> Optimum | None:
    return _maximise(asked.problem)


def _maximise(problem: Problem) -> Optimum | None:
    used = problem.counts
    y, w, offset = problem.y[used], problem.prior_weights[used], problem.offsets[used]
    columns = independent_columns(problem.X[used])
    X = problem.X[np.ix_(used, columns)]
    if X.shape[1] == 0:
        return None
    density = log_density(problem, y)
    Q, R = np.linalg.qr(X)  # orthonormal columns: BFGS would crawl on the raw ones
    gaussian = problem.family == "gaussian"

    def value_and_gradient(parameters: Array) -> tuple[float, Array]:
        """-l and its gradient; the Gaussian's last parameter is log sigma^2."""
        gamma, tau = (parameters[:-1], parameters[-1]) if gaussian else (parameters, 0.0)
        with np.errstate(all="ignore"):
            terms = density(Q @ gamma + offset + 1j * H)
        precision = np.exp(-tau)
        value = -precision * float(np.sum(w * terms.real)) + 0.5 * len(y) * tau
        gradient = -precision * (Q.T @ (w * terms.imag / H))
        if gaussian:
            gradient = np.append(gradient, 0.5 * len(y) + precision * float(np.sum(w * terms.real)))
        return (value, gradient) if np.isfinite(value) and np.all(np.isfinite(gradient)) else (np.inf, gradient)

    def hessian(parameters: Array) -> Array:
        """The Hessian of -l by central differences of the exact gradient."""
        sizes = np.abs(parameters)
        steps: Array = STEP * np.maximum(sizes, LEAST_STEP * float(np.max(sizes)) + STEP_AT_0)
        rows = [
            (value_and_gradient(parameters + e)[1] - value_and_gradient(parameters - e)[1]) / (2.0 * h)
            for h, e in zip(steps, np.diag(steps), strict=True)
        ]
        half = 0.5 * np.array(rows)
        return np.asarray(half + half.T)

    response = Response.of(problem).counting
    near_the_data = start(lambda beta: AtBeta(X, response, beta), X, response)
    beta = problem.start[columns] if problem.start is not None else near_the_data
    parameters = R @ beta
    if gaussian:
        rss = -2.0 * float(np.sum(w * density(Q @ parameters + offset + 0j).real))
        if rss <= PERFECT * float(np.sum(w * y**2)):
            return None  # a perfect fit: the likelihood is unbounded in sigma
        parameters = np.append(parameters, np.log(rss / len(y)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy's line search speaks of lost precision near the maximum, rightly
        near = minimize(value_and_gradient, parameters, jac=True, method="BFGS", options={"maxiter": 200})
        best, (value, gradient) = near.x, value_and_gradient(near.x)
        decrement = np.inf
        for _ in range(NEWTON_STEPS):
            curvature = hessian(best)
            if not np.all(np.isfinite(gradient)) or not np.all(np.isfinite(curvature)):
                return None
            try:
                factor = np.linalg.cholesky(curvature)
            except np.linalg.LinAlgError:
                return None
            half = solve_triangular(factor, gradient, lower=True)
            step, before = solve_triangular(factor.T, half), decrement
            decrement = float(np.linalg.norm(half))
            if decrement < STEPS_END and decrement >= before:
                break
            while not value_and_gradient(best - step)[0] <= value + STEPS_END * abs(value) and np.any(step):
                step = step / 2.0
            best = best - step
            value, gradient = value_and_gradient(best)
        sigma2 = float(np.exp(best[-1])) if gaussian else None
        count = len(columns)
        H_beta = Q.T @ ((-w * _curvature(density, Q @ best[:count] + offset, problem))[:, None] * Q)
        S = solve_triangular(R, solve_triangular(np.linalg.cholesky(H_beta), np.eye(count), lower=True).T)
        inverse_R = solve_triangular(R, np.eye(count))
        bfgs = inverse_R @ (np.asarray(near.hess_inv)[:count, :count] / (sigma2 or 1.0)) @ inverse_R.T
    beta, errors, approximate = (np.full(problem.p, np.nan) for _ in range(3))
    beta[columns] = solve_triangular(R, best[:count])
    errors[columns] = np.linalg.norm(S, axis=1)
    approximate[columns] = np.sqrt(np.maximum(np.diag(bfgs), 0.0))
    return Optimum(beta, errors, sigma2, decrement, approximate)


def _curvature(density: Callable[[Complex], Complex], eta: Array, problem: Problem) -> Array:
    """(n,) the second derivative of each row's log density: a central difference of exact first ones, good to 9 digits.

    Row by row, for a difference of whole gradients would lose the directions in which the likelihood is flat.
    """
    least = 1.0 if problem.link in ("logit", "probit", "cauchit", "cloglog", "log") else 0.0  # others may not pass 0
    if problem.family == "gaussian" and problem.link == "identity":
        least = float(np.max(np.abs(eta), initial=1.0))
    size = np.minimum(eta, 1.0 - eta) if (problem.family, problem.link) == ("binomial", "identity") else np.abs(eta)
    h = STEP * np.maximum(size, least)
    return np.asarray((density(eta + h + 1j * H).imag - density(eta - h + 1j * H).imag) / (2.0 * h * H))


def log_density(problem: Problem, y: Array) -> Callable[[Complex], Complex]:
    """eta -> the log density of each row at unit dispersion, less terms without eta: an analytic function of eta."""
    if problem.family == "binomial":
        log_mu, log_nu = _LOG_PROBABILITIES[problem.link]
        return lambda eta: _times(y, log_mu(eta)) + _times(1.0 - y, log_nu(eta))
    mu, theta, power = _MEANS[problem.link], problem.theta or 1.0, problem.power or 0.0
    densities: dict[str, Callable[[Complex], Complex]] = {
        "gaussian": lambda m: -0.5 * (y - m) ** 2,
        "poisson": lambda m: _times(y, np.log(m)) - m,
        "gamma": lambda m: -y / m - np.log(m),
        "inverse_gaussian": lambda m: -y / (2.0 * m * m) + 1.0 / m,
        "negative_binomial": lambda m: _times(y, np.log(m)) - (y + theta) * np.log(m + theta),
        "tweedie": lambda m: _tweedie(y, m, power),
    }
    density, positive = densities[problem.family], problem.family != "gaussian"

    def of_eta(eta: Complex) -> Complex:
        m = mu(eta)
        return np.asarray(np.where(m.real > 0, density(m), -np.inf) if positive else density(m))

    return of_eta


def _tweedie(y: Array, m: Complex, power: float) -> Complex:
    """y m^(1-p)/(1-p) - m^(2-p)/(2-p), and its limits at p = 1 and 2."""
    first = _times(y, np.log(m)) if power == 1.0 else y * m ** (1.0 - power) / (1.0 - power)
    second = np.log(m) if power == 2.0 else m ** (2.0 - power) / (2.0 - power)
    return np.asarray(first - second)


def _times(y: Array, z: Complex) -> Complex:
    """y z, and 0 where y is 0 even if z is infinite."""
    return np.where(y == 0, 0.0, y * z)


def _log_expit(z: Complex) -> Complex:
    """log(1 / (1 + exp(-z))) on either side of 0 without overflow."""
    return np.asarray(np.where(z.real > 0, -np.log1p(np.exp(-z)), z - np.log1p(np.exp(np.where(z.real > 0, 0.0, z)))))


def _log_cauchy(z: Complex) -> Complex:
    """log(1/2 + atan(z)/pi), for z < -1 as atan(-1/z)/pi, which keeps the digits of a small probability."""
    far = np.where(z.real < -1.0, z, -1.0)
    return np.log(np.where(z.real < -1.0, -np.arctan(1.0 / far) / np.pi, 0.5 + np.arctan(z) / np.pi))


def _log_inside(z: Complex) -> Complex:
    """log z, and -infinity for what is no probability."""
    return np.where(z.real > 0, np.log(z), -np.inf)


_LOG_PROBABILITIES: dict[str, tuple[Callable[[Complex], Complex], Callable[[Complex], Complex]]] = {
    "logit": (_log_expit, lambda z: _log_expit(-z)),
    "probit": (special.log_ndtr, lambda z: special.log_ndtr(-z)),
    "cauchit": (_log_cauchy, lambda z: _log_cauchy(-z)),
    "cloglog": (lambda z: np.log(-np.expm1(-np.exp(z))), lambda z: -np.exp(z)),
    "log": (lambda z: z, lambda z: np.log(-np.expm1(z))),
    "identity": (_log_inside, lambda z: _log_inside(1.0 - z)),
}
_MEANS: dict[str, Callable[[Complex], Complex]] = {
    "identity": lambda z: z,
    "log": np.exp,
    "inverse": lambda z: 1.0 / z,
    "inverse_squared": lambda z: np.where(z.real > 0, 1.0 / np.sqrt(z), -np.inf),
    "sqrt": lambda z: np.where(z.real > 0, z * z, -np.inf),
}
