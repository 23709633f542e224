"""A Comparison is one case put to one implementation: asked, answered and expected.  Checks see nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from conformance.judging.conventions import under
from conformance.judging.score_at import ScoreAt, U
from conformance.judging.verdict import Outcome
from conformance.mathematics.digits import root_mean_square
from conformance.mathematics.least_squares import independent_columns
from conformance.mathematics.quantities import Fit
from conformance.mathematics.response import Response
from conformance.proof.result import Uniqueness
from conformance.question.case import Case
from conformance.question.problem import Problem
from conformance.references.attainable import guard
from conformance.references.reference import Reference

Array = NDArray[np.float64]

Cause = tuple[str, str]  # why a number is off: a short name, and a sentence

#: An explanation must match what was reported to this many digits.
CONVINCING = 6.0

#: Another root of the score: so near zero the score, in standard errors, and so far off the estimate, in its scale.
A_ROOT = 1e-6
APART = 1e-3
FLAT = 1e-14  # of the deviance: what is no slope

#: The floor of the digits that are asked where the data can give them: what an honest solver has, and a reader uses.
FLOOR = 6.0
SMALLEST = float(np.finfo(np.float64).tiny)  # below it doubles have fewer digits, and at last none


@dataclass(frozen=True)
class Demand:
    """How many digits are asked: at least ``digits`` where they can be had, or with ``strict`` all that can be had."""

    digits: float = FLOOR
    strict: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found; the gate makes a Verdict of it."""

    outcome: Outcome
    quantity: str
    digits: float | None = None
    required: float | None = None
    attainable: float | None = None
    got: Any = None
    want: Any = None
    cause: str | None = None
    message: str = ""


