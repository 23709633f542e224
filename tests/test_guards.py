"""Every guard of the fitter beyond the textbook has a case that fails where it is taken out (docs/fitter.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

import conformance.fitter.diagnose as diagnose
import conformance.fitter.irls as irls
import conformance.fitter.start as start
import conformance.fitter.summary as summary
import conformance.mathematics.least_squares as least_squares
import conformance.mathematics.response as response
from conformance.adapters import load
from conformance.fitter import fit
from conformance.fitter.predictor import EPS, AtBeta
from conformance.judging.checks.values import VALUE_CHECKS
from conformance.judging.comparison import Demand
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from conformance.mathematics.response import AtEta
from conformance.question.library import Library
from conformance.references.lookup import reference_of

Array = NDArray[np.float64]
CHECKS = ["outcome", *VALUE_CHECKS, "score"]


def newton_alone(here: AtBeta) -> Array:
    """The step, without a look at the walls of the domain."""
    bends, directions = here.bends
    along = (directions.T @ here.scaled_score) / np.where(bends > 0, bends, 1.0)
    return np.asarray(solve_triangular(here.R, directions @ along)) if here.informed else np.zeros_like(here.beta)


def newton_upwards(here: AtBeta) -> Array:
    """The step by the observed information as it is, also where it is not positive."""
    bends, directions = here.bends
    along = (directions.T @ here.scaled_score) / bends
    return np.asarray(solve_triangular(here.R, directions @ along)) if here.informed else np.zeros_like(here.beta)


def orthogonalised_once(X: Array) -> NDArray[np.intp]:
    """`independent_columns` with one pass of Gram and Schmidt."""
    basis, kept = np.zeros((X.shape[0], 0)), []
    for j, column in enumerate(X.T):
        v = column / (float(np.linalg.norm(column)) or 1.0)
        v = v - basis @ (basis.T @ v)
        if np.linalg.norm(v) > least_squares.RANK_TOLERANCE:
            basis = np.column_stack([basis, v / np.linalg.norm(v)])
            kept.append(j)
    return np.array(kept, dtype=np.intp)


def start_on_either_side(at: Callable[[Array], AtBeta], X: Array, of: response.Response) -> Array:
    """`start.start`, which does not see that the link has a pole."""
    return start.start(at, X, replace(of, link=replace(of.link, name="one without a pole")))


@dataclass(frozen=True)
class Guard:
    """What is put in the guard's place, and the case that fails then."""

    of: Any
    name: str
    without: Any
    case: str


GUARDS = {
    "steps are halved": Guard(irls, "MAX_HALVINGS", 1, "gamma-log-creeping"),
    "blind steps where a heavy row's rounding is the score": Guard(
        irls, "BLIND_STEPS", 0, "gaussian-inverse-heavy-row"
    ),
    "a step ends before a wall": Guard(irls, "SHARE", 1.0, "ig-inverse-squared-next-to-the-wall"),
    "a step does not cross a pole": Guard(AtEta, "reach", lambda at, move: np.inf, "gaussian-inverse-pole-on-the-way"),
    "next to a wall the step is by the metric": Guard(AtBeta, "step", newton_alone, "nb-identity-past-the-wall"),
    "no step by a curvature that is not positive": Guard(AtBeta, "step", newton_upwards, "tweedie-3-log-steep"),
    "the metric has the observed weights": Guard(
        AtBeta, "metric", cached_property(lambda here: here.at.working_weights), "binomial-cloglog-lost-weights"
    ),
    "rounding may hide a fall of the deviance": Guard(
        AtBeta, "deviance_error", cached_property(lambda here: 8.0 * EPS * here.at.deviance), "nist-filip"
    ),
    "the limit is long enough for walls": Guard(irls, "MAX_ITERATIONS", 8, "ig-inverse-squared-next-to-the-wall"),
    "QR where columns are nearly dependent": Guard(least_squares, "PIVOT", 0.0, "ig-inverse-squared-next-to-the-wall"),
    "QR of rows in descending order": Guard(
        least_squares, "descending", lambda A: np.arange(len(A)), "gaussian-inverse-heavy-row"
    ),
    "columns are orthogonalised twice": Guard(
        irls, "independent_columns", orthogonalised_once, "gaussian-inverse-heavy-row"
    ),
    "a wall to within rounding": Guard(response, "AT_WALL", 0.0, "binomial-log-at-the-wall"),
    "a mean that vanishes": Guard(response, "NEGLIGIBLE", 0.0, "nb-sqrt-flat-end"),
    "recession is a long move": Guard(diagnose, "LONG", 0.0, "remission-probit"),
    "recession is more than a correction": Guard(
        diagnose, "CORRECTION", 0.0, "binomial-probit-quasi-separated-near-collinear"
    ),
    "a start inside a domain with little room": Guard(start, "SHARES", (1.0,), "ig-inverse-squared-little-room"),
    "no start on both sides of a pole": Guard(
        irls, "start", start_on_either_side, "gaussian-inverse-two-sides-of-a-pole"
    ),
    "starts of a null model with several maxima": Guard(
        summary, "NULL_STARTS", 1, "gaussian-inverse-null-of-many-maxima"
    ),
}


def complaints(library: Library, id: str) -> list[str]:
    """The checks that irls fails in the case under --strict, and its warning where there is an estimate."""
    case = library.case(id)
    verdicts = judge(load("irls"), case, reference_of(library, case), Demand(strict=True), CHECKS).verdicts
    failing = [v.check for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
    silent_or_told = fit(case.problem()).warnings if case.has_estimate and not failing else ()
    return [*failing, *silent_or_told]


@pytest.mark.filterwarnings("ignore")  # without its guard the arithmetic overflows
@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_without_its_guard_the_case_fails_and_with_it_it_does_not(
    guard: Guard, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaints(library, guard.case) == []
    without = guard.without
    if isinstance(without, cached_property):
        without.__set_name__(guard.of, guard.name)
    monkeypatch.setattr(guard.of, guard.name, without)
    assert complaints(library, guard.case) != []


def test_every_named_number_of_the_fitter_is_a_guard_with_a_case() -> None:
    numbers: Callable[[Any], set[str]] = lambda module: {  # noqa: E731
        name for name, value in vars(module).items() if name.isupper() and isinstance(value, (int, float, tuple))
    }
    named = set().union(*map(numbers, (irls, diagnose, start, summary, least_squares, response)))
    assert named - {guard.name for guard in GUARDS.values()} == {"RANK_TOLERANCE"}  # R's own line, 1e-11
