"""Every quantity that R's glm, summary.glm, residuals.glm, hatvalues, logLik, AIC and BIC report, as balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, fmpq

from .balls import ball
from .likelihood import log_likelihoods, mle_dispersion
from .model import CANONICAL, Family
from .result import NotProven, Value
from .rows import Rows
from .system import System

NAN = arb("nan")


@dataclass
class Fitted:
    """The model at its estimate: lists over the cells (c,) and over the points (d,) of the rows (rows.py)."""

    cell_eta: list[arb]  # (c,)
    cell: list[tuple[arb, arb, arb, arb]]  # (c,) mu, 1 - mu (of the binomial family, else 0), mu' and mu''
    variance: list[tuple[arb, arb]]  # (c,) V(mu) and V'(mu)
    residual: list[arb]  # (d,) y - mu
    deviance: list[arb]  # (d,) unit deviances


def fitted(rows: Rows, family: Family, eta: Sequence[arb], means: dict[int, fmpq] | None) -> Fitted:
    """The model at linear predictors ``eta`` (c,); ``means`` has, by cell, those means that are known as rationals."""
    cell = [family.mean(e) for e in eta]
    if means:
        cell = [(ball(means[c]), ball(1 - means[c]), *m[2:]) if c in means else m for c, m in enumerate(cell)]
    variance = [family.variance(mu, q) for mu, q, _, _ in cell]
    residual, deviance = [], []
    for c, y, w in zip(rows.cell, rows.y, rows.w, strict=True):
        mu, q = cell[c][:2]
        exact = (means or {}).get(c)
        value = ball(y)
        residual.append(family.residual(value, mu, q) if exact is None else ball(y - exact))
        same = exact is not None and exact == y
        inside = w and not same
        deviance.append(family.unit_deviance(value, mu, q) if inside else arb(0))
    return Fitted(list(eta), cell, variance, residual, deviance)


def total(rows: Rows, terms: Sequence[arb]) -> arb:
    """sum_i w_i t_i over all rows, for terms (d,) of the points."""
    found = arb(0)
    for w, count, term in zip(rows.w, rows.count, terms, strict=True):
        if w:
            found += ball(w * count) * term
    return found


def rowwise(
    rows: Rows, fit: Fitted, inverse: arb_mat | None, estimable: Sequence[int], exact_leverage: bool
) -> dict[str, Value]:
    """Fitted values, linear predictors, residuals and leverages of every point (d,)."""
    lever = _leverages(rows, fit, inverse, estimable, exact_leverage)
    found: dict[str, list[arb]] = {name: [] for name in ROWWISE}
    for d, (c, w) in enumerate(zip(rows.cell, rows.w, strict=True)):
        mu, _, slope, _ = fit.cell[c]
        root = ball(w).sqrt()
        residual = fit.residual[d]
        found["fitted_values"].append(mu)
        found["linear_predictors"].append(fit.cell_eta[c])
        found["response_residuals"].append(residual)
        found["pearson_residuals"].append(_times(residual, root / fit.variance[c][0].sqrt()))
        found["deviance_residuals"].append(_signed_root(residual, ball(w) * fit.deviance[d]))
        found["working_residuals"].append(_times(residual, 1 / slope))
        found["leverages"].append(lever[d])
    return found


ROWWISE = (
    "fitted_values",
    "linear_predictors",
    "response_residuals",
    "pearson_residuals",
    "deviance_residuals",
    "working_residuals",
    "leverages",
)


def _times(value: arb, factor: arb) -> arb:
    return value if value.is_zero() else value * factor


def _signed_root(residual: arb, square: arb) -> arb:
    """sign(residual) sqrt(square), where the ball of a square may reach below 0."""
    if square.is_zero():
        return arb(0)
    if square > 0 and (residual > 0 or residual < 0):
        return square.sqrt() if residual > 0 else -square.sqrt()
    top = arb(square.abs_upper()).sqrt()
    return arb(0).union(top).union(-top)


def _leverages(rows: Rows, fit: Fitted, inverse: arb_mat | None, estimable: Sequence[int], exact: bool) -> list[arb]:
    """(d,) h_i = w_i mu'^2/V x_i' (X'WX)^-1 x_i; if ``exact`` (a parameter for each cell) w_i over its weight."""
    if exact or inverse is None:
        return [
            ball(w / rows.total[c]) if w and exact else NAN if w else arb(0)
            for c, w in zip(rows.cell, rows.w, strict=True)
        ]
    quadratic: list[arb] = []
    for start in range(0, len(rows.x), 10_000):
        block = arb_mat([[arb(row[j]) for j in estimable] for row in rows.x[start : start + 10_000].tolist()])
        for left, right in zip((block * inverse).tolist(), block.tolist(), strict=True):
            quadratic.append(_dot(left, right))
    found = []
    for c, w in zip(rows.cell, rows.w, strict=True):
        slope = fit.cell[c][2]
        found.append(ball(w) * slope * slope / fit.variance[c][0] * quadratic[c] if w else arb(0))
    return found


def _dot(left: Sequence[arb], right: Sequence[arb]) -> arb:
    found = arb(0)
    for a, b in zip(left, right, strict=True):
        found += a * b
    return found


def informations(rows: Rows, fit: Fitted, system: System) -> tuple[arb_mat, arb_mat]:
    """(p, p) the inverses of the expected and of the observed information, for dispersion 1."""
    family = system.family
    expected, observed = [], []
    for c in rows.used:
        mu, q, slope, curve = fit.cell[c]
        v, growth = fit.variance[c]
        w, s = ball(rows.total[c]), ball(rows.sum[c])
        residual = s * q - ball(rows.total[c] - rows.sum[c]) * mu if family.name == "binomial" else s - w * mu
        per = slope / v
        expected.append(w * slope * per)
        observed.append(expected[-1] - residual * (curve - slope * per * growth) / v)
    try:
        first = system.information(expected).inv()
        second = first if _canonical(family) else system.information(observed).inv()
    except ZeroDivisionError as error:
        raise NotProven("the information is not provably invertible") from error
    return first, second


def _canonical(family: Family) -> bool:
    """Whether the observed information is the expected one."""
    return CANONICAL.get(family.name) == family.link


def dispersions(rows: Rows, family: Family, fit: Fitted, deviance: arb, df: int) -> dict[str, arb]:
    """The dispersion as R's summary.glm has it (Pearson's statistic over ``df``, or 1), and by the other conventions.

    Pearson's statistic and the deviance over ``df`` are NaN where that is 0.
    """
    terms = [_times(r * r, 1 / fit.variance[c][0]) for r, c in zip(fit.residual, rows.cell, strict=True)]
    pearson = total(rows, terms)
    if df <= 0:
        estimates = {"dispersion_pearson": NAN, "dispersion_deviance": NAN}
    else:
        estimates = {"dispersion_pearson": pearson / df, "dispersion_deviance": deviance / df}
    estimates["dispersion"] = estimates["dispersion_pearson"] if family.dispersion else arb(1)
    if family.dispersion and not family.tweedie:
        estimates["dispersion_mle"] = mle_dispersion(rows, family, deviance)
    return estimates


def covariances(
    family: Family,
    expected: arb_mat,
    observed: arb_mat,
    phi: dict[str, arb],
    place: Sequence[int | None],
) -> dict[str, Value]:
    """Covariances and standard errors over all columns (NaN where aliased)."""
    found: dict[str, Value] = {"covariance_unscaled": _spread(expected, place)}
    kinds = [("", expected, phi["dispersion"]), ("_observed", observed, phi["dispersion"])]
    if family.name == "negative_binomial":
        kinds.append(("_estimated_dispersion", expected, phi["dispersion_pearson"]))
    for suffix, inverse, scale in kinds:
        matrix = inverse * scale if not scale.is_zero() else arb_mat(inverse.nrows(), inverse.ncols())
        found["covariance" + suffix] = _spread(matrix, place)
        roots = [matrix[j, j].sqrt() for j in range(matrix.nrows())]
        found["standard_errors" + suffix] = [NAN if j is None else roots[j] for j in place]
    return found


def _spread(matrix: arb_mat, place: Sequence[int | None]) -> list[list[arb]]:
    return [[NAN if i is None or j is None else matrix[i, j] for j in place] for i in place]


def criteria(
    rows: Rows, family: Family, fit: Fitted, deviance: arb, phi: dict[str, arb], rank: int, n: int
) -> dict[str, arb]:
    """Log-likelihoods, AIC and BIC by R's conventions and by the named others.

    R's logLik counts a dispersion parameter for the Gaussian, gamma and inverse Gaussian families;
    its BIC takes the logarithm of the number of all n rows, those of weight 0 too (BIC asks logLik for
    its nobs, which counts the residuals that are not NA; nobs(fit) would leave them out).  R's AIC is
    NA for the Tweedie family: nothing then.
    """
    if family.tweedie:
        return {}
    found = log_likelihoods(rows, family, [c[0] for c in fit.cell], [c[1] for c in fit.cell], deviance, phi)
    parameters = rank + int(family.dispersion)
    likelihood = found["log_likelihood"]
    if not likelihood.is_finite() and not likelihood.is_nan():  # a perfect fit
        return found | dict.fromkeys(("aic", "bic", "aic_without_dispersion"), -likelihood)
    found["aic"] = 2 * parameters - 2 * likelihood
    found["bic"] = parameters * arb(n).log() - 2 * likelihood
    if family.dispersion:
        found["aic_without_dispersion"] = 2 * rank - 2 * likelihood
    return found
