"""Runs one command in a process group of its own, and ends all of it once nobody waits for it any more.

    python guard.py LIFELINE MEMORY COMMAND...

LIFELINE is the read end of a pipe whose other end only the suite holds: however the suite ends, be it by SIGKILL, the
pipe closes, and the group is killed.  MEMORY is the limit of the address space in bytes, 0 for none.  What the command
leaves behind when it ends is killed too: its group, and on Linux what has left the group.  The guard ends as the
command did: with the same status, or by the same signal.
This file is a program of its own and imports nothing of the suite, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import resource
import signal
import sys
import threading

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <sys/prctl.h>


def main(lifeline: int, memory: int, command: list[str]) -> None:
    """Start ``command``, wait for its end or that of the lifeline, and end as it did."""
    _adopt_orphans()
    child = os.fork()  # there is one thread yet
    if child == 0:
        _become(lifeline, memory, command)
    with contextlib.suppress(OSError):  # the child does the same: whoever is first
        os.setpgid(child, child)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # so that the suite sees the end of what the command writes
        os.dup2(nothing, stream)
    threading.Thread(target=_end_with, args=(lifeline, child), daemon=True).start()
    ended, status = os.wait()
    while ended != child:  # an orphan that was adopted
        ended, status = os.wait()
    _kill_group(child)
    _kill_orphans()
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core dump is enough
        with contextlib.suppress(OSError, ValueError):  # SIGKILL can't be set, and need not
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def _become(lifeline: int, memory: int, command: list[str]) -> None:
    """In the child: the group, the limit, the signals as they were before Python, and then the command itself."""
    try:
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a command that kills its guard ends with it
        os.close(lifeline)
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        os.execvp(command[0], command)
    except (OSError, ValueError, OverflowError) as error:
        os.write(2, f"{command[0]} can't be started: {error}\n".encode())
    finally:
        os._exit(127)


def _end_with(lifeline: int, child: int) -> None:
    """Kill the group as soon as the lifeline closes."""
    while os.read(lifeline, 1):
        pass
    _kill_group(child)


def _adopt_orphans() -> None:
    """On Linux: what the command starts and leaves becomes our child, not that of process 1."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value)


def _kill_orphans() -> None:
    """Kill our children, and theirs as they become ours, until there are none."""
    while True:
        for stat in glob.glob("/proc/[0-9]*/stat"):
            with contextlib.suppress(OSError):
                with open(stat, encoding="utf-8", errors="replace") as file:
                    parent = file.read().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    os.kill(int(stat.split("/")[2]), signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
