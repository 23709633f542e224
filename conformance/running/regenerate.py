"""Make the references again: what moved, by how many digits, and then (unless only checking) write them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from conformance.adapters import r
from conformance.errors import StaleReference
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.references import store
from conformance.references.reference_change import ReferenceChange
from conformance.running import regenerate_statsmodels as statsmodels

#: Vectors over the rows are kept for the polished variant alone; they would triple the files.
_LONG = ("fitted_values", "linear_predictors", "leverages", "covariance")

#: R is compared with R to 13 digits at most: another BLAS moves Contraception's coefficients by 3e-14.
SAME_DIGITS = 13.0


def _r(case: Case) -> dict[str, Any]:
    problem, variants = case.problem(), {}
    for mode in ("as_shipped", "polished"):
        try:
            answer = r.r_glm(problem, mode)
        except ValueError as error:
            answer = {"refused": str(error)}
        whole = mode == "polished" and problem.n <= store.ROWS_STORED
        variants[mode] = answer if whole else _short(answer)
    design = {"columns": list(problem.names), "design_sha256": case.design_sha256}
    return {"generator": r.describe(), **design, **variants}


def _statsmodels(case: Case) -> dict[str, Any]:
    try:
        answer = _short(statsmodels.statsmodels_glm(case.problem()))
    except ValueError as error:
        answer = {"refused": str(error)}
    return {"generator": statsmodels.describe(), "columns": list(case.problem().names), "as_shipped": answer}


def _short(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in _LONG and not key.endswith("_residuals")}


SOURCES: dict[str, Callable[[Case], dict[str, Any]]] = {"r": _r, "statsmodels": _statsmodels}


def regenerate(library: Library, case: Case, source: str, *, check: bool) -> ReferenceChange:
    """Ask ``source`` again about ``case``; unless ``check``, store what it says (whole or not at all)."""
    fresh = {"schema": store.SCHEMA, **store.identity(case), "source": source, **SOURCES[source](case)}
    fresh = json.loads(store.dumps(fresh))  # what a reader of the file will see
    path = store.path_of(library, source, case.id)
    movement = _compare(library, case, source, fresh)
    if not check and (movement.state != "same" or _identical(path, fresh) is False):
        store.write(path, fresh)
    return movement


def _identical(path: Any, fresh: Mapping[str, Any]) -> bool:
    return bool(path.is_file() and path.read_text(encoding="utf-8") == store.sealed(fresh))


def _compare(library: Library, case: Case, source: str, fresh: Mapping[str, Any]) -> ReferenceChange:
    path = store.path_of(library, source, case.id)
    if not path.is_file():
        return ReferenceChange(case.id, source, "new", {})
    try:
        stored = store.read(library, source, case)
    except StaleReference as error:
        try:  # stale: its numbers can still be shown beside the new ones
            stored = json.loads(path.read_text(encoding="utf-8"))
            return ReferenceChange(case.id, source, "moved", _differences(stored, fresh), str(error))
        except (ValueError, AttributeError, KeyError):
            return ReferenceChange(case.id, source, "broken", {}, str(error))
    differences = _differences(stored, fresh)
    return ReferenceChange(case.id, source, "moved" if differences else "same", differences)


def _differences(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for variant in ("as_shipped", "polished"):
        before, after = stored.get(variant), fresh.get(variant)
        if before is None and after is None:
            continue
        if before is None or after is None or ("refused" in before) != ("refused" in after):
            found[variant] = -math.inf
            continue
        for name, digits in store.moved(before, after):
            if digits < SAME_DIGITS:
                found[f"{variant}.{name}"] = digits
    return found
