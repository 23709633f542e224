"""The zoo's register: what each animal is called, which fault it has, and where that fault was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.adapters import Implementation, from_object

Fitter = Callable[..., object]


@dataclass(frozen=True)
class Fault:
    """A faulty fitter.  ``cause`` is a regular expression that the cause or message of a failing verdict must match."""

    name: str
    thread: str
    says: str
    cause: str
    make: Any  # the function, or a class of callable instances
    strict_only: bool = False  # refused only under --strict, for it loses digits that the default does not ask
    conventions: Mapping[str, str] = field(default_factory=dict)

    def implementation(self) -> Implementation:
        """What the gate is given."""
        return _implementation(self.name, self.make, self.conventions)


@dataclass(frozen=True)
class Correct:
    """A correct fitter that differs in a legitimate way; Unsupported is for the cases of ``leaves`` (None: for any)."""

    name: str
    says: str
    make: Any
    conventions: Mapping[str, str] = field(default_factory=dict)
    leaves: tuple[str, ...] | None = ()

    def implementation(self) -> Implementation:
        """What the gate is given."""
        return _implementation(self.name, self.make, self.conventions)


FAULTS: dict[str, Fault] = {}
CORRECT: dict[str, Correct] = {}


def fault(
    name: str,
    *,
    thread: str,
    says: str,
    cause: str,
    strict_only: bool = False,
    conventions: Mapping[str, str] | None = None,
) -> Callable[[Any], Any]:
    """Enter the decorated fitter (a function, or a class of callables) among the faulty ones."""

    def enter(make: Any) -> Any:
        if name in FAULTS or name in CORRECT:
            raise ValueError(f"two animals are called {name}")
        FAULTS[name] = Fault(name, thread, says, cause, make, strict_only, conventions or {})
        return make

    return enter


def correct(
    name: str, *, says: str, conventions: Mapping[str, str] | None = None, leaves: tuple[str, ...] | None = ()
) -> Callable[[Any], Any]:
    """Enter the decorated fitter among the correct ones."""

    def enter(make: Any) -> Any:
        if name in FAULTS or name in CORRECT:
            raise ValueError(f"two animals are called {name}")
        CORRECT[name] = Correct(name, says, make, conventions or {}, leaves)
        return make

    return enter


class _Declaring:
    """A fitter with conventions, as an instance that carries them."""

    def __init__(self, name: str, function: Fitter, conventions: Mapping[str, str]) -> None:
        self.name, self.version, self.conventions, self._function = name, "zoo", dict(conventions), function

    def __call__(self, problem: Any) -> object:
        return self._function(problem)


def _implementation(name: str, make: Any, conventions: Mapping[str, str]) -> Implementation:
    function = make() if isinstance(make, type) else make
    return from_object(name, _Declaring(name, function, conventions))
