"""What accuracy may be asked: how much every quantity changes when the data change in their last bit.

``condition`` has for each coefficient the larger of two condition numbers: the componentwise one, for changes of each
datum by itself, and the one for changes of whole columns of the weighted least-squares problem (Skeel 1979; Higham
2002, Accuracy and Stability of Numerical Algorithms, chapters 7 and 20; docs/proof.md).  ``sigma`` is the root mean
square change of each quantity over 8 refits with every datum moved by one last bit.  The refits are not done: their
first-order changes (with the squares of the residuals' changes, which alone count in a perfect fit) are computed in
doubles from the proven solution, so that no rounding of a fitter is mixed with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .jitter import changes, null_models
from .moves import moves
from .result import Proof
from .root import Setup
from .solution import Doubles, Point, point

JITTERS = 8


def condition(at: Point) -> Doubles:
    """(p,) A_k, with u A_k the error in coefficient k that rounding the data to a unit u brings.

    It is an absolute bound, so that a coefficient of 0 needs no rule of its own.
    """
    p = len(at.beta)
    found = np.empty(p)
    root = np.sqrt(at.w * at.expected)
    safe = np.where(root > 0, root, np.inf)
    size = np.abs(at.y) + np.abs(at.mu)
    working = at.x @ at.beta + np.where(at.residual == 0, 0.0, at.residual / at.slope)
    columns = np.linalg.norm(root[:, None] * at.x, axis=0)
    score = (at.w * at.psi)[:, None]
    for k in range(p):
        g = at.g[:, k]
        tangent = score * at.inverse_observed[k] - np.outer(at.w * at.observed * g, at.beta)
        component = (
            np.abs(at.x * tangent).sum()
            + (at.w * np.abs(at.a * g) * size).sum()
            + np.abs(at.offset * at.w * at.observed * g).sum()
        )
        tangent = score * at.inverse_observed[k] - np.outer(at.w * at.expected * g, at.beta)
        by_column = (columns * np.linalg.norm(tangent / safe[:, None], axis=0)).sum() + np.linalg.norm(
            root * working
        ) * np.linalg.norm(root * g)
        found[k] = max(component, by_column)
    return found


def add_sensitivities(setup: Setup, proof: Proof) -> None:
    """Put ``condition`` and ``sigma`` on a proof of an estimate, at three digits; nothing on another proof."""
    if proof.workings is None:
        return
    with np.errstate(all="ignore"):
        at = point(setup, proof)
        found = condition(at)
        proof.condition = [
            _number(found[setup.estimable.index(j)]) if j in setup.estimable else None for j in range(setup.problem.p)
        ]
        null = null_models(setup, proof, at)
        squares: dict[str, Any] = {}
        rng = np.random.default_rng(20240601)
        for _ in range(JITTERS):
            for name, change in changes(setup, proof, at, null, moves(setup, at, rng)).items():
                squares[name] = squares.get(name, 0.0) + np.square(change)
        proof.sigma = {
            name: _numbers(np.sqrt(total / JITTERS)) for name, total in squares.items() if name in proof.quantities
        }


def _number(value: float) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _numbers(values: Any) -> Any:
    array = np.asarray(values)
    return [_numbers(v) for v in array] if array.ndim else _number(float(array))
