"""What accuracy may be asked: the change of every quantity when the data change in their last bit.

``condition`` are the componentwise condition numbers of the estimate (Skeel 1979; Higham 2002,
Accuracy and Stability of Numerical Algorithms, chapters 7 and 20), and the norm-wise ones by column
of the working least-squares problem.  ``sigma`` is the RMS change of each quantity over 8
refits with every datum moved by one last bit.  The refits are not done: their first-order changes
(with the squares of the residuals' changes, which alone count in a perfect fit) are computed from
the proven solution.

The changes are computed in balls.  In doubles a change that is exactly 0 (the deviance of a saturated
model, a leverage of 1) comes out as the rounding of the sums, which is another on every processor;
a ball that holds 0 says that there is no change, and the three digits that are stored of the others
are the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from .krawczyk import newton
from .model import Family
from .result import Proof, Value
from .root import Setup, exact_solution, find_root

Doubles = NDArray[np.float64]
Balls = NDArray[Any]  # of dtype object; a double stands for the exact ball
JITTERS = 8
BITS = 106  # twice those of a double; more where sums cancel
MOST_BITS = 4096
LEAST = 2.0**-93  # 2^-40 of a last bit
ACCURATE = 24  # bits, twice as many as three digits and a square take
NAN = arb("nan")


@dataclass
class Point:
    """The proven solution: the data in doubles, and balls of what follows from them.

    (n,) rows, (p,) coefficients, (n, p) rows of X, X G and X C.
    """

    x: Balls
    offset: Balls
    y: Balls
    w: Balls
    beta: Balls
    g: Balls  # X G, with G the inverse observed information
    b: Balls  # X C, with C the inverse expected information
    inverse_observed: Balls
    inverse_expected: Balls
    mu: Balls
    q: Balls
    slope: Balls
    curve: Balls
    v: Balls
    v1: Balls
    residual: Balls
    deviance: Balls  # unit deviances
    a: Balls  # mu'/V
    a1: Balls  # d a/d eta
    a2: Balls

    @cached_property
    def transposed(self) -> tuple[arb_mat, arb_mat]:
        """X' and (X G)', which every jitter multiplies by."""
        return matrix(self.x.T), matrix(self.g.T)

    @property
    def psi(self) -> Balls:
        """(y - mu) mu'/V."""
        return self.residual * self.a

    @property
    def expected(self) -> Balls:
        """mu'^2 / V."""
        return self.slope * self.a

    @property
    def observed(self) -> Balls:
        """-d psi / d eta."""
        return np.asarray(self.slope * self.a - self.residual * self.a1)


def doubles(values: Any) -> Doubles:
    """Balls (or rationals) as doubles."""
    return np.array([float(v) for v in values])


def balls(values: Any, *shape: int) -> Balls:
    """Balls, rationals or doubles as an array of balls, over all of them or of ``shape``."""
    found = np.empty(len(values), dtype=object)
    found[:] = [arb(v) for v in values]
    return np.asarray(found.reshape(shape) if shape else found)


def product(a: Balls | arb_mat, b: Balls) -> Balls:
    """(n, k) times (k, m) balls (or doubles), by flint's own multiplication of matrices."""
    found = matrix(a) * matrix(b)
    return balls(found.entries(), found.nrows(), found.ncols())


def matrix(values: Balls | arb_mat) -> arb_mat:
    """An array of two dimensions as flint's matrix."""
    return values if isinstance(values, arb_mat) else arb_mat(values.tolist())


def root(values: Balls) -> Balls:
    """The square root, elementwise, 0 of a ball that holds 0."""
    return np.asarray(_root(values))


_root = np.frompyfunc(lambda v: arb(0) if v.is_finite() and v.contains(0) else v.sqrt(), 1, 1)
_is_finite = np.frompyfunc(lambda v: v.is_finite(), 1, 1)
log = np.frompyfunc(lambda v: v.log(), 1, 1)
log_gamma = np.frompyfunc(lambda v: v.lgamma(), 1, 1)
digamma = np.frompyfunc(lambda v: v.digamma(), 1, 1)
trigamma = np.frompyfunc(lambda v: arb(2).zeta(v), 1, 1)


