"""Implementations by name: one small file for each, ``module:attribute`` or ``command:...`` for anybody's own."""

from __future__ import annotations

import shutil
from dataclasses import replace

from conformance.adapters.built_in import BUILT_IN, COMMAND, EXAMPLES, PACKAGES, Package
from conformance.adapters.command import Command
from conformance.adapters.isolated import Isolated
from conformance.adapters.loading import Implementation, from_object, load, place_of
from conformance.adapters.program import Limits
from conformance.errors import ImplementationError

__all__ = [
    "BUILT_IN",
    "COMMAND",
    "EXAMPLES",
    "PACKAGES",
    "Implementation",
    "Limits",
    "Package",
    "find",
    "from_object",
    "load",
]

#: What is this suite's own may run in the judge's process.
TRUSTED = ("irls",)


def find(name: str, limits: Limits = Limits()) -> Implementation:
    """The implementation called ``name``; ImplementationError says why there is none and what to do.

    Anybody's but our own has a process of its own, and ``limits`` hold there.
    """
    where = place_of(name)
    if name in BUILT_IN and where.startswith(COMMAND):
        return _built_in_program(name, limits)
    if where.startswith(COMMAND):
        return from_object(name, Command(where.removeprefix(COMMAND), *limits))
    if name in TRUSTED:
        return load(name)
    return from_object(name, Isolated(name, limits))


def _built_in_program(name: str, limits: Limits) -> Implementation:
    """A program of examples/ under its name; ImplementationError says how to install what it needs."""
    package = PACKAGES[name]
    if package.program is None or shutil.which(package.program) is None:
        raise ImplementationError(f"{name}: there is no program {package.program!r} here: {package.install}")
    try:
        command = Command(BUILT_IN[name].removeprefix(COMMAND), *limits)
    except ImplementationError as error:
        raise ImplementationError(f"{name} needs {package.install}: {error}") from error
    return replace(from_object(name, command), name=name)
