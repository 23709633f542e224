"""What a step of iteratively reweighted least squares needs to know of the rows at some coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.mathematics.family import Family
from conformance.mathematics.link import REAL, Link

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)
SMALL = 1e-8  # standard errors: a step that matters to no digit but the last; such steps go on while they shrink


@dataclass(frozen=True)
class Rows:
    """All that a step needs to know of the rows: sums over them, and a triangle."""

    triangle: Array  # (p + 1, p + 1), R of the QR of [sqrt(W) X, sqrt(W) r]
    curvature: Array  # (p, p), R^-T X' diag(observed weights) X R^-1: the identity for a canonical link
    score: Array  # (p,) U = X'W r
    rounding: Array  # (p,) the rounding error that U may hold
    noise: float  # and what becomes of it in the decrement
    deviance: float
    smallest_weight: float
    unit: float = 1.0  # a standard error: the root of the dispersion here, by the deviance; 1 where it is known
    blur: float = 0.0  # what rounding eta may do to the deviance
    at_edge: bool = False  # a mean is at the end of its range to within the rounding of its linear predictor
    room: float = np.inf  # the smallest distance of a row from where its mean ends or is infinite (eta = 0, mu = 1)
    above: int = 0  # how many rows are above eta = 0, where no path leads across

    @property
    def valid(self) -> bool:
        """Whether every eta and mu was inside the domain of link and family."""
        return bool(np.isfinite(self.deviance))

    @property
    def decrement(self) -> float:
        """sqrt(U' (X'WX)^-1 U), the length of the step in standard errors of a dispersion of 1: from the triangle, the
        projection of the working residuals on the columns.
        """
        return float(np.linalg.norm(self.triangle[:-1, -1]))

    @property
    def concave(self) -> bool:
        """Whether the log-likelihood is concave here: its observed information is positive definite."""
        return bool(np.all(np.linalg.eigvalsh(self.curvature) > 0))

    @property
    def settled(self) -> bool:
        """Whether the score is zero: to within its own rounding error, or so that the step would be SMALL."""
        return self.decrement <= max(self.noise, SMALL * self.unit)


@np.errstate(all="ignore")  # what overflows or underflows shows as an infinite deviance or a working weight of 0
def pass_over_rows(
    family: Family, link: Link, X: Array, y: Array, w: Array, offset: Array, beta: Array, *, steep: bool = False
) -> Rows:
    """The working weights, score, triangle and deviance at ``beta``, for rows X (n, p) and y, w, offset (n,).

    ``steep`` takes for the triangle the observed weight of every row where that is the larger.
    """
    p, eta = X.shape[1], X @ beta + offset
    nothing = np.full(p, np.nan)
    nowhere = Rows(np.zeros((p + 1, p + 1)), np.eye(p), nothing, nothing, np.nan, np.inf, np.nan)
    walled = not (link.etas is REAL and link.means.inside(family.means))  # some beta have no mean in this family
    if not np.all(np.isfinite(eta)):  # coefficients of no model
        return nowhere
    if walled and not np.all(link.etas.contains(eta) & family.means.contains(link.linkinv(eta))):
        return nowhere
    at = _working(family, link, y, w, eta)
    deviance = float(np.sum(w * family.unit_deviance(y, at.mu, at.nu)))
    bend = np.maximum(at.W, at.observed) if steep else at.W  # next to a wall Fisher's steps run into it
    root = np.sqrt(bend)
    pulls = at.pull * at.residual if steep else at.W * at.r  # equal, but for a W that has underflown to 0
    z = np.divide(pulls, root, out=np.zeros_like(root), where=root > 0)
    down = descending(root[:, None] * X)
    Q, upper = np.linalg.qr(np.column_stack([root[:, None] * X, z])[down])
    Q = Q[:, :p]
    if not np.all(np.isfinite(upper)):  # overflow: a mean too small or too large for doubles
        return nowhere
    of_bend = np.divide(at.observed, bend, out=np.ones_like(bend), where=bend > 0)[down]
    of_eta = np.abs(X) @ np.abs(beta) + np.abs(offset)  # the terms of its sum: times EPS, what rounding does to it
    of_mean = np.abs(at.mu_eta) * of_eta
    size = np.abs(y) + np.abs(at.mu)
    of_residual = np.abs(at.residual) if family.name == "binomial" else size  # no digit lost there
    of_score = np.maximum(bend, np.abs(at.observed)) * of_eta  # its derivative in eta is minus the observed weight
    of_row = np.where(root > 0, (np.abs(at.pull) * of_residual + of_score) / root, 0.0)
    ends = walled or link.name == "inverse"
    end = np.minimum(np.abs(eta), at.nu) if family.means.high == 1.0 else np.abs(eta)
    return Rows(
        triangle=np.vstack([upper, np.zeros((p + 1 - len(upper), p + 1))]),  # fewer rows than columns: zeros below
        curvature=Q.T @ (of_bend[:, None] * Q),
        score=X.T @ (at.pull * at.residual),
        rounding=EPS * (np.abs(X).T @ (np.abs(at.pull) * (size + of_mean))),
        noise=EPS * float(np.linalg.norm(np.abs(Q).T @ of_row[down])),
        deviance=deviance,
        smallest_weight=float(at.W.min(initial=np.inf)),
        unit=1.0 if family.known_dispersion else float(np.sqrt(deviance / max(len(y) - p, 1))),
        blur=EPS * float(2.0 * np.sum(np.abs(at.pull * at.residual) * of_eta)),
        at_edge=walled and _at_edge(family, link, y, at.mu, at.nu, eta, of_eta),
        room=float(end.min(initial=np.inf)) if ends else np.inf,
        above=int(np.sum(eta > 0)) if ends else 0,
    )


@dataclass(frozen=True)
class _Working:
    """What a step needs of each row, (n,); a mean at the end of its range pulls no more, and its W, r, pull are 0."""

    mu: Array
    nu: Array
    mu_eta: Array
    residual: Array  # y - mu
    W: Array  # working weights, w mu_eta^2 / V
    r: Array  # working residuals, (y - mu) / mu_eta
    pull: Array  # w mu_eta / V: times the residual, the derivative of the log-likelihood in eta
    observed: Array  # observed weights, W where they overflow


def _working(family: Family, link: Link, y: Array, w: Array, eta: Array) -> _Working:
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    V, residual = family.variance(mu, nu), family.residual(y, mu, nu)
    W, r, pull = w * mu_eta**2 / V, residual / mu_eta, w * mu_eta / V
    live = (mu_eta != 0) & (V > 0) & np.isfinite(W) & np.isfinite(r)
    W, r, pull = np.where(live, W, 0.0), np.where(live, r, 0.0), np.where(live, pull, 0.0)
    observed = observed_weights(family, link, y, w, eta)
    return _Working(mu, nu, mu_eta, residual, W, r, pull, np.where(live & np.isfinite(observed), observed, W))


def descending(A: Array) -> NDArray[np.intp]:
    """The order of A's rows, largest first, in which Householder's QR keeps the digits of the small ones.

    Else a heavy row below would spoil the light ones above it (Powell and Reid 1969).
    """
    return np.argsort(-np.max(np.abs(A), axis=1, initial=0.0), kind="stable")


@np.errstate(all="ignore")
def observed_weights(family: Family, link: Link, y: Array, w: Array, eta: Array) -> Array:
    """(n,) minus the second derivative of each row's log-likelihood in eta, times the dispersion.

    w (mu_eta^2 / V - (y - mu) d(mu_eta / V)/d eta); its expectation is the working weight (Green 1984, sec. 2.2).
    """
    mu, nu, mu_eta = link.linkinv(eta), link.complement(eta), link.mu_eta(eta)
    V, residual = family.variance(mu, nu), family.residual(y, mu, nu)
    pull = mu_eta / V
    bend = link.mu_eta2(eta) / V - pull**2 * family.variance_slope(mu, nu)
    return w * (mu_eta * pull - residual * bend)


def _at_edge(family: Family, link: Link, y: Array, mu: Array, nu: Array, eta: Array, of_eta: Array) -> bool:
    """Whether a mean is at the end of its range: to within rounding, or for a y there by 1e-12 of the largest mean.

    An end that only an infinite eta reaches is none; one is an infinite mean at eta = 0, as of the inverse link.
    """
    low = family.means.low if np.isfinite(link.linkfun(np.array(family.means.low))) else -np.inf
    room = np.minimum(mu - low, nu if family.means.high == 1.0 else np.inf)
    lost = 4 * EPS * of_eta  # what rounding may take from eta
    infinite = (link.linkfun(np.array(np.inf)) == 0.0) & (np.abs(eta) <= lost)
    return bool(
        np.any(infinite | (room <= np.abs(link.mu_eta(eta)) * lost) | ((y == low) & (room <= 1e-12 * np.max(mu))))
    )
