"""An adapter's call, contained: nothing that it does in Python ends the run but Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from conformance.errors import in_words
from conformance.question.problem import Problem


class Escaped(RuntimeError):
    """What was no Exception: sys.exit, os._exit, or the panic of a Rust package.  ``__cause__`` has it."""


def guarded_call(function: Callable[[Problem], Any], problem: Problem) -> Any:
    """``function(problem)``; what would end the process is an Escaped."""
    try:
        with _no_way_out():
            return function(problem)
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Escaped(in_words(error)) from error


@contextmanager
def _no_way_out() -> Iterator[None]:
    """``os._exit`` raises SystemExit meanwhile, in this process (a child that the adapter forks may end)."""
    here, leave = os.getpid(), os._exit

    def stay(status: int) -> NoReturn:
        if os.getpid() != here:
            leave(status)
        raise SystemExit(status)

    os._exit = stay
    try:
        yield
    finally:
        os._exit = leave
