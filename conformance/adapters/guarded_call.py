"""An adapter's call, contained: whatever it does in Python is an answer or an exception with words, but Ctrl-C."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from conformance.adapters.answer import AdapterError, Answer, Raised, Refused, Unsupported, as_fit
from conformance.errors import in_words
from conformance.question.problem import Problem


def guarded_call(function: Callable[[Problem], object], problem: Problem) -> Answer:
    """What ``function`` answers of a copy of ``problem``, as a checked fit.

    Unsupported, NotAFit and AdapterError are what they are; anything else that it raises, sys.exit too, is a Raised.
    """
    lent = problem.copy()
    try:
        given = function(lent)
    except (Unsupported, AdapterError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise retold(error, problem.differences(lent)) from error
    return Answer(as_fit(given, problem), problem.differences(lent))


def retold(error: BaseException, mutated: tuple[str, ...] = ()) -> Raised:
    """``error`` as a Raised."""
    crash = not isinstance(error, Exception) or isinstance(error, MemoryError)
    frames = [] if isinstance(error, Refused) else traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{frames[0].filename}:{frames[0].lineno}" if frames else None
    return Raised(in_words(error), where, crash=crash, mutated=mutated)
