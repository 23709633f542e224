"""What the library covers, family by link by feature, and what is wrong with it: the case keeper's two questions."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from conformance.errors import CaseError
from conformance.mathematics.family import PAIRS
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome

#: What the columns of the table mean; the first two for the binomial family alone.
FEATURES = {
    "cbind": "counts of successes and failures",
    "m=0": "a group without a trial",
    "w": "prior weights",
    "w=0": "rows of weight 0",
    "off": "an offset",
    "-1": "no intercept",
    "fac3": "a factor of three or more levels",
    "a:b": "an interaction",
    "f(x)": "a transformed covariate",
    "NA": "rows with missing values",
}
BINOMIAL_ONLY = ("cbind", "m=0")

#: The outcomes that count: an invalid case covers its fault, not a feature.
COUNTED = tuple(outcome for outcome in CaseOutcome if outcome not in (CaseOutcome.INVALID, CaseOutcome.UNDECIDED))


def features(case: Case) -> set[str]:
    """The features of ``case``."""
    problem, design = case.problem(), case.design
    right = case.formula.split("~", 1)[1]
    found = {
        "cbind": design.trials is not None,
        "m=0": design.trials is not None and bool(np.any(design.trials == 0)),
        "w": case.weights is not None,
        "w=0": case.weights is not None and bool(np.any(problem.prior_weights == 0)),
        "off": problem.offset is not None,
        "-1": not problem.intercept,
        "fac3": any(len(levels) >= 3 and name in right for name, levels in case.levels.items()) or "factor(" in right,
        "a:b": any(":" in name for name in design.names),
        "f(x)": bool(re.search(r"\b(I|log|log2|log10|exp|sqrt|abs)\(", right)),
        "NA": len(design.rows) < _rows_in(case.data_file),
    }
    return {name for name, there in found.items() if there}


def _rows_in(path: Path) -> int:
    """The data rows of a CSV file without quoted line breaks."""
    return len(path.read_text(encoding="utf-8").strip().splitlines()) - 1


@dataclass(frozen=True)
class Coverage:
    """Counts by (family, link): of cases, of cases with an estimate, and of each feature."""

    cases: Mapping[tuple[str, str], int]
    estimates: Mapping[tuple[str, str], int]
    features: Mapping[tuple[str, str], Mapping[str, int]]

    def gaps(self) -> list[str]:
        """The empty cells, and the pairs with fewer than three estimates, in words."""
        found = []
        for family, links in PAIRS.items():
            for link in links:
                pair = (family, link)
                if self.estimates.get(pair, 0) < 3:
                    found.append(
                        f"{family}, {link}: {self.estimates.get(pair, 0)} cases with an estimate; 3 are wanted"
                    )
                for feature, meaning in FEATURES.items():
                    asked = family == "binomial" or feature not in BINOMIAL_ONLY
                    if asked and not self.features.get(pair, {}).get(feature):
                        found.append(f"{family}, {link}: no case with {meaning}")
        return found


def coverage(cases: Iterable[Case]) -> Coverage:
    """The table over ``cases``."""
    number: Counter[tuple[str, str]] = Counter()
    estimates: Counter[tuple[str, str]] = Counter()
    by_feature: dict[tuple[str, str], Counter[str]] = {}
    for case in cases:
        if case.outcome not in COUNTED:
            continue
        pair = (case.family, case.link)
        number[pair] += 1
        estimates[pair] += case.outcome is CaseOutcome.ESTIMATE
        by_feature.setdefault(pair, Counter()).update(features(case))
    return Coverage(number, estimates, by_feature)


# --------------------------------------------------------------------------------------------------- lint


def faults(library: Library) -> dict[str, str]:
    """The faults that ``detects`` may name, each with what it is: cases/detects.yaml."""
    path = library.cases / "detects.yaml"
    if not path.is_file():
        return {}
    return {
        str(name): str(meaning) for name, meaning in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items()
    }


def frozen_ids(library: Library) -> list[str]:
    """The ids that were published, which stay for ever: cases/ids.txt."""
    path = library.cases / "ids.txt"
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def lint(library: Library) -> list[str]:
    """What is wrong with the library, a sentence each with the file that it is about."""
    found, seen = [], dict[str, str]()
    known, used = faults(library), set[str]()
    for id, path in library.files.items():
        try:
            case = library.case(id)
            digest = problem_digest(case)
        except CaseError as error:
            found.append(str(error))
            continue
        if digest in seen:
            found.append(f"{path}: the same problem as {seen[digest]}")
        seen.setdefault(digest, id)
        if case.title.endswith(".") or re.search(r"[*_`<>]{2}|https?:", case.title):
            found.append(f"{path}: the title is no plain phrase: {case.title!r}")
        if path.parent != library.cases and path.parent.name != case.family:
            found.append(f"{path}: a {case.family} case in the folder {path.parent.name}")
        if not case.notes:
            found.append(f"{path}: no notes: say why the case exists")
        for name in case.detects:
            if known and name not in known:
                found.append(f"{path}: detects {name!r}, which is not in detects.yaml")
        used |= set(case.detects)
    found += [f"detects.yaml: no case detects {name!r}" for name in known if name not in used]
    published = frozen_ids(library)
    found += [
        f"ids.txt: {id!r} was published and is gone; ids stay for ever" for id in published if id not in library.files
    ]
    if published:
        new = [id for id in library.files if id not in published]
        found += [f"{library.files[id]}: not in ids.txt; add it there with its first release" for id in new]
    return found


def problem_digest(case: Case) -> str:
    """A digest of all that an implementation gets: two cases with the same are one."""
    problem = case.problem()
    digest = hashlib.sha256(f"{problem.family} {problem.link} {problem.theta} {problem.power}".encode())
    digest.update(f"{problem.max_iterations} {case.outcome if case.defect else ''} {case.defect}".encode())
    for array in (problem.X, problem.y, problem.weights, problem.offset, problem.start):
        digest.update(b"-" if array is None else repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()
