"""Faults of input: what no GLM has is accepted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.adapters.answer import Unsupported
from conformance.fitter.irls import solve
from conformance.fitter.summary import summarise
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import got
from conformance.zoo.making import takes
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@fault(
    "invalid-response-accepted",
    thread="a common slip, without a thread",
    says="a response outside the domain is moved to its edge, in silence",
    cause=r"invalid",
)
@takes("y")
def invalid_response_accepted(problem: Problem, right: Array) -> Array:
    inside = tools.family(problem).responses
    low = inside.low if inside.low_closed else inside.low + 1e-6
    return np.where(np.isfinite(right), np.clip(right, low, inside.high), right)


@fault(
    "invalid-response-taken-as-it-is",
    thread="a common slip, without a thread",
    says="no response is looked at",
    cause=r"invalid",
)
def invalid_response_taken_as_it_is(problem: Problem) -> Fit:
    if not np.all(np.isfinite(problem.y)) or np.any(problem.prior_weights < 0):
        return fit(problem)
    if not _bad(problem):
        return fit(problem)
    with np.errstate(all="ignore"):
        try:
            return replace(summarise(problem, solve(problem)), converged=True, warnings=())
        except ValueError:
            beta = np.linalg.lstsq(problem.X, problem.y, rcond=None)[0]
            return Fit(coefficients=np.asarray(beta, dtype=np.float64), converged=True)


def _bad(problem: Problem) -> bool:
    inside = tools.family(problem).responses
    return bool(np.any(~inside.contains(problem.y) & (problem.prior_weights > 0)))


@fault(
    "nan-accepted",
    thread="a common slip, without a thread",
    says="NaN and infinities become 0",
    cause=r"invalid",
)
def nan_accepted(problem: Problem) -> Fit:
    def mended(values: Array) -> Array:
        return np.where(np.isfinite(values), values, 0.0)

    y = mended(problem.y)
    if problem.family in ("gamma", "inverse_gaussian"):
        y = np.where(np.isfinite(problem.y), problem.y, 1.0)
    return fit(replace(problem, X=mended(problem.X), y=y))


@fault(
    "nan-returned-as-converged",
    thread="a common slip, without a thread",
    says="NaN coefficients, converged = True",
    cause=r"invalid|NaN",
)
def nan_returned_as_converged(problem: Problem) -> Fit:
    if np.all(np.isfinite(problem.X)) and np.all(np.isfinite(problem.y)):
        return fit(problem)
    return Fit(coefficients=np.full(problem.p, np.nan), converged=True)


@fault(
    "negative-weights-accepted",
    thread="a common slip, without a thread",
    says="a negative weight becomes 0",
    cause=r"invalid",
)
@takes("weights")
def negative_weights_accepted(problem: Problem, right: Array) -> Array:
    return np.maximum(right, 0.0)


@fault(
    "wrong-length-offset-accepted",
    thread="a common slip, without a thread",
    says="an offset or weights that are too long are cut, too short recycled",
    cause=r"invalid",
)
def wrong_length_offset_accepted(problem: Problem) -> Fit:
    offset, weights = (None if v is None else np.resize(v, problem.n) for v in (problem.offset, problem.weights))
    return fit(replace(problem, offset=offset, weights=weights))


@fault(
    "valid-response-refused",
    thread="SPARK-18715",
    says="proportions other than 0 and 1 are refused",
    cause=r"raised|refused",
)
def valid_response_refused(problem: Problem) -> Fit:
    if problem.family == "binomial" and np.any((problem.y != 0) & (problem.y != 1)):
        raise ValueError("y must be 0 or 1")
    return fit(problem)


@fault(
    "separation-by-crash",
    thread="own",
    says="an index error on every model with one column",
    cause=r"raised|IndexError",
)
def separation_by_crash(problem: Problem) -> Fit:
    if problem.p == 1:
        return fit(replace(problem, names=(problem.names[1],)))
    return fit(problem)


@fault(
    "wrong-shape",
    thread="own",
    says="standard errors without the intercept's",
    cause=r"shape",
)
def wrong_shape(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    return {"coefficients": answer.coefficients, "standard_errors": got(answer.standard_errors)[1:]}


@fault(
    "numbers-as-text",
    thread="own",
    says="coefficients as strings",
    cause=r"expected numbers",
)
def numbers_as_text(problem: Problem) -> dict[str, object]:
    return {"coefficients": [str(b) for b in fit(problem).coefficients]}


@fault(
    "nothing-fitted",
    thread="own",
    says="Unsupported for everything: nothing was run",
    cause=r"nothing was run",
)
def nothing_fitted(problem: Problem) -> Fit:
    raise Unsupported("not today")
