"""The null model, by R's convention and by the other one, proven like any other."""

from __future__ import annotations

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from . import quantities as q
from .balls import ball, rational
from .barrier import follow
from .concavity import uniqueness
from .model import Family
from .result import NotProven, Uniqueness, Value
from .root import Setup, find_root, settle
from .start import Start, fisher_scoring, linkfun
from .system import System, exact_sum

TRIES = 6  # starts of a null model that may have several maxima


def null_deviances(setup: Setup, bits: int) -> dict[str, Value]:
    """The null deviance, and without an intercept also that of a constant; NaN if not proven."""
    wanted = {"null_deviance": setup.problem.intercept}
    if not setup.problem.intercept:
        wanted["null_deviance_constant"] = True
    found = {}
    for name, constant in wanted.items():
        try:
            found[name] = q.total(setup.rows, null_fit(setup, constant, bits).deviance)
        except (NotProven, ZeroDivisionError):
            found[name] = q.NAN
    return found


def null_fit(setup: Setup, constant: bool, bits: int) -> q.Fitted:
    """The null model: a ``constant`` (with an offset a fit of its own), or else eta = offset, at ``bits`` of precision.

    Without an offset its mean is the weighted mean of y, whether or not the link has it, as in R.  NotProven where the
    fit is not.
    """
    rows, family = setup.rows, setup.family
    offset = [arb(o) for o in rows.offset.tolist()]
    if not constant:
        return q.fitted(rows, family, offset, None)
    used = rows.used
    total, top = exact_sum([rows.total[c] for c in used]), exact_sum([rows.sum[c] for c in used])
    # where the mean is known it alone enters the deviance: any link will do, identity is exact
    own = Family(family.name, "identity", family.theta, family.power, family.tweedie)
    if top == 0 or (family.name == "binomial" and top == total):
        # with or without an offset, the fit tends to these means
        means = {c: fmpq(int(top != 0)) for c in range(len(rows.x))}
        return q.fitted(rows, own, [ball(m) for m in means.values()], means)
    if not rows.offset[used].any():
        return q.fitted(
            rows,
            own,
            [ball(top / total)] * len(rows.x),
            dict.fromkeys(range(len(rows.x)), top / total),
        )
    if family.link == "identity" and family.name == "gaussian":
        shifts = [rational(float(o)) for o in rows.offset]
        middle = (top - exact_sum([rows.total[c] * shifts[c] for c in used])) / total
        return q.fitted(
            rows,
            own,
            [ball(middle + s) for s in shifts],
            {c: middle + s for c, s in enumerate(shifts)},
        )
    patterns: dict[float, list[int]] = {}
    for c in used:
        patterns.setdefault(float(rows.offset[c]), []).append(c)
    groups = list(patterns.values())
    totals, sums = ([exact_sum([part[c] for c in g]) for g in groups] for part in (rows.total, rows.sum))
    system = System(family, [[1.0] for _ in patterns], list(patterns), totals, sums)
    root = find_root(system, settle(system, _starts(system)), None, bits)
    return q.fitted(rows, family, [root.beta[0] + o for o in offset], None)


def _starts(system: System) -> list[Start]:
    """Where Fisher scoring leads from R's start, and, if there may be several maxima, from the data's own etas.

    The best first; where none settles, the end of the path through the inside of the domain.
    """
    guesses: list[NDArray[np.float64] | None] = [None]
    if uniqueness(system.family).kind is not Uniqueness.GLOBAL:
        means = [float(ball(s) / ball(w)) for s, w in zip(system.sum, system.total, strict=True)]
        inside = [(m, float(ball(o))) for m, o in zip(means, system.offset, strict=True) if m > 0]
        etas = sorted(linkfun(system.family.link, m) - o for m, o in inside)
        guesses += [np.array([etas[k * (len(etas) - 1) // TRIES]]) for k in range(TRIES + 1)] if etas else []
    found = [s for s in (fisher_scoring(system, g) for g in guesses) if s is not None]
    if not any(s.converged for s in found) and (end := follow(system)) is not None:
        found.append(Start(end.beta, -1.0, False))
    if not found:
        raise NotProven("no start for the null model")
    return sorted(found, key=lambda s: (round(s.deviance, 9), not s.converged))
