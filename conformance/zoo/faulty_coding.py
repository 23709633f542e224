"""Faults of coding: the right numbers of the wrong design."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from pandas.api.types import is_numeric_dtype

from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import got
from conformance.zoo.making import takes
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit


def _factors(problem: Problem) -> list[int]:
    """Columns of 0 and 1 that are the only dummy of a two-level factor in a model without interactions."""
    if problem.data is None or not problem.intercept or any(":" in name for name in problem.names):
        return []
    found = []
    for j, name in enumerate(problem.names):
        for column in problem.data.columns:
            text = not is_numeric_dtype(problem.data[column])
            if text and name.startswith(str(column)) and len(problem.data[column].unique()) == 2:
                found.append(j)
    return found


@fault(
    "level-order-reversed",
    thread="a common slip, without a thread",
    says="the reference level of a two-level factor is the other one",
    cause=r"reference level|level",
)
@takes("X")
def level_order_reversed(problem: Problem, right: Array) -> Array:
    X = right.copy()
    for j in _factors(problem)[:1]:
        X[:, j] = 1.0 - X[:, j]
    return X


@fault(
    "successes-failures-swapped",
    thread="a common slip, without a thread",
    says="the probability of failure is modelled",
    cause=r"successes and failures",
)
@takes("y")
def successes_failures_swapped(problem: Problem, right: Array) -> Array:
    return 1.0 - right if problem.family == "binomial" else right


_POWER = re.compile(r"^I\((\w+)\^(\d+)\)$")


def _powers(problem: Problem) -> list[tuple[int, Array, int]]:
    """The columns I(x^k): their place, x, and k."""
    found = []
    for j, name in enumerate(problem.names):
        match = _POWER.match(name)
        if match and problem.data is not None and match.group(1) in problem.data:
            x = problem.data[match.group(1)].to_numpy(dtype=np.float64)
            found.append((j, x, int(match.group(2))))
    return found


@fault(
    "power-read-as-xor",
    thread="patsy (Python's ^ in I())",
    says="I(x^2) is x XOR 2 for whole numbers",
    cause=r"xor|exclusive or|power",
)
@takes("X")
def power_read_as_xor(problem: Problem, right: Array) -> Array:
    X = right.copy()
    for j, x, k in _powers(problem):
        if np.all(x == np.rint(x)):
            X[:, j] = np.rint(x).astype(int) ^ k
    return X


@fault(
    "power-dropped",
    thread="patsy",
    says="I(x^2) is x again, and is aliased",
    cause=r"aliased|rank|column|power",
)
@takes("X")
def power_dropped(problem: Problem, right: Array) -> Array:
    X = right.copy()
    for j, x, _ in _powers(problem):
        X[:, j] = x
    return X


@fault(
    "unused-levels-kept",
    thread="a common slip, without a thread",
    says="a level that no row has gets a column of zeros, so that there is one coefficient more",
    cause=r"shape",
)
def unused_levels_kept(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    if not _factors(problem):
        return {"coefficients": answer.coefficients}
    return {"coefficients": np.append(answer.coefficients, np.nan)}


@fault(
    "intercept-from-wrong-end",
    thread="dask-ml#860",
    says="the intercept is fitted last and reported first without being moved",
    cause=r"order|wrong end|permut",
)
def intercept_from_wrong_end(problem: Problem) -> Fit:
    answer = fit(problem)
    if not problem.intercept or problem.p == 1:
        return answer
    return replace(
        answer,
        coefficients=np.roll(answer.coefficients, -1),
        standard_errors=np.roll(got(answer.standard_errors), -1),
        covariance=None,
    )


@fault(
    "intercept-added-always",
    thread="dask-ml#860",
    says="an intercept is fitted though the model has none, and not reported",
    cause=r"intercept",
)
def intercept_added_always(problem: Problem) -> Fit:
    if problem.intercept:
        return fit(problem)
    X = np.column_stack([problem.X, np.ones(problem.n)])
    start = None if problem.start is None else np.append(problem.start, 0.0)
    answer = fit(replace(problem, X=X, start=start, names=(*problem.names, "(Intercept)")))
    return replace(
        answer,
        coefficients=answer.coefficients[:-1],
        standard_errors=got(answer.standard_errors)[:-1],
        covariance=None,
    )


@fault(
    "intercept-dropped",
    thread="dask-ml#860",
    says="no intercept is fitted, and 0 is reported for it",
    cause=r"intercept",
)
def intercept_dropped(problem: Problem) -> Fit:
    if not problem.intercept or problem.p == 1:
        return fit(problem)
    start = None if problem.start is None else problem.start[1:]
    try:
        answer = fit(replace(problem, X=problem.X[:, 1:], start=start, names=problem.names[1:], intercept=False))
    except ValueError:
        return fit(problem)
    return replace(
        answer,
        coefficients=np.append(0.0, answer.coefficients),
        standard_errors=np.append(0.0, got(answer.standard_errors)),
        covariance=None,
    )


@fault(
    "duplicate-rows-dropped",
    thread="own",
    says="identical rows are counted once",
    cause=r"identical rows|duplicate",
)
def duplicate_rows_dropped(problem: Problem) -> Fit:
    tools.parts(problem)
    _, first = np.unique(np.column_stack([problem.X, problem.y, problem.offsets]), axis=0, return_index=True)
    w = np.zeros(problem.n)
    w[first] = problem.prior_weights[first]
    return fit(replace(problem, weights=w)) if np.any(w == 0) else fit(problem)


@fault(
    "rows-beyond-whole-blocks",
    thread="own",
    says="sums go over blocks of 4096 rows, and what is left after the last whole one is left out",
    cause=r"last rows",
)
def rows_beyond_whole_blocks(problem: Problem) -> Fit:
    if problem.n <= 4096:
        return fit(problem)
    w = problem.prior_weights.copy()
    w[problem.n - problem.n % 4096 :] = 0.0
    return fit(replace(problem, weights=w))
