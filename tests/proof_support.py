"""What the tests of the proof share: a case for every family and link, made problems, and JSON trees of strings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.proof import as_json, prove
from conformance.question.library import Library
from conformance.question.problem import Problem

#: A small case of the built-in library for every family and link that a case may have.
BY_PAIR = {
    ("gaussian", "identity"): "mtcars-weighted-interaction",
    ("gaussian", "log"): "mtcars-zero-weights-gaussian-log",
    ("gaussian", "inverse"): "clotting-offset-gaussian-inverse",
    ("gaussian", "sqrt"): "mtcars-zero-weights-gaussian-sqrt",
    ("binomial", "logit"): "budworm-grouped-logit",
    ("binomial", "probit"): "finney71-probit",
    ("binomial", "cauchit"): "budworm-interaction-cauchit",
    ("binomial", "log"): "orob2-zero-trials-log",
    ("binomial", "cloglog"): "flourbeetle-cloglog",
    ("binomial", "identity"): "orob2-zero-trials-identity",
    ("poisson", "log"): "breslow-rates",
    ("poisson", "identity"): "polyps-zero-weights-identity",
    ("poisson", "sqrt"): "warpbreaks-interaction-sqrt",
    ("gamma", "inverse"): "clotting-gamma-inverse",
    ("gamma", "identity"): "mtcars-zero-weights-gamma-identity",
    ("gamma", "log"): "mammals-offset-gamma-log",
    ("inverse_gaussian", "inverse_squared"): "clotting-ig-inverse-squared",
    ("inverse_gaussian", "inverse"): "clotting-fractional-weights-ig",
    ("inverse_gaussian", "identity"): "mtcars-zero-weights-ig-identity",
    ("inverse_gaussian", "log"): "clotting-start-ig-log",
    ("negative_binomial", "log"): "billion-counts-nb",
    ("negative_binomial", "sqrt"): "insectsprays-no-intercept-nb-sqrt",
    ("negative_binomial", "identity"): "polyps-zero-weights-nb-identity",
    ("tweedie", "log"): "insurance-offset-tweedie",
}
LIBRARY = Library.built_in()


def problem_of(id: str) -> Problem:
    """The built-in case's problem."""
    return LIBRARY.case(id).problem()


def stored_of(id: str) -> dict[str, Any]:
    """The built-in case's proof, as it is stored."""
    found: dict[str, Any] = json.loads((LIBRARY.references / "certified" / f"{id}.json").read_text(encoding="utf-8"))
    return found


def with_ones(*columns: Any) -> NDArray[np.float64]:
    """A design of the constant and the given columns."""
    return np.column_stack([np.ones(len(columns[0])), *columns])


def proven(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """The proof of a made problem, as JSON would read it back."""
    found: dict[str, Any] = json.loads(json.dumps(as_json(prove(Problem(*args, **kwargs))), allow_nan=False))
    return found


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """(path, value) of everything in a tree that is no mapping and no list."""
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    else:
        yield path, value


def put(tree: Any, path: tuple[Any, ...], new: Any) -> None:
    """Change one leaf."""
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = new


def another_digit(text: str) -> str:
    """A decimal string with a digit in its middle changed by five."""
    mantissa = text.split("e")[0]
    at = [i for i, c in enumerate(mantissa) if c.isdigit() and (c != "0" or i > 2)]
    i = at[len(at) // 2]
    return text[:i] + str((int(text[i]) + 5) % 10) + text[i + 1 :]
