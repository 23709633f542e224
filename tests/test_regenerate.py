"""What R and statsmodels say now is compared with what is stored: rounding is told from news, and no news is lost."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import command
from support.folders import copy_cases

from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references import rounding, store
from conformance.references.reference_change import State
from conformance.running.provenance import machine
from conformance.running.regenerate import SOURCES, regenerate

BUILT_IN = Library.built_in()
OTHER_MACHINE = sorted((Path(__file__).parent / "data" / "other_machine").glob("*.json"))
IDS = [path.stem for path in OTHER_MACHINE]


@pytest.fixture
def small(tmp_path: Path) -> Library:
    """dobson and warpbreaks in a folder of the test's own, with what is stored for them."""
    return copy_cases(tmp_path / "cases", "dobson", "warpbreaks")


def stored_at(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
    del stored["seal"]
    return stored


def solver_of(id: str, source: str, variant: str) -> rounding.Solver:
    asked = SOURCES[source]
    return rounding.Solver(BUILT_IN.case(id).problem(), asked.variants[variant].answer, asked.roundings)


# ------------------------------------------------------------------------------------------ another machine


def test_there_are_as_many_files_of_another_machine_as_its_check_called_moved() -> None:
    assert len(OTHER_MACHINE) == 39


@pytest.mark.parametrize("path", OTHER_MACHINE, ids=IDS)
def test_what_another_machine_wrote_is_no_news(path: Path, tmp_path: Path) -> None:
    library = Library(BUILT_IN.cases, tmp_path)
    for source, file in (
        ("statsmodels", path),
        ("certified", BUILT_IN.references / "certified" / path.name),
    ):
        if file.is_file():
            (tmp_path / source).mkdir()
            (tmp_path / source / path.name).write_bytes(file.read_bytes())
    change = regenerate(library, library.case(path.stem), "statsmodels", check=True)
    assert change.state in (State.SAME, State.ROUNDING), [str(one) for one in change.differences if one.is_news]


# ------------------------------------------------------------------------------------------ planted changes

Plant = Callable[[dict[str, Any], Callable[[str], float]], None]


def a_digit_more(name: str) -> Plant:
    """The first finite value of a quantity moved by a digit more than rounding explains."""

    def plant(answer: dict[str, Any], reach: Callable[[str], float]) -> None:
        if name not in answer:
            pytest.skip(f"it reports no {name}")
        values = answer[name] if isinstance(answer[name], list) else [answer[name]]
        at = next(k for k, value in enumerate(values) if isinstance(value, (int, float)))
        values[at] += 12.0 * reach(name)
        answer[name] = values if isinstance(answer[name], list) else values[0]

    return plant


def another_warning(answer: dict[str, Any], _: object) -> None:
    answer["warnings"] = [] if answer["warnings"] else ["RuntimeWarning: it was there before"]


def not_a_number(answer: dict[str, Any], _: object) -> None:
    at = next(k for k, value in enumerate(answer["coefficients"]) if isinstance(value, (int, float)))
    answer["coefficients"][at] = "NaN"


def a_refusal(answer: dict[str, Any], _: object) -> None:
    answer.clear()
    answer["refused"] = "it refused then"


PLANTED: dict[str, tuple[Plant, str]] = {
    "a coefficient, a digit more": (a_digit_more("coefficients"), "coefficients["),
    "a standard error, a digit more": (a_digit_more("standard_errors"), "standard_errors["),
    "the deviance, a digit more": (a_digit_more("deviance"), "deviance"),
    "a warning gone or new": (another_warning, "warnings"),
    "another converged": (lambda answer, _: answer.update(converged=not answer["converged"]), "converged"),
    "another rank": (lambda answer, _: answer.update(rank=answer["rank"] + 1), "rank"),
    "another df": (lambda answer, _: answer.update(df_residual=answer["df_residual"] + 1), "df_residual"),
    "a quantity missing": (lambda answer, _: answer.pop("deviance"), "deviance"),
    "a number that is none": (not_a_number, "not finite in coefficients"),
    "a refusal": (a_refusal, "refused"),
}


@cache
def asked(id: str, source: str, variant: str) -> tuple[rounding.Answer, rounding.Solver]:
    """The answer of now, and the solver with all its other roundings, asked once for all planted changes."""
    solver = solver_of(id, source, variant)
    solver.answers(rounding.COUNTS[-1])
    return solver.ask(solver.problem), solver


def found_of(planted: Plant, there: dict[str, Any], id: str, source: str, variant: str) -> list[str]:
    """The quantities that are news after a change planted into the answer ``there``."""
    now, solver = asked(id, source, variant)
    answers = [now, *solver.answers(rounding.COUNTS[-1])]

    def reach(name: str) -> float:
        largest = rounding.allowed(name, rounding.company(rounding.alike(there, answers), answers), solver.problem)
        return float(np.ravel(largest)[0])

    changed = copy.deepcopy(there)
    planted(changed, reach)
    return [one.quantity for one in rounding.differences(changed, now, solver) if one.is_news]


@pytest.mark.parametrize("path", OTHER_MACHINE, ids=IDS)
def test_each_of_ten_planted_changes_is_found_in_what_another_machine_wrote(path: Path) -> None:
    there = stored_at(path)["as_shipped"]
    for name, (planted, quantity) in PLANTED.items():
        found = found_of(planted, there, path.stem, "statsmodels", "as_shipped")
        assert any(one.startswith(quantity) for one in found), (name, found)


OF_R = [
    "dobson",
    "aids-saturated-logit",
    "endometrial",
    "mtcars-aliased-end",
    "clotting-start-gamma",
    "nb-sqrt-slow-end",
]


@pytest.mark.r
@pytest.mark.parametrize("variant", ["as_shipped", "polished"])
@pytest.mark.parametrize("id", OF_R)
def test_each_of_ten_planted_changes_is_found_in_what_r_said(id: str, variant: str) -> None:
    there = stored_at(store.path_of(BUILT_IN, "r", id))[variant]
    for name, (planted, quantity) in PLANTED.items():
        found = found_of(planted, there, id, "r", variant)
        assert any(one.startswith(quantity) for one in found), (name, found)


@pytest.mark.parametrize(
    ("key", "value"),
    [("columns", ["(Intercept)", "outcome2", "outcome3", "treatment2", "another"]), ("as_shipped", None)],
)
def test_another_design_and_a_variant_that_is_gone_are_news(small: Library, key: str, value: Any) -> None:
    path = store.path_of(small, "statsmodels", "dobson")
    store.write(path, {**stored_at(path), key: value})
    change = regenerate(small, small.case("dobson"), "statsmodels", check=True)
    assert change.state is State.MOVED
    assert any(one.is_news and one.quantity.startswith(key) for one in change.differences)


# ------------------------------------------------------------------------------------------ laws of rounding


def made_up(n: int = 30) -> Problem:
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return Problem(X, X @ [1.0, 2.0, 3.0] + rng.normal(size=n), "gaussian", "identity", intercept=True)


def least_squares(problem: Problem) -> dict[str, Any]:
    """A small solver: its answer as JSON holds one."""
    beta = np.linalg.lstsq(problem.X, problem.y)[0]
    residual = problem.y - problem.X @ beta
    return {
        "coefficients": beta.tolist(),
        "deviance": float(residual @ residual),
        "response_residuals": residual.tolist(),
        "converged": True,
        "iterations": 1,
        "warnings": [],
    }


def news(stored: rounding.Answer, **changes: Any) -> list[str]:
    solver = rounding.Solver(made_up(), least_squares, ROUNDINGS, lambda: bool(changes.pop("counts_differ", False)))
    now = least_squares(solver.problem)
    return [one.quantity for one in rounding.differences({**stored, **changes}, now, solver) if one.is_news]


ROUNDINGS = (rounding.rows_and_columns_in_another_order, rounding.rows_in_another_order, rounding.last_bits_moved)


@pytest.mark.parametrize("way", ROUNDINGS)
def test_the_same_question_in_another_rounding_has_the_same_answer_but_for_the_last_digits(
    way: rounding.Rounding,
) -> None:
    problem, rng = made_up(), np.random.default_rng(0)
    here = least_squares(problem)
    for _ in range(3):
        there = way(problem, least_squares, rng)
        for name in ("coefficients", "deviance", "response_residuals"):
            np.testing.assert_allclose(there[name], here[name], rtol=1e-12, atol=1e-14)
        assert there != here


@pytest.mark.parametrize("place", range(1, 12))
def test_a_changed_digit_is_news_at_every_place_that_rounding_does_not_reach(place: int) -> None:
    stored = least_squares(made_up())
    assert news(stored, deviance=stored["deviance"] * (1 + 10.0**-place)) == ["deviance"]


def test_a_last_bit_is_no_news_and_no_change_is_no_difference() -> None:
    stored = least_squares(made_up())
    assert news(stored) == []
    assert news(stored, deviance=math.nextafter(stored["deviance"], math.inf)) == []


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_place_in_a_vector_is_named(at: int) -> None:
    stored = least_squares(made_up())
    values = [value * (1 + 1e-6 * (k == at)) for k, value in enumerate(stored["coefficients"])]
    assert news(stored, coefficients=values) == [f"coefficients[{at}]"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"coefficients": [1.0, 2.0]}, "length of coefficients"),
        ({"coefficients": ["NaN", 2.0, 3.0]}, "not finite in coefficients"),
        ({"coefficients": ["spoilt", 2.0, 3.0]}, "length of coefficients"),
        ({"aic": 3.0}, "aic"),
        ({"converged": False}, "converged"),
        ({"warnings": ["a word"]}, "warnings"),
        ({"refused": "no"}, "refused"),
        ({"iterations": 2}, "iterations"),
    ],
)
def test_what_is_no_rounding_is_named(changes: dict[str, Any], named: str) -> None:
    assert named in news(least_squares(made_up()), **changes)


