"""Log-likelihoods with R's constants (stats::family()$aic), and the likeliest dispersion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb, ctx, fmpq

from .balls import ball
from .model import Family, xlog
from .result import NotProven
from .rows import Rows

NAN = arb("nan")
INFINITY = arb("inf")


def log_likelihoods(
    rows: Rows,
    family: Family,
    mu: Sequence[arb],
    q: Sequence[arb],
    deviance: arb,
    phi: dict[str, arb],
) -> dict[str, arb]:
    """R's log-likelihood, and where a dispersion is estimated those of the other conventions.

    ``mu`` and ``q`` = 1 - mu (c,) are the means of the cells, ``deviance`` is the fit's, ``phi`` has the dispersions by
    name.  R's (`log_likelihood`) has dispersion deviance/n, or deviance/sum(w) for the gamma and inverse Gaussian
    families, and multiplies the log-density by w.  `log_likelihood_pearson` and `log_likelihood_mle` are those of the
    exponential dispersion model (Jorgensen 1987), with dispersion phi/w of each row.  With unit weights, and phi the
    same, they agree.
    """
    if not family.dispersion:
        terms = TERMS[family.name](family, rows, mu, q)
        found = arb(0)
        for count, term in zip(rows.count, terms, strict=True):
            found += count * term
        return {"log_likelihood": found}
    likelihoods = {"log_likelihood": _r_likelihood(rows, family, mu, deviance)}
    for kind in ("pearson", "mle"):
        likelihoods[f"log_likelihood_{kind}"] = _dispersion_model(rows, family, mu, deviance, phi[f"dispersion_{kind}"])
    return likelihoods


def _weighted(rows: Rows) -> list[tuple[int, arb, arb, int]]:
    """(cell, y, w, count) of every point with some weight; count is the number of rows that it stands for."""
    return [(c, ball(y), ball(w), n) for c, y, w, n in zip(rows.cell, rows.y, rows.w, rows.count, strict=True) if w]


def _r_likelihood(rows: Rows, family: Family, mu: Sequence[arb], deviance: arb) -> arb:
    points = _weighted(rows)
    n, weight, log_weights, log_y = arb(0), arb(0), arb(0), arb(0)
    for _, y, w, count in points:
        n += count
        weight += count * w
        log_weights += count * w.log()
        if family.name == "inverse_gaussian":
            log_y += count * w * y.log()
    if deviance.is_zero():
        return INFINITY
    if family.name == "gaussian":  # n counts the rows with a weight: R counts all, and its AIC is then infinite
        return -(n * ((2 * arb.pi() * deviance / n).log() + 1) - log_weights) / 2
    dispersion = deviance / weight
    if family.name == "inverse_gaussian":
        return -(weight * ((2 * arb.pi() * dispersion).log() + 1) + 3 * log_y) / 2
    found = arb(0)
    for c, y, w, count in points:
        found += count * w * _gamma_density(y, mu[c], dispersion)
    return found


def _gamma_density(y: arb, mu: arb, dispersion: arb) -> arb:
    """The logarithm of R's dgamma(y, shape = 1/dispersion, scale = mu dispersion)."""
    shape = 1 / dispersion
    return (shape - 1) * y.log() - y * shape / mu - shape * (mu / shape).log() - shape.lgamma()


def _dispersion_model(rows: Rows, family: Family, mu: Sequence[arb], deviance: arb, phi: arb) -> arb:
    """The log-likelihood with variance phi V / w."""
    if not phi.is_finite():
        return NAN
    if phi.is_zero():
        return INFINITY
    found = -deviance / (2 * phi) if family.name != "gamma" else arb(0)
    for c, y, w, count in _weighted(rows):
        if family.name == "gamma":
            found += count * _gamma_density(y, mu[c], phi / w)
        else:
            cube = y * y * y if family.name == "inverse_gaussian" else arb(1)
            found -= count * (2 * arb.pi() * phi / w * cube).log() / 2
    return found