@dataclass(frozen=True)
class Comparison:
    """One case, one implementation.  ``fit`` is None where it refused, and ``refusal`` then holds its words."""

    case: Case
    problem: Problem
    fit: Fit | None
    refusal: str | None
    reference: Reference
    conventions: Mapping[str, str]
    demand: Demand = Demand()
    mutated: tuple[str, ...] = ()  # the problem's arrays that the fit changed in place
    ask: Callable[[Problem], Fit] | None = None  # puts another problem to the same implementation
    causes: dict[str, Cause] = field(init=False, default_factory=dict, compare=False)  # those found so far, by quantity

    @property
    def why_undecided(self) -> str | None:
        """Why there is no value to compare with, None where there is one."""
        if not self.case.has_estimate:
            return f"the case's outcome is {self.case.outcome}: no such value exists"
        if self.case.max_iterations is not None and self.fit is not None and self.fit.admits_trouble:
            return f"the case allows {self.case.max_iterations} iterations, and the fit says that they were too few"
        return self.at_another_maximum

    @cached_property
    def at_another_maximum(self) -> str | None:
        """Where the proof is of a local maximum only: whether the fit is at a root of higher likelihood, in words.

        A root of lower likelihood is no maximum likelihood estimate, and fails like any other wrong answer.
        """
        if self.other_root is None or self.other_root[0].deviance > self.other_root[1].deviance:
            return None
        here, there = self.other_root
        return (
            "the likelihood of this family and link may have several maxima; the fit is at another root of the score "
            f"than the proven one, of higher likelihood (deviance {here.deviance:.6g}, proven {there.deviance:.6g})"
        )

    @cached_property
    def other_root(self) -> tuple[ScoreAt, ScoreAt] | None:
        """The scores at the fit and at the proven estimate, where both are roots of a score that may have more.

        None where they are the same root, or the fit is at none.
        """
        want = self.reference.values.get("coefficients")
        if self.fit is None or want is None or self.reference.uniqueness is not Uniqueness.LOCAL:
            return None
        got = self.fit.coefficients
        if np.any(np.isnan(got) != np.isnan(want)) or not np.all(np.isfinite(got[~np.isnan(want)])):
            return None
        apart = np.nanmax(np.abs(got - want) / self.scale("coefficients"), initial=0.0)
        here, there = self.score_at(got), self.score_at(want)
        stays = here.valid and here.informed and here.decrement <= A_ROOT * math.sqrt(here.deviance / self.problem.n)
        hidden = here.smallest_weight <= 0 and self._hidden_slope(got)
        return None if apart < APART or not stays or hidden else (here, there)

    def _hidden_slope(self, beta: Array) -> bool:
        """Whether the deviance still falls along a row whose working weight is 0 in doubles: the score misses it.

        Where a mean of 1e115 makes the variance overflow it does not; where a probability rounds to 1 against a
        failure it does.
        """
        here = self.score_at(beta).at

        def row_deviances(eta: Array) -> Array:
            return here.response.weights * here.response.at(eta).unit_deviance

        with np.errstate(all="ignore"):
            change = np.abs(row_deviances(here.eta + 1.0) - row_deviances(here.eta - 1.0))
            still = change <= FLAT * np.sum(row_deviances(here.eta))
            return bool(np.any(~((here.working_weights > 0) | still)))

    @cached_property
    def response(self) -> Response:
        """The problem's response."""
        return Response.of(self.problem)

    @cached_property
    def expected(self) -> dict[str, Any]:
        """The reference values under the declared conventions."""
        return under(self.reference.values, self.problem, self.conventions)

    @property
    def guard(self) -> float:
        """K: how many times the attainable error a correct solver may make."""
        return guard(self.problem.n)

    def scale(self, quantity: str) -> Array:
        """What the error of ``quantity`` is taken relative to, elementwise; 1 where the reference has no number."""
        scale = self._scale(quantity)
        return np.where(np.isfinite(scale), scale, 1.0)

    def _scale(self, quantity: str) -> Array:
        """A coefficient: max(|beta|, SE), so that an exact zero makes sense.  A covariance: SE_j SE_k.

        Vectors over the rows: max(|value|, their root mean square), for one that is nearly 0 is judged by its fellows;
        residuals that are all 0: that of y.  A deviance or dispersion that is exactly 0: the null deviance.  The rest:
        |value|, and 1 for a log-likelihood near 0.
        """
        want = np.atleast_1d(np.asarray(self.expected[quantity], dtype=np.float64))
        errors = self.expected.get("standard_errors")
        if quantity == "coefficients" and errors is not None:
            scale = np.maximum(np.abs(want), np.where(np.isfinite(errors), errors, 0.0))
            return np.where(scale == 0, float(np.nanmax(np.abs(want), initial=0.0)) or 1.0, scale)
        if quantity == "covariance":
            se = np.sqrt(np.diag(want))
            return np.where(np.outer(se, se) > 0, np.outer(se, se), 1.0)
        if quantity in ("log_likelihood", "aic", "bic"):
            return np.maximum(np.abs(want), 1.0)
        if quantity == "fitted_values" and self.problem.family != "gaussian":
            return np.maximum(np.abs(want), SMALLEST)  # positive means: the digits of a small one count
        if want.size > 1 and quantity not in ("standard_errors", "coefficients"):
            finite = want[np.isfinite(want)]
            typical = root_mean_square(finite if np.any(finite) else self.problem.y)
            return np.maximum(np.abs(want), typical)
        natural = self.expected.get("null_deviance") or 1.0
        return np.where(want == 0, natural if quantity in ("deviance", "dispersion") else 1.0, np.abs(want))

    def attainable(self, quantity: str) -> Array | None:
        """The digits that a backward-stable solver can have, elementwise; None where that is not known."""
        error = self._error(quantity)
        if error is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is NaN: nothing is known, and nothing asked
            return np.asarray(-np.log10(np.maximum(np.asarray(error) / self.scale(quantity), U)))

    def _error(self, quantity: str) -> Any:
        """The error that doubles may have, of the value that the declared conventions make of ``quantity``."""
        errors, values = self.reference.errors, self.reference.values
        error, phi = errors.get(quantity + self._variant(quantity)), self.expected.get("dispersion")
        if quantity in ("aic", "bic") and (other := self._variant("log_likelihood")):
            of_likelihood = errors.get("log_likelihood" + other)
            error = None if of_likelihood is None else 2.0 * of_likelihood
        before = values.get("dispersion")
        if error is None or phi is None or not before or phi == before or not math.isfinite(phi):
            return error
        chosen = next((n for n in ("pearson", "deviance", "mle") if values.get(f"dispersion_{n}") == phi), "pearson")
        of_phi = errors.get(f"dispersion_{chosen}", errors.get("dispersion", 0.0))
        if quantity == "dispersion":
            return of_phi
        if quantity in ("standard_errors", "covariance"):
            power = 0.5 if quantity == "standard_errors" else 1.0
            of_values = np.abs(np.nan_to_num(self.expected[quantity])) * power * of_phi / phi
            return error * (phi / before) ** power + of_values
        return error

    def _variant(self, quantity: str) -> str:
        """What the declared conventions add to the name of ``quantity`` among the reference's errors."""
        if quantity in ("standard_errors", "covariance") and self.conventions["information"] == "observed":
            return "_observed"
        choice = self.conventions["log_likelihood_dispersion"]
        known = self.response.family.known_dispersion
        if quantity == "log_likelihood" and choice != "deviance_over_n" and known is None:
            return f"_{choice}"
        return ""

    def required(self, attainable: Array | None) -> Array:
        """The digits asked: the floor, or less where the data can't give them; all of them under --strict."""
        if attainable is None:
            return np.array(self.demand.digits)
        all_of_them = attainable - math.log10(self.guard)
        return all_of_them if self.demand.strict else np.minimum(self.demand.digits, all_of_them)

    @cached_property
    def aliased(self) -> NDArray[np.bool_]:
        """(p,) which coefficients the fit reports as aliased."""
        return np.isnan(self.fit.coefficients) if self.fit else np.zeros(self.problem.p, dtype=bool)

    def in_errors(self, length: float) -> float:
        """A step's ``length``, given for a dispersion of 1, in standard errors of the dispersion that is expected."""
        phi = self.expected.get("dispersion")
        return length / math.sqrt(phi) if phi and phi > 0 else length

    @cached_property
    def basic(self) -> Comparison:
        """This trial with coefficients of dependent columns (a minimum norm) put as those of independent ones.

        X beta is the same, and the score can be taken: the triangle of dependent columns is singular.
        """
        if self.fit is None or not np.all(np.isfinite(self.problem.X)):
            return self
        beta, used = self.fit.coefficients, self.problem.counts
        kept = np.flatnonzero(~np.isnan(beta))
        X = self.problem.X[np.ix_(used, kept)]
        own = independent_columns(X)
        if len(own) == len(kept) or not np.all(np.isfinite(beta[kept])):
            return self
        rest = np.setdiff1d(np.arange(len(kept)), own)
        Q, R = np.linalg.qr(X[:, own])
        basic = np.full_like(beta, np.nan)
        basic[kept[own]] = beta[kept[own]] + solve_triangular(R, Q.T @ (X[:, rest] @ beta[kept[rest]]))
        return replace(self, fit=replace(self.fit, coefficients=basic))

    def score_at(self, beta: Array, problem: Problem | None = None) -> ScoreAt:
        """The score and information at ``beta`` (NaN: column left out), of ``problem`` or this comparison's own."""
        return ScoreAt.of(problem or self.problem, beta)
