"""The threads of worker processes."""

from __future__ import annotations

import os
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from conformance.running.processes import THREADS, workers


@pytest.mark.parametrize("name", THREADS)
def test_a_worker_has_its_share_of_the_processors_for_threads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    with workers(2) as pool:
        assert pool.submit(os.getenv, name).result() == "3"
    assert name not in os.environ


def test_what_the_environment_says_of_threads_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
    with workers(2) as pool:
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "5"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "5"


def test_whoever_leaves_early_does_not_wait_for_what_was_not_begun() -> None:
    futures = []

    def interrupted() -> None:
        with workers(1) as pool:
            futures.extend(pool.submit(time.sleep, 1000.0) for _ in range(1000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert futures[-1].cancelled() or isinstance(futures[-1].exception(timeout=0), BrokenProcessPool)
