"""Small random problems of every family and link: each must be proven, proven again from its box, or be undecided.

    python benchmarks/fuzz_proof.py [SEED [PROBLEMS]]

Prints how many had which outcome and what was undecided.  Exit status 1 for a proof that can't be proven again or for
anything but Undecided that is raised; the seed and the number of the problem bring it back.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections import Counter
from typing import Any

import numpy as np

from conformance.proof import Undecided, as_json, prove, verify
from conformance.proof.model import PAIRS
from conformance.question.problem import Problem

CHOICES = [(family, link) for family, links in PAIRS.items() for link in sorted(links) if family != "tweedie"]
CHOICES.append(("tweedie", "log"))


def random_problem(seed: int, number: int) -> Problem:
    """Two to fourteen rows and up to three columns: many are separated, saturated, aliased or on the boundary."""
    rng = np.random.default_rng([seed, number])
    family, link = CHOICES[rng.integers(len(CHOICES))]
    n, p = int(rng.integers(2, 15)), int(rng.integers(1, 4))
    columns = [rng.integers(-3, 4, n) / 2 if rng.random() < 0.5 else rng.standard_normal(n) for _ in range(p - 1)]
    more: dict[str, Any] = {}
    match family:
        case "gaussian":
            y = rng.standard_normal(n) if link == "identity" else np.abs(rng.standard_normal(n)) + 0.1
        case "binomial":
            trials = rng.integers(1, 6, n).astype(float) if rng.random() < 0.5 else np.ones(n)
            successes = np.floor(rng.random(n) * (trials + 1))
            y, more = successes / trials, {"weights": trials, "successes": successes}
        case "poisson" | "negative_binomial":
            y = rng.poisson(2, n).astype(float)
        case "tweedie":
            y = np.where(rng.random(n) < 0.3, 0.0, rng.gamma(2, 1, n))
        case _:
            y = rng.gamma(2, 1, n) + 0.01
    if rng.random() < 0.2 and link in ("log", "logit", "probit"):
        more["offset"] = 0.3 * rng.standard_normal(n)
    power = float(rng.choice([1.1, 1.5, 1.9]))
    return Problem(
        np.column_stack([np.ones(n), *columns]), y, family, link, theta=1.5, power=power, intercept=True, **more
    )


def main(seed: int = 1, problems: int = 500) -> int:
    """How many failed."""
    outcomes: Counter[str] = Counter()
    undecided: Counter[tuple[str, str, str]] = Counter()
    failed = 0
    for number in range(problems):
        problem = random_problem(seed, number)
        try:
            stored = json.loads(json.dumps(as_json(prove(problem)), allow_nan=False))
            wrong = verify(problem, stored)
        except Undecided as error:
            outcomes["undecided"] += 1
            undecided[problem.family, problem.link, str(error)] += 1
            continue
        except Exception:
            wrong, stored = [traceback.format_exc()], {"outcome": "raised"}
        outcomes[stored["outcome"]] += 1
        if wrong:
            failed += 1
            print(f"problem {number} of seed {seed}, {problem.family} {problem.link}: {wrong[0]}")
    print(
        f"{problems} problems of seed {seed}: " + ", ".join(f"{k} {outcome}" for outcome, k in outcomes.most_common())
    )
    for (family, link, why), times in undecided.most_common():
        print(f"  undecided {times:3}  {family} {link}: {why}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:3])) else 0)
