"""Correct fitters of other conventions, all declared, that no faulty one of undeclared.py has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma

from conformance.adapters.answer import Unsupported
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import got, parameters, with_dispersion, with_likelihood_at, with_more_rows
from conformance.zoo.registry import correct
from conformance.zoo.remembered import fit


def mle_dispersion(problem: Problem, answer: Fit) -> float | None:
    """The dispersion that maximises the likelihood at the fitted means; None where R has no likelihood or it is 0."""
    if problem.family not in ("gaussian", "gamma", "inverse_gaussian") or not answer.deviance:
        return None
    w, deviance = problem.prior_weights[problem.prior_weights > 0], answer.deviance
    if deviance < 1e-12 * len(w):
        return None
    if problem.family != "gamma":
        return deviance / len(w)

    def slope(log_shape: float) -> float:  # sum w (log(w k) - digamma(w k)) = deviance / 2 with k = 1 / phi
        k = np.exp(log_shape)
        return float(np.sum(w * (np.log(w * k) - digamma(w * k)))) - 0.5 * deviance

    middle = float(np.log(len(w) / deviance))
    return float(np.exp(-brentq(slope, middle - 20.0, middle + 20.0, xtol=1e-15, rtol=1e-15)))


@correct("dispersion-mle", says="the maximum likelihood dispersion, declared", conventions={"dispersion": "mle"})
def dispersion_mle(problem: Problem) -> Fit:
    answer = fit(problem)
    phi = mle_dispersion(problem, answer)
    if phi is None and tools.estimated(problem):  # no such estimate here: nothing of it is reported
        return replace(answer, dispersion=None, standard_errors=None, covariance=None)
    return answer if phi is None else with_dispersion(answer, phi)


@correct("likelihood-mle", says="declared", conventions={"log_likelihood_dispersion": "mle"})
def likelihood_mle(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_likelihood_at(problem, answer, mle_dispersion(problem, answer))


@correct(
    "zero-weights-counted", says="rows of weight 0 count as rows, declared", conventions={"zero_weights": "counted"}
)
def zero_weights_counted(problem: Problem) -> Fit:
    answer, more = fit(problem), problem.n - tools.counted(problem)
    if not more:
        return answer
    if answer.bic is not None and answer.log_likelihood is not None:
        bic = np.log(problem.n) * parameters(problem, answer) - 2.0 * answer.log_likelihood
        answer = replace(answer, bic=float(bic))
    return with_more_rows(problem, answer, more)


@correct(
    "weights-frequency",
    says="prior weights count rows, declared; Unsupported for fewer counts than columns",
    conventions={"weights": "frequency"},
    leaves=None,
)
def weights_frequency(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.weights is None:
        return answer
    total = float(np.sum(problem.weights))
    more = total - tools.counted(problem)
    if got(answer.df_residual) + more <= 0:
        raise Unsupported("fewer counts than columns")
    answer = with_more_rows(problem, answer, more)
    if answer.bic is not None and answer.log_likelihood is not None:
        k, likelihood = parameters(problem, answer), answer.log_likelihood
        if problem.family == "gaussian" and answer.deviance is not None:  # of repeated rows, with no log of a weight
            likelihood = -0.5 * total * float(np.log(2.0 * np.pi * answer.deviance / total) + 1.0)
        bic = float(np.log(total) * k - 2.0 * likelihood)
        answer = replace(answer, log_likelihood=likelihood, aic=2.0 * (k - likelihood), bic=bic)
    return answer
