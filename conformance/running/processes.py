"""Worker processes that do not fight for the processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

#: What the numerical libraries read when they are loaded: how many threads they may use.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``jobs`` fresh processes, whose BLAS has its share of the processors for threads.

    Else each would start as many threads as there are processors, and two jobs would be slower than one.  What the
    environment says already holds.  They are spawned: R and threaded BLAS do not survive a fork.
    """
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    ours = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(ours, share))
    try:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            try:
                yield pool
            except BaseException:  # nobody waits for the answers any more: only what is being asked ends
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name in ours:
            os.environ.pop(name, None)
