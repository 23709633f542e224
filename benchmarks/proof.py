"""What a proof costs: the whole library on one core, and logistic regression on ever more rows.

    python benchmarks/proof.py

CPU seconds of this process, so that another program on the machine does not count.  Nothing is written.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, and before numpy is imported

import resource
import time
from collections import Counter

import numpy as np

from conformance.proof import Undecided, prove
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references import certified

ROWS, COLUMNS = (25_000, 50_000, 100_000), 20


def library() -> None:
    """Prove every case of the built-in library."""
    built_in = Library.built_in()
    cases = [built_in.case(id) for id in built_in.select()]
    for case in cases:
        case.problem()  # reading the data is not the proof's time
    outcomes: Counter[str] = Counter()
    slowest = (0.0, "")
    start = time.process_time()
    for case in cases:
        before = time.process_time()
        try:
            outcomes["invalid" if case.outcome == "invalid" else certified.prove_case(case)["outcome"]] += 1
        except Undecided:
            outcomes["undecided"] += 1
        slowest = max(slowest, (time.process_time() - before, case.id))
    print(f"the library: {len(cases)} cases in {time.process_time() - start:.1f} s of CPU time")
    print("  " + ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common()))
    print(f"  the slowest: {slowest[1]}, {slowest[0]:.1f} s")


def logistic(rows: int) -> Problem:
    """A design of normal deviates with an intercept; the successes follow a logistic model."""
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(rows), rng.standard_normal((rows, COLUMNS - 1))])
    mean = 1 / (1 + np.exp(-X @ (0.3 * rng.standard_normal(COLUMNS))))
    return Problem(X, (rng.random(rows) < mean).astype(float), "binomial", "logit", intercept=True)


def long_data() -> None:
    """The same model on twice as many rows, and twice as many again."""
    last = None
    for rows in ROWS:
        problem = logistic(rows)
        start = time.process_time()
        proof = prove(problem, rowwise=False)
        seconds = time.process_time() - start
        ratio = "" if last is None else f", {seconds / last:.2f} times the half of it"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # kilobytes on Linux
        print(f"{rows:7} x {COLUMNS} logistic: {seconds:5.1f} s{ratio}; {proof.outcome}; peak memory {peak:.2f} GB")
        last = seconds


if __name__ == "__main__":
    library()
    long_data()