def test_another_count_of_iterations_is_no_news_where_the_deviance_has_too_few_digits_to_stop_by() -> None:
    stored = least_squares(made_up())
    assert news(stored, iterations=2, counts_differ=True) == []


def undecided(odds: int) -> Iterator[bool]:
    """False once in ``odds`` times, beginning with True."""
    while True:
        yield from (*[True] * (odds - 1), False)


def test_an_outcome_that_the_solver_itself_has_in_some_roundings_is_no_news_and_a_mixture_of_two_is() -> None:
    converges = undecided(5)

    def wavers(problem: Problem) -> dict[str, Any]:
        found = least_squares(problem)
        return found if next(converges) else {**found, "converged": False, "iterations": 100, "warnings": ["limit"]}

    solver = rounding.Solver(made_up(), wavers, ROUNDINGS)
    now = least_squares(solver.problem)
    failed = {**now, "converged": False, "iterations": 100, "warnings": ["limit"]}
    assert not any(one.is_news for one in rounding.differences(failed, now, solver))
    for key in ("converged", "warnings"):
        mixed = {**now, key: failed[key]}
        assert any(one.is_news for one in rounding.differences(mixed, now, solver)), key


# ------------------------------------------------------------------------------------------ what is written and said


def another_number(library: Library, change: Callable[[float], float]) -> tuple[Path, bytes]:
    """The stored deviance of dobson changed, sealed again."""
    path = store.path_of(library, "statsmodels", "dobson")
    stored = stored_at(path)
    stored["as_shipped"]["deviance"] = change(stored["as_shipped"]["deviance"])
    store.write(path, stored)
    return path, path.read_bytes()


