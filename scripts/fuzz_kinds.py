"""Writes docs/fuzz.md's table of what random problems showed, with the accounts of docs/fuzz.yaml.

python scripts/fuzz_kinds.py RUN.jsonl     of `glm-conformance fuzz IMPLEMENTATION --shrinks 0 --report RUN.jsonl`

What stands between ``<!-- kinds -->`` and the next ``<!-- end -->`` is made anew.  Exit status 1, and nothing written,
where a problem that fails has no account.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DOCS = Path(__file__).resolve().parent.parent / "docs"


def covers(entry: Mapping[str, Any], problem: Mapping[str, Any]) -> bool:
    """Whether ``entry`` accounts for a failing ``problem``."""
    failures = problem["failures"]
    return (
        any(re.search(entry.get("message", ""), failure["message"] or "") for failure in failures)
        and ("causes" not in entry or any(failure["cause"] in entry["causes"] for failure in failures))
        and problem["outcome"] in entry.get("outcomes", [problem["outcome"]])
        and f"{problem['family']} {problem['link']}" in entry.get("pairs", [f"{problem['family']} {problem['link']}"])
    )


def table(problems: list[dict[str, Any]]) -> str:
    """A row for each account, and how many problems it has."""
    accounts = YAML(typ="safe").load((DOCS / "fuzz.yaml").read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    pairs: dict[str, Counter[str]] = {}
    for problem in problems:
        if not problem["failures"]:
            continue
        why = next((entry["why"] for entry in accounts if covers(entry, problem)), None)
        if why is None:
            raise SystemExit(f"{problem['id']} has no account: {problem['kind']}, {problem['failures'][0]['message']}")
        counts[why] += 1
        pairs.setdefault(why, Counter())[f"{problem['family']} {problem['link']}"] += 1
    lines = ["| problems | why | mostly |", "|---:|---|---|"]
    for why, number in counts.most_common():
        mostly = ", ".join(f"{pair} {times}" for pair, times in pairs[why].most_common(3))
        lines.append(f"| {number} | {why} | {mostly} |")
    return "\n".join([*lines, f"| {counts.total()} | of {len(problems)} problems | |"])


if __name__ == "__main__":
    page = DOCS / "fuzz.md"
    problems = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    made = f"<!-- kinds -->\n{table(problems)}\n<!-- end -->"
    text = re.sub(r"<!-- kinds -->\n.*?<!-- end -->", lambda match: made, page.read_text(encoding="utf-8"), flags=re.S)
    page.write_text(text, encoding="utf-8")
