"""One process that is asked and answers, under a guard that ends it: nothing that it does can block us."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from conformance.adapters import protocol
from conformance.errors import LONGEST

GUARD = Path(__file__).with_name("guard.py")
STOP_SECONDS = 2.0
STDERR_LINES, STDERR_BYTES = 20, 1 << 16
LONGEST_WAIT = 3600.0  # seconds of one select, which takes no infinity; then it waits again
_CHUNK = 1 << 16


#: How many bytes an answer takes, of all that was said and what came last; None where that can't be told yet.
Measure = Callable[[bytearray, bytes], int | None]


class NoAnswer(Exception):
    """Why there was no answer, or one too many."""


def line(said: bytearray, chunk: bytes) -> int | None:
    """An answer is a line."""
    return said.index(b"\n") + 1 if b"\n" in chunk else None


class Child:
    """One process, under its guard: messages go in, answers come out, and nothing that it does can block us.

    ``farewell`` is what it is told before its input ends.
    """

    def __init__(self, argv: Sequence[str], memory: int | None, farewell: bytes = b"") -> None:
        self._farewell = farewell
        alive, self._lifeline = os.pipe()
        limit = 0 if memory is None else memory << 20
        guard = [sys.executable, "-I", "-S", str(GUARD), str(alive), str(limit)]
        try:
            self._process = subprocess.Popen(
                [*guard, *argv],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(alive,),
                start_new_session=True,  # Ctrl-C is ours alone
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(alive)
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None  # noqa: PT018
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._open = selectors.DefaultSelector()
        self._errors = bytearray()
        self._killed = False
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
        for stream in (self._stdout, self._stderr):
            self._open.register(stream, selectors.EVENT_READ)

    def exchange(self, message: bytes, seconds: float, limit: int, measure: Measure = line) -> bytes:
        """What answers ``message`` within ``seconds`` and ``limit`` bytes; NoAnswer says what was wrong.

        Request, answer and standard error flow at once, so that neither side waits for the other for ever.
        """
        deadline = time.monotonic() + seconds
        self._errors.clear()
        early, _ = self._flow(0.0)
        if early.strip():
            raise NoAnswer(f"answered out of turn: before it was asked it wrote {protocol.shown(early)}")
        said, unsent, size = bytearray(), memoryview(message), None
        one = "line" if measure is line else "frame"
        if not self._ended:
            self._open.register(self._stdin, selectors.EVENT_WRITE)
        while not self._ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoAnswer(f"gave no answer within {seconds:g} s")
            chunk, unsent = self._flow(left, unsent)
            said += chunk
            size = measure(said, chunk) if size is None and chunk else size
            if size is not None and size <= min(limit, len(said)):
                break
            if max(len(said), size or 0) > limit:
                raise NoAnswer(f"wrote a {one} of more than {limit} bytes, which is no answer: {protocol.shown(said)}")
        else:
            raise NoAnswer(self._end(bool(said)))
        self._forget(self._stdin)
        said += self._flow(0.0)[0]
        if said[size:].strip():
            raise NoAnswer(f"answered out of turn: more than one {one} for one request, {protocol.shown(said[size:])}")
        return bytes(said[:size])

    def last_errors(self) -> str:
        """The last lines that it wrote on standard error since it was asked."""
        with suppress(OSError):
            self._flow(0.0)
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()[-STDERR_LINES:]
        return "\n".join(lines)[-LONGEST:]

    def stop(self) -> bool:
        """Ask it to stop, kill it if it does not in time; whether it ended by itself, with status 0."""
        if self._killed:
            return False
        try:
            with suppress(OSError):
                os.write(self._stdin.fileno(), self._farewell)
            with suppress(OSError):
                self._stdin.close()
            deadline = time.monotonic() + STOP_SECONDS
            while self._open.get_map() and (left := deadline - time.monotonic()) > 0:
                self._flow(left)
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(max(0.1, deadline - time.monotonic())) == 0
            return False
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and all that it started; what it has open is closed."""
        if self._killed:
            return
        self._killed = True
        os.close(self._lifeline)  # the guard kills the group
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._open.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            with suppress(OSError):
                stream.close()

    @property
    def _ended(self) -> bool:
        """Whether its standard output is at its end."""
        return self._stdout not in self._open.get_map()

    def _flow(self, seconds: float, unsent: memoryview = memoryview(b"")) -> tuple[bytes, memoryview]:
        """Wait for a pipe, and move what it can move once: what came on standard output, and what is yet to send."""
        came = b""
        for key, _ in self._open.select(min(seconds, LONGEST_WAIT)):
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
            try:
                if stream is self._stdin:
                    unsent = unsent[os.write(stream.fileno(), unsent[:_CHUNK]) :]
                    if not unsent:
                        self._forget(stream)
                    continue
                chunk = os.read(stream.fileno(), _CHUNK)
            except BlockingIOError:
                continue
            except OSError:  # it reads no more: what it still says tells why
                chunk = b""
            if not chunk:
                self._forget(stream)
            elif stream is self._stdout:
                came = chunk
            else:
                self._errors += chunk
                del self._errors[:-STDERR_BYTES]
        return came, unsent

    def _forget(self, stream: IO[bytes]) -> None:
        with suppress(KeyError):
            self._open.unregister(stream)

    def _end(self, began: bool) -> str:
        """How it ended, in words."""
        where = "in the middle of a line" if began else "without an answer"
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return f"closed its standard output {where}"
        if status >= 0:
            return f"exited with status {status} {where}"
        with suppress(ValueError):
            return f"was killed by signal {-status} ({signal.Signals(-status).name}) {where}"
        return f"was killed by signal {-status} {where}"
