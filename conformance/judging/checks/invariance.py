"""Invariances: the same question in other words has the same answer.  No reference value is needed.

Each asks the implementation again, of a problem whose answer follows from the first one by algebra.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapters.answer import NotAFit, Unsupported
from conformance.errors import in_words
from conformance.judging.checks.twin import LevelTwin, Twin, compared, described, twin
from conformance.judging.comparison import Comparison, Finding
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import root_mean_square
from conformance.mathematics.family import family_of
from conformance.mathematics.link import link_of
from conformance.proof.result import Uniqueness
from conformance.question.problem import Problem

Array = NDArray[np.float64]
Check = Callable[[Comparison], Finding]

#: Rows that are repeated or split are so up to this many.
MOST_ROWS = 5000
#: A column is not scaled to where its squares overflow or underflow, nor an offset to where its exponentials' do.
LARGEST = 1e150
FARTHEST = 300.0
#: Links whose linear predictor has the unit 1, whatever the response's is: the constant that is added is this at most.
OF_UNIT_1 = ("log", "logit", "probit", "cauchit", "cloglog")
HALF = 0.5
#: How many times the largest mean a theta is that makes a Poisson of a negative binomial.
LIKE_POISSON = 1e13

SAME = ("deviance", "dispersion", "df_residual", "standard_errors")


def _rows(problem: Problem, index: Any, **changes: Any) -> dict[str, Any]:
    """The changes that take the rows ``index`` of every array."""
    arrays = ("X", "y", "weights", "offset", "successes")
    taken = {name: None if getattr(problem, name) is None else getattr(problem, name)[index] for name in arrays}
    return {**taken, **changes}


def _has_aliased(comparison: Comparison) -> bool:
    """Whether columns depend on others, or no estimate is known that would tell."""
    return bool(np.any(np.isnan(comparison.expected.get("coefficients", [np.nan]))))


# ------------------------------------------------------------------------------------------- the invariances


def rows_in_another_order(comparison: Comparison) -> Twin | None:
    """A likelihood is a product over the rows, in any order."""
    return twin(comparison.problem, *SAME, **_rows(comparison.problem, slice(None, None, -1)))


def columns_in_another_order(comparison: Comparison) -> Twin | None:
    """A linear predictor is a sum over the columns, in any order (the intercept stays the first)."""
    problem, p = comparison.problem, comparison.problem.p
    if p < 2 + problem.intercept or _has_aliased(comparison):
        return None
    order = np.r_[0, p - 1 : 0 : -1] if problem.intercept else np.arange(p)[::-1]
    return twin(problem, *SAME, back=np.argsort(order), X=problem.X[:, order])


def _scaled(comparison: Comparison, factor: float) -> Twin | None:
    problem, last = comparison.problem, comparison.problem.p - 1
    if problem.p == 0 or (problem.intercept and problem.p == 1):
        return None
    if _has_aliased(comparison) and np.frexp(factor)[0] != 0.5:
        return None  # rounded, the product no longer depends on the other columns
    if not 1.0 / LARGEST < np.max(np.abs(problem.X[:, last]), initial=0.0) * factor < LARGEST:
        factor = 1.0 / factor
    X, factors = problem.X.copy(), np.ones(problem.p)
    X[:, last] *= factor
    factors[last] = factor
    return twin(problem, *SAME, factors=factors, X=X)


def column_times_1024(comparison: Comparison) -> Twin | None:
    """A column times c has its coefficient divided by c; times a power of 2 no digit changes."""
    return _scaled(comparison, 1024.0)


def column_times_1000(comparison: Comparison) -> Twin | None:
    """A column times c has its coefficient divided by c."""
    return _scaled(comparison, 1000.0)


def constant_added_to_the_offset(comparison: Comparison) -> Twin | None:
    """A constant in the offset is taken off the intercept."""
    problem = comparison.problem
    if not problem.intercept:
        return None
    constant, shift = _constant(comparison), np.zeros(problem.p)
    shift[0] = constant
    terms = np.abs(problem.offsets) + constant
    return twin(problem, *SAME, shift=shift, offset_terms=terms, offset=problem.offsets + constant)


def _constant(comparison: Comparison) -> float:
    """A power of 2 that the intercept shows, and that neither it nor the linear predictor drowns in."""
    problem, beta = comparison.problem, comparison.expected.get("coefficients")
    if beta is None or not np.isfinite(beta[0]):
        return HALF
    size = float(comparison.scale("coefficients")[0])
    if problem.link in OF_UNIT_1:
        size = min(size, HALF)
    else:
        typical = root_mean_square(problem.X @ np.nan_to_num(beta) + problem.offsets)
        size = min(size, typical) if typical > 0 else size
    return float(2.0 ** np.floor(np.log2(size)))


def integer_weights_are_repeated_rows(comparison: Comparison) -> Twin | None:
    """The weight w is the row w times; the dispersion and what it scales depend on the convention for weights."""
    problem, w = comparison.problem, comparison.problem.prior_weights
    whole = np.all(w == np.rint(w)) and np.any(w > 1) and np.sum(w) <= MOST_ROWS
    if not whole or problem.family == "binomial":
        return None
    known = family_of(problem.family, problem.theta, problem.power).known_dispersion is not None
    known &= comparison.conventions["negative_binomial_dispersion"] == "one"
    index = np.repeat(np.arange(problem.n), w.astype(int))
    return twin(problem, *(("deviance", "standard_errors") if known else ()), **_rows(problem, index, weights=None))


def weight_0_is_no_row(comparison: Comparison) -> Twin | None:
    """A row of weight 0 changes nothing, its degree of freedom aside, where such rows are declared to count."""
    problem = comparison.problem
    index = np.r_[np.arange(problem.n), 0]
    same = SAME if comparison.conventions["zero_weights"] == "excluded" else ("deviance",)
    return twin(problem, *same, **_rows(problem, index, weights=np.r_[problem.prior_weights, 0.0], successes=None))


def grouped_is_m_rows(comparison: Comparison) -> Twin | None:
    """k successes of m are k rows of 1 and m - k rows of 0: the likelihoods differ by a constant."""
    problem, w = comparison.problem, comparison.problem.prior_weights
    if problem.successes is None or np.sum(w) > MOST_ROWS:
        return None
    k, m = np.rint(problem.successes).astype(int), np.rint(w).astype(int)
    if np.any(k != problem.successes) or np.any(m != w):
        return None
    y = np.concatenate([np.r_[np.ones(a), np.zeros(b - a)] for a, b in zip(k, m, strict=True)])
    index = np.repeat(np.arange(problem.n), m)
    return twin(problem, "standard_errors", **_rows(problem, index, y=y, weights=None, successes=None))


def successes_exchanged(comparison: Comparison) -> Twin | None:
    """For a symmetric link failures have the coefficients of successes, with the sign reversed."""
    problem, y = comparison.problem, comparison.problem.y
    exact = problem.family == "binomial" and bool(np.all(1.0 - (1.0 - y) == y))
    if not exact or problem.link not in ("logit", "probit", "cauchit"):
        return None
    offset = None if problem.offset is None else -problem.offset
    failures = None if problem.successes is None else problem.prior_weights - problem.successes
    same = ("deviance", "df_residual", "standard_errors")
    return twin(problem, *same, factors=-np.ones(problem.p), y=1.0 - y, offset=offset, successes=failures)


def reference_level_exchanged(comparison: Comparison) -> Twin | None:
    """With the other level of a two-valued column as the reference its coefficient changes sign."""
    problem = comparison.problem
    if not problem.intercept or _has_aliased(comparison):
        return None
    for j in range(1, problem.p):
        if set(np.unique(problem.X[:, j])) == {0.0, 1.0}:
            X, factors = problem.X.copy(), np.ones(problem.p)
            X[:, j] = 1.0 - X[:, j]
            factors[j] = -1.0
            if problem.start is not None:
                return None
            found = twin(problem, "deviance", "dispersion", factors=factors, errors=False, X=X)
            return None if found is None else LevelTwin(**found.__dict__, column=j)
    return None


def counts_are_rates(comparison: Comparison) -> Twin | None:
    """Poisson counts with the offset log(e) are rates y/e with the weights e: the same score equations."""
    problem = comparison.problem
    if problem.family != "poisson" or problem.link != "log" or problem.offset is None or problem.weights is not None:
        return None
    if np.max(np.abs(problem.offset), initial=0.0) > FARTHEST:
        return None
    e = np.exp(problem.offset)
    return twin(problem, "deviance", "standard_errors", y=problem.y / e, weights=e, offset=None)


def column_absorbed_by_the_offset(comparison: Comparison) -> Twin | None:
    """With a column in the offset at its estimate, the other estimates stay: the profile likelihood's maximum."""
    problem, fit = comparison.problem, comparison.fit
    last = problem.p - 1
    if fit is None or problem.p < 2 or problem.start is not None or _has_aliased(comparison):
        return None
    absorbed = problem.X[:, last] * fit.coefficients[last]
    if not np.all(np.isfinite(absorbed)):
        return None
    offset, terms = problem.offsets + absorbed, np.abs(problem.offsets) + np.abs(absorbed)
    bounded = link_of(problem.link).means != family_of(problem.family, problem.theta, problem.power).means
    several = comparison.reference.uniqueness is Uniqueness.LOCAL
    start = fit.coefficients[:last] if bounded or several else None  # or it finds no mean, or another maximum
    part = replace(problem, X=problem.X[:, :last], offset=offset, names=(), start=start)
    of_the_rest = (np.arange(last), np.ones(last), np.zeros(last))
    return Twin(described(part), *of_the_rest, (("deviance", 1.0),), errors=False, offset_terms=terms)


