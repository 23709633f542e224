"""A program that is asked case after case: whatever is no answer ends its process, and the next case gets a new one."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import NamedTuple

from conformance.adapters.answer import AdapterError
from conformance.adapters.child import Child, Measure, NoAnswer, line

START_SECONDS = 60.0  # an interpreter and its packages may be slow to load; a longer time limit holds here too


class Limits(NamedTuple):
    """What an adapter may take: seconds for each fit, and MiB of address space (None: what the machine has)."""

    timeout: float = 60.0
    memory: int | None = None


class Program:
    """A program, in one process after another.  It ends with ``close``, with this object, and with Python.

    ``introduce`` starts a process and hears what it says of itself; a subclass says how.
    """

    def __init__(self, argv: Sequence[str], limits: Limits, farewell: bytes = b"") -> None:
        self.argv, self.limits = list(argv), limits
        self._farewell = farewell
        self._child: Child | None = None

    def introduce(self) -> None:
        """Start a process with `start`, and have it say what it is."""
        raise NotImplementedError

    def start(self, message: bytes, limit: int, measure: Measure = line) -> bytes:
        """A new process, and what it answers to its first ``message``."""
        self._child = child = Child(self.argv, self.limits.memory, self._farewell)
        weakref.finalize(self, child.stop)
        return self.exchange(message, limit, measure, max(START_SECONDS, self.limits.timeout))

    def exchange(self, message: bytes, limit: int, measure: Measure = line, seconds: float | None = None) -> bytes:
        """The answer to ``message``, of at most ``limit`` bytes; AdapterError where none came."""
        if self._child is None:
            self.introduce()
        assert self._child is not None
        try:
            return self._child.exchange(message, self.limits.timeout if seconds is None else seconds, limit, measure)
        except NoAnswer as error:
            raise self.fault(str(error)) from error
        except BaseException:  # Ctrl-C above all
            self._kill()
            raise

    def fault(self, what: str) -> AdapterError:
        """The error that ends this process; the next case gets a new one."""
        errors = self._child.last_errors() if self._child else ""
        self._kill()
        limit = f" (its memory is limited to {self.limits.memory} MiB)" if self.limits.memory else ""
        return AdapterError(f"{what}{limit}" + (f"; the end of its standard error:\n{errors}" if errors else ""))

    def close(self) -> bool:
        """Ask the process to stop, and kill it if it does not; whether it ended by itself, with status 0."""
        child, self._child = self._child, None
        return child is None or child.stop()

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
