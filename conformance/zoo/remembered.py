"""Fits that are made once: the correct one under most animals, and an animal's own, judged under two demands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields
from typing import Any

import numpy as np

from conformance import fitter
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem

_FITS: dict[tuple[object, ...], Fit] = {}


def fit(problem: Problem) -> Fit:
    """``fitter.fit``, in arrays of its own each time.  Raises ValueError as it does, which is not remembered."""
    key = _key(problem)
    if key not in _FITS:
        _FITS[key] = fitter.fit(problem)
    return deepcopy(_FITS[key])


class Kept:
    """An animal whose answers are kept, so that the gate can ask it all again under another demand.

    The same problem, asked twice, is fitted twice, for an animal may remember; after ``again`` the first question of
    it has the first answer, the second the second.  What an animal raised is raised again, and what it wrote into the
    problem's arrays is written again.
    """

    def __init__(self, function: Callable[[Problem], Any]) -> None:
        self._function = function
        self._answers: defaultdict[tuple[object, ...], list[tuple[Any, BaseException | None, Problem]]]
        self._answers, self._asked = defaultdict(list), Counter[tuple[object, ...]]()

    def again(self) -> None:
        """From here on the questions are those of another judge."""
        self._asked.clear()

    def __call__(self, problem: Problem) -> Any:
        """The answer, kept or new."""
        key = _key(problem)
        answers, number = self._answers[key], self._asked[key]
        self._asked[key] += 1
        if number == len(answers):
            answer, raised = None, None
            try:
                answer = self._function(problem)
            except BaseException as error:
                raised = error
            answers.append((deepcopy(answer), raised, problem.copy()))
        answer, raised, after = answers[number]
        for name in after.differences(problem):
            array = getattr(problem, name)
            array.flags.writeable = True  # it has been: the animal wrote to it
            array[...] = getattr(after, name)
        if raised is not None:
            raise raised
        return deepcopy(answer)


def _key(problem: Problem) -> tuple[object, ...]:
    return tuple(_hashable(getattr(problem, field.name)) for field in fields(problem) if field.name != "data")


def _hashable(value: object) -> object:
    return (value.shape, str(value.dtype), value.tobytes()) if isinstance(value, np.ndarray) else value
