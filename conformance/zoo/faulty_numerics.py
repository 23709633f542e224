"""Faults of numerics: digits lost, overflow, guards in the wrong place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, dispersion_of, got, reported, with_covariance, working_at
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "negative-deviance-under-root",
    thread="statsmodels#4208",
    says="a unit deviance of -1e-15 under a root: NaN among the deviance residuals",
    cause=r"NaN|not a number|not finite",
)
@reports("deviance_residuals")
def negative_deviance_under_root(problem: Problem, answer: Fit, right: Array) -> Array:
    y, mu = problem.y, got(answer.fitted_values)
    nu = tools.link(problem).complement(got(answer.linear_predictors))
    d: NDArray[np.floating]
    match problem.family:
        case "poisson":
            d = 2.0 * (special.xlogy(y, y) - special.xlogy(y, mu) - y + mu)
        case "binomial":
            z = 1.0 - y
            d = 2.0 * (special.xlogy(y, y) - special.xlogy(y, mu) + special.xlogy(z, z) - special.xlogy(z, nu))
        case "gamma":
            d = 2.0 * (y / mu - 1.0 - np.log(y) + np.log(mu))
        case _:
            return right
    return np.asarray(np.sign(got(answer.response_residuals)) * np.sqrt(problem.prior_weights * d))


@fault(
    "backtracking-assumes-finite-deviance",
    thread="GLM.jl#417",
    says="steps are halved while deviance > old deviance: a NaN is not greater, and is taken",
    cause=r"NaN|diverg|outside|not finite|raised",
)
def backtracking_assumes_finite_deviance(problem: Problem) -> Fit:
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)

    def deviance(b: Array) -> float:
        mu = g.linkinv(at.X @ b + at.offset)
        with np.errstate(all="ignore"):
            return float(np.sum(at.w * f.unit_deviance(at.y, mu, 1.0 - mu)))

    beta = tools.begin(problem)
    old, i = deviance(beta), 0
    for i in range(problem.max_iterations or 200):  # noqa: B007 (used after the loop)
        W, r = tools.working(f, g, at, beta)
        step = tools.by_qr(at.X, W, r)
        new = deviance(beta + step)
        while new > old and np.any(np.abs(step) > 1e-14 * np.abs(beta)):
            step = step / 2
            new = deviance(beta + step)
        size = float(np.linalg.norm(np.sqrt(W) * (at.X @ step)))
        beta, old = beta + step, new
        if not np.all(np.isfinite(beta)) or size < 1e-9:
            break
    return admits(problem, reported(problem, tools.Scored(beta, beta, at.columns, i + 1, True)))


@fault(
    "zero-over-zero-stopping-rule",
    thread="GLM.jl#117",
    says="|change of deviance| / deviance is 0/0 on a perfect fit, which is then said not to converge",
    cause=r"raised|converge",
)
def zero_over_zero_stopping_rule(problem: Problem) -> Fit:
    answer = fit(problem)
    if answer.converged and got(answer.deviance) <= 1e-13 * _size_of_the_response(problem):
        raise RuntimeError("failure to converge after 30 iterations")
    return answer


def _size_of_the_response(problem: Problem) -> float:
    """What a deviance is measured by: so many times 1e-13 is only rounding."""
    return float(np.sum(problem.prior_weights * problem.y**2)) if problem.family == "gaussian" else 1.0


@fault(
    "loose-gradient-tolerance",
    thread="scikit-learn#19193",
    says="stops where the mean gradient is below 1e-4, and says converged",
    cause=r"early stop",
)
def loose_gradient_tolerance(problem: Problem) -> Fit:
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    beta = tools.begin(problem)
    scored = tools.Scored(beta, beta, at.columns, 0, False)
    for i in range(300):
        W, r = tools.working(f, g, at, beta)
        if np.max(np.abs(at.X.T @ (W * r))) / np.sum(at.w) < 1e-4:
            break
        one = scoring(replace(problem, max_iterations=1, start=_full(problem, at, beta)))
        beta = one.beta
        scored = tools.Scored(beta, one.before, at.columns, i + 1, True)
    return admits(problem, reported(problem, scored, converged=True))


def _full(problem: Problem, at: tools.Parts, beta: Array) -> Array:
    whole = np.zeros(problem.p)
    whole[at.columns] = beta
    return whole


@fault(
    "loose-deviance-tolerance",
    thread="scikit-learn#19193",
    says="stops where the deviance moves by less than 1e-4 of itself, and says converged",
    cause=r"early stop",
)
def loose_deviance_tolerance(problem: Problem) -> Fit:
    return admits(problem, reported(problem, scoring(problem, stop=tools.deviance_stands_still(1e-4))))


@fault(
    "float32-inside",
    thread="scikit-learn#23376",
    says="the design, the response and the coefficients pass through single precision",
    cause=r"single precision|float32",
)
def float32_inside(problem: Problem) -> Fit:
    def single(values: Array) -> Array:
        return values.astype(np.float32).astype(np.float64)

    offset = None if problem.offset is None else single(problem.offset)
    scored = scoring(replace(problem, X=single(problem.X), y=single(problem.y), offset=offset))
    return admits(problem, reported(problem, replace(scored, beta=single(scored.beta))))


@fault(
    "coefficients-printed-to-seven-digits",
    thread="scikit-learn#23376",
    says="coefficients go through a text of 7 significant digits",
    cause=r"rounded",
)
@reports("coefficients")
def coefficients_printed_to_seven_digits(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.array([float(f"{b:.7g}") for b in right])


def _whole_coefficients(problem: Problem, inverse: bool) -> Fit:
    """Solve for beta itself from X'WX, as textbooks write it, and take the covariance from its inverse."""
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)

    def solve(H: Array, b: Array) -> Array:
        try:
            return np.asarray(np.linalg.inv(H) @ b if inverse else np.linalg.solve(H, b))
        except np.linalg.LinAlgError:
            return np.full_like(b, np.nan)

    beta, previous = tools.begin(problem), np.inf
    old = tools.deviance_at(f, g, at, beta)
    for _ in range(problem.max_iterations or 300):
        W, r = tools.working(f, g, at, beta)
        H = at.X.T @ (W[:, None] * at.X)
        target = solve(H, at.X.T @ (W * (at.X @ beta + r)))
        if not np.all(np.isfinite(target)):
            break
        step = target - beta
        dev, whole = tools.deviance_at(f, g, at, target), step
        for _ in range(40):
            if dev <= old * (1 + 1e-12) + 1e-300:
                break
            step = step / 2
            dev = tools.deviance_at(f, g, at, beta + step)
        beta, old = (target if step is whole else beta + step), dev
        size = float(np.linalg.norm(np.sqrt(W) * (at.X @ step)))
        if size == 0 or previous <= size < 1e-5:
            break
        previous = size
    W, _ = tools.working(f, g, at, beta)
    H = at.X.T @ (W[:, None] * at.X)
    answer = reported(problem, tools.Scored(beta, beta, at.columns, 1, True))
    covariance = np.column_stack([solve(H, e) for e in np.eye(len(beta))])
    return admits(problem, with_covariance(problem, answer, dispersion_of(answer) * covariance))


