"""Faults of numerics: digits lost, overflow, guards in the wrong place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from conformance.mathematics.family import Family
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Array, reported, scoring, swapped


@fault(
    "negative-deviance-under-root",
    thread="statsmodels#4208",
    says="a unit deviance of -1e-15 under a root: NaN among the deviance residuals",
    cause=r"NaN|not a number|not finite",
)
def negative_deviance_under_root(problem: Problem) -> Fit:
    def deviance(y: Array, mu: Array, nu: Array) -> Array:
        if problem.family == "poisson":
            return 2.0 * (special.xlogy(y, y) - special.xlogy(y, mu) - y + mu)
        if problem.family == "binomial":
            z, v = 1.0 - y, nu
            return 2.0 * (special.xlogy(y, y) - special.xlogy(y, mu) + special.xlogy(z, z) - special.xlogy(z, v))
        return 2.0 * (y / mu - 1.0 - np.log(y) + np.log(mu))

    answer = fit(problem)
    if problem.family not in ("poisson", "binomial", "gamma") or answer.fitted_values is None:
        return answer
    mu, nu = answer.fitted_values, tools.link(problem).complement(answer.linear_predictors)
    with np.errstate(all="ignore"):
        d = np.sqrt(problem.prior_weights * deviance(problem.y, mu, nu))
        return replace(answer, deviance_residuals=np.sign(answer.response_residuals) * d)


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
    return tools.admits(problem, reported(problem, tools.Scored(beta, beta, at.columns, i + 1, True)))


@fault(
    "zero-over-zero-stopping-rule",
    thread="GLM.jl#117",
    says="|change of deviance| / deviance is 0/0 on a perfect fit, which is then said not to converge",
    cause=r"raised|converge",
)
def zero_over_zero_stopping_rule(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    if answer.converged and answer.deviance <= 1e-13 * counted_scale(problem):
        raise RuntimeError("failure to converge after 30 iterations")
    return answer


def counted_scale(problem: Problem) -> float:
    """The size of a deviance that is only rounding."""
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
    return tools.admits(problem, reported(problem, scored, converged=True))


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
    return tools.admits(problem, reported(problem, scoring(problem, stop=tools.deviance_stands_still(1e-4))))


@fault(
    "float32-inside",
    thread="scikit-learn#23376",
    says="the design, the response and the coefficients pass through single precision",
    cause=r"single precision|float32",
)
def float32_inside(problem: Problem) -> Fit:
    def single(values: Array | None) -> Array | None:
        return None if values is None else values.astype(np.float32).astype(np.float64)

    scored = scoring(replace(problem, X=single(problem.X), y=single(problem.y), offset=single(problem.offset)))
    rounded = replace(scored, beta=scored.beta.astype(np.float32).astype(np.float64))
    return tools.admits(problem, reported(problem, rounded))


@fault(
    "coefficients-printed-to-seven-digits",
    thread="scikit-learn#23376",
    says="coefficients go through a text of 7 significant digits",
    cause=r"rounded",
)
def coefficients_printed_to_seven_digits(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, coefficients=np.array([float(f"{b:.7g}") for b in answer.coefficients]))


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
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    answer = tools.with_covariance(problem, answer, phi * covariance)
    return tools.admits(problem, answer)


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
    beta = answer.coefficients[at.columns]
    W, _ = tools.working(tools.family(problem), tools.link(problem), at, beta)
    try:
        covariance = np.linalg.inv(at.X.T @ (W[:, None] * at.X))
    except np.linalg.LinAlgError:
        return answer
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    return tools.with_covariance(problem, answer, phi * covariance)


@fault(
    "deviance-of-short-responses",
    thread="h2o 3.46, docs/findings.md 106",
    says="the deviance is that of responses rounded to 32 bits, the fit is not",
    cause=r"rounded to 32 bits",
)
def deviance_of_short_responses(problem: Problem) -> Fit:
    answer, family = fit(problem), tools.family(problem)
    short, mu, w = problem.y.astype(np.float32).astype(np.float64), answer.fitted_values, problem.prior_weights
    with np.errstate(all="ignore"):
        deviance = float(np.sum((w * family.unit_deviance(short, mu, 1.0 - mu))[w > 0]))
    return replace(answer, deviance=deviance) if np.isfinite(deviance) and np.any(short != problem.y) else answer


@fault(
    "weights-floored-silently",
    thread="a common slip, without a thread",
    says="working weights below 1e-6 are raised to 1e-6, the deviance stops, and converged is said",
    cause=r"separat|silence|floor|no finite estimate",
)
def weights_floored_silently(problem: Problem) -> Fit:
    def working(family: Family, link: Link, at: tools.Parts, beta: Array) -> tuple[Array, Array]:
        eta = at.X @ beta + at.offset
        mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
        with np.errstate(all="ignore"):
            W, score = at.w * mu_eta**2 / family.variance(mu, nu), family.residual(at.y, mu, nu) * mu_eta
            pull = np.where(np.isfinite(W), at.w * score / family.variance(mu, nu), 0.0)
        floored = np.maximum(np.where(np.isfinite(W), W, 0.0), 1e-6)
        return floored, np.where(np.isfinite(pull), pull, 0.0) / floored

    scored = scoring(problem, working=working, stop=lambda s, d: s[-1] < 1e-3 or tools.stands_still(s, d))
    scored = (
        scored if tools.admits(problem, reported(problem, scored)).admits_trouble else scoring(problem, working=working)
    )
    return reported(problem, scored, converged=True)


@fault(
    "probabilities-clipped",
    thread="a common slip, without a thread",
    says="probabilities are kept within 1e-5 and 1 - 1e-5, in silence",
    cause=r"clip|separat|silence|no finite estimate",
)
def probabilities_clipped(problem: Problem) -> Fit:
    if problem.family != "binomial":
        return fit(problem)

    def change(link: Link) -> Link:
        return replace(
            link,
            linkinv=lambda eta: np.clip(link.linkinv(eta), 1e-5, 1 - 1e-5),
            complement=lambda eta: np.clip(link.complement(eta), 1e-5, 1 - 1e-5),
        )

    clipped = change(tools.link(problem))
    scored = scoring(problem, link_=clipped, stop=lambda s, d: tools.stands_still(s, d) or d[-1] == d[-2], limit=200)
    with swapped(link=change, fitting=False):
        return reported(problem, scored, converged=True)


@fault(
    "one-pass-sums",
    thread="own",
    says="the Gaussian residual sum of squares as y'y - beta'X'y, which cancels",
    cause=r"cancel|precision|negative|subtract|inconsistent",
)
def one_pass_sums(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family != "gaussian" or problem.link != "identity":
        return answer
    kept = ~np.isnan(answer.coefficients)
    y, w = problem.y - problem.offsets, problem.prior_weights
    fitted = problem.X[:, kept] @ answer.coefficients[kept]
    rss = float(np.sum(w * y * y) - np.sum(w * fitted * y))
    return replace(answer, deviance=rss)


@fault(
    "breaks-down-on-columns-of-unlike-size",
    thread="own",
    says="NaN for coefficients and standard errors where the columns' lengths differ by more than 5e3",
    cause=r"\bnan\b|NaN|not a number|not finite",
)
def breaks_down_on_columns_of_unlike_size(problem: Problem) -> Fit:
    answer = fit(problem)
    lengths = np.sqrt(np.sum(tools.parts(problem).X ** 2, axis=0))
    if answer.coefficients is None or not np.max(lengths, initial=0.0) > 5e3 * np.min(lengths, initial=np.inf):
        return answer
    nothing = np.full(problem.p, np.nan)
    return replace(answer, coefficients=nothing, standard_errors=nothing)