def _binomial_terms(_: Family, rows: Rows, mu: Sequence[arb], q: Sequence[arb]) -> list[arb]:
    """(d,) R's dbinom(round(m y), round(m), mu, log = TRUE) for each point, with m the weight and halves to even."""
    found = []
    for c, y, w in zip(rows.cell, rows.y, rows.w, strict=True):
        m, k = _nearest(w), _nearest(w * y)
        choose = arb(m + 1).lgamma() - arb(k + 1).lgamma() - arb(m - k + 1).lgamma() if 0 < k < m else arb(0)
        found.append(choose + xlog(arb(k), mu[c]) + xlog(arb(m - k), q[c]) if w else arb(0))
    return found


def _nearest(value: fmpq) -> int:
    below = int(value.floor())
    rest = value - below
    return below + int(rest > fmpq(1, 2) or (rest == fmpq(1, 2) and below % 2 == 1))


def _poisson_terms(_: Family, rows: Rows, mu: Sequence[arb], q: Sequence[arb]) -> list[arb]:
    """(d,) w times the logarithm of R's dpois(y, mu), for each point."""
    return [
        ball(w) * (xlog(ball(y), mu[c]) - mu[c] - (ball(y) + 1).lgamma()) if w else arb(0)
        for c, y, w in zip(rows.cell, rows.y, rows.w, strict=True)
    ]


def _negative_binomial_terms(family: Family, rows: Rows, mu: Sequence[arb], q: Sequence[arb]) -> list[arb]:
    """(d,) w times the logarithm of R's dnbinom(y, size = theta, mu = mu), for each point."""
    theta = arb(family.theta)
    found = []
    for c, value, w in zip(rows.cell, rows.y, rows.w, strict=True):
        y = ball(value)
        constant = (theta + y).lgamma() - theta.lgamma() - (y + 1).lgamma() + theta * theta.log()
        found.append(ball(w) * (constant + xlog(y, mu[c]) - (y + theta) * (mu[c] + theta).log()) if w else arb(0))
    return found


TERMS = {
    "binomial": _binomial_terms,
    "poisson": _poisson_terms,
    "negative_binomial": _negative_binomial_terms,
}


def mle_dispersion(rows: Rows, family: Family, deviance: arb) -> arb:
    """The dispersion that maximises the likelihood with variance phi V / w: a ball that provably holds it.

    For the Gaussian and the inverse Gaussian family it is deviance/n, with n the rows that have a weight.  For the
    gamma family it is 1/nu, with nu the root of

        sum_i w_i (log(w_i nu) - digamma(w_i nu)) = deviance / 2

    (McCullagh and Nelder 1989, section 8.3.6), whose left side decreases strictly in nu, so that a change of sign
    between two numbers proves that the root lies between them.  NotProven where none was found.
    """
    groups: dict[fmpq, int] = {}
    for weight, n in zip(rows.w, rows.count, strict=True):
        if weight:
            groups[weight] = groups.get(weight, 0) + n
    if deviance.is_zero():
        return arb(0)
    if family.name != "gamma":
        return deviance / sum(groups.values())
    weights = [(ball(weight), count) for weight, count in groups.items()]

    def slope(nu: arb) -> arb:
        found = -deviance / 2
        for w, count in weights:
            found += count * w * ((w * nu).log() - (w * nu).digamma())
        return found

    if not deviance > 0:
        raise NotProven("the deviance is not provably positive")
    nu = arb(float(sum(groups.values()) / float(deviance)))
    for _ in range(100):
        change = arb(0)
        for w, count in weights:
            change += count * w * (1 / nu - w * arb(2).zeta(w * nu))
        step: arb = (slope(nu) / change).mid()
        nu = (nu - step).mid() if nu > step else (nu / 2).mid()
        if abs(step) < nu * arb(2) ** (30 - ctx.prec):
            break
    width = nu * arb(2) ** (30 - ctx.prec)
    for _ in range(60):
        if slope((nu - width).mid()) > 0 and slope((nu + width).mid()) < 0:
            return 1 / arb(nu, width.abs_upper())
        width = width * 4
    raise NotProven("the maximum likelihood dispersion was not enclosed")


def doubles(values: Sequence[arb]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Balls as doubles."""
    return np.array([float(v) for v in values])