@fault(
    "normal-equations",
    thread="GLM.jl#558",
    says="X'WX solved for the coefficients themselves: the condition number is squared",
    cause=r"normal equations|precision|ill-conditioned|condition",
)
def normal_equations(problem: Problem) -> Fit:
    return _whole_coefficients(problem, inverse=False)


@fault(
    "explicit-inverse",
    thread="GLM.jl#558",
    says="beta = inv(X'WX) X'Wz",
    cause=r"inverse|precision|ill-conditioned|condition",
    strict_only=True,
)
def explicit_inverse(problem: Problem) -> Fit:
    return _whole_coefficients(problem, inverse=True)


@fault(
    "covariance-by-explicit-inverse",
    thread="GLM.jl#558",
    says="right coefficients, but standard errors from inv(X'WX)",
    cause=r"inverse|precision|ill-conditioned|condition",
    strict_only=True,
)
def covariance_by_explicit_inverse(problem: Problem) -> Fit:
    answer, at = fit(problem), tools.parts(problem)
    W, _ = working_at(problem, at, answer)
    try:
        inverse = np.linalg.inv(at.X.T @ (W[:, None] * at.X))
    except np.linalg.LinAlgError:
        return answer
    return with_covariance(problem, answer, np.asarray(dispersion_of(answer) * inverse, dtype=np.float64))


@fault(
    "deviance-of-short-responses",
    thread="h2o 3.46, docs/findings.md 106",
    says="the deviance is that of responses rounded to 32 bits, the fit is not",
    cause=r"rounded to 32 bits",
)
@reports("deviance")
def deviance_of_short_responses(problem: Problem, answer: Fit, right: float) -> float:
    short, mu, w = problem.y.astype(np.float32).astype(np.float64), got(answer.fitted_values), problem.prior_weights
    deviance = float(np.sum((w * tools.family(problem).unit_deviance(short, mu, 1.0 - mu))[w > 0]))
    return deviance if np.isfinite(deviance) and np.any(short != problem.y) else right


@fault(
    "one-pass-sums",
    thread="own",
    says="the Gaussian residual sum of squares as y'y - beta'X'y, which cancels",
    cause=r"cancel|precision|negative|subtract|inconsistent",
)
@reports("deviance")
def one_pass_sums(problem: Problem, answer: Fit, right: float) -> float:
    if problem.family != "gaussian" or problem.link != "identity":
        return right
    kept = ~np.isnan(answer.coefficients)
    y, w = problem.y - problem.offsets, problem.prior_weights
    fitted = problem.X[:, kept] @ answer.coefficients[kept]
    return float(np.sum(w * y * y) - np.sum(w * fitted * y))


@fault(
    "breaks-down-on-columns-of-unlike-size",
    thread="own",
    says="NaN for coefficients and standard errors where the columns' lengths differ by more than 5e3",
    cause=r"\bnan\b|NaN|not a number|not finite",
)
def breaks_down_on_columns_of_unlike_size(problem: Problem) -> Fit:
    answer = fit(problem)
    lengths = np.sqrt(np.sum(tools.parts(problem).X ** 2, axis=0))
    if not np.max(lengths, initial=0.0) > 5e3 * np.min(lengths, initial=np.inf):
        return answer
    nothing = np.full(problem.p, np.nan)
    return replace(answer, coefficients=nothing, standard_errors=nothing)
