"""What adapters share: saying what a package does not offer, and collecting what it warns of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from conformance.adapters.answer import Unsupported
from conformance.question.problem import Array, Problem


def only(
    problem: Problem,
    pairs: Mapping[str, Sequence[str]],
    *,
    weights: bool = True,
    offset: bool = True,
    proportions: bool = True,
    no_intercept: bool = True,
    start: bool = False,
    max_iterations: bool = True,
) -> None:
    """Unsupported for a pair of family and link that is not in ``pairs``, and for whatever else is not offered."""
    if problem.link not in pairs.get(problem.family, ()):
        raise Unsupported(f"no {problem.family} family with the {problem.link} link")
    if not weights and problem.weights is not None:
        raise Unsupported("no prior weights")
    if not offset and problem.offset is not None:
        raise Unsupported("no offset")
    inside = (problem.y > 0.0) & (problem.y < 1.0)
    if not proportions and problem.family == "binomial" and (problem.successes is not None or np.any(inside)):
        raise Unsupported("no grouped binomial data: the response is 0 or 1")
    if not no_intercept and not problem.intercept:
        raise Unsupported("no model without an intercept")
    if not start and problem.start is not None:
        raise Unsupported("no starting values")
    if not max_iterations and problem.max_iterations is not None:
        raise Unsupported("no limit of the iterations")


def slopes(problem: Problem) -> Array:
    """The design matrix without its intercept, for packages that add their own: a writable copy."""
    return np.array(problem.X[:, 1:] if problem.intercept else problem.X)


def columns(problem: Problem) -> dict[str, Array]:
    """The same columns by name, x0, x1, ..., for packages that fit from a data frame."""
    return {f"x{j}": column for j, column in enumerate(slopes(problem).T.copy())}


def given(**arrays: Array | None) -> dict[str, Array]:
    """Writable copies of those that are not None: arguments for a call."""
    return {name: np.array(array) for name, array in arrays.items() if array is not None}


def some_column(problem: Problem, package: str) -> None:
    """Unsupported for the model of an intercept alone, where ``package`` wants at least one column beside it."""
    if problem.intercept and problem.p == 1:
        raise Unsupported(f"{package} fits no model of an intercept alone")


@contextmanager
def heard(*not_of_the_fit: type[Warning]) -> Iterator[list[str]]:
    """The list that holds, afterwards, the distinct warnings about the fit: not those about a package's own future."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield said
        finally:
            future = (FutureWarning, DeprecationWarning, PendingDeprecationWarning)
            beside: tuple[type[Warning], ...] = (*future, ResourceWarning, ImportWarning, *not_of_the_fit)
            words = [f"{w.category.__name__}: {w.message}" for w in caught if not issubclass(w.category, beside)]
            said.extend(dict.fromkeys(words))
