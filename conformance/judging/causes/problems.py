"""Which other problem the reported coefficients solve: its score, or that of a wrong formula, is zero there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.fitter.irls import solve
from conformance.judging.comparison import A_ROOT, CONVINCING, SMALLEST, Cause, Comparison
from conformance.judging.score_at import ScoreAt
from conformance.mathematics.digits import agreement, worst
from conformance.mathematics.family import PAIRS, family_of
from conformance.mathematics.response import Response
from conformance.question.problem import Problem

Array = NDArray[np.float64]


INT32 = 2.0**31 - 1.0  # the largest integer of 32 bits
DEFAULT_POWER = 1.5  # programs' Tweedie, where none is given

#: In standard errors: a score so near zero is solved, by a fitter that stopped where most do.
SOLVED = 1e-5
#: And the right coefficients must not solve the other problem too: by so much theirs is nearer.
UNLIKE = 1e-3
FARTHER = 0.01  # of the reported coefficients' own score: what the mended ones may have left
STAYS = 1e-4  # of the coefficients: one more step moves them by less
NEAR = 3.0  # digits from which on coefficients are right but for the last ones, and no slip made them
KNOWN = 1e-9  # of the smallest working weight at the maximum: with less nothing is known, and every score is 0
ALONG = 1e-4  # of the score: what a ridge penalty may leave of it unexplained

#: Rows that programs take together: powers of 2 and of 10.
BLOCKS = (*(2**k for k in range(6, 17)), 100, 500, 1_000, 5_000, 10_000)


def other_problem(comparison: Comparison, quantity: str) -> Cause | None:
    """The reported coefficients solve the score equations, but of another problem."""
    right = comparison.expected.get("coefficients")
    if comparison.fit is None or right is None or comparison.score_at(comparison.fit.coefficients).decrement < A_ROOT:
        return None
    for words, problem in other_problems(comparison.problem):
        rows = comparison.score_at(comparison.fit.coefficients, problem)
        tells = comparison.score_at(
            right, problem
        ).decrement  # the right coefficients must not solve the other problem too
        if rows.valid and rows.decrement < SOLVED and rows.decrement < UNLIKE * tells and _stays(comparison, rows):
            return words, f"these coefficients solve the score equations of the problem {words}"
    return None


def _stays(comparison: Comparison, rows: ScoreAt) -> bool:
    """Whether one more step moves little: where all information has vanished the score is zero and means nothing."""
    assert comparison.fit is not None
    size = float(np.max(np.abs(comparison.fit.coefficients[~comparison.aliased]), initial=0.0))
    return float(np.max(np.abs(rows.fisher_step), initial=0.0)) <= STAYS * size and rows.smallest_weight > 0


def other_problems(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Problems that a faulty program solves in place of ``problem``, each with what it then did."""
    if problem.offset is not None:
        yield "without its offset", replace(problem, offset=None)
        yield "with the offset's sign reversed", replace(problem, offset=-problem.offset)
        yield "with the offset counted twice", replace(problem, offset=2.0 * problem.offset)
        if np.all(problem.offset > 0):
            yield "with the logarithm of the offset", replace(problem, offset=np.log(problem.offset))
    if problem.weights is not None:
        yield "without its prior weights", replace(problem, weights=None)
        yield "with the roots of its prior weights", replace(problem, weights=np.sqrt(problem.weights))
        yield "with its prior weights squared", replace(problem, weights=problem.weights**2)
    if problem.family == "binomial":
        yield "with successes and failures exchanged", replace(problem, y=1.0 - problem.y)
    for link in PAIRS[problem.family]:
        if link != problem.link:
            yield f"with the {link} link", replace(problem, link=link)
    for family, links in PAIRS.items():
        parameter = {"negative_binomial": {"theta": 1.0}, "tweedie": {"power": DEFAULT_POWER}}.get(family, {})
        inside = family_of(family, **parameter).responses.contains(problem.y)
        if family != problem.family and problem.link in links and family != "tweedie" and np.all(inside):
            yield f"with the {family} family", replace(problem, family=family, theta=parameter.get("theta"))
    if problem.theta is not None:
        yield "with 1/theta for theta", replace(problem, theta=1.0 / problem.theta)
        yield "with theta = 1", replace(problem, theta=1.0)
    for power in (1.0, DEFAULT_POWER, 2.0):
        fits = problem.family == "tweedie" and np.all(family_of("tweedie", power=power).responses.contains(problem.y))
        if fits and power != problem.power:
            yield f"with the Tweedie power {power:g}", replace(problem, power=power)
    yield from _rarer_problems(problem)


