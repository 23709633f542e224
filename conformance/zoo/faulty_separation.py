"""Faults of separation: no finite estimate exists, and nothing is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.family import Family
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, reported
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring


@fault(
    "silent-separation",
    thread="Marschner (2011), The R Journal 3/2",
    says="separated binomial data are fitted without a word",
    cause=r"separat|no maximum likelihood",
)
def silent_separation(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, converged=True, warnings=()) if problem.family == "binomial" else answer


@fault(
    "silent-empty-group",
    thread="statsmodels#1391",
    says="a group whose counts are all 0 is fitted without a word",
    cause=r"separat|no finite estimate|all 0|empty",
)
def silent_empty_group(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, converged=True, warnings=()) if problem.family != "binomial" else answer


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
    if not admits(problem, reported(problem, scored)).admits_trouble:
        scored = scoring(problem, working=working)
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
    return reported(problem, scored, converged=True, link=change)
