"""Faults of convergence: what is said of the answer is not what it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, got, reported, with_covariance
from conformance.zoo.making import reports
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "converged-at-divergent-point",
    thread="Marschner (2011), The R Journal 3/2, on R's glm",
    says="means kept eps off 0 and 1, no step control, and the deviance of the end said to have converged",
    cause=r"diverg|no step control|infinit",
)
def converged_at_divergent_point(problem: Problem) -> Fit:
    if problem.family != "binomial" or problem.start is None:
        return fit(problem)
    right, eps = tools.link(problem), tools.EPS
    kept = replace(
        right,
        linkinv=lambda eta: np.clip(right.linkinv(eta), eps, 1 - eps),
        complement=lambda eta: np.clip(right.complement(eta), eps, 1 - eps),
        mu_eta=lambda eta: np.maximum(right.mu_eta(eta), eps),
    )
    scored = scoring(problem, link_=kept, halve=False, stop=tools.deviance_stands_still(1e-8), limit=25)
    polished = scoring(replace(problem, start=None))
    far = np.linalg.norm(scored.beta - polished.beta) > 1e3 * (1 + np.linalg.norm(polished.beta))
    return reported(problem, scored if far else polished, converged=True)


@fault(
    "cycling-reported-as-converged",
    thread="Marschner (2011), The R Journal 3/2",
    says="no step control; a deviance that was seen before counts as convergence, and so does the limit",
    cause=r"early stop|cycl|does not converge",
)
def cycling_reported_as_converged(problem: Problem) -> Fit:
    def stop(sizes: list[float], deviances: list[float]) -> bool:
        seen = any(abs(deviances[-1] - d) < 1e-10 * (abs(d) + 0.1) for d in deviances[:-1])
        return seen and (sizes[-1] > 1e-3 or tools.stands_still(sizes, deviances))

    scored = scoring(problem, halve=False, stop=stop, limit=100)
    if not np.all(np.isfinite(scored.beta)):
        return fit(problem)
    return admits(problem, reported(problem, scored, converged=True))


@fault(
    "invalid-mean-accepted",
    thread="Marschner (2011), The R Journal 3/2",
    says="a mean outside the family's domain is taken as it is, in silence",
    cause=r"outside|boundary|invalid mean|silence",
)
def invalid_mean_accepted(problem: Problem) -> Fit:
    bounded = (problem.family, problem.link) in (
        ("binomial", "log"),
        ("poisson", "identity"),
        ("gamma", "identity"),
        ("negative_binomial", "identity"),
        ("inverse_gaussian", "identity"),
        ("gamma", "inverse"),
        ("inverse_gaussian", "inverse"),
    )
    if not bounded:
        return fit(problem)
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    beta = tools.begin(problem)
    i = 0
    for i in range(problem.max_iterations or 200):  # no deviance is asked, so nothing stops a mean below 0  # noqa: B007 (used after the loop)
        eta = at.X @ beta + at.offset
        mu, mu_eta = g.linkinv(eta), g.mu_eta(eta)
        with np.errstate(all="ignore"):
            W = at.w * mu_eta**2 / np.maximum(np.abs(f.variance(mu, 1.0 - mu)), 1e-10)
            r = (at.y - mu) / mu_eta
        step = tools.by_qr(at.X, np.where(np.isfinite(W), W, 0.0), np.where(np.isfinite(r), r, 0.0))
        beta = beta + step
        if float(np.linalg.norm(np.sqrt(np.maximum(W, 0)) * (at.X @ step))) < 1e-10 or not np.all(np.isfinite(beta)):
            break
    beta = np.where(np.isfinite(beta), beta, 0.0)
    return reported(problem, tools.Scored(beta, beta, at.columns, i + 1, True))


@fault(
    "silent-iteration-limit",
    thread="statsmodels#4607",
    says="at the iteration limit converged = True and no warning",
    cause=r"iteration limit|early stop|silence",
)
def silent_iteration_limit(problem: Problem) -> Fit:
    answer = fit(problem)
    limit = any("iteration limit" in line for line in answer.warnings)
    return replace(answer, converged=True, warnings=()) if limit else answer


@fault(
    "twenty-five-iterations",
    thread="statsmodels#4607",
    says="at most 8 steps, whatever happens, and no word of it",
    cause=r"early stop|iteration limit|silence",
)
def twenty_five_iterations(problem: Problem) -> Fit:
    answer = fit(replace(problem, max_iterations=min(8, problem.max_iterations or 8)))
    return admits(problem, replace(answer, converged=True, warnings=()))


@fault(
    "start-values-ignored",
    thread="statsmodels#2834",
    says="start values are dropped; its own start has no valid mean for some links, which it then says",
    cause=r"start|raised",
)
def start_values_ignored(problem: Problem) -> Fit:
    if problem.start is None:
        return fit(problem)
    bare = replace(problem, start=None)
    at, f, g = tools.parts(bare), tools.family(bare), tools.link(bare)
    mu = (at.w * at.y + 0.5) / (at.w + 1.0) if f.name == "binomial" else at.y + 0.1 * (f.name == "poisson")
    eta = g.linkfun(mu)
    with np.errstate(all="ignore"):
        W = at.w * g.mu_eta(eta) ** 2 / f.variance(mu, 1.0 - mu)
    beta = tools.by_qr(at.X, W, eta - at.offset)
    if not np.isfinite(tools.deviance_at(f, g, at, beta)):
        raise ValueError("no valid set of coefficients has been found: please supply starting values")
    return fit(bare)


@fault(
    "optimiser-stuck-at-zero",
    thread="scikit-learn#27016",
    says="starts at 0; where the first full step does not help it stays there and says converged",
    cause=r"start|stuck|did not move|early stop",
)
def optimiser_stuck_at_zero(problem: Problem) -> Fit:
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    zero = np.zeros(len(at.columns))
    here = tools.deviance_at(f, g, at, zero)
    if problem.start is not None or not np.isfinite(here):
        return fit(problem)
    W, r = tools.working(f, g, at, zero)
    if np.all(W > 0) and tools.deviance_at(f, g, at, tools.by_qr(at.X, W, r)) > here:
        return reported(problem, tools.Scored(zero, zero, at.columns, 1, True))
    return fit(problem)


@fault(
    "second-fit-remembers-first",
    thread="glum 2.5.2",
    says="the covariance of the first fit is kept for every later one with as many columns",
    cause=r"remember|earlier fit|first fit|another fit|same object",
)
class SecondFitRemembersFirst:
    def __init__(self) -> None:
        self._covariance: dict[int, Array] = {}

    def __call__(self, problem: Problem) -> Fit:
        answer = fit(problem)
        if np.any(np.isnan(answer.coefficients)) or not answer.converged:
            return answer
        return with_covariance(problem, answer, self._covariance.setdefault(problem.p, got(answer.covariance)))


@fault(
    "warm-start-changes-the-answer",
    thread="glum 2.5.2",
    says="a second fit of as many columns starts from the first one's end and takes one step",
    cause=r"remember|earlier fit|first fit|another fit|same object|twice",
)
class WarmStartChangesTheAnswer:
    def __init__(self) -> None:
        self._beta: dict[int, Array] = {}

    def __call__(self, problem: Problem) -> Fit:
        right = fit(problem)
        if np.any(np.isnan(right.coefficients)) or not right.converged or problem.start is not None:
            return right
        at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
        start = self._beta.get(problem.p)
        self._beta[problem.p] = right.coefficients
        if start is None or not np.isfinite(tools.deviance_at(f, g, at, start)):
            return right
        return reported(problem, scoring(replace(problem, start=start, max_iterations=3)), converged=True)


@fault(
    "random-start",
    thread="own",
    says="the last digits depend on a random start: two fits of the same data differ in the fifth digit",
    cause=r"twice|again|random|early stop|same answer",
)
class RandomStart:
    def __init__(self) -> None:
        self._random = np.random.default_rng(1)

    def __call__(self, problem: Problem) -> Fit:
        answer = fit(problem)
        if not answer.converged or answer.standard_errors is None:
            return answer
        noise = 1e-5 * self._random.standard_normal(problem.p) * np.nan_to_num(answer.standard_errors, posinf=0.0)
        return replace(answer, coefficients=answer.coefficients + noise)


@fault(
    "arrays-touched",
    thread="scikit-learn#15009",
    says="the design is centred in place and not restored",
    cause=r"touched|in place|changed the (problem|array)|arrays",
)
def arrays_touched(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.intercept and problem.p > 1:
        problem.X.flags.writeable = True
        problem.X[:, 1:] -= problem.X[:, 1:].mean(axis=0)
        problem.X.flags.writeable = False
    return answer


@fault(
    "infinite-coefficients",
    thread="own",
    says="coefficients above 20 in size are reported as infinite",
    cause=r"infinite",
)
@reports("coefficients")
def infinite_coefficients(problem: Problem, answer: Fit, right: Array) -> Array:
    return np.where(np.abs(right) > 20, np.sign(right) * np.inf, right)


@fault(
    "never-converged-flag",
    thread="own",
    says="returns its start with converged = False on every hard problem",
    cause=r"early stop|did not converge",
)
def never_converged_flag(problem: Problem) -> Fit:
    return fit(replace(problem, max_iterations=problem.max_iterations or 4))


@fault(
    "always-unconverged",
    thread="own",
    says="converged = False on every fit, right ones too",
    cause=r"throws a right answer away",
)
def always_unconverged(problem: Problem) -> Fit:
    return replace(fit(problem), converged=False)
