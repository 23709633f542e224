"""Fitters made by one sentence: one quantity of the answer, part of the problem, family or link is another one.

Each is a decorator: what it stands over says what the other one is, and the fitter around it does the rest right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np

from conformance.mathematics.family import Family, family_of
from conformance.mathematics.link import Link, link_of
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
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
            with swapped(**other, fitting=fitting):
                return fit(problem)

        return fitter

    return decorate


def _same(right: T) -> T:
    return right


def _behind(of: Callable[..., T], change: Callable[[T], T]) -> Callable[..., T]:
    """``of`` with ``change`` behind it."""
    return lambda *words: change(of(*words))


@contextmanager
def swapped(*, family: FamilyChange = _same, link: LinkChange = _same, fitting: bool = True) -> Iterator[None]:
    """The report, and with ``fitting`` the fit, see ``family(right one)`` and ``link(right one)``; no check does."""
    places = ["conformance.fitter.summary", *(["conformance.fitter.irls"] if fitting else [])]
    other: dict[str, Callable[..., Any]] = {"family_of": _behind(family_of, family), "link_of": _behind(link_of, link)}
    patches = [patch(f"{place}.{name}", one) for place in places for name, one in other.items()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
