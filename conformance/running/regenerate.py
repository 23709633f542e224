"""Ask R and statsmodels again: what is new, rounding, or news; unless only checking, the news is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from conformance.adapters import r
from conformance.errors import StaleReference
from conformance.json_numbers import dumps
from conformance.proof.store import unequal
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references import certified, rounding, store
from conformance.references.attainable import guard
from conformance.references.reference_change import Difference, ReferenceChange, State
from conformance.running import regenerate_statsmodels as statsmodels
from conformance.running.provenance import machine

#: Vectors over the rows are kept for the polished variant alone; they would triple the files.
_LONG = ("fitted_values", "linear_predictors", "leverages", "covariance")


@dataclass(frozen=True)
class Variant:
    """One way of asking a source; its answers have no vectors over the rows where ``short`` says so of a problem.

    stops_at   the change of the deviance at which it stops, for a deviance of that size
    """

    ask: Callable[[Problem], Mapping[str, Any]]
    short: Callable[[Problem], bool]
    stops_at: Callable[[float], float]

    def answer(self, problem: Problem) -> dict[str, Any]:
        """What it says, or its refusal, as a reader of the file sees it."""
        try:
            answer = self.ask(problem)
        except ValueError as error:
            answer = {"refused": str(error)}
        return dict(json.loads(dumps(_short(answer) if self.short(problem) else answer)))


@dataclass(frozen=True)
class Source:
    """R or statsmodels: what it is, what it is asked, and how the same can be asked in other roundings."""

    describe: Callable[[], dict[str, Any]]
    design: Callable[[Case], dict[str, Any]]
    variants: Mapping[str, Variant]
    roundings: Sequence[rounding.Rounding]


def _short(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in _LONG and not key.endswith("_residuals")}


def _many_rows(problem: Problem) -> bool:
    return problem.n > store.ROWS_STORED


def _always(_: object) -> bool:
    return True


SOURCES: dict[str, Source] = {
    "r": Source(
        r.describe,
        lambda case: {"columns": list(case.problem().names), "design_sha256": case.design_sha256},
        {
            # stats::glm.control: epsilon = 1e-8, of |deviance| + 0.1
            "as_shipped": Variant(
                lambda problem: r.r_glm(problem, "as_shipped"), _always, lambda deviance: 1e-8 * (abs(deviance) + 0.1)
            ),
            # single steps until they stop moving: rounding alone decides which is the last
            "polished": Variant(lambda problem: r.r_glm(problem, "polished"), _many_rows, lambda deviance: 0.0),
        },
        (rounding.rows_in_another_order, rounding.last_bits_moved),
    ),
    "statsmodels": Source(
        statsmodels.describe,
        lambda case: {"columns": list(case.problem().names)},
        # GLM.fit: tol = 1e-8, absolute
        {"as_shipped": Variant(statsmodels.statsmodels_glm, _always, lambda deviance: 1e-8)},
        (rounding.rows_and_columns_in_another_order, rounding.last_bits_moved, statsmodels.another_libm),
    ),
}


def regenerate(library: Library, case: Case, source: str, *, check: bool) -> ReferenceChange:
    """Ask ``source`` again about ``case``; unless ``check``, store what it says (whole or not at all) if it is news.

    What differs by rounding alone is not stored, so that a file keeps the numbers and the machine that it was made on.
    """
    asked, problem = SOURCES[source], case.problem()
    fresh = {"schema": store.SCHEMA, **store.identity(case), "source": source}
    fresh |= {"generator": {**asked.describe(), **machine()}, **asked.design(case)}
    fresh |= {name: variant.answer(problem) for name, variant in asked.variants.items()}
    fresh = json.loads(dumps(fresh))
    change = _compare(library, case, source, fresh)
    if not check and change.state.is_news:
        store.write(store.path_of(library, source, case.id), fresh)
    return change


def _compare(library: Library, case: Case, source: str, fresh: Mapping[str, Any]) -> ReferenceChange:
    path, change = store.path_of(library, source, case.id), partial(ReferenceChange, case.id, source)
    if not path.is_file():
        return change(State.NEW)
    try:
        stored, stale = store.read(library, source, case), ""
    except StaleReference as error:
        try:  # stale: its numbers can still be shown beside the new ones
            stored, stale = json.loads(path.read_text(encoding="utf-8")), str(error)
            found = tuple(_differences(library, case, source, stored, fresh))
        except (ValueError, AttributeError, KeyError, TypeError):
            return change(State.BROKEN, message=str(error))
        return change(State.MOVED, found, stale)
    found = tuple(_differences(library, case, source, stored, fresh))
    if any(one.is_news for one in found):
        return change(State.MOVED, found, _other_versions(stored, fresh))
    return change(State.ROUNDING if found else State.SAME, found)


def _differences(
    library: Library, case: Case, source: str, stored: Mapping[str, Any], fresh: Mapping[str, Any]
) -> list[Difference]:
    """What differs in the design and in each variant; how it was made is no difference."""
    asked, found = SOURCES[source], []
    for key in dict.fromkeys([*stored, *fresh]):
        old, new = stored.get(key), fresh.get(key)
        if key in asked.variants and old is not None and new is not None:
            solver = rounding.Solver(
                case.problem(),
                asked.variants[key].answer,
                asked.roundings,
                partial(_counts_differ, library, case, asked.variants[key], new),
            )
            found += [replace(one, quantity=f"{key}.{one.quantity}") for one in rounding.differences(old, new, solver)]
        elif key not in ("generator", "seal", "schema", *store.identity(case)) and old != new:
            found += [Difference(*one, is_news=True) for one in unequal(old, new, key)]
    return found


def _counts_differ(library: Library, case: Case, variant: Variant, answer: Mapping[str, Any]) -> bool:
    """Whether the deviance can't have the digits by which the solver decides to stop."""
    try:
        proven = certified.as_reference(case, store.read(library, "certified", case, command="certify"))
    except StaleReference:
        return False
    error = guard(case.problem().n) * float(proven.errors.get("deviance", 0.0))
    deviance = answer.get("deviance")
    return isinstance(deviance, float) and error >= variant.stops_at(deviance)


def _other_versions(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> str:
    """The programs that are not those that the stored reference was made with."""
    then, now = (_versions(one.get("generator", {})) for one in (stored, fresh))
    changed = [f"{name} {then.get(name)}, here {now.get(name)}" for name in now if then.get(name) != now.get(name)]
    return f"made with {'; '.join(changed)}" if changed else ""


def _versions(generator: Mapping[str, Any]) -> dict[str, Any]:
    return {**generator.get("packages", {}), **{name: generator[name] for name in ("R", "rpy2") if name in generator}}
