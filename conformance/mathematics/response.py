"""The response of a GLM and what it says at a linear predictor: each formula of the model, stated once.

A Response knows no X.  ``Response.of(problem).at(eta)`` is the one place where mu, V, working and observed weights,
residuals, the score in eta and the deviance are computed; all of them are arrays (n,), a value for each row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Array, Link, link_of

AT_WALL = 4.0  # roundings of eta: so near a wall no digit of the distance is left
NEGLIGIBLE = 1e-12  # of a typical y: what is no mean
T = TypeVar("T")


class Asked(Protocol):
    """What a problem must tell for its response: `question.problem.Problem` does."""

    @property
    def y(self) -> Array: ...  # noqa: D102
    @property
    def prior_weights(self) -> Array: ...  # noqa: D102
    @property
    def offsets(self) -> Array: ...  # noqa: D102
    @property
    def counts(self) -> NDArray[np.bool_]: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def link(self) -> str: ...  # noqa: D102
    @property
    def theta(self) -> float | None: ...  # noqa: D102
    @property
    def power(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Response:
    """The response y (n,), its prior weights and offset (n,), and the family and link that model it.

    ``counts`` (n,) are the rows of positive prior weight.
    """

    y: Array
    weights: Array
    offset: Array
    counts: NDArray[np.bool_]
    family: Family
    link: Link

    @classmethod
    def of(cls, problem: Asked) -> Response:
        """All rows of ``problem``; ValueError for a family or link that there is not."""
        family = family_of(problem.family, problem.theta, problem.power)
        return cls(problem.y, problem.prior_weights, problem.offsets, problem.counts, family, link_of(problem.link))

    @cached_property
    def counting(self) -> Response:
        """The response of the rows that count."""
        if self.counts.all():
            return self
        arrays = ("y", "weights", "offset", "counts")
        return replace(self, **{name: getattr(self, name)[self.counts] for name in arrays})

    @cached_property
    def walls(self) -> Array:
        """The finite eta, in order, where a mean reaches the end of its range or is infinite.

        0 of the log link for a probability, 0 of the identity for a positive mean, 0 and 1 of it for a probability; 0
        of the inverse link, a pole, on either side of which there are means.
        """
        ends = np.array([self.family.means.low, self.family.means.high])
        ends = np.concatenate([self.link.linkfun(ends), [self.link.etas.low, self.link.etas.high]])
        return np.unique(ends[np.isfinite(ends)]) + 0.0

    @cached_property
    def inhabited(self) -> NDArray[np.bool_]:
        """(walls + 1,) whether the eta between two neighbouring walls have means in this family."""
        ends = np.concatenate([self.walls[:1] - 2.0, self.walls, self.walls[-1:] + 2.0])
        between = (ends[1:] + ends[:-1]) / 2.0 if len(self.walls) else np.zeros(1)
        return self.link.etas.contains(between) & self.family.means.contains(self.link.linkinv(between))

    @cached_property
    def canonical(self) -> bool:
        """Whether the link is the family's canonical one, so that observed and expected information are the same."""
        return self.link.name == self.family.canonical

    @cached_property
    def average(self) -> float:
        """The weighted mean of y; 1/2 where every y is at the end of the range: no mean of theirs has an eta."""
        average, means = float(np.average(self.y, weights=self.weights)), self.family.means
        return average if means.low < average < means.high else 0.5

    @cached_property
    def endless(self) -> Array:
        """(n,) 1 or -1, the direction of eta in which a row's likelihood rises for ever; 0 where it has a maximum.

        Of a probability upwards where y = 1 and downwards where y = 0 (Albert and Anderson 1984), of the log link
        downwards where y = 0 (Santos Silva and Tenreyro 2010); the logarithm of a probability ends at eta = 0.
        """
        log, binomial = self.link.name == "log", self.family.name == "binomial"
        falls = (binomial or log) & bool(self.family.responses.contains(np.zeros(1))[0]) & (self.y <= 0)
        rises = binomial & (not log) & (self.y == 1)
        return np.asarray(rises.astype(np.float64) - falls)

    def near_the_data(self, one_step: bool = False) -> AtEta:
        """The model at the link of y, which is smoothed where it has none.

        The binomial's smoothing is R's.  Elsewhere it is half-way to the mean, which is inside the domain where a y at
        its end is not (with ``one_step`` it is y + 1); but for least squares y itself, from which one step leads to the
        answer.
        """
        y, w, mean = self.y, self.weights, np.full_like(self.y, self.average)
        if self.family.name == "binomial":
            mu = (w * y + 0.5) / (w + 1.0)
        elif self.family.name == "gaussian" and self.link.name == "identity":
            return self.at(y)
        else:
            mu = y + 1.0 if one_step else 0.5 * (y + mean)
        return self.at(
            self.link.linkfun(np.where(self.link.means.contains(mu) & self.family.means.contains(mu), mu, mean))
        )

    def at(self, eta: Array) -> AtEta:
        """The model at the linear predictor ``eta`` (n,), the offset included."""
        return AtEta(self, eta)


