"""The score equations: no reference value is needed to say whether coefficients are a maximum likelihood estimate."""

from __future__ import annotations

import math

import numpy as np

from conformance.judging.causes import explain
from conformance.judging.comparison import Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP


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
    here = comparison.score_at(comparison.fit.coefficients)
    if not here.valid:
        message = "the reported coefficients give a mean outside the family's domain, or no finite deviance"
        return Finding(Outcome.FAIL, "score", cause="invalid mean", message=message)
    response, df = here.response, len(here.X) - len(here.beta)
    chi2 = float(np.sum(response.weights * here.at.pearson**2))
    phi = response.family.known_dispersion or (chi2 / df if df > 0 else 1.0)
    length, rounding = here.decrement, here.rounding
    if response.canonical:  # X'w(y - mu) is the score too (McCullagh and Nelder 1989, sec. 2.2.4)
        length = max(length, here.length(here.X.T @ (response.weights * here.at.residual)))
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
