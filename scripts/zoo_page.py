"""Writes docs/zoo.md, the kill matrix, from the reports of two runs of the zoo.

glm-conformance zoo --jobs 2 --every 3 --report zoo.jsonl
glm-conformance zoo --jobs 2 --strict --again zoo.jsonl --report strict.jsonl
python scripts/zoo_page.py zoo.jsonl strict.jsonl > docs/zoo.md
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HEAD = """# The zoo: fitters that are wrong on purpose, and others that are right

A gate is as good as the faults that it catches and the correct programs that it lets through. `tests/zoo/` has both:
each faulty fitter is the suite's own, correct one with a single fault, modelled on one that a real program had; each
correct one differs from it in a legitimate way. This page is what the gate says of them, written by

```text
glm-conformance zoo --jobs 2 --every 3 --report zoo.jsonl
glm-conformance zoo --jobs 2 --strict --again zoo.jsonl --report strict.jsonl
python scripts/zoo_page.py zoo.jsonl strict.jsonl > docs/zoo.md
```

The reports are of 27 November 2026 and were made in parts (`--only`), for they take hours of one core: 62 faults with
`--every 3`, residual-df-at-least-one over all cases, the others with `--every 12`. The correct ones were asked under
`--strict` alone, each over all 363 cases.

"""


def lines_of(path: str) -> list[dict[str, Any]]:
    """The animals of a report."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def told(report: list[dict[str, Any]], strict: bool) -> str:
    """A sentence on the faults."""
    faults = [row for row in report if row["faulty"] and (strict or not row["strict_only"])]
    refused = [row for row in faults if not row["conforms"]]
    named = [row for row in refused if row["named_on"]]
    return (
        f"{len(refused)} of {len(faults)} faulty fitters are refused, {len(named)} of them with a message that names "
        "the right cause"
    )


def row_of(row: dict[str, Any]) -> str:
    """A fault's line of the matrix."""
    checks = ", ".join(f"{check} {number}" for check, number in row["checks"].items())
    mark = " **one case**" if len(row["cases"]) == 1 else ""
    return f"| {row['name']} | {row['says']} ({row['thread']}) | {len(row['cases'])}{mark} | {checks} |"


def said(row: dict[str, Any]) -> str:
    """The message that named it, without what the case detects, which names faults too."""
    words = str(row["example"] or "is not named").split(" [detects:")[0]
    words = re.sub(r"\(/\S*/(\S+\.py:\d+)\)", r"(\1)", words)  # a traceback's line, without the machine's folders
    return words if len(words) < 400 else words[:400] + " ..."


def span(numbers: list[int]) -> str:
    """From the least to the greatest, in words."""
    return str(min(numbers)) if len(set(numbers)) == 1 else f"{min(numbers)} to {max(numbers)}"


def page(default: list[dict[str, Any]], strict: list[dict[str, Any]]) -> str:
    """The whole page."""
    asked = [row["asked"] for row in default if row["faulty"]]
    right = [row for row in strict if not row["faulty"]]
    only = {row["name"] for row in default if row["strict_only"]}
    matrix = [row for row in default if row["faulty"] and row["name"] not in only]
    matrix += [row for row in strict if row["name"] in only]
    once = [row["name"] for row in matrix if len(row["cases"]) == 1]
    text = HEAD
    text += (
        f"- By default, each over {span(asked)} cases (every so-manieth, those whose `detects` names "
        f"it, and those without an estimate): {told(default, False)}.\n"
        f"- Under `--strict`, each at most ten cases that named it before: {told(strict, True)}.\n"
        f"- Under `--strict`, which asks no less, over {span([row['asked'] for row in right])} cases: "
        f"{sum(not row['conforms'] for row in right)} of {len(right)} correct fitters are refused.\n"
    )
    text += f"- {len(only)} faults lose digits that only `--strict` asks for: {', '.join(sorted(only)) or 'none'}.\n"
    text += f"- Faults that one case only refuses: {', '.join(once) or 'none'}.\n"
    text += "\n## The kill matrix\n\nHow many cases refuse the fault, and how many fail each check.\n\n"
    text += (
        "| fault | what it does (where it was seen) | cases | checks that fail, with their cases |\n|---|---|---|---|\n"
    )
    text += "\n".join(row_of(row) for row in sorted(matrix, key=lambda row: str(row["name"])))
    text += "\n\n## What the gate says of each\n\nOne message of those that name the fault.\n\n"
    text += "\n".join(f"- **{row['name']}** {said(row)}" for row in sorted(matrix, key=lambda row: str(row["name"])))
    text += "\n\n## The correct ones\n\n| fitter | how it differs |\n|---|---|\n"
    text += "\n".join(f"| {row['name']} | {row['says']} |" for row in right)
    return text + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    print(page(lines_of(sys.argv[1]), lines_of(sys.argv[2])), end="")
