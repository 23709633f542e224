"""Worker processes that do not fight for the processors, and whose death is one item's and not the run's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

#: What the numerical libraries read when they are loaded: how many threads they may use.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

#: A worker and its adapter's process take two or three seconds of a processor to start, a case a tenth or two.
WORTH_A_PROCESS = 32

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes_for(items: int, jobs: int | None) -> int:
    """How many processes ``items`` are put to: as many as were asked for, else one for each core that has enough."""
    return max(1, min(items, jobs or min(cores(), items // WORTH_A_PROCESS)))


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``jobs`` fresh processes, whose BLAS has its share of the processors for threads.

    Else each would start as many threads as there are processors, and two jobs would be slower than one.  What the
    environment says already holds.  They are spawned: R and threaded BLAS do not survive a fork.  Ctrl-C is ours: they
    are ended, and what each has started (an adapter's process) ends with it.
    """
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    ours = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(ours, share))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=_depend_on_the_parent) as pool:
            try:
                yield pool
            except BaseException:  # nobody waits for the answers any more
                for process in list((pool._processes or {}).values()):  # Python 3.14: pool.terminate_workers()
                    process.terminate()
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name in ours:
            os.environ.pop(name, None)


def _depend_on_the_parent() -> None:
    """In a worker: Ctrl-C is the parent's, and when the parent ends, by whatever means, so does this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], jobs: int, died: Callable[[Item], Result]
) -> Iterator[Result]:
    """``function`` of each of ``items``, in order, in ``jobs`` processes; ``died`` of one whose process died.

    A process that dies takes the pool with it: its item is asked alone, and the rest in a new pool.
    """
    waiting = list(items)
    while waiting:
        with workers(jobs) as pool:
            for future in [pool.submit(function, item) for item in waiting]:
                try:
                    result = future.result()
                except BrokenProcessPool:
                    break
                waiting.pop(0)
                yield result
        if waiting:
            item = waiting.pop(0)
            with workers(1) as pool:
                try:
                    alone = pool.submit(function, item).result()
                except BrokenProcessPool:
                    alone = died(item)
            yield alone
