"""Implementations by name: one small file for each, and ``module:attribute`` for anybody's own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.conventions import declared
from conformance.errors import ImplementationError
from conformance.problem import Problem

#: name -> module:attribute
BUILT_IN: dict[str, str] = {
    "irls": "conformance.implementations.own:Irls",
    "statsmodels": "conformance.implementations.statsmodels:Statsmodels",
    "r-glm": "conformance.implementations.r_glm:Polished",
    "r-glm-tight": "conformance.implementations.r_glm:Tight",
    "r-glm-default": "conformance.implementations.r_glm:AsShipped",
}

_INSTALL = {
    "statsmodels": "pip install 'glm-conformance[statsmodels]'",
    "rpy2": "sh scripts/install.sh test (installs R too), or pip install 'glm-conformance[r]' beside an R >= 4.0",
}


@dataclass(frozen=True)
class Implementation:
    """Something that fits Problems: a name, a version, its conventions in full, and the function."""

    name: str
    version: str
    function: Callable[[Problem], object]
    conventions: Mapping[str, str] = field(default_factory=dict)


def find(name: str) -> Implementation:
    """The implementation called ``name``; ImplementationError says why there is none and what to do."""
    where = BUILT_IN.get(name, name)
    if ":" not in where:
        raise ImplementationError(
            f"no implementation {name!r}: give one of {', '.join(BUILT_IN)}, or module:attribute of your own"
        )
    module_name, attribute = where.split(":", 1)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # so that my_adapter:fit is found beside the caller, as `python -m` would
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        hint = f": {_INSTALL[error.name]}" if error.name in _INSTALL else ""
        raise ImplementationError(f"{name}: there is no module {error.name!r} here{hint}") from error
    except Exception as error:
        raise ImplementationError(f"{name}: importing {module_name} raised {type(error).__name__}: {error}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ImplementationError(f"{name}: {module_name} has no attribute {attribute!r}")
        found = getattr(found, part)
    return from_object(name, found)


def from_object(name: str, found: Any) -> Implementation:
    """A callable, an instance with ``__call__`` or a class of such instances, as an Implementation."""
    if isinstance(found, type):
        try:
            found = found()
        except ImplementationError:
            raise
        except ModuleNotFoundError as error:
            hint = f": {_INSTALL[error.name]}" if error.name in _INSTALL else ""
            raise ImplementationError(f"{name}: there is no module {error.name!r} here{hint}") from error
        except Exception as error:
            raise ImplementationError(f"{name}: making it raised {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ImplementationError(f"{name} is a {type(found).__name__}, which can't be called with a problem")
    shown = getattr(found, "name", None)
    return Implementation(
        name=shown if isinstance(shown, str) else name,
        version=str(getattr(found, "version", "unknown")),
        function=found,
        conventions=declared(getattr(found, "conventions", None)),
    )
