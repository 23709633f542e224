"""Writes the tables of docs/mutation.md from the records of runs, with the reasons of docs/mutation.yaml.

    python benchmarks/mutation/page.py MUTANTS.jsonl... --tested TESTED.jsonl...
    python benchmarks/mutation/page.py ... --left-over       only the survivors without a reason

What stands between ``<!-- counts -->`` or ``<!-- survivors -->`` and the next ``<!-- end -->`` is made anew, but for
the lines of files that no record is given of: those stay.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mutants import FILES, ROOT
from ruamel.yaml import YAML

DOCUMENT, REASONS = ROOT / "docs" / "mutation.md", ROOT / "docs" / "mutation.yaml"
NONE = "**no reason**"


def read(paths: list[Path]) -> list[dict[str, Any]]:
    """The lines of all of them."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def key(mutant: dict[str, Any]) -> tuple[Any, ...]:
    """What a mutant is known by in two runs."""
    return mutant["file"], mutant["operator"], mutant["occurrence"]


def outcomes(mutants: list[dict[str, Any]], tested: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mutants with what became of them in the end: what survives the gate may be killed by the fitter's tests."""
    by_tests = {key(m) for m in tested if m["outcome"] == "killed"}
    lived = ("survived", "not reached")
    return [{**m, "outcome": "tests"} if m["outcome"] in lived and key(m) in by_tests else m for m in mutants]


def why(mutant: dict[str, Any], reasons: list[dict[str, str]]) -> str:
    """The first reason whose file, old and new line (globs) match."""
    for reason in reasons:
        if all(fnmatchcase(mutant[name], reason.get(name, "*")) for name in ("file", "operator", "old", "new")):
            return reason["why"]
    return NONE


def counts(mutants: list[dict[str, Any]]) -> str:
    """What became of the mutants of each file."""
    lines = [
        "| file | asked | killed by the gate | timed out | killed by the tests | survived |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name in FILES:
        found = Counter(m["outcome"] for m in mutants if m["file"] == name)
        if found:
            lived = found["survived"] + found["not reached"]
            row = (sum(found.values()), found["killed"], found["timed out"], found["tests"], lived)
            lines.append(f"| {name} | {' | '.join(map(str, row))} |")
    return "\n".join(lines)


def survivors(mutants: list[dict[str, Any]], reasons: list[dict[str, str]]) -> str:
    """The survivors by the reason why no case and no test can tell them from the fitter."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for m in mutants:
        if m["outcome"] in ("survived", "not reached"):
            groups[m["file"], why(m, reasons)].append(m)
    lines = ["| file | survivors | for instance | why |", "|---|--:|---|---|"]
    for (file, reason), found in sorted(groups.items(), key=lambda item: (FILES.index(item[0][0]), -len(item[1]))):
        shown = found[0]["new"].split("  #")[0].replace("|", "\\|")
        lines.append(f"| {file} | {len(found)} | `{shown[:90]}` (line {found[0]['line']}) | {reason} |")
    return "\n".join(lines)


def merged(old: str, made: str) -> str:
    """The table ``made``, and the lines of the ``old`` one about files that it says nothing of, in the files' order."""
    (head, rule, *new), before = made.splitlines(), old.splitlines()[2:]
    anew = {file_of(line) for line in new}
    lines = [*new, *(line for line in before if file_of(line) not in anew)]
    return "\n".join((head, rule, *sorted(lines, key=lambda line: FILES.index(file_of(line))))) + "\n"


def file_of(line: str) -> str:
    """The file that a line of a table is about: its first cell."""
    return line.split("|")[1].strip()


def main() -> None:
    """Write the page, or show what has no reason."""
    parser = argparse.ArgumentParser(description="Write docs/mutation.md from the records of mutation runs.")
    parser.add_argument("mutants", type=Path, nargs="+")
    parser.add_argument("--tested", type=Path, nargs="*", default=[])
    parser.add_argument("--left-over", action="store_true")
    asked = parser.parse_args()
    found = outcomes(read(asked.mutants), read(asked.tested))
    reasons = YAML(typ="safe").load(REASONS.read_text(encoding="utf-8"))
    if asked.left_over:
        for m in found:
            if m["outcome"] in ("survived", "not reached") and why(m, reasons) == NONE:
                print(f"{m['file']}:{m['line']}: {m['outcome']}: {m['old']}  =>  {m['new']}")
        return
    text = DOCUMENT.read_text(encoding="utf-8")
    for kind, made in (("counts", counts(found)), ("survivors", survivors(found, reasons))):
        pattern = re.compile(rf"(?<=<!-- {kind} -->\n).*?(?=<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda old, made=made: merged(old[0], made), text)
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
