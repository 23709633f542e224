"""Faults of rank and coding: the right numbers of the wrong design."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from pandas.api.types import is_numeric_dtype

from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Array


@fault(
    "names-shifted-after-aliasing",
    thread="speedglm 0.3-1",
    says="the kept coefficients take the first names, NaN comes last",
    cause=r"names|shifted|order",
)
def names_shifted_after_aliasing(problem: Problem) -> Fit:
    answer = fit(problem)
    kept = ~np.isnan(answer.coefficients)

    def packed(values: Array | None) -> Array | None:
        return None if values is None else np.concatenate([values[kept], values[~kept]])

    beta = packed(answer.coefficients)
    assert beta is not None
    return replace(answer, coefficients=beta, standard_errors=packed(answer.standard_errors), covariance=None)


@fault(
    "nonsense-on-singular-design",
    thread="statsmodels#8670",
    says="no rank check: X'WX is solved as it is, and its rounding is reported as estimates",
    cause=r"rank|singular|raised|aliased",
)
def nonsense_on_singular_design(problem: Problem) -> Fit:
    answer = fit(problem)
    gone = np.isnan(answer.coefficients)
    if not np.any(gone):
        return answer
    at = tools.parts(problem)
    W, r = tools.working(tools.family(problem), tools.link(problem), at, answer.coefficients[~gone])
    X = problem.X[at.used]
    z = at.X @ answer.coefficients[~gone] + r
    H = X.T @ (W[:, None] * X)
    try:
        beta, covariance = np.linalg.solve(H, X.T @ (W * z)), np.linalg.inv(H)
    except np.linalg.LinAlgError:
        pivot = 1e-15 * np.trace(H)
        H = H + pivot * np.diag(np.random.default_rng(0).uniform(0.5, 1.5, len(H)))
        beta, covariance = np.linalg.solve(H, X.T @ (W * z)), np.linalg.inv(H)
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.abs(phi * np.diag(covariance)))
    return replace(
        answer, coefficients=beta, standard_errors=errors, covariance=None, rank=problem.p,
        df_residual=tools.counted(problem) - problem.p,
    )  # fmt: skip


@fault(
    "undeclared-minimum-norm",
    thread="statsmodels#8670",
    says="the solution of minimum norm on a singular design, not declared",
    cause=r"aliased: minimum_norm",
)
def undeclared_minimum_norm(problem: Problem) -> Fit:
    answer = fit(problem)
    gone = np.isnan(answer.coefficients)
    if not np.any(gone):
        return answer
    eta = problem.X[:, ~gone] @ answer.coefficients[~gone]
    return replace(answer, coefficients=np.linalg.pinv(problem.X) @ eta, standard_errors=None, covariance=None)


@fault(
    "aliased-as-zero",
    thread="speedglm 0.3-1",
    says="an aliased coefficient is reported as 0, as if it were estimated",
    cause=r"aliased|rank",
)
def aliased_as_zero(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(
        answer,
        coefficients=np.nan_to_num(answer.coefficients),
        standard_errors=None if answer.standard_errors is None else np.nan_to_num(answer.standard_errors),
        covariance=None if answer.covariance is None else np.nan_to_num(answer.covariance),
    )


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
def level_order_reversed(problem: Problem) -> Fit:
    X = problem.X.copy()
    for j in _factors(problem)[:1]:
        X[:, j] = 1.0 - X[:, j]
    return fit(replace(problem, X=X))


@fault(
    "successes-failures-swapped",
    thread="a common slip, without a thread",
    says="the probability of failure is modelled",
    cause=r"successes and failures",
)
def successes_failures_swapped(problem: Problem) -> Fit:
    return fit(replace(problem, y=1.0 - problem.y) if problem.family == "binomial" else problem)


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
def power_read_as_xor(problem: Problem) -> Fit:
    X = problem.X.copy()
    for j, x, k in _powers(problem):
        if np.all(x == np.rint(x)):
            X[:, j] = np.rint(x).astype(int) ^ k
    return fit(replace(problem, X=X))


@fault(
    "power-dropped",
    thread="patsy",
    says="I(x^2) is x again, and is aliased",
    cause=r"aliased|rank|column|power",
)
def power_dropped(problem: Problem) -> Fit:
    X = problem.X.copy()
    for j, x, _ in _powers(problem):
        X[:, j] = x
    return fit(replace(problem, X=X))


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
    assert answer.standard_errors is not None
    return replace(
        answer,
        coefficients=np.roll(answer.coefficients, -1),
        standard_errors=np.roll(answer.standard_errors, -1),
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
    assert answer.standard_errors is not None
    return replace(
        answer,
        coefficients=answer.coefficients[:-1],
        standard_errors=answer.standard_errors[:-1],
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
    assert answer.standard_errors is not None
    return replace(
        answer,
        coefficients=np.append(0.0, answer.coefficients),
        standard_errors=np.append(0.0, answer.standard_errors),
        covariance=None,
    )


@fault(
    "penalised-by-default",
    thread="scikit-learn's LogisticRegression (C = 1)",
    says="a ridge penalty of 1 on the slopes that nobody asked for",
    cause=r"^penal|ridge|shrunk",
)
def penalised_by_default(problem: Problem) -> Fit:
    answer = fit(problem)
    if not answer.converged or np.any(np.isnan(answer.coefficients)):
        return answer
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    penalty = np.ones(problem.p)
    penalty[0] = 1.0 - problem.intercept
    beta, i = answer.coefficients, 0
    for i in range(100):  # noqa: B007 (used after the loop)
        W, r = tools.working(f, g, at, beta)
        H = at.X.T @ (W[:, None] * at.X)
        try:
            step = np.linalg.solve(H + np.diag(penalty), at.X.T @ (W * r) - penalty * beta)
        except np.linalg.LinAlgError:
            return answer
        before = tools.deviance_at(f, g, at, beta) + float(penalty @ beta**2)
        for _ in range(30):
            if tools.deviance_at(f, g, at, beta + step) + float(penalty @ (beta + step) ** 2) <= before * (1 + 1e-14):
                break
            step = step / 2
        beta = beta + step
        if np.linalg.norm(np.sqrt(W) * (at.X @ step)) < 1e-10:
            break
    return tools.reported(problem, tools.Scored(beta, beta, at.columns, i, True))


@fault(
    "missing-as-category",
    thread="a common slip, without a thread",
    says="rows with a missing value stay, so that vectors over the rows are longer",
    cause=r"shape",
)
def missing_as_category(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    assert answer.fitted_values is not None
    mu = (
        np.append(answer.fitted_values, np.mean(answer.fitted_values))
        if tools.lost_rows(problem)
        else answer.fitted_values
    )
    return {"coefficients": answer.coefficients, "fitted_values": mu}


@fault(
    "rows-dropped-in-x-only",
    thread="a common slip, without a thread",
    says="rows with missing values are dropped in X only: y is one row late",
    cause=r"misaligned|late|shifted|next row",
)
def rows_dropped_in_x_only(problem: Problem) -> Fit:
    return fit(replace(problem, y=np.roll(problem.y, 1), successes=None) if tools.lost_rows(problem) else problem)


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


@fault(
    "covariance-of-aliased-zero",
    thread="own",
    says="the covariance of an aliased column is 0, a number, though its coefficient is NaN",
    cause=r"belongs to an aliased column",
)
def covariance_of_aliased_zero(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.covariance is not None
    return replace(answer, covariance=np.nan_to_num(answer.covariance))