def quiet(formula: Callable[[AtEta], T]) -> cached_property[T]:
    """A property computed once, by IEEE arithmetic: what overflows is infinite, and no warning is given."""

    @wraps(formula)
    def value(at: AtEta) -> T:
        with np.errstate(all="ignore"):
            return formula(at)

    return cached_property(value)


@dataclass(frozen=True, eq=False)
class AtEta:
    """The model at ``eta`` (n,).  Quantities are those of McCullagh and Nelder (1989), ch. 2, for a dispersion of 1.

    They are written in units of each row's standard deviation sqrt(V), in which neither a tiny nor a huge mean
    underflows where the quantity itself does not.
    """

    response: Response
    eta: Array

    @quiet
    def mu(self) -> Array:
        """The means, linkinv(eta)."""
        return self.response.link.linkinv(self.eta)

    @quiet
    def nu(self) -> Array:
        """1 - mu with all its digits."""
        return self.response.link.complement(self.eta)

    @quiet
    def mu_eta(self) -> Array:
        """d mu / d eta."""
        return self.response.link.mu_eta(self.eta)

    @quiet
    def deviation(self) -> Array:
        """sqrt(V(mu)), a row's standard deviation."""
        return self.response.family.standard_deviation(self.mu, self.nu)

    @quiet
    def residual(self) -> Array:
        """Y - mu, with the digits that both tails of a proportion have."""
        return self.response.family.residual(self.response.y, self.mu, self.nu)

    @quiet
    def pearson(self) -> Array:
        """(y - mu) / sqrt(V), without the prior weight; 0 where the residual is."""
        return np.where(self.residual == 0, 0.0, self.residual / self.deviation)

    @quiet
    def slope(self) -> Array:
        """mu_eta / sqrt(V); 0 where both have underflown."""
        return np.where(self.mu_eta == 0, 0.0, self.mu_eta / self.deviation)

    @quiet
    def dl_deta(self) -> Array:
        """The derivative of each row's log-likelihood in eta, w (y - mu) mu_eta / V (eq. 2.12)."""
        return np.where(self.slope == 0, 0.0, self.response.weights * self.slope * self.pearson)

    @quiet
    def working_weights(self) -> Array:
        """W = w mu_eta^2 / V, the expected information in eta (eq. 2.13)."""
        return self.response.weights * self.slope**2

    @quiet
    def observed_weights(self) -> Array:
        """Minus the second derivative of each row's log-likelihood in eta: w (mu_eta^2/V - (y - mu) d(mu_eta/V)/d eta).

        Its expectation is the working weight (Green 1984, sec. 2.2), which stands where this overflows.
        """
        family, link = self.response.family, self.response.link
        bend = link.mu_eta2(self.eta) / self.deviation - self.slope**2 * (
            family.variance_slope(self.mu, self.nu) / self.deviation
        )
        observed = self.response.weights * (self.slope**2 - self.pearson * bend)
        return np.where(np.isfinite(observed), observed, self.working_weights)

    @quiet
    def working_residuals(self) -> Array:
        """(y - mu) / mu_eta; by ratios of the link's own where mu and mu_eta both underflow."""
        y, link = self.response.y, self.response.link
        if self.response.family.name == "binomial" and link.left and link.right:
            return np.where(y == 0, 0.0, y * link.right(self.eta)) - np.where(
                y == 1, 0.0, (1 - y) * link.left(self.eta)
            )
        if link.left:
            return np.where(y == 0, -link.left(self.eta), self.residual / self.mu_eta)
        return self.residual / self.mu_eta

    @quiet
    def pearson_residuals(self) -> Array:
        """(y - mu) sqrt(w / V)."""
        return np.sqrt(self.response.weights) * self.pearson

    @quiet
    def deviance_residuals(self) -> Array:
        """sign(y - mu) sqrt(w d)."""
        return np.sign(self.residual) * np.sqrt(self.response.weights) * np.sqrt(self.unit_deviance)

    @quiet
    def unit_deviance(self) -> Array:
        """d(y, mu) >= 0."""
        return np.maximum(self.response.family.unit_deviance(self.response.y, self.mu, self.nu), 0.0)

    @quiet
    def deviance(self) -> float:
        """The deviance of the rows that count; infinite outside the domain, and where a mean overflows."""
        if not self.inside:
            return np.inf
        total = float(np.sum((self.response.weights * self.unit_deviance)[self.response.counts]))
        return np.inf if np.isnan(total) else total

    @quiet
    def log_likelihood(self) -> float | None:
        """As R's ``logLik``: an unknown dispersion is taken as deviance / sum of weights (the Gaussian: / rows).

        None for the Tweedie family: R has none.
        """
        family, w, rows = self.response.family, self.response.weights, self.response.counts
        if family.name == "tweedie":
            return None
        size = float(rows.sum() if family.name == "gaussian" else w.sum())
        phi = family.known_dispersion or self.deviance / size
        return float(np.sum(family.log_likelihood(self.response.y[rows], self.mu[rows], self.nu[rows], w[rows], phi)))

    @quiet
    def stretch(self) -> NDArray[np.intp]:
        """(n,) between which walls each eta stands: 0 below the first."""
        return np.searchsorted(self.response.walls, self.eta)

    @quiet
    def to_walls(self) -> tuple[Array, Array]:
        """How far eta is from the wall below it and from that above, each (n,); infinite where there is none."""
        ends = np.concatenate([[-np.inf], self.response.walls, [np.inf]])
        return self.eta - ends[self.stretch], ends[self.stretch + 1] - self.eta

    @quiet
    def inside(self) -> bool:
        """Whether every eta that counts is finite and has a mean in this family; one that underflows is a mean."""
        domain = np.isfinite(self.eta) & self.response.inhabited[self.stretch] & (np.minimum(*self.to_walls) > 0)
        return bool(np.all(domain[self.response.counts]))

    def reach(self, move: Array) -> float:
        """How many times the change ``move`` (n,) of eta leads to the first wall; infinity where it leads to none."""
        below, above = self.to_walls
        return float(np.min(np.where(move > 0, above, below) / np.abs(move), where=move != 0, initial=np.inf))

    def at_wall(self, eta_error: Array) -> bool:
        """Whether a mean is at the end of its range, or infinite, to within the rounding ``eta_error`` (n,) of eta.

        Or as good as there, with a mean that is NEGLIGIBLE and goes on to shrink, as next to an empty cell.
        """
        below, above = self.to_walls
        size = max(float(np.mean(np.abs(self.response.y))), self.response.family.known_dispersion or 0.0)
        at_zero = np.isfinite(below) & bool(np.any(self.response.link.linkinv(self.response.walls) == 0.0))
        gone = at_zero & (self.mu <= NEGLIGIBLE * size) & (self.dl_deta < 0)
        return bool(np.any((np.minimum(below, above) <= AT_WALL * eta_error) | gone))
