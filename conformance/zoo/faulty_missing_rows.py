"""Faults of rows with missing values: they are dropped in one place and kept in another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from conformance.mathematics.quantities import Fit
from conformance.question.case import read_csv
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem
from conformance.zoo.answers import got
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


@cache
def _models_that_lost_rows() -> frozenset[tuple[str, int, str, str]]:
    """The library's models whose data have missing values; a Problem holds the rows that are left, and no trace."""
    library, found = Library.built_in(), []
    for id in library.select():
        case = library.case(id)
        if case.outcome is CaseOutcome.INVALID:
            continue
        data = read_csv(case.data_file, case)
        if data.isna().to_numpy().any() and len(data) > case.problem().n:  # a look at the data is quicker than a design
            found.append((case.formula, case.problem().n, case.family, case.link))
    return frozenset(found)


def lost_rows(problem: Problem) -> bool:
    """Whether rows of this model were dropped for missing values."""
    return (problem.formula, problem.n, problem.family, problem.link) in _models_that_lost_rows()


@fault(
    "missing-as-category",
    thread="a common slip, without a thread",
    says="rows with a missing value stay, so that vectors over the rows are longer",
    cause=r"shape",
)
def missing_as_category(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    mu = got(answer.fitted_values)
    return {
        "coefficients": answer.coefficients,
        "fitted_values": np.append(mu, np.mean(mu)) if lost_rows(problem) else mu,
    }


@fault(
    "rows-dropped-in-x-only",
    thread="a common slip, without a thread",
    says="rows with missing values are dropped in X only: y is one row late",
    cause=r"misaligned|late|shifted|next row",
)
def rows_dropped_in_x_only(problem: Problem) -> Fit:
    return fit(replace(problem, y=np.roll(problem.y, 1), successes=None) if lost_rows(problem) else problem)


@fault(
    "weights-misaligned-after-missing-rows",
    thread="GLM.jl#255",
    says="weights and offset of the undropped data: those after a dropped row are one row late",
    cause=r"misaligned|late|shifted|next row",
)
def weights_misaligned_after_missing_rows(problem: Problem) -> Fit:
    if not lost_rows(problem):
        return fit(problem)
    weights, offset = (None if v is None else np.roll(v, 1) for v in (problem.weights, problem.offset))
    return fit(replace(problem, weights=weights, offset=offset))
