"""Iteratively reweighted least squares for every family and link: the suite's own small fitter.

Fisher scoring in difference form (Green 1984, eq. 4).  Each step solves the weighted least squares problem
    min || sqrt(W) (X delta - r) ||,   W = w mu_eta^2 / V(mu),   r = (y - mu) / mu_eta,
by QR of sqrt(W) X, never through an explicit inverse, and adds delta to beta.  The next step corrects the rounding of
the last, so that the answer is as exact as the score is.  No weight is floored and no probability clipped: what has no
estimate is reported, not hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.family import Family, family_of
from conformance.fit import Fit
from conformance.link import REAL, Link, link_of
from conformance.problem import Problem, refuse_invalid
from conformance.start import start

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)

MAX_ITERATIONS = 500  # away from the canonical link Fisher scoring is linear: some fits need many steps
MAX_HALVINGS = 40
RANK_TOLERANCE = 1e-12  # exact dependence leaves about 1e-15; R draws the line at 1e-11
FREE_STEPS = 3  # after a step that the edge of the domain cut short, so many whole ones must follow
CLOSER = 0.01  # the least share of its distance from a wall that a step may leave: next to a wall steps are short
NEARLY = 1e-2  # of the deviance: where steps win less, they may be near the end of a long line
SLOW = 0.5  # the share of the last step from which on it pays
STRAIGHT = 0.99  # the cosine of the angle between steps that go on along one line
BLIND = 1e6  # a fall of the deviance by fewer units in its last place is lost in rounding
SMALL = 1e-8  # in standard errors: a step that matters to no digit but the last; such steps go on while they shrink


def fit(problem: Problem, *, one_step: bool = False) -> Fit:
    """Fit ``problem`` by maximum likelihood and report all that R's ``glm`` and ``summary`` do.

    ``one_step`` takes a single weighted least squares step from the data themselves (for Poisson with identity link:
    weights 1/(y + 1)), an approximation to compare with the full fit.
    Raises ValueError for data that the family can't have and for a start outside the domain.
    """
    from conformance.summary import summarise  # it needs `solve` for the null model

    return summarise(problem, solve(problem, one_step=one_step))


@dataclass(frozen=True)
class Iteration:
    """One line of the trace: all of it at the coefficients before the step."""

    deviance: float
    max_change: float  # largest |delta_j|; 0 where no further step was taken
    score_norm: float  # largest |U_j| / sqrt((X'WX)_jj): the score in standard-error units
    condition: float  # of X'WX, in the 2-norm
    smallest_weight: float  # the smallest working weight of a row that counts


@dataclass(frozen=True)
class Solution:
    """Where the iteration ended: coefficients of the independent ``columns``, and what it said on the way."""

    beta: Array
    columns: NDArray[np.intp]
    rows: Rows
    iterations: int
    converged: bool
    warnings: tuple[str, ...]
    trace: tuple[Iteration, ...]


@dataclass(frozen=True)
class Rows:
    """All that a step needs to know of the rows: sums and a triangle, so that blocks of rows can be joined."""

    triangle: Array  # (p + 1, p + 1), R of the QR of [sqrt(W) X, sqrt(W) r]
    score: Array  # (p,) U = X'W r
    rounding: Array  # (p,) the rounding error that U may hold
    noise: float  # and what becomes of it in the decrement
    deviance: float
    smallest_weight: float
    at_edge: bool = False  # a mean is at the end of its range to within the rounding of its linear predictor
    room: float = np.inf  # the smallest distance of a row from where its mean ends or is infinite (eta = 0, mu = 1)
    above: int = 0  # how many rows are above eta = 0, where no path leads across

    @property
    def valid(self) -> bool:
        """Whether every eta and mu was inside the domain of link and family."""
        return bool(np.isfinite(self.deviance))

    @property
    def decrement(self) -> float:
        """sqrt(U' (X'WX)^-1 U), the length of the step in standard errors (of unit dispersion)."""
        return float(np.linalg.norm(self.triangle[:-1, -1]))

    @property
    def settled(self) -> bool:
        """Whether the score is zero: to within its own rounding error, or so that the step would be SMALL."""
        return self.decrement <= max(self.noise, SMALL)


@np.errstate(all="ignore")  # what overflows or underflows shows as an infinite deviance or a working weight of 0
def pass_over_rows(family: Family, link: Link, X: Array, y: Array, w: Array, offset: Array, beta: Array) -> Rows:
    """The working weights, score, triangle and deviance at ``beta``, for rows X (n, p) and y, w, offset (n,)."""
    p = X.shape[1]
    triangle, nothing = np.zeros((p + 1, p + 1)), np.full(p, np.nan)
    eta = X @ beta + offset
    if not np.all(np.isfinite(eta)):  # coefficients of no model
        return Rows(triangle, nothing, nothing, np.nan, np.inf, np.nan)
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    walled = not (link.etas is REAL and link.means.inside(family.means))  # some beta have no mean in this family
    if walled and not np.all(link.etas.contains(eta) & family.means.contains(mu)):
        return Rows(triangle, nothing, nothing, np.nan, np.inf, np.nan)
    deviance = float(np.sum(w * family.unit_deviance(y, mu, nu)))
    V, residual = family.variance(mu, nu), family.residual(y, mu, nu)
    W, r, a = w * mu_eta**2 / V, residual / mu_eta, w * mu_eta / V
    live = (mu_eta != 0) & (V > 0) & np.isfinite(W) & np.isfinite(r)  # a mean at the end of its range pulls no more
    W, r, a = np.where(live, W, 0.0), np.where(live, r, 0.0), np.where(live, a, 0.0)
    root = np.sqrt(W)
    Q, upper = np.linalg.qr(root[:, None] * np.column_stack([X, r]))
    triangle[: len(upper)] = upper
    with np.errstate(all="ignore"):  # far outside, where only a diagnosis looks, means overflow
        of_mean = np.abs(mu_eta) * (np.abs(X) @ np.abs(beta) + np.abs(offset))  # over EPS: what rounding eta does to mu
        rounding = EPS * (np.abs(X).T @ (np.abs(a) * (np.abs(y) + np.abs(mu) + of_mean)))
        of_residual = (
            np.abs(residual) if family.name == "binomial" else np.abs(y) + np.abs(mu)
        )  # no digit is lost there
        of_row = np.where(live, root / np.abs(mu_eta), 0.0) * (of_residual + of_mean)
        noise = EPS * float(np.linalg.norm(np.abs(Q[:, :p]).T @ of_row))
        score = X.T @ (a * residual)
    at_edge = walled and _at_edge(family, y, mu, nu, of_mean)
    told = (triangle, score, rounding, noise, deviance, float(W.min(initial=np.inf)), at_edge)
    if not walled and link.name != "inverse":
        return Rows(*told)
    away = np.minimum(np.abs(eta), nu) if family.means.high == 1.0 else np.abs(eta)
    return Rows(*told, float(away.min(initial=np.inf)), int(np.sum(eta > 0)))


def _at_edge(family: Family, y: Array, mu: Array, nu: Array, of_mean: Array) -> bool:
    """Whether a mean is at the end of its range: to within rounding, or for a y there by 1e-12 of the largest mean."""
    room = np.minimum(mu - family.means.low, nu if family.means.high == 1.0 else np.inf)
    return bool(np.any((room <= 4 * EPS * of_mean) | ((y == family.means.low) & (room <= 1e-12 * np.max(mu)))))


def solve(problem: Problem, *, one_step: bool = False) -> Solution:
    """Iterate from the start to the maximum, to the limit, or to a proof that there is no maximum."""
    refuse_invalid(problem)
    family, link = family_of(problem.family, problem.theta, problem.power), link_of(problem.link)
    used = problem.prior_weights > 0
    y, w, offset = problem.y[used], problem.prior_weights[used], problem.offsets[used]
    columns = independent_columns(problem.X[used])
    X = problem.X[np.ix_(used, columns)]

    def at(beta: Array) -> Rows:
        return pass_over_rows(family, link, X, y, w, offset, beta)

    def deviance(beta: Array) -> float:
        return at(beta).deviance

    given = problem.start
    beta = given[columns] if given is not None else start(family, link, X, y, w, offset, deviance, one_step)
    now, trace = at(beta), []
    steps = 0 if problem.start is not None else 1  # the start from the data is a weighted least squares step itself
    if one_step:
        return Solution(beta, columns, now, 1, False, ("one weighted least squares step only",), ())
    if not now.valid:
        raise ValueError("the start gives a mean outside the family's domain; give other starting coefficients")
    limit, said, last_wall = problem.max_iterations or MAX_ITERATIONS, "", -FREE_STEPS
    last: tuple[Array, float] | None = None
    while True:
        if steps == limit and not now.settled:
            trace.append(_line(now, 0.0))
            break
        plain, before = least_squares_step(now), now.decrement
        then, step, walled = _halve(at, beta, hastened(plain, last, now), now)
        last = (
            (plain, before) if step is plain else None
        )  # after a step of another length the ratio has to be learnt anew
        trace.append(_line(now, float(np.max(np.abs(step), initial=0.0))))
        last_wall = len(trace) if walled else last_wall
        if then is None:
            break
        steps += not now.settled  # what polishes the last digits is not counted
        beta, now = beta + step, then
        if recedes(family, link, y, X @ step):
            said = (
                "separation: the likelihood rises for ever along the last step, so that no maximum likelihood "
                "estimate exists (Albert and Anderson 1984); the coefficients are where the iteration stopped"
            )
            break
    walled = now.at_edge or len(trace) - last_wall <= FREE_STEPS
    informed = bool(np.all(np.diag(now.triangle[:-1, :-1]) != 0))  # else the score is 0 and says nothing
    converged = not walled and now.settled and informed and not said
    if not converged and walled:
        said = "boundary: a mean has reached the edge of its domain, where there is no variance"
    elif not informed and not said:
        said = "the information is singular here: the iteration has left every mean that the data could tell of"
    elif not converged and not said:
        said = f"iteration limit of {limit} reached" if steps == limit else "no step from here raises the likelihood"
    tail = f"; the score is {now.decrement:.2g} standard errors from zero"
    warnings = () if converged else (said + ("" if said.startswith("separation") else tail),)
    return Solution(beta, columns, now, steps, converged, warnings, tuple(trace))


def least_squares_step(rows: Rows) -> Array:
    """(p,) delta by back substitution; zeros where the triangle is singular."""
    R, rhs = rows.triangle[:-1, :-1], rows.triangle[:-1, -1]
    return np.asarray(solve_triangular(R, rhs)) if np.all(np.diag(R) != 0) else np.zeros_like(rhs)


def hastened(step: Array, last: tuple[Array, float] | None, rows: Rows) -> Array:
    """``step``, or where it goes on along the ``last`` one by a constant ratio, the sum of all steps to come.

    Aitken's process (1926), for Fisher scoring away from the canonical link is linear: it creeps, or swings to and fro.
    Towards an estimate at infinity steps are as straight, but the decrement shrinks faster than they do.
    """
    if last is None or rows.decrement**2 > NEARLY * rows.deviance:
        return step
    R, (before, decrement) = rows.triangle[:-1, :-1], last
    new, old = R @ step, R @ before
    ratio = float(new @ old / (old @ old)) if np.any(old) else 0.0
    straight = abs(new @ old) >= STRAIGHT * np.linalg.norm(new) * np.linalg.norm(old)
    steady = abs(rows.decrement - abs(ratio) * decrement) <= (1.0 - STRAIGHT) * decrement
    return step / (1.0 - ratio) if straight and steady and SLOW < abs(ratio) < 1.0 else step


def independent_columns(X: Array) -> NDArray[np.intp]:
    """The columns of X (n, p) that no earlier ones span: the later of dependent columns is the aliased one, as in R."""
    basis, kept = np.zeros((X.shape[0], 0)), []
    for j, column in enumerate(X.T):
        length = float(np.linalg.norm(column))
        v = column / (length or 1.0)
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            v = v - basis @ (basis.T @ v)
        if np.linalg.norm(v) > RANK_TOLERANCE:
            basis = np.column_stack([basis, v / np.linalg.norm(v)])
            kept.append(j)
    return np.array(kept, dtype=np.intp)


def recedes(family: Family, link: Link, y: Array, move: Array) -> bool:
    """Whether the likelihood never falls along ``move`` = X d, and ``move`` is no small step: then no maximum exists.

    Binomial: x'd >= 0 where y = 1, <= 0 where y = 0, = 0 between (Albert and Anderson 1984; Silvapulle 1981).
    Poisson, negative binomial and Tweedie (where y may be 0) with log link: x'd <= 0 where y = 0, = 0 elsewhere
    (Santos Silva and Tenreyro 2010).
    """
    large = float(np.max(np.abs(move), initial=0.0))
    if large < 1e-3:  # near an estimate the steps vanish; along a direction of recession they do not
        return False
    up, down, slack = move > 1e-9 * large, move < -1e-9 * large, np.zeros_like(y, dtype=bool)
    if family.name == "binomial" and link.name != "log":
        slack = np.where(y == 1, down, np.where(y == 0, up, up | down))
    elif family.name in ("poisson", "negative_binomial", "tweedie") and link.name == "log":
        slack = np.where(y == 0, up, up | down)
    else:
        return False
    return not np.any(slack)


def _halve(at: Callable[[Array], Rows], beta: Array, step: Array, now: Rows) -> tuple[Rows | None, Array, bool]:
    """The first of step, step/2, step/4 ... that stays in the domain and is better; None where none is.

    Better is a deviance that does not rise; near the maximum, where the deviance has no digits left to tell by (it
    would fall by decrement^2), a shorter next step.  Also whether a step left the domain: a wall is in the way.
    """
    walled, near = False, now.settled or now.decrement**2 <= BLIND * EPS * now.deviance
    for _ in range(3 if now.settled else MAX_HALVINGS):
        then = at(beta + step)
        lower = then.decrement < now.decrement if near else then.deviance <= now.deviance * (1 + 8 * EPS)
        inside = then.valid and then.above == now.above and then.room >= CLOSER * now.room
        if inside and lower:
            return then, step, walled
        walled, step = walled or not inside, step / 2
    return None, np.zeros_like(step), walled


def _line(now: Rows, change: float) -> Iteration:
    """The trace's record of ``now`` and the step that was taken from it."""
    R = now.triangle[:-1, :-1]
    norms = np.linalg.norm(R, axis=0)
    score = np.divide(np.abs(now.score), norms, out=np.zeros_like(norms), where=norms > 0)
    condition = float(np.linalg.cond(R)) ** 2 if R.size else 1.0
    return Iteration(now.deviance, change, float(np.max(score, initial=0.0)), condition, now.smallest_weight)
