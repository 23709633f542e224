"""Which processes a test has left behind, however far down: they have its mark in their environment."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path


def alive(mark: str) -> list[str]:
    """The processes with the mark that still run (a zombie does not)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.name != str(os.getpid()) and mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def nothing_left(mark: str) -> bool:
    """Whether all processes with the mark end; a killed one may take a moment."""
    gc.collect()  # what a finished run still refers to in a circle
    for _ in range(500):
        if not alive(mark):
            return True
        time.sleep(0.02)
    return False
