"""The JSON Lines protocol of glm-conformance for a program that runs in batch: a script and data in, its output out.

Python's standard library only; gretl.py and pspp.py beside this file show how to use it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Request = Mapping[str, Any]
Answer = dict[str, Any]


class Unsupported(Exception):
    """What the program does not offer."""


def serve(introduction: Answer, fit: Callable[[Request, Path], Answer]) -> None:
    """Answer until the end; ``fit`` gets each request and an empty folder.  What it raises is a refusal."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "stop":
            return
        answer = introduction if request["cmd"] == "start" else {"id": request["id"], **_answer(request, fit)}
        print(json.dumps({key: _plain(value) for key, value in answer.items()}), flush=True)


def _answer(request: Request, fit: Callable[[Request, Path], Answer]) -> Answer:
    try:
        with tempfile.TemporaryDirectory() as folder:
            return fit(request, Path(folder))
    except Unsupported as error:
        return {"unsupported": str(error)}
    except (ValueError, OSError, subprocess.SubprocessError) as error:
        return {"refused": str(error)}


def _plain(value: Any) -> Any:
    """NaN and the infinities as the words that stand for them."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def data(request: Request) -> dict[str, list[float]]:
    """The columns x0, x1, ... (an intercept not among them), y, and w and o for weights and offset if there are any."""
    rows = request["X"]
    first = int(request["intercept"])
    columns = {f"x{j}": [row[j] for row in rows] for j in range(first, len(request["names"]))}
    beside = {"y": request["y"], "w": request["weights"], "o": request["offset"]}
    columns |= {name: values for name, values in beside.items() if values is not None}
    for name, values in columns.items():
        if len(values) != len(rows) or any(isinstance(value, str) for value in values):
            raise ValueError(f"NaN or infinity in {name}, or another length")
    return columns


def run(*argv: str, folder: Path) -> str:
    """What the program prints, run in ``folder``."""
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
