"""Fitters made by one sentence: one quantity of the answer, part of the problem, family or link is another one.

Each is a decorator: what it stands over says what the other one is, and the fitter around it does the rest right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from conformance.fitter.irls import solve
from conformance.fitter.summary import summarise
from conformance.mathematics.family import Family
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Array, Fit
from conformance.mathematics.response import Response
from conformance.question.problem import Problem, refuse_invalid
from conformance.zoo.remembered import fit

T = TypeVar("T")
Fitting = Callable[[Problem], Fit]
FamilyChange = Callable[[Family], Family]
LinkChange = Callable[[Link], Link]


def reports(quantity: str) -> Callable[[Callable[[Problem, Fit, Any], Array | float | None]], Fitting]:
    """The right answer but for ``quantity``, made of the problem, the right answer and the right value.

    Where the right answer has no such quantity it is left at that.
    """

    def decorate(change: Callable[[Problem, Fit, Any], Array | float | None]) -> Fitting:
        @wraps(change)
        def fitter(problem: Problem) -> Fit:
            answer = fit(problem)
            right = getattr(answer, quantity)
            if right is None:
                return answer
            with np.errstate(all="ignore"):
                changed: Any = {quantity: change(problem, answer, right)}
            return replace(answer, **changed)

        return fitter

    return decorate


def takes(part: str) -> Callable[[Callable[[Problem, Any], Any]], Fitting]:
    """The right answer to a problem of another ``part`` (y, weights, ...), made of the problem and the right one.

    Where the problem has no such part it is left at that.
    """

    def decorate(change: Callable[[Problem, Any], Any]) -> Fitting:
        @wraps(change)
        def fitter(problem: Problem) -> Fit:
            right = getattr(problem, part)
            if right is None:
                return fit(problem)
            changed: Any = {part: change(problem, right)}
            return fit(replace(problem, **changed))

        return fitter

    return decorate


def with_family(*names: str, fitting: bool = True) -> Callable[[FamilyChange], Fitting]:
    """The right fitter, with other families for those called ``names``: in its report alone without ``fitting``."""
    return _with("family", names, fitting)


def with_link(*names: str, fitting: bool = True) -> Callable[[LinkChange], Fitting]:
    """The right fitter, with other links for those called ``names``: in its report alone without ``fitting``."""
    return _with("link", names, fitting)


def _with(part: str, names: tuple[str, ...], fitting: bool) -> Callable[[Callable[[Any], Any]], Fitting]:
    def decorate(change: Callable[[Any], Any]) -> Fitting:
        def chosen(right: Any) -> Any:
            return change(right) if right.name in names else right

        @wraps(change)
        def fitter(problem: Problem) -> Fit:
            other: Any = {part: chosen}
            return fit_by(problem, **other, fitting=fitting)

        return fitter

    return decorate


def _same(right: T) -> T:
    return right


def fit_by(problem: Problem, *, family: FamilyChange = _same, link: LinkChange = _same, fitting: bool = True) -> Fit:
    """The fit whose report, and with ``fitting`` whose iteration, has ``family(right one)`` and ``link(right one)``."""
    refuse_invalid(problem)
    right = Response.of(problem)
    other = replace(right, family=family(right.family), link=link(right.link))
    return summarise(problem, solve(problem, other if fitting else None), other)