def test_what_is_rounding_is_shown_and_the_file_keeps_its_numbers_and_its_machine(small: Library) -> None:
    path, before = another_number(small, lambda deviance: math.nextafter(deviance, math.inf))
    said = command("regenerate", "dobson", "--source", "statsmodels", "--cases", small.cases)
    assert said.status == 0
    assert "ROUNDING statsmodels/dobson: as_shipped." in said.out
    assert said.out.splitlines()[-2:] == ["0 same, 1 rounding, 0 new, 0 moved, 0 broken", "regenerate: nothing is news"]
    assert path.read_bytes() == before


def test_news_is_shown_with_its_digits_and_stored_with_the_machine_that_it_was_made_on(small: Library) -> None:
    path, before = another_number(small, lambda deviance: deviance * 1.001)
    words = ("regenerate", "dobson", "--source", "statsmodels", "--cases", small.cases)
    said = command(*words, "--check")
    assert said.status == 1
    assert "MOVED    statsmodels/dobson\n         as_shipped.deviance: stored 5.134" in said.out
    assert "3.0 digits agree, rounding leaves 1" in said.out
    assert said.out.splitlines()[-1] == "regenerate: 1 to look at"
    assert path.read_bytes() == before
    said = command(*words)
    assert (said.status, said.out.splitlines()[-1]) == (0, "regenerate: 1 stored")
    stored = stored_at(path)
    assert stored["as_shipped"]["deviance"] == pytest.approx(5.129141, abs=1e-6)
    assert stored["generator"]["cpu"] == machine()["cpu"]
    assert command(*words, "--check").out.startswith("1 same")


def test_a_reference_that_is_absent_stale_or_broken_is_news(small: Library) -> None:
    path = store.path_of(small, "statsmodels", "dobson")
    case, stored = small.case("dobson"), stored_at(path)
    for text, state in (
        (store.sealed({**stored, "asked_sha256": "0" * 64}), State.MOVED),
        ("{", State.BROKEN),
        (None, State.NEW),
    ):
        path.unlink()
        if text is not None:
            path.write_text(text, encoding="utf-8")
        change = regenerate(small, case, "statsmodels", check=True)
        assert change.state is state
        assert state.is_news
        path.touch()


def test_a_reference_of_other_versions_says_so_where_it_is_news(small: Library) -> None:
    path, _ = another_number(small, lambda deviance: deviance * 1.001)
    stored = stored_at(path)
    stored["generator"]["packages"]["statsmodels"] = "0.0.1"
    store.write(path, stored)
    change = regenerate(small, small.case("dobson"), "statsmodels", check=True)
    assert "made with statsmodels 0.0.1, here " in change.message


def test_the_machine_is_told_by_its_processor_and_by_the_kernels_and_threads_of_its_blas() -> None:
    np.linalg.lstsq(np.eye(2), np.ones(2))  # so that BLAS is loaded
    found = machine()
    assert found["cpu"]
    assert all("threads" in one for one in found["openblas"])
