"""Writes docs/zoo.md, the kill matrix, from the report of a run of the zoo.

glm-conformance zoo --jobs 2 --every 12 --report zoo.jsonl
python scripts/zoo_page.py zoo.jsonl > docs/zoo.md
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HEAD = """# The zoo: fitters that are wrong on purpose, and others that are right

A gate is as good as the faults that it catches and the correct programs that it lets through. `conformance/zoo/` has
both: each faulty fitter is the suite's own, correct one with a single fault, modelled on one that a real program had;
each correct one differs from it in a legitimate way. This page is what the gate says of them, by default and under
`--strict`, written by

```text
glm-conformance zoo --jobs 2 --every 12 --report zoo.jsonl
python scripts/zoo_page.py zoo.jsonl > docs/zoo.md
```

The correct ones are asked about every case; each fault about every twelfth, those that name it in `detects`, and those
without an estimate: what a fault is refused for there, it is refused for in the whole library. It is a long run (longer
still without `--every`), and `--resume` goes on where it was interrupted.

"""


def lines_of(path: str) -> list[dict[str, Any]]:
    """The animals of a report."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def told(faults: list[dict[str, Any]], demand: str) -> str:
    """A sentence on the faults under a demand ('default' or 'strict')."""
    refused = [row for row in faults if not row[demand]["conforms"]]
    named = [row for row in refused if row[demand]["named_on"]]
    return (
        f"{len(refused)} of {len(faults)} faulty fitters are refused, {len(named)} of them with a message that names "
        "the right cause"
    )


def first(row: dict[str, Any]) -> dict[str, Any]:
    """The judgement that a fault's line is of: by default, but for a fault that only --strict is to refuse."""
    return dict(row["strict" if row["strict_only"] else "default"])


def row_of(row: dict[str, Any]) -> str:
    """A fault's line of the matrix."""
    checks = ", ".join(f"{check} {number}" for check, number in first(row)["checks"].items())
    mark = " **one case**" if len(first(row)["cases"]) == 1 else ""
    cases = f"{len(row['default']['cases'])}{mark} | {len(row['strict']['cases'])}"
    return f"| {row['name']} | {row['says']} ({row['thread']}) | {cases} | {checks} |"


def said(row: dict[str, Any]) -> str:
    """The message that named it, without what the case detects, which names faults too."""
    words = str(first(row)["example"] or "is not named").split(" [detects:")[0]
    words = re.sub(r"\(/\S*/(\S+\.py:\d+)\)", r"(\1)", words)  # a traceback's line, without the machine's folders
    return words if len(words) < 400 else words[:400] + " ..."


def span(numbers: list[int]) -> str:
    """From the least to the greatest, in words."""
    return str(min(numbers)) if len(set(numbers)) == 1 else f"{min(numbers)} to {max(numbers)}"


def listed(names: list[str]) -> str:
    """The names, or that there are none."""
    return ", ".join(names) or "none"


def left_out(row: dict[str, Any]) -> str:
    """The cases that a fitter answers with Unsupported, in whole or in part: how many, or which."""
    return ", ".join(row["unsupported"]) if len(row["unsupported"]) < 3 else f"{len(row['unsupported'])} cases"


def page(report: list[dict[str, Any]]) -> str:
    """The whole page."""
    faults = sorted((row for row in report if row["faulty"]), key=lambda row: str(row["name"]))
    right = [row for row in report if not row["faulty"]]
    always = [row for row in faults if not row["strict_only"]]
    rest = [row["name"] for row in faults if row["strict_only"]]
    accused = [row["name"] for row in right if not (row["default"]["conforms"] and row["strict"]["conforms"])]
    once = [row["name"] for row in faults if len(first(row)["cases"]) == 1]
    asked, as_right = span([row["asked"] for row in faults]), span([row["asked"] for row in right])
    lines = [
        f"- By default, each over {asked} cases: {told(always, 'default')}.",
        f"- Under `--strict`, over the same cases: {told(faults, 'strict')}.",
        f"- {len(accused)} of {len(right)} correct fitters are refused, by default or under `--strict`, each over "
        f"{as_right} cases.",
        f"- Faults that lose digits that only `--strict` asks for: {listed(rest)}.",
        f"- Faults that one case only refuses: {listed(once)}.",
        "\n## The kill matrix\n",
        "How many cases refuse the fault by default and under `--strict`, and how many fail each check.\n",
        "| fault | what it does (where it was seen) | cases | strict | checks that fail, with their cases |",
        "|---|---|---|---|---|",
        *map(row_of, faults),
        "\n## What the gate says of each\n\nOne message of those that name the fault.\n",
        *(f"- **{row['name']}** {said(row)}" for row in faults),
        "\n## The correct ones\n",
        "The last column has the cases of which a fitter leaves something out, and says so (Unsupported).\n",
        "| fitter | how it differs | left out |\n|---|---|---|",
        *(f"| {row['name']} | {row['says']} | {left_out(row)} |" for row in right),
    ]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(page(lines_of(sys.argv[1])), end="")
