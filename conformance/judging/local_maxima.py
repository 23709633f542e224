"""Other maxima of a likelihood that has several: a fit that is at one of them took another way, and made no mistake.

A reference whose uniqueness is `local` is the best of a few starts.  The gate asks no more of an implementation
(`Comparison.at_another_maximum`), and `fuzz` asks less: of random problems any strict local maximum will do.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from conformance.judging.comparison import Comparison

Array = NDArray[np.float64]
GRID = 40  # places from one row's eta or pole to the next, between which the null model's score changes sign once
SAME = 1e-6  # relative: deviances that are one
LAST_DIGITS = 1e-14  # of eta, to which a root of the score is found


def is_maximum(comparison: Comparison, beta: Array) -> bool:
    """Whether a root of the score at ``beta`` (p,; NaN: left out) is a strict local maximum."""
    here = comparison.score_at(beta)
    return here.valid and here.informed and here.concave


def at_another_maximum(comparison: Comparison) -> str:
    """Whether a fit at another strict local maximum has a "higher" or a "lower" likelihood; "" where it is at none."""
    root = comparison.other_root
    if root is None or comparison.fit is None or not is_maximum(comparison, comparison.fit.coefficients):
        return ""
    here, there = root
    return "higher" if here.deviance < there.deviance else "lower"


def null_at_another_maximum(comparison: Comparison) -> str | None:
    """The same of the null model with an offset, by its deviance."""
    problem, fit = comparison.problem, comparison.fit
    if fit is None or not fit.null_deviance or problem.offset is None or not problem.intercept:
        return None
    null = replace(problem, X=np.ones((problem.n, 1)), names=("(Intercept)",), start=None)
    used = problem.counts
    with np.errstate(all="ignore"):
        etas = comparison.response.link.linkfun(problem.y)[used] - problem.offsets[used]
    ends = np.unique(np.concatenate([etas[np.isfinite(etas)], -problem.offsets[used]]))  # and where eta is 0: poles
    spread = max(float(np.ptp(ends)), 1.0)
    ends = np.concatenate([[ends[0] - spread], ends, [ends[-1] + spread]])
    within = (1.0 - np.cos(np.linspace(0.0, np.pi, GRID))) / 2.0  # close together at both ends
    places = np.unique(ends[:-1, None] + np.diff(ends)[:, None] * within)

    def score(place: float) -> float:
        here = comparison.score_at(np.array([place]), null)
        return float(here.score[0]) if here.valid else math.nan

    scores = [score(place) for place in places]
    for left, right, before, after in zip(places, places[1:], scores, scores[1:], strict=False):
        if before > 0 > after:  # uphill, then downhill: a maximum between
            deviance = comparison.score_at(np.array([brentq(score, left, right, xtol=LAST_DIGITS)]), null).deviance
            if abs(deviance - fit.null_deviance) <= SAME * deviance:
                return f"the null model has several maxima: deviance {deviance:.6g} is at another of them"
    return None
