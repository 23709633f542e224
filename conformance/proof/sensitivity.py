"""What accuracy may be asked: how much every quantity changes when the data change in their last bit.

``condition`` has for each coefficient the larger of two condition numbers: the componentwise one, for changes of each
datum by itself, and the one for changes of whole columns of the weighted least-squares problem (Skeel 1979; Higham
2002, Accuracy and Stability of Numerical Algorithms, chapters 7 and 20; docs/proof.md).  ``sigma`` is the root mean
square change of each quantity over 8 refits with every datum moved by one last bit.  The refits are not done: their
first-order changes (with the squares of the residuals' changes, which alone count in a perfect fit) are computed from
the proven solution, so that no rounding of a fitter is mixed with them.

They are computed in balls.  In doubles a change that is exactly 0 (the deviance of a saturated model, a leverage of 1)
comes out as the rounding of the sums, which is another on every processor; a ball that holds 0 says that there is no
change, and the three digits that are stored of the others are the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
from flint import arb, ctx

from .ball_arrays import Balls, Doubles, root
from .describe import describe
from .jitter import changes, null_models
from .krawczyk import newton
from .moves import moves
from .result import Proof, Value
from .root import Setup, exact_solution, find_root
from .solution import Point, point

JITTERS = 8
BITS = 106  # twice those of a double; more where sums cancel
MOST_BITS = 4096
LEAST = 2.0**-93  # 2^-40 of a last bit
ACCURATE = 24  # bits, twice as many as three digits and a square take


def condition(at: Point) -> Doubles:
    """(p,) A_k, with u A_k the error in coefficient k that rounding the data to a unit u brings.

    It is an absolute bound, so that a coefficient of 0 needs no rule of its own.
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


def add_sensitivities(setup: Setup, proof: Proof) -> None:
    """Put ``condition`` and ``sigma`` on a proof of an estimate, at three digits; nothing on another proof."""
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
    center = proof.box.center if proof.box else []
    exact = None if proof.box else exact_solution(setup.system)
    with ctx.workprec(bits):
        points = [] if exact else [newton(setup.system, center, bits)]
        return describe(setup, find_root(setup.system, points, exact, bits), bits, rowwise=False)


def _squares(setup: Setup, proof: Proof, at: Point, wanted: Collection[str]) -> dict[str, Balls]:
    """Name -> the mean square change of each quantity that is wanted, shaped as it, over the jitters."""
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
