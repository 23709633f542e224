"""An implementation in any language: a command that speaks the JSON Lines protocol of docs/protocol.md.

One process is asked case after case.  Whatever is no answer (a crash, a hang, a flood, a line out of turn) is an
AdapterError of that case alone: the process is killed with all that it started, and a new one takes the next case.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.adapters import protocol
from conformance.adapters.answer import AdapterError, Refused, Unsupported
from conformance.adapters.conventions import Declared
from conformance.adapters.program import Limits, Program
from conformance.errors import ImplementationError, cut
from conformance.question.problem import Problem


class Command(Program):
    """A command as an implementation.  Its first process is started at once; ImplementationError if that fails.

    ``name``, ``version``, ``language`` and ``conventions`` are what it says of itself.  ``close`` ends the process, and
    so does the end of this object or of Python.
    """

    def __init__(self, command: str | Sequence[str], timeout: float = 60.0, memory: int | None = None) -> None:
        try:
            argv = shlex.split(command) if isinstance(command, str) else list(command)
        except ValueError as error:
            raise ImplementationError(f"command {command!r} can't be split into words: {error}") from error
        if not argv:
            raise ImplementationError("the command is empty; give one such as 'Rscript my_adapter.R'")
        if shutil.which(argv[0]) is None:
            raise ImplementationError(f"there is no program {argv[0]!r} here; install it, or give its path")
        super().__init__(argv, Limits(timeout, memory), protocol.line(protocol.STOP))
        self._asked = 0
        try:
            self.introduce()
        except AdapterError as error:
            raise ImplementationError(f"command {shlex.join(self.argv)!r} {error}") from error

    def introduce(self) -> None:
        """A new process, and what it says of itself."""
        said = self._parsed(self.start(protocol.line(protocol.START), protocol.longest_answer(0, 0)))
        if "refused" in said:
            raise self.fault(f"refuses to start: {cut(said['refused'])}")
        if fault := protocol.fault_of_start(said):
            raise self.fault(f"answered `start` wrongly: {fault}")
        self.name, self.version, self.language = (cut(said[key], 200) for key in ("name", "version", "language"))
        self.conventions: Mapping[str, Declared] = said.get("conventions") or {}

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """The fit of ``problem``; Unsupported or Refused as it says, AdapterError where it says neither."""
        if self._child is None:
            self.introduce()
        self._asked += 1
        request = protocol.fit_request(problem, str(self._asked))
        longest = protocol.longest_answer(problem.n, problem.p)
        answer = self._parsed(self.exchange(protocol.line(request), longest))
        said = answer.pop("id", request["id"])
        if said != request["id"] and str(said) == request["id"]:
            raise self.fault(f'answered with the id {said!r}, a {type(said).__name__}; expected the string "{said}"')
        if said != request["id"]:
            raise self.fault("answered out of turn: its answer has the id of another request")
        if "unsupported" in answer:
            raise Unsupported(cut(answer["unsupported"]))
        if "refused" in answer:
            raise Refused(cut(answer["refused"]))
        return protocol.restored(answer)

    def _parsed(self, line: bytes) -> dict[str, Any]:
        """The JSON object of a line; AdapterError where it is none."""
        try:
            return protocol.parsed(line)
        except ValueError as error:
            raise self.fault(str(error)) from error
