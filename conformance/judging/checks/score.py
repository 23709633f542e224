"""The score equations: no reference value is needed to say whether coefficients are a maximum likelihood estimate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.irls import Rows
from conformance.judging.causes import explain
from conformance.judging.comparison import Comparison, Finding, U
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of

Array = NDArray[np.float64]


def score(comparison: Comparison) -> Finding:
    """X'W r = 0 at the reported coefficients, r the working residuals; for a canonical link also X'w(y - mu) = 0.

    In standard-error units: the score U is turned into the step that it asks for, sqrt(U' (phi X'WX)^-1 U), the length
    of the Fisher step in standard errors (Wedderburn 1974, eq. 8; McCullagh and Nelder 1989, eq. 2.12).
    """
    if comparison.fit is None:
        message = f"the implementation refused the problem: {comparison.refusal}"
        return Finding(Outcome.NOT_REPORTED, "score", message=message)
    if comparison.why_undecided:
        return Finding(Outcome.UNDECIDED, "score", message=comparison.why_undecided)
    comparison = comparison.basic
    assert comparison.fit is not None
    beta = comparison.fit.coefficients
    rows = comparison.rows_at(beta)
    if not rows.valid:
        message = "the reported coefficients give a mean outside the family's domain, or no finite deviance"
        return Finding(Outcome.FAIL, "score", cause="invalid mean", message=message)
    df = float(np.sum(comparison.problem.prior_weights > 0)) - np.sum(~comparison.aliased)
    family = family_of(comparison.problem.family, comparison.problem.theta, comparison.problem.power)
    phi = family.known_dispersion or (float(rows.triangle[-1, -1]) ** 2 / df if df > 0 else 1.0)
    length, rounding = rows.decrement, noise(rows, beta[~comparison.aliased])
    if comparison.problem.link == family.canonical:
        length = max(length, _canonical_length(comparison, rows))
    with np.errstate(divide="ignore"):
        scale = math.sqrt(phi) if phi > 0 else 0.0
        digits = float(min(CAP, -np.log10(length / scale))) if scale > 0 and length > 0 else CAP
        attainable = float(min(CAP, -np.log10(rounding / scale))) if scale > 0 and rounding > 0 else CAP
    required = float(comparison.required(np.array(attainable)))
    if phi <= 0:
        message = "a perfect fit has standard errors of 0, so that the score has no unit"
        return Finding(Outcome.UNDECIDED, "score", message=message)
    if required <= 0 and length <= comparison.guard * rounding:
        message = "what rounding makes of the score here is more than a standard error: no digit can be asked"
        return Finding(Outcome.UNDECIDED, "score", message=message)
    if digits >= required > 0:
        return Finding(Outcome.PASS, "score", digits, required, attainable, got=length / scale, want=0.0)
    cause, sentence = explain(comparison, "score")
    message = f"the score is {length / scale:.2g} standard errors from zero at the reported coefficients; {sentence}"
    return Finding(Outcome.FAIL, "score", digits, required, attainable, length / scale, 0.0, cause, message)


def _canonical_length(comparison: Comparison, rows: Rows) -> float:
    """The same of X'w(y - mu), which is the score for a canonical link (McCullagh and Nelder 1989, sec. 2.2.4)."""
    problem, kept, used = comparison.problem, ~comparison.aliased, comparison.problem.prior_weights > 0
    assert comparison.fit is not None
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    X = problem.X[np.ix_(used, kept)]
    eta = X @ comparison.fit.coefficients[kept] + problem.offsets[used]
    residual = family.residual(problem.y[used], link.linkinv(eta), link.complement(eta))
    U_canonical = X.T @ (problem.prior_weights[used] * residual)
    return _solved(rows, U_canonical)


def noise(rows: Rows, beta: Array) -> float:
    """The length that rounding alone may give: of the score's sums, and of beta stored as doubles."""
    R = rows.triangle[:-1, :-1]
    if R.size == 0 or np.any(np.diag(R) == 0):
        return 0.0
    S = np.abs(solve_triangular(R, np.eye(len(R))))
    return float(np.linalg.norm(S.T @ rows.rounding)) + U * float(np.linalg.norm(np.abs(R) @ np.abs(beta)))


def _solved(rows: Rows, U_: Array) -> float:
    """||R^-T U||, the length of a score in standard errors of unit dispersion."""
    R = rows.triangle[:-1, :-1]
    if R.size == 0:
        return 0.0
    if np.any(np.diag(R) == 0):
        return math.inf
    return float(np.linalg.norm(solve_triangular(R, U_, trans="T")))