def point(setup: Setup, proof: Proof) -> Point:
    """The proven solution, over the rows that have some weight."""
    fit, expected, observed, beta = proof.workings
    rows = setup.rows
    d = rows.point[setup.problem.prior_weights > 0]
    c = np.array(rows.cell)[d]
    x = rows.x[:, setup.estimable]
    cells = arb_mat(x.tolist())
    g, b = (balls((cells * m).entries(), *x.shape) for m in (observed, expected))
    a1, a2 = (balls(v) for v in zip(*[_slopes(setup, e) for e in fit.cell_eta], strict=True))
    a = balls([m[2] / v[0] for m, v in zip(fit.cell, fit.variance, strict=True)])
    p = len(setup.estimable)
    mu, q, slope, curve = (balls([m[k] for m in fit.cell])[c] for k in range(4))
    v, v1 = (balls([m[k] for m in fit.variance])[c] for k in range(2))
    return Point(
        x=x[c],
        offset=rows.offset[c],
        y=balls(rows.y)[d],
        w=doubles(rows.w)[d],
        beta=balls(beta),
        g=g[c],
        b=b[c],
        inverse_observed=balls(observed.entries(), p, p),
        inverse_expected=balls(expected.entries(), p, p),
        mu=mu,
        q=q,
        slope=slope,
        curve=curve,
        v=v,
        v1=v1,
        residual=balls(fit.residual)[d],
        deviance=balls(fit.deviance)[d],
        a=a[c],
        a1=a1[c],
        a2=a2[c],
    )


def _slopes(setup: Setup, eta: arb) -> tuple[arb, arb]:
    """a' in closed form and a'' as its central difference, for a = mu'/V."""
    step = arb(2) ** -30 * (abs(eta.mid()) if not eta.contains(0) else arb(1))
    middle, high, low = (_slope(setup, e) for e in (eta, eta + step, eta - step))
    return middle, (high - low) / (2 * step)


def _slope(setup: Setup, eta: arb) -> arb:
    mu, q, slope, curve = setup.family.mean(eta)
    v, v1 = setup.family.variance(mu, q)
    return (curve - slope * slope * v1 / v) / v


def condition(at: Point) -> Doubles:
    """(p,) A_k: an absolute bound, so that a coefficient of 0 needs no rule of its own.

    In doubles, for its sums are of absolute values: their rounding does not reach three digits.
    """
    x, beta, w, offset = (values.astype(np.float64) for values in (at.x, at.beta, at.w, at.offset))
    y, mu, a, expected, observed = (v.astype(np.float64) for v in (at.y, at.mu, at.a, at.expected, at.observed))
    g, residual, slope = (values.astype(np.float64) for values in (at.g, at.residual, at.slope))
    inverse, score = at.inverse_observed.astype(np.float64), w * at.psi.astype(np.float64)
    found = np.empty(len(beta))
    root_weight = np.sqrt(w * expected)
    safe = np.where(root_weight > 0, root_weight, np.inf)
    size = np.abs(y) + np.abs(mu)
    working = x @ beta + np.where(residual == 0, 0.0, residual / slope)
    columns = np.linalg.norm(root_weight[:, None] * x, axis=0)
    for k in range(len(beta)):
        tangent = score[:, None] * inverse[k] - np.outer(w * observed * g[:, k], beta)
        component = (
            np.abs(x * tangent).sum()
            + (w * np.abs(a * g[:, k]) * size).sum()
            + np.abs(offset * w * observed * g[:, k]).sum()
        )
        tangent = score[:, None] * inverse[k] - np.outer(w * expected * g[:, k], beta)
        by_column = (columns * np.linalg.norm(tangent / safe[:, None], axis=0)).sum()
        by_column += np.linalg.norm(root_weight * working) * np.linalg.norm(root_weight * g[:, k])
        found[k] = max(component, by_column)
    return found


