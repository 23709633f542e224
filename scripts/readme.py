"""Runs the commands that README.md and docs/*.md name in `<!-- run: COMMAND -->` and puts what they print below them.

python scripts/readme.py [FILE...]    every number in the documents comes from the command that is written beside it
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- run: (?P<command>.+?) -->\n(?:```text\n.*?```\n)?", re.DOTALL)


def output_of(command: str) -> str:
    """What ``command`` prints at 80 columns without colour; lines without trailing blanks."""
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    if done.stderr:
        raise SystemExit(f"{command} wrote on standard error:\n{done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def filled(text: str) -> str:
    """``text`` with every block's output made anew."""

    def block(match: re.Match[str]) -> str:
        command = match["command"]
        return f"<!-- run: {command} -->\n```text\n$ {command}\n{output_of(command)}\n```\n"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]):
        old = path.read_text(encoding="utf-8")
        new = filled(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(f"{path}: made anew")
