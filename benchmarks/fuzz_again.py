"""Judge again those problems of `glm-conformance fuzz` that a change can touch: the ones of some families and links.

    python benchmarks/fuzz_again.py irls --seed 1 --seed 2 --count 2000 --only '*-inverse*' --but 'gaussian-*'

`fuzz --case` draws other problems, for it draws among fewer pairs; this draws all of a seed's and judges some.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase

from conformance.adapters import find
from conformance.judging.comparison import Demand
from conformance.question.random_problems import ALL_PAIRS, RandomProblem
from conformance.running.fuzz import judge
from conformance.running.stream import Stream


def main() -> None:
    """Print what fails, and how many were judged; exit 1 where something fails."""
    parser = argparse.ArgumentParser(description="Judge some of the problems of a seed again.")
    parser.add_argument("implementation")
    parser.add_argument("--seed", type=int, action="append", required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--only", default="*", help="FAMILY-LINK, a pattern")
    parser.add_argument("--but", default="", help="and not these")
    asked = parser.parse_args()

    def wanted(drawn: RandomProblem) -> bool:
        pair = f"{drawn.keys['family']}-{drawn.keys['link']}"
        return fnmatchcase(pair, asked.only) and not fnmatchcase(pair, asked.but)

    implementation = find(asked.implementation)
    chosen = [d for seed in asked.seed for d in Stream(seed, asked.count, ALL_PAIRS).drawn() if wanted(d)]
    failing = [judged for d in chosen if (judged := judge(implementation, d, Demand())).failures]
    for judged in failing:
        print(judged.drawn.id, *judged.key or ())
    print(f"{len(chosen)} judged, {len(failing)} failing")
    raise SystemExit(1 if failing else 0)


if __name__ == "__main__":
    main()