def deviance_in_y(family: Family, y: Balls, mu: Balls, q: Balls, residual: Balls, v: Balls) -> Balls:
    """d/dy of the unit deviance, 2 (theta(y) - theta(mu)).

    It is 2 (y - mu)/V next to y = mu, and taken as 0 where y is on the boundary of its domain.
    """
    near = 2 * residual / v
    if family.name == "gaussian":
        return np.asarray(near)
    if family.name == "binomial":
        found = 2 * (log(y / mu) - log((1 - y) / q))
    elif family.name == "poisson":
        found = 2 * log(y / mu)
    elif family.name == "gamma":
        found = 2 * residual / (mu * y)
    elif family.name == "inverse_gaussian":
        found = residual * (y + mu) / (y * mu) ** 2
    elif family.name == "negative_binomial":
        theta = float(family.theta or 1)
        found = 2 * (log(y / mu) - log((y + theta) / (mu + theta)))
    else:
        power = 1 - float(family.power or 0)
        found = 2 * (y**power - mu**power) / power
    found = np.where(abs(residual) < 1e-5 * root(v), near, found)
    return np.where(_is_finite(found).astype(bool), found, 0.0)


def add_sensitivities(setup: Setup, proof: Proof) -> None:
    """Put ``condition`` and ``sigma`` on a proof of an estimate."""
    if proof.workings is None:
        return
    narrow, bits = proof, BITS
    while True:
        with ctx.workprec(bits), np.errstate(all="ignore"):
            at = point(setup, narrow)
            found, squares = condition(at), _squares(setup, narrow, at, proof.quantities)
        bits = max(2 * bits, proof.precision_bits)
        if bits > MOST_BITS or not any(_blurred(proof.quantities[name], squares[name]) for name in squares):
            break
        narrow = proof if bits == proof.precision_bits else _narrower(setup, proof, bits)
    places = [setup.estimable.index(j) if j in setup.estimable else None for j in range(setup.problem.p)]
    proof.condition = [None if k is None else _number(found[k]) for k in places]
    proof.sigma = {name: _numbers(root(total)) for name, total in squares.items()}


def _narrower(setup: Setup, proof: Proof, bits: int) -> Proof:
    """The proof again from the same root in narrower balls: a near-collinear design loses the digits of these."""
    from .describe import describe

    center = proof.box.center if proof.box else []
    exact = None if proof.box else exact_solution(setup.system)
    with ctx.workprec(bits):
        points = [] if exact else [newton(setup.system, center, bits)]
        return describe(setup, find_root(setup.system, points, exact, bits), bits, rowwise=False)


def _squares(setup: Setup, proof: Proof, at: Point, wanted: Collection[str]) -> dict[str, Balls]:
    """Name -> the mean square change of each quantity that is wanted, shaped as it, over the jitters."""
    from .jitter import changes, moves, null_models

    null, rng = null_models(setup, proof, at), np.random.default_rng(20240601)
    found: dict[str, Any] = {}
    for _ in range(JITTERS):
        for name, change in changes(setup, proof, at, null, moves(setup, at, rng), wanted).items():
            found[name] = found.get(name, 0.0) + change * change
    return {name: np.asarray(total / JITTERS) for name, total in found.items()}


def _blurred(value: Value, squares: Balls) -> bool:
    """Whether a change has no three digits, though its ball reaches beyond what any double of the quantity shows."""
    sizes = [float(abs(v.mid())) for v in _flat(value) if v.is_finite()]
    least = LEAST * (max(sizes, default=0.0) or 1.0)
    finite = [v for v in squares.ravel().tolist() if v.is_finite()]
    return any(v.rel_accuracy_bits() < ACCURATE and v.abs_upper() > least * least for v in finite)


def _flat(value: Value) -> list[arb]:
    return [v for part in value for v in _flat(part)] if isinstance(value, list) else [value]


def _number(value: Value) -> float | None:
    """Three digits, which the ball proves many times over; None where there is no number."""
    number = float(f"{float(value):.3g}")
    return number if math.isfinite(number) else None


def _numbers(values: Any) -> Any:
    array = np.asarray(values)
    return [_numbers(v) for v in array] if array.ndim else _number(array.item())
