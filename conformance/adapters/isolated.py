"""An adapter in Python in a process of its own, with limits: nothing that it does there reaches the judge but numbers.

Exits, crashes, hangs, floods and patches of the suite are its own; the next case gets a new process.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.adapters import frames
from conformance.adapters.answer import AdapterError, Answer, NotAFit, Raised, Unsupported
from conformance.adapters.conventions import Declared
from conformance.adapters.program import Limits, Program
from conformance.errors import ImplementationError, cut
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

WORKER = Path(__file__).with_name("worker.py")


class Isolated(Program):
    """The adapter called ``called``.  Its first process is started at once; ImplementationError if that fails.

    ``name``, ``version`` and ``conventions`` are what it declares, ``file`` where it was found.
    """

    def __init__(self, called: str, limits: Limits = Limits()) -> None:
        # -P: no folder of ours before the standard library.  The first message has this process's sys.path.
        super().__init__([sys.executable, "-P", *_warnings(), str(WORKER)], limits)
        self.called = called
        try:
            self.introduce()
        except AdapterError as error:
            raise ImplementationError(f"{called}: its process {error}") from error

    def introduce(self) -> None:
        """A new process, which loads the adapter."""
        self._data: pd.DataFrame | None = None  # what it has
        asked = json.dumps({"name": self.called, "path": sys.path}).encode()
        said, _ = self._parsed(self.start(_sized(asked), frames.longest(None), frames.measure))
        if "unusable" in said:
            self.close()
            raise ImplementationError(cut(str(said["unusable"])))
        self.name, self.version = (cut(self._text(said, key), 200) for key in ("name", "version"))
        self.file = said["file"] if isinstance(said.get("file"), str) else None
        self.conventions: Mapping[str, Declared] | None = said.get("conventions")  # checked by whoever takes it

    def ask(self, problem: Problem) -> Answer:
        """The answer to ``problem``; Unsupported, NotAFit or Raised as the adapter does, AdapterError for none."""
        if self._child is None:
            try:
                self.introduce()
            except ImplementationError as error:
                raise AdapterError(f"could not be loaded again: {error}") from error
        again = self._data is problem.data  # a DataFrame takes longer than all the rest, and is sent once
        asked = (replace(problem, data=None) if again else problem, again)
        request = _sized(pickle.dumps(asked, protocol=pickle.HIGHEST_PROTOCOL))
        header, body = self._parsed(self.exchange(request, frames.longest(problem), frames.measure))
        self._data = problem.data
        if "unsupported" in header:
            raise Unsupported(cut(self._text(header, "unsupported")))
        if "no_fit" in header:
            raise NotAFit(cut(self._text(header, "no_fit")))
        try:
            if "raised" in header:
                where = header.get("where")
                raise Raised(
                    cut(frames.text(header, "raised")),
                    cut(where) if isinstance(where, str) else None,
                    crash=header.get("crash") is not False,
                    mutated=frames.mutated(header),
                )
            return frames.fit_of(header, body, problem)
        except frames.NotAFrame as error:
            raise self._no_answer(error) from error

    def __call__(self, problem: Problem) -> Fit:
        """The fit alone."""
        return self.ask(problem).fit

    def _parsed(self, said: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            return frames.parsed(said)
        except frames.NotAFrame as error:
            raise self._no_answer(error) from error

    def _text(self, header: Mapping[str, Any], key: str) -> str:
        try:
            return frames.text(header, key)
        except frames.NotAFrame as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: frames.NotAFrame) -> AdapterError:
        return self.fault(f"wrote what is no answer: {error}")


def _sized(message: bytes) -> bytes:
    """``message`` after its length."""
    return len(message).to_bytes(8, "little") + message


def _warnings() -> list[str]:
    """This interpreter's own -W options, so that a warning is an error there where it is here."""
    return [f"-W{option}" for option in sys.warnoptions]
