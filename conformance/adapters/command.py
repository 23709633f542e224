"""An implementation in any language: a command that speaks the JSON Lines protocol of docs/protocol.md.

One process is asked case after case.  Whatever is no answer (a crash, a hang, a flood, a line out of turn) is an
AdapterError of that case alone: the process is killed with all that it started, and a new one takes the next case.
"""

from __future__ import annotations

import shlex
import shutil
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from conformance.adapters import protocol
from conformance.adapters.answer import AdapterError, Refused, Unsupported
from conformance.adapters.child import Child, NoAnswer
from conformance.adapters.conventions import Declared
from conformance.errors import ImplementationError
from conformance.question.problem import Problem

START_SECONDS = 60.0  # an interpreter and its packages may be slow to load; a longer time limit holds here too


class Limits(NamedTuple):
    """What a command may take: seconds for each fit, and MiB of address space (None: what the machine has)."""

    timeout: float = 60.0
    memory: int | None = None


class Command:
    """A command as an implementation.  Its first process is started at once; ImplementationError if that fails.

    ``name``, ``version``, ``language`` and ``conventions`` are what it says of itself.  ``close`` ends the process, and
    so does the end of this object or of Python.
    """

    def __init__(self, command: str | Sequence[str], timeout: float = 60.0, memory: int | None = None) -> None:
        try:
            self.argv = shlex.split(command) if isinstance(command, str) else list(command)
        except ValueError as error:
            raise ImplementationError(f"command {command!r} can't be split into words: {error}") from error
        if not self.argv:
            raise ImplementationError("the command is empty; give one such as 'Rscript my_adapter.R'")
        if shutil.which(self.argv[0]) is None:
            raise ImplementationError(f"there is no program {self.argv[0]!r} here; install it, or give its path")
        self.timeout, self.memory = timeout, memory
        self._child: Child | None = None
        self._asked = 0
        try:
            said = self._start()
        except AdapterError as error:
            raise ImplementationError(f"command {shlex.join(self.argv)!r} {error}") from error
        self.name, self.version, self.language = (str(said[key]) for key in ("name", "version", "language"))
        self.conventions: Mapping[str, Declared] = said.get("conventions") or {}

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """The fit of ``problem``; Unsupported or Refused as it says, AdapterError where it says neither."""
        if self._child is None:
            self._start()
        self._asked += 1
        request = protocol.fit_request(problem, str(self._asked))
        answer = self._ask(request, self.timeout, protocol.longest_answer(problem.n, problem.p))
        said = answer.pop("id", request["id"])
        if said != request["id"] and str(said) == request["id"]:
            raise self._fault(f'answered with the id {said!r}, a {type(said).__name__}; expected the string "{said}"')
        if said != request["id"]:
            raise self._fault("answered out of turn: its answer has the id of another request")
        if "unsupported" in answer:
            raise Unsupported(answer["unsupported"])
        if "refused" in answer:
            raise Refused(answer["refused"])
        return protocol.restored(answer)

    def close(self) -> bool:
        """Ask the process to stop, and kill it if it does not; whether it ended by itself, with status 0."""
        child, self._child = self._child, None
        return child is None or child.stop()

    def _start(self) -> dict[str, Any]:
        """A new process, and what it says of itself."""
        self._child = child = Child(self.argv, self.memory)
        weakref.finalize(self, child.stop)
        answer = self._ask(protocol.START, max(START_SECONDS, self.timeout), protocol.longest_answer(0, 0))
        if "refused" in answer:
            raise self._fault(f"refuses to start: {answer['refused']}")
        if fault := protocol.fault_of_start(answer):
            raise self._fault(f"answered `start` wrongly: {fault}")
        return answer

    def _ask(self, message: Mapping[str, Any], seconds: float, limit: int) -> dict[str, Any]:
        """The answer to ``message``, a JSON object."""
        assert self._child is not None
        try:
            line = self._child.exchange(protocol.line(message), seconds, limit)
            return protocol.parsed(line)
        except (NoAnswer, ValueError) as error:
            raise self._fault(str(error)) from error
        except BaseException:  # Ctrl-C above all
            self._kill()
            raise

    def _fault(self, what: str) -> AdapterError:
        """The error that ends this process; the next case gets a new one."""
        errors = self._child.last_errors() if self._child else ""
        self._kill()
        limit = f" (its memory is limited to {self.memory} MiB)" if self.memory else ""
        return AdapterError(f"{what}{limit}" + (f"; the end of its standard error:\n{errors}" if errors else ""))

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