def theta_to_infinity(comparison: Comparison) -> Twin | None:
    """A negative binomial whose theta is 1e13 times the largest mean is a Poisson, to the digits of doubles."""
    problem = comparison.problem
    if problem.family != "poisson" or not len(problem.y) or np.max(problem.y) == 0:
        return None
    beta = np.nan_to_num(comparison.expected.get("coefficients", np.zeros(problem.p)))
    mu = link_of(problem.link).linkinv(problem.X @ beta + problem.offsets)
    theta = LIKE_POISSON * float(np.max(np.r_[problem.y, mu][np.r_[problem.prior_weights, problem.prior_weights] > 0]))
    known = comparison.conventions["negative_binomial_dispersion"] == "one"
    same = ("standard_errors",) if known else ()
    return twin(problem, *same, bias=mu / theta, family="negative_binomial", theta=theta)


def tweedie_of_whole_power(comparison: Comparison) -> Twin | None:
    """Tweedie with power 1, 2 or 3 is the Poisson, the gamma or the inverse Gaussian."""
    powers = {"poisson": 1.0, "gamma": 2.0, "inverse_gaussian": 3.0}
    problem = comparison.problem
    if problem.family not in powers or problem.link != "log":
        return None
    return twin(problem, "deviance", family="tweedie", power=powers[problem.family])