def _rarer_problems(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """The same, from rarer mistakes."""
    w = problem.prior_weights
    for by in (1, -1):
        late = "late" if by == 1 else "early"
        yield (
            f"with the response misaligned, one row {late}",
            replace(problem, y=np.roll(problem.y, by), successes=None),
        )
        if problem.weights is not None or problem.offset is not None:
            yield (
                f"with weights and offset misaligned, one row {late}",
                replace(
                    problem,
                    weights=None if problem.weights is None else np.roll(w, by),
                    offset=None if problem.offset is None else np.roll(problem.offsets, by),
                ),
            )
    if problem.offset is not None and np.max(problem.offset) < 300:
        yield (
            "with the exponential of the offset (the exposure, not logged)",
            replace(problem, offset=np.exp(problem.offset)),
        )
    if problem.offset is not None and np.any(problem.offset != problem.offset[0]):
        centred = problem.offset - np.mean(problem.offset)
        yield "with its offset centred, and the mean not put back", replace(problem, offset=centred)
    if problem.theta is not None and np.rint(problem.theta) not in (0.0, problem.theta):
        yield "with theta rounded to a whole number", replace(problem, theta=float(np.rint(problem.theta)))
    if np.max(problem.y, initial=0.0) > INT32:
        yield "with responses kept at 2^31 - 1 (32-bit integers)", replace(problem, y=np.minimum(problem.y, INT32))
    if np.any(w == 0):
        yield "with weight 1 for the rows of weight 0", replace(problem, weights=np.where(w == 0, 1.0, w))
    if problem.weights is not None and np.any(np.trunc(w) != w):
        yield "with the prior weights truncated to whole numbers", replace(problem, weights=np.trunc(w))
        yield "with the prior weights rounded to whole numbers", replace(problem, weights=np.rint(w))
    _, first = np.unique(np.column_stack([problem.X, problem.y, problem.offsets]), axis=0, return_index=True)
    if len(first) < problem.n:
        once = np.zeros(problem.n)
        once[first] = w[first]
        yield "with identical rows counted once (duplicates dropped)", replace(problem, weights=once)
    for size in BLOCKS:
        left = problem.n % size
        if 0 < left < problem.n:
            cut = np.where(np.arange(problem.n) < problem.n - left, w, 0.0)
            yield f"without the last rows, those after whole blocks of {size}", replace(problem, weights=cut)
    for j, name in enumerate(problem.names):
        match = re.match(r"^I\((\w+)\^(\d+)\)$", name)
        if match and problem.data is not None and match.group(1) in problem.data:
            x = problem.data[match.group(1)].to_numpy(dtype=np.float64)
            X = problem.X.copy()
            if np.all(x == np.rint(x)):
                X[:, j] = np.rint(x).astype(np.int64) ^ int(match.group(2))
                yield f"with {name} read as x XOR {match.group(2)} (exclusive or)", replace(problem, X=X)
    yield "with its data in single precision", replace(problem, X=_single(problem.X), y=_single(problem.y))
    if problem.offset is not None:
        yield "with its offset in single precision", replace(problem, offset=_single(problem.offset))
    if problem.family == "binomial":
        more = replace(problem, y=(w * problem.y + 0.5) / (w + 1.0), weights=w + 1.0, successes=None)
        yield "with half a success and half a failure added to each row", more
    if problem.family == "inverse_gaussian":
        yield "with variance mu^2 (the gamma's)", replace(problem, family="gamma")


def _single(values: Array) -> Array:
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(np.float64)


def another_formula(comparison: Comparison, quantity: str) -> Cause | None:
    """The reported coefficients are a root of some wrong estimating function, or a slip of the right one."""
    fit = comparison.fit
    if fit is None or quantity not in ("coefficients", "score"):
        return None
    own = comparison.score_at(fit.coefficients)
    if own.decrement < A_ROOT:
        return None
    want = comparison.expected.get("coefficients")
    near = want is not None and worst(agreement(fit.coefficients, want, comparison.scale("coefficients")))[0] > NEAR
    for words, beta in () if near else other_coefficients(comparison):
        rows = comparison.score_at(beta)
        solves = rows.valid and rows.decrement < min(SOLVED, FARTHER * own.decrement)
        if solves and _stays(replace(comparison, fit=replace(fit, coefficients=beta)), rows):
            return words, f"right coefficients, but {words}"
    if want is not None:
        a, b = np.sort(fit.coefficients), np.sort(want)
        if len(a) > 1 and not near and worst(agreement(a, b, np.maximum(np.abs(b), SMALLEST)))[0] > CONVINCING:
            return "another order", "the right numbers under other names: they are in another order"
    if want is not None:
        right = replace(comparison, fit=replace(fit, coefficients=want))
        tells = {words: _size(terms, X) for words, terms, X in other_scores(right)}
        known = KNOWN * comparison.score_at(want).smallest_weight
        informed = own.valid and own.smallest_weight > known  # where nothing is known every score is 0
        for words, terms, X in (
            other_scores(comparison) if informed else ()
        ):  # the right coefficients must not solve the wrong equations too
            size = _size(terms, X)
            if size <= A_ROOT and size < UNLIKE * tells.get(words, 0.0):
                return words, f"these coefficients solve the score equations {words}"
    return _penalised(comparison, fit.coefficients, own)


def _penalised(comparison: Comparison, beta: Array, own: ScoreAt) -> Cause | None:
    """Whether the score is that of a ridge penalty: in standard errors, where the rounding of no column drowns it."""
    kept = ~np.isnan(beta)
    slopes = kept.copy()
    slopes[0] &= not comparison.problem.intercept
    b, spread, R = beta[kept], comparison.problem.X[:, kept].std(axis=0), own.R
    if not own.valid or not own.informed:
        return None
    score = own.scaled_score
    for of, among, pull in (
        ("the coefficients", slopes[kept], b),
        ("the coefficients of standardised columns", slopes[kept], spread**2 * b),
        ("the coefficients, the intercept's too", np.ones(len(b), dtype=bool), b),
    ):
        if np.sum(b[among] != 0) < 2:  # of one slope any score is a multiple
            continue
        direction = solve_triangular(R, np.where(among, pull, 0.0), trans="T")
        strength = float(score @ direction / (direction @ direction))
        if strength > 0 and np.linalg.norm(score - strength * direction) < ALONG * np.linalg.norm(score):
            return "penalised", f"the score is {strength:.3g} times {of}: a ridge penalty that was not asked for"
    return None


def other_coefficients(comparison: Comparison) -> Iterator[tuple[str, Array]]:
    """What a slip after a right fit turns coefficients into, undone: these solve the problem's own score equations."""
    problem, beta = comparison.problem, comparison.fit.coefficients.copy()  # type: ignore[union-attr]
    kept = ~np.isnan(beta)
    yield "their signs were reversed", -beta
    if problem.intercept and kept.sum() > 1:
        moved = beta.copy()
        moved[0] -= float(problem.X[:, kept][:, 1:].mean(axis=0) @ beta[kept][1:])
        yield "the intercept is that of centred columns: the standardisation was not undone", moved
        yield "they are in another order: the intercept was taken from the wrong end", np.roll(beta, 1)
        yield "they are in another order: the intercept was taken from the wrong end", np.roll(beta, -1)
    spread = problem.X.std(axis=0)
    spread[spread == 0] = 1.0
    yield "they are those of scaled columns: the standardisation was not undone", beta / spread
    if problem.intercept:
        for j in range(1, problem.p):
            if kept[j] and set(np.unique(problem.X[:, j])) == {0.0, 1.0}:
                moved = beta.copy()
                moved[0] += beta[j]
                moved[j] = -beta[j]
                yield f"the reference level of {problem.names[j]} is the other one", moved


def other_scores(comparison: Comparison) -> Iterator[tuple[str, Array, Array]]:
    """Estimating functions of wrong programs at the reported coefficients: words, a term for each row, and X."""
    problem, beta = comparison.problem, comparison.fit.coefficients  # type: ignore[union-attr]
    kept, response = ~np.isnan(beta), Response.of(problem).counting
    family, link, y, w, offset = response.family, response.link, response.y, response.weights, response.offset
    X = problem.X[np.ix_(problem.counts, kept)]
    at = response.at(X @ beta[kept] + offset)
    with np.errstate(all="ignore"):
        eta, mu, residual = at.eta, at.mu, at.residual
        lost = (1.0 - mu == 0.0) | (mu == 0.0)
        if family.name == "binomial" and np.any(lost):
            words = "without the rows whose mean rounds to 0 or 1 (1 - mu by subtraction: a saturated tail)"
            yield words, np.where(lost, 0.0, at.dl_deta), X
        if not response.canonical:
            yield "with the canonical link's formula X'w(y - mu)", w * residual, X
        yield (
            "with the derivative of the link for that of its inverse (1/mu_eta for mu_eta)",
            w * at.pearson / (at.mu_eta * at.deviation),
            X,
        )
        W = at.working_weights
        z = link.linkfun(y) - eta
        if problem.link != "identity" and np.all(np.isfinite(z)):
            yield "of least squares of the transformed response, g(y) for y", w * z, X
        if problem.link == "logit":
            Q = np.linalg.qr(np.sqrt(W)[:, None] * X)[0]
            yield "of Firth's penalised likelihood", w * residual + np.sum(Q**2, axis=1) * (0.5 - mu), X
        if problem.offset is not None:
            yield "with the offset left in the working response", at.dl_deta + W * offset, X
        if not problem.intercept:  # an intercept that was fitted and not reported
            try:
                alone = solve(replace(problem, X=np.ones((problem.n, 1)), names=("a",), start=None, max_iterations=None,
                                      offset=problem.X[:, kept] @ beta[kept] + problem.offsets))  # fmt: skip
                moved = response.at(eta + alone.beta[0])
                yield "with an intercept, which the model does not have", moved.dl_deta, X
            except (ValueError, IndexError):
                pass
        elif beta[0] == 0 and kept.sum() > 1:
            yield "without its intercept, for which 0 is reported", at.dl_deta, X[:, 1:]


def _size(terms: Array, X: Array) -> float:
    """The largest |X_j' t| over the norm of its terms: 0 for the root of an estimating function."""
    terms = np.where(np.isfinite(terms), terms, 0.0)
    norms = np.linalg.norm(X * terms[:, None], axis=0)
    return float(np.max(np.abs(X.T @ terms) / np.where(norms > 0, norms, 1.0), initial=0.0))
