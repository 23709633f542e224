"""Which of the built-in implementations are installed here, in which version, and how to install the others."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from conformance.adapters import BUILT_IN, PACKAGES, find, load
from conformance.errors import ImplementationError


@dataclass(frozen=True)
class Installed:
    """One implementation: ``version`` is None where it is not installed, and ``install`` then says what to do."""

    name: str
    version: str | None
    install: str


def installed(name: str) -> Installed:
    """Whether ``name`` is installed.  A Python package is not imported (Java would start); R and programs are run.

    R is started here, once for all: it is only asked for its version.
    """
    package = PACKAGES.get(name)
    if package is None:  # the suite's own
        return Installed(name, find(name).version, "nothing: it is this suite's own")
    try:
        if package.program is not None:
            found = find(name)
            found.close()
            return Installed(name, found.version, package.install)
        if importlib.util.find_spec(package.module) is None:
            return Installed(name, None, package.install)
        return Installed(name, load(name).version if package.r else version(package.distribution), package.install)
    except (ImplementationError, PackageNotFoundError):
        return Installed(name, None, package.install)


def all_installed() -> list[Installed]:
    """Every built-in implementation."""
    return [installed(name) for name in BUILT_IN]
