"""From a proven root to every quantity: what is exact stays exact, and the null model is proven like any other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flint import arb, ctx, fmpq

from conformance.question.outcome import CaseOutcome

from . import quantities as q
from .balls import ball, proven_digits
from .concavity import uniqueness
from .exact import SMALL, zero_columns
from .krawczyk import newton, prove_box
from .model import Family
from .null import null_deviances
from .perfect import fits_exactly, perfect_zeros
from .result import Box, Claim, NotProven, Proof, Uniqueness, Value
from .root import Root, Setup
from .rows import Rows
from .system import System, exact_sum

COEFFICIENT_DIGITS = 40
DIGITS = 30
EXACT = Claim(Uniqueness.GLOBAL, "exact least squares in rationals, full rank")


def describe(setup: Setup, root: Root, bits: int, rowwise: bool) -> Proof:
    """Every quantity from a proven root."""
    problem, family, rows, estimable, system = (
        setup.problem,
        setup.family,
        setup.rows,
        setup.estimable,
        setup.system,
    )
    with ctx.workprec(bits):
        means = exact_means(rows, system, root)
        zeros = [estimable[j] for j in exact_zeros(system, root, means, bits)]
        beta = [arb(0) if j in zeros else b for j, b in zip(estimable, root.beta, strict=True)]
        saturated = len(system.x) == system.p
        fit = q.fitted(rows, family, linear_predictors(rows, estimable, beta), means)
        expected, observed = q.informations(rows, fit, system)
        deviance = rss(rows, family, means, fit)
        df = rows.n_used - len(estimable)
        phi = q.dispersions(rows, family, fit, deviance, df)
        place = [estimable.index(j) if j in estimable else None for j in range(problem.p)]
        found: dict[str, Value] = {"coefficients": [q.NAN if k is None else beta[k] for k in place]}
        found |= q.covariances(family, expected, observed, phi, place)
        found |= phi
        found |= {"deviance": deviance, **null_deviances(setup, bits)}
        found |= q.criteria(rows, family, fit, deviance, phi, len(estimable), problem.n)
        found |= {
            "df_residual": arb(df),
            "df_null": arb(rows.n_used - int(problem.intercept)),
            "rank": arb(len(estimable)),
        }
        if rowwise:
            found |= q.rowwise(rows, fit, expected, estimable, saturated)
        kind = EXACT if family.name == "gaussian" and root.exact else uniqueness(family)
        return Proof(
            outcome=CaseOutcome.RANK_DEFICIENT if setup.aliased else CaseOutcome.ESTIMATE,
            names=problem.names,
            uniqueness=kind,
            quantities=found,
            rows=rows.point.tolist(),
            box=root.box,
            precision_bits=bits,
            exact_zeros=[problem.names[j] for j in zeros],
            aliased=setup.aliased,
            notes=["every mean is fitted exactly"] if deviance.is_zero() else [],
            workings=(fit, expected, observed, beta),
        )


def rss(rows: Rows, family: Family, means: dict[int, fmpq] | None, fit: q.Fitted) -> arb:
    """The deviance; a Gaussian one exactly where the means are rationals."""
    if family.name == "gaussian" and means and len(means) == len(rows.x):
        terms = [
            w * n * (y - means[c]) * (y - means[c])
            for c, y, w, n in zip(rows.cell, rows.y, rows.w, rows.count, strict=True)
        ]
        return ball(exact_sum(terms))
    return q.total(rows, fit.deviance)


def linear_predictors(rows: Rows, estimable: Sequence[int], beta: Sequence[arb]) -> list[arb]:
    """(c,) X beta + offset for all cells, those without weight too."""
    everything = System(
        Family("gaussian", "identity"),
        rows.x[:, list(estimable)].tolist(),
        rows.offset.tolist(),
        [],
        [],
    )
    return everything.eta(beta)


def exact_means(rows: Rows, system: System, root: Root) -> dict[int, fmpq] | None:
    """Cell -> mean, where the means are rationals: of exact solutions, and of models that fit every mean exactly."""
    if root.exact is not None and root.exact.mean is not None:
        return dict(zip(rows.used, root.exact.mean, strict=True))
    if len(system.x) == system.p or (
        root.box is not None and _looks_perfect(system, root) and fits_exactly(system, boxed(root.box))
    ):
        return {c: rows.sum[c] / rows.total[c] for c in rows.used}
    return None


def _looks_perfect(system: System, root: Root) -> bool:
    """Whether no mean is provably missed."""
    return all(slope.contains(0) for slope in system.slopes(root.beta))


def boxed(box: Box) -> list[arb]:
    """The box as balls."""
    return [arb(c, r) for c, r in zip(box.center, box.radius, strict=True)]


def exact_zeros(system: System, root: Root, means: dict[int, fmpq] | None, bits: int) -> list[int]:
    """Which coefficients are exactly 0, by rational arithmetic (see exact.zero_columns)."""
    if root.exact is not None:
        return [j for j, b in enumerate(root.exact.beta) if not b]
    candidates = [j for j, b in enumerate(root.beta) if b.contains(0)]
    if means is not None:
        return perfect_zeros(system, candidates) if candidates else []
    candidates = zero_columns(system, candidates) if len(system.x) * system.p <= SMALL else []
    if not candidates:
        return []
    rest = [j for j in range(system.p) if j not in candidates]
    reduced = System(
        system.family,
        [[row[j] for j in rest] for row in system.x],
        system.offset,
        system.total,
        system.sum,
    )
    try:
        _, beta = prove_box(reduced, newton(reduced, [root.beta[j] for j in rest], bits).beta, bits)
    except NotProven:
        return []
    assert root.box is not None
    box = boxed(root.box)
    inside = all(box[j].contains_interior(b) for j, b in zip(rest, beta, strict=True))
    return candidates if inside else []


def insufficient(proof: Proof) -> str | None:
    """The first quantity with too few proven digits, or None."""
    for name, value in proof.quantities.items():
        wanted = COEFFICIENT_DIGITS if name == "coefficients" else DIGITS
        if digits_of(proof, name, value) < wanted or _lost(proof, name, value):
            return name
    return None


def _lost(proof: Proof, name: str, value: Value) -> bool:
    """Whether a quantity is NaN that has a value."""
    if name in FINITE:
        return any(v.is_nan() for v in flatten(value))
    if name.startswith("standard_errors") and proof.has_estimate:
        kind = "dispersion_pearson" if name.endswith("dispersion") else "dispersion"
        unknown = proof.quantities[kind].is_nan()
        return not unknown and sum(v.is_nan() for v in value) > len(proof.aliased)
    return False


FINITE = (
    "deviance",
    "dispersion_mle",
    "fitted_values",
    "linear_predictors",
    "response_residuals",
    "pearson_residuals",
    "deviance_residuals",
)


def digits_of(proof: Proof, name: str, value: Value) -> float:
    """The fewest proven digits among a quantity's values; infinite where all are exact.

    They are relative to the value; for a ball around 0, to the standard error at dispersion 1 (coefficients) or to the
    largest value beside it.
    """
    flat = list(flatten(value))
    scales: list[arb | None] = [None] * len(flat)
    if any(v.is_finite() and v.contains(0) and not v.is_exact() for v in flat):
        finite = [v for v in flat if v.is_finite()] if len(flat) > 1 else []
        largest = max((abs(v.mid()) for v in finite), key=float, default=arb(1))
        scales = [arb(largest) if largest > 0 else arb(1)] * len(flat)
        if name == "coefficients" and "covariance_unscaled" in proof.quantities:
            scales = [proof.quantities["covariance_unscaled"][j][j].sqrt() for j in range(len(flat))]
    found = math.inf
    for v, scale in zip(flat, scales, strict=True):
        if v.is_nan() or v.is_exact():
            continue
        found = min(found, proven_digits(v, scale if v.contains(0) else None))
    return found


def flatten(value: Value) -> list[arb]:
    """The balls of a quantity, in order."""
    if isinstance(value, list):
        return [v for part in value for v in flatten(part)]
    return [value]
