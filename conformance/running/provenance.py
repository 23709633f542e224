"""The machine that made a reference: processor, BLAS with the kernels that it chose here, and threads.

OpenBLAS has kernels for every family of processors and takes those of the one that it runs on (OPENBLAS_CORETYPE
overrules it); with other kernels, or another number of threads, it adds in another order.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The names that OpenBLAS' functions have in a build: of a distribution, of numpy and of scipy.
_AFFIXES = (("", ""), ("", "64_"), ("scipy_", "64_"), ("scipy_", ""))


def machine() -> dict[str, Any]:
    """cpu: its name; blas: for each OpenBLAS that is loaded its version, build, kernels and threads."""
    return {"cpu": _cpu(), "openblas": sorted({_described(path) for path in _loaded() if "openblas" in path.name})}


def _cpu() -> str:
    """The processor's name, and what tells its make: '... (GenuineIntel family 6 model 167)'."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:  # no Linux
        return platform.processor() or platform.machine()
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    make = f"{found.get('vendor_id', '')} family {found.get('cpu family', '?')} model {found.get('model', '?')}"
    return f"{found.get('model name', platform.machine())} ({make.strip()})"


def _loaded() -> Iterator[Path]:
    """The libraries that this process has loaded, as Linux lists them; elsewhere those that numpy brings along."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        import numpy as np

        home = Path(np.__file__).parent
        for folder in (home / ".dylibs", home.parent / "numpy.libs"):
            yield from folder.glob("*openblas*")
        return
    yield from {Path(words[5]) for line in lines if len(words := line.split(maxsplit=5)) == 6 and ".so" in words[5]}


def _described(path: Path) -> str:
    """What the OpenBLAS at ``path`` says of itself, e.g. 'OpenBLAS 0.3.31 ... SkylakeX MAX_THREADS=64, 2 threads'."""
    library = ctypes.CDLL(str(path))  # it is loaded already: the same one
    for prefix, suffix in _AFFIXES:
        config = getattr(library, f"{prefix}openblas_get_config{suffix}", None)
        if config is not None:
            config.restype = ctypes.c_char_p
            threads = getattr(library, f"{prefix}openblas_get_num_threads{suffix}")()
            return f"{config().decode()}, {threads} threads"
    return f"{path.name}, which does not say"
