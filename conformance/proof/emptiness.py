"""A model that has no coefficients with every mean inside the domain.

Gordan's theorem (1873): either some d has M d > 0 in every row, or some lambda >= 0, not 0, has M' lambda = 0.  The
rows of M are the walls, made homogeneous by one column more; a linear program in doubles proposes the rows of lambda's
support, and rationals decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import fmpq

from .balls import rational
from .barrier import walls
from .exact import matrix
from .separation import null_space
from .system import System


def nowhere_inside(system: System) -> bool:
    """Whether no coefficients give every mean inside the domain, proven."""
    from scipy.optimize import linprog  # slow to import, and rarely needed

    low, high = walls(system.family)
    if (low, high) == (None, None):
        return False
    rows = [[*[fmpq(0)] * system.p, fmpq(1)]]
    for x, offset in zip(system.x, system.offset, strict=True):
        exact, shift = [rational(v) for v in x], rational(offset)
        rows += [[*exact, shift - rational(low)]] if low is not None else []
        rows += [[*[-v for v in exact], rational(high) - shift]] if high is not None else []
    table = np.array([[float(rational(v).p) / float(rational(v).q) for v in row] for row in rows])
    scaled = table / np.maximum(np.abs(table).max(axis=0), 1e-300)
    equal, right = np.vstack([scaled.T, np.ones(len(table))]), np.r_[np.zeros(system.p + 1), 1.0]
    found: Any = linprog(np.zeros(len(table)), A_eq=equal, b_eq=right, method="highs-ds")
    if found.status != 0:
        return False
    support = [row for row, share in zip(rows, found.x, strict=True) if share > 0]
    dependencies = null_space(matrix(support).transpose())
    return any(all(v >= 0 for v in sign) for d in dependencies for sign in (d, [-v for v in d]))
