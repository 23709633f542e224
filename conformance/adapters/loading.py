"""An Implementation, made of an object in this process."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.adapters.answer import Answer
from conformance.adapters.built_in import BUILT_IN, COMMAND, hint, nearest
from conformance.adapters.conventions import Declared, declared, of_model
from conformance.adapters.guarded_call import guarded_call
from conformance.adapters.isolated import Isolated
from conformance.adapters.program import Program
from conformance.errors import ImplementationError, cut, in_words
from conformance.question.problem import Problem


@dataclass(frozen=True)
class Implementation:
    """Something that fits Problems: a name, a version, its conventions in full, the function, and where it was found.

    The function is called in this process, unless it is an `Isolated` or a `Command`, which have one of their own.
    """

    name: str
    version: str
    function: Callable[[Problem], object]
    conventions: Mapping[str, Declared] = field(default_factory=dict)
    file: str | None = None

    def conventions_of(self, family: str, link: str) -> dict[str, str]:
        """What it declares of one family and link, a value each."""
        return of_model(self.conventions, family, link)

    def ask(self, problem: Problem) -> Answer:
        """Its answer to ``problem``, checked; Unsupported, NotAFit, Raised or AdapterError where it is no fit."""
        if isinstance(self.function, Isolated):
            return self.function.ask(problem)
        return guarded_call(self.function, problem)

    def close(self) -> None:
        """End its process, if it has one of its own: the next question starts another."""
        if isinstance(self.function, Program):
            self.function.close()


def place_of(name: str) -> str:
    """Where the implementation called ``name`` is: module:attribute, or command:...; ImplementationError for none."""
    where = BUILT_IN.get(name, name)
    if where.startswith(COMMAND):
        return where
    if ":" not in where:
        raise ImplementationError(
            f"no implementation {name!r}{nearest(name, BUILT_IN)}: give one of {', '.join(BUILT_IN)}, or "
            "module:attribute of your own, or 'command:...' for another language"
        )
    module_name, attribute = where.split(":", 1)
    if not all(part.isidentifier() for part in (*module_name.split("."), *attribute.split("."))):
        raise ImplementationError(f"{name!r} is no module:attribute, such as mypackage.adapter:fit")
    return where


def load(name: str) -> Implementation:
    """The Python implementation called ``name``, imported into this process; ImplementationError says why not."""
    module_name, attribute = place_of(name).split(":", 1)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # so that my_adapter:fit is found beside the caller, as `python -m` would
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ImplementationError(f"{name}: there is no module {error.name!r} here{hint(name, error)}") from error
    except (Exception, SystemExit) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{in_words(error)} ({frame.filename}:{frame.lineno})"
        raise ImplementationError(f"{name}: importing {module_name} raised {words}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ImplementationError(
                f"{name}: {module_name} has no attribute {attribute!r}{nearest(part, dir(found))}"
            )
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
            raise ImplementationError(f"{name}: there is no module {error.name!r} here{hint(name, error)}") from error
        except (Exception, SystemExit) as error:
            raise ImplementationError(f"{name}: making it raised {in_words(error)}") from error
    if not callable(found):
        raise ImplementationError(f"{name} is a {type(found).__name__}, which can't be called with a problem")
    try:
        conventions, version = declared(getattr(found, "conventions", None)), str(getattr(found, "version", "unknown"))
    except ImplementationError as error:
        raise ImplementationError(f"{name}: {cut(str(error))}") from error
    except Exception as error:
        raise ImplementationError(f"{name}: reading its conventions and version raised {in_words(error)}") from error
    shown = getattr(found, "name", None)
    return Implementation(
        name=shown if isinstance(shown, str) else name,
        version=version,
        function=found,
        conventions=conventions,
        file=_file_of(found),
    )


def _file_of(function: Any) -> str | None:
    """The file that a function, or the class of an object, is written in."""
    if isinstance(function, Program):
        return getattr(function, "file", None)
    try:
        return inspect.getsourcefile(function if inspect.isfunction(function) else type(function))
    except (TypeError, OSError):
        return None