def weights_times_2(comparison: Comparison) -> Twin | None:
    """Prior weights times c: the same coefficients, a deviance and a dispersion c times as large."""
    problem = comparison.problem
    if comparison.conventions["weights"] == "frequency":
        return None
    same: tuple[tuple[str, float], ...] = (("deviance", 0.5),)
    return twin(problem, *same, errors=False, weights=2.0 * problem.prior_weights, successes=None)


INVARIANCES: tuple[Callable[[Comparison], Twin | None], ...] = (
    rows_in_another_order,
    columns_in_another_order,
    column_times_1024,
    column_times_1000,
    constant_added_to_the_offset,
    integer_weights_are_repeated_rows,
    weight_0_is_no_row,
    grouped_is_m_rows,
    successes_exchanged,
    reference_level_exchanged,
    counts_are_rates,
    column_absorbed_by_the_offset,
    theta_to_infinity,
    tweedie_of_whole_power,
    weights_times_2,
)


# --------------------------------------------------------------------------------------------- the comparison


def _check(make: Callable[[Comparison], Twin | None]) -> Check:
    """The check of an invariance."""
    name = make.__name__

    def check(comparison: Comparison) -> Finding:
        fit = comparison.fit
        if fit is None:
            return Finding(
                Outcome.NOT_REPORTED, name, message=f"the implementation refused the problem: {comparison.refusal}"
            )
        limited = comparison.problem.max_iterations is not None
        if comparison.why_undecided or fit.converged is False or limited or comparison.ask is None:
            return Finding(
                Outcome.UNDECIDED, name, message=comparison.why_undecided or "the fit says that it did not converge"
            )
        if comparison.conventions["aliased"] != "dropped" and _has_aliased(comparison):
            return Finding(Outcome.UNDECIDED, name, message="dependent columns, and a solution that is a choice")
        other = make(comparison)
        if other is None:
            return Finding(Outcome.UNDECIDED, name, message="the question does not arise in this case")
        try:
            again = comparison.ask(other.problem)
        except Unsupported as error:
            return Finding(Outcome.UNSUPPORTED, name, message=str(error))
        except (NotAFit, Exception) as error:
            message = f"{make.__doc__} The twin problem was refused: {in_words(error)}"
            return Finding(Outcome.ERROR, name, cause="implementation", message=message)
        return compared(comparison, name, str(make.__doc__), other, again)

    check.__name__, check.__doc__ = name, make.__doc__
    return check


#: What makes each invariance's twin, by the name of its check.
TWINS: dict[str, Callable[[Comparison], Twin | None]] = {make.__name__: make for make in INVARIANCES}

INVARIANCE_CHECKS: dict[str, Check] = {make.__name__: _check(make) for make in INVARIANCES}
