"""Honesty: does the implementation say what kind of answer this is?"""

from __future__ import annotations

import math

import numpy as np

from conformance.judging.comparison import Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import CAP, agreement
from conformance.mathematics.least_squares import independent_columns
from conformance.proof.result import Uniqueness
from conformance.question.outcome import CaseOutcome

#: A score so many standard errors from zero is no estimate by any reading, and to say nothing of it is dishonest;
#: where the case is about an iteration limit, one that is this far is not there yet.
NO_ESTIMATE = 1.0
NOT_YET = 1e-3
#: Where every coefficient may have so many digits, a fit that has them all has converged, whatever its rule.
#: With fewer (12.1 in NIST's Wampler 5) a correct solver's last steps may be longer than its rule allows.
WELL_KNOWN = 13.0

_WHY = {
    CaseOutcome.SEPARATED: "the data are completely separated, so that no maximum likelihood estimate exists",
    CaseOutcome.QUASI_SEPARATED: "the data are quasi-separated, so that some coefficients have no finite estimate",
    CaseOutcome.BOUNDARY: "the maximum lies on the boundary of the parameter space, where the score is not zero",
}


def outcome(comparison: Comparison) -> Finding:
    """An estimate is given as one; where none exists that is said, by converged = False, a warning or a refusal;
    invalid input is refused.

    Existence: Albert and Anderson (1984), Silvapulle (1981).  A problem that stops at its iteration limit must say so.
    """
    case, fit = comparison.case, comparison.fit
    if case.outcome is CaseOutcome.INVALID:
        return _invalid(comparison)
    if case.has_estimate:
        return _estimate(comparison)
    if fit is None:
        return Finding(Outcome.PASS, "outcome", got="refused", want="said", message=f"refused: {comparison.refusal}")
    none, infinite = np.isnan(fit.coefficients), np.isinf(fit.coefficients)
    if fit.admits_trouble or np.any(infinite) or (np.all(none) and fit.converged is None):
        said = fit.warnings[0] if fit.warnings else f"converged = {fit.converged}"
        return Finding(Outcome.PASS, "outcome", got="infinity" if np.any(infinite) else said, want="said")
    if np.all(none):
        what = "reports NaN for every coefficient"
    elif np.any(none) and len(independent_columns(comparison.problem.X)) == comparison.problem.p:
        what = "reports NaN for some coefficients, which means aliased, though no column depends on others"
    else:
        largest = float(np.nanmax(np.abs(fit.coefficients)))
        what = f"reports coefficients up to {largest:.3g} as if they were an estimate"
    message = (
        f"{_WHY[case.outcome]}; the implementation says {'nothing' if fit.converged is None else 'converged = True'}, "
        f"warns of nothing and {what}; report converged = False, a warning, or refuse the problem"
    )
    return Finding(Outcome.FAIL, "outcome", got="converged in silence", want="said", cause="silence", message=message)


def _invalid(comparison: Comparison) -> Finding:
    """Input that no GLM has must be refused; an answer full of NaN that is said not to be one counts as refusal."""
    fit = comparison.fit
    if fit is None:
        return Finding(Outcome.PASS, "outcome", got="refused", want="refused", message=f"refused: {comparison.refusal}")
    if fit.converged is False and not np.any(np.isfinite(fit.coefficients)):
        return Finding(Outcome.PASS, "outcome", got="no number", want="refused")
    message = (
        f"the input is invalid ({comparison.case.notes or comparison.case.title}); the implementation must refuse it "
        f"with an exception, but returned coefficients {fit.coefficients.tolist()!r}"
    )
    return Finding(Outcome.FAIL, "outcome", got="accepted", want="refused", cause="invalid input", message=message)


def _estimate(comparison: Comparison) -> Finding:
    """Where there is an estimate it is given; an iteration limit that was too small must be admitted."""
    fit, case = comparison.fit, comparison.case
    if fit is None:
        if case.outcome is CaseOutcome.RANK_DEFICIENT and comparison.conventions["aliased"] == "refused":
            return Finding(Outcome.PASS, "outcome", got="refused", want="refused or estimate")
        message = (
            f"the problem is valid and has an estimate, but the implementation refused it: {comparison.refusal}; "
            "raise conformance.Unsupported for what it does not offer"
        )
        return Finding(
            Outcome.ERROR, "outcome", got="refused", want="estimate", cause="implementation", message=message
        )
    if not np.all(np.isfinite(fit.coefficients) | np.isnan(fit.coefficients)):
        message = "an estimate exists, but infinite coefficients are reported"
        return Finding(Outcome.FAIL, "outcome", got="infinite", want="estimate", cause="divergence", message=message)
    if _false_alarm(comparison):
        message = (
            "the coefficients have every digit that the data can give, and there is no other maximum, but the fit says "
            "converged = False: who believes it throws a right answer away; say True where the score is zero to within "
            "its rounding"
        )
        return Finding(
            Outcome.FAIL, "outcome", got="not converged", want="estimate", cause="false alarm", message=message
        )
    if fit.admits_trouble:
        return Finding(Outcome.PASS, "outcome", got="estimate, with a warning", want="estimate")
    beta = comparison.basic.fit.coefficients if comparison.basic.fit else fit.coefficients
    here = comparison.basic.score_at(beta)
    if here.valid and not here.informed:
        message = "reported as an estimate without a warning, though no information is left there: it diverged"
        return Finding(Outcome.FAIL, "outcome", got="silent", want="said", cause="divergence", message=message)
    length, rounding = comparison.in_errors(here.decrement), comparison.in_errors(here.rounding)
    allowed = (NO_ESTIMATE if case.max_iterations is None else NOT_YET) + comparison.guard * rounding
    if not here.valid or not length < allowed:
        there = (
            f"the score there is {length:.2g} standard errors from zero"
            if here.valid
            else "it gives a mean outside the family's domain, or no finite deviance"
        )
        message = f"reported as an estimate without a warning, though {there}: say converged = False"
        return Finding(Outcome.FAIL, "outcome", got="silent", want="said", cause="silence", message=message)
    return Finding(Outcome.PASS, "outcome", got="estimate", want="estimate")


def _false_alarm(comparison: Comparison) -> bool:
    """Whether a fit that is plainly right is said not to have converged: a flag that is always False tells nothing.

    Asked where nobody can be in doubt: well-conditioned data, one maximum, no start and no limit of the case's own.
    """
    case, fit = comparison.case, comparison.fit
    plain = case.outcome is CaseOutcome.ESTIMATE and case.max_iterations is None and case.start is None
    if fit is None or fit.converged is not False or not plain or comparison.reference.uniqueness is Uniqueness.LOCAL:
        return False
    attainable = comparison.attainable("coefficients")
    if attainable is None or np.min(attainable, initial=CAP) < WELL_KNOWN:
        return False
    digits = agreement(fit.coefficients, comparison.expected["coefficients"], comparison.scale("coefficients"))
    return bool(np.all(digits >= attainable - math.log10(comparison.guard)))
