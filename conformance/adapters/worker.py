"""The process of an adapter in Python: it loads the adapter, and answers one problem after another.

    python -P worker.py

It hears frames on standard input (the first in JSON, the problems pickled, for they are the suite's own) and writes
frames (frames.py) on what was standard output.  The adapter has another one: what it prints goes to standard error, and
it reads nothing.
"""

from __future__ import annotations

import faulthandler
import json
import os
import pickle
import sys
from dataclasses import replace
from typing import BinaryIO


def main() -> None:
    """Answer until the input ends."""
    hear, tell = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # also for what compiled code writes
    faulthandler.enable()  # a crash in compiled code tells the line of Python that called it
    start = json.loads(heard(hear) or b"{}")
    sys.path[:] = start["path"]
    serve(start["name"], hear, tell)


def heard(stream: BinaryIO) -> bytes | None:
    """The next message, None at the end."""
    length = stream.read(8)
    return stream.read(int.from_bytes(length, "little")) if len(length) == 8 else None


def serve(name: str, hear: BinaryIO, tell: BinaryIO) -> None:
    """Load the adapter called ``name``, and answer for it.

    What is needed is bound before the adapter is loaded, so that one that patches the suite has its own answers.
    """
    from conformance.adapters.answer import NotAFit, Raised, Unsupported
    from conformance.adapters.frames import fitted, frame
    from conformance.adapters.guarded_call import guarded_call, retold
    from conformance.adapters.loading import load
    from conformance.errors import ImplementationError, cut, in_words

    def say(message: bytes) -> None:
        tell.write(message)
        tell.flush()

    try:
        found = load(name)
        conventions = {key: one if isinstance(one, str) else dict(one) for key, one in found.conventions.items()}
        say(frame({"name": found.name, "version": found.version, "conventions": conventions, "file": found.file}))
    except ImplementationError as error:
        say(frame({"unusable": cut(str(error))}))
        return
    data = None
    while (request := heard(hear)) is not None:
        problem, again = pickle.loads(request)
        problem = replace(problem, data=data) if again else problem
        data = problem.data
        try:
            try:
                message = fitted(guarded_call(found.function, problem))
            except KeyboardInterrupt as error:  # nobody's but the adapter's own
                raise retold(error) from error
        except Unsupported as error:
            message = frame({"unsupported": in_words(error).partition(": ")[2]})
        except NotAFit as error:
            message = frame({"no_fit": cut(str(error))})
        except Raised as error:
            it = {"raised": str(error), "where": error.where, "crash": error.crash, "mutated": error.mutated}
            message = frame(it)
        say(message)


if __name__ == "__main__":
    main()
