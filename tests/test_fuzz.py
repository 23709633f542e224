"""Random problems: the same for a seed, nothing found in a right fitter, a planted fault found, shrunk and kept."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import command

from conformance.adapters import Implementation, find, from_object
from conformance.fitter import fit as irls
from conformance.judging.judge import judge_case
from conformance.mathematics.quantities import Fit
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.running.fuzz import Tally, fuzz


def without_offset(problem: Problem) -> Fit:
    return irls(replace(problem, offset=None))


def n_for_df(problem: Problem) -> Fit:
    """The dispersion and all that follows from it, divided by n in place of n - p."""
    said = irls(problem)
    if problem.family not in ("gaussian", "gamma", "inverse_gaussian", "tweedie") or not said.df_residual:
        return said
    share = said.df_residual / (said.df_residual + said.rank)
    return replace(
        said,
        dispersion=said.dispersion * share,
        standard_errors=said.standard_errors * np.sqrt(share),
        covariance=said.covariance * share,
    )


def planted(function: object) -> Implementation:
    return from_object("planted", function)


@pytest.fixture(scope="module")
def right() -> Tally:
    return fuzz(find("irls"), 40, 7)


def test_nothing_is_found_in_irls(right: Tally) -> None:
    assert right.found == {}
    assert right.drawn.total() == 40
    assert len({(family, link) for family, link, _ in right.drawn}) > 15
    assert {"estimate", "rank_deficient"} <= {outcome for _, _, outcome in right.drawn}


def test_a_seed_draws_the_same_problems_again_and_another_one_others(right: Tally) -> None:
    seen: list[list[str]] = []
    for seed in (7, 7, 8):
        names: list[str] = []
        fuzz(find("irls"), 6, seed, advance=names.append)
        seen.append(names)
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize(
    ("function", "pair", "cause", "mentions"),
    [
        (without_offset, "poisson-log", "without its offset", "offset"),
        (n_for_df, "gaussian-identity", "dispersion: mle", "dispersion"),
    ],
    ids=["offset", "dispersion"],
)
def test_a_planted_fault_is_shrunk_to_a_small_case_that_the_gate_shows_again(
    function: object, pair: str, cause: str, mentions: str, tmp_path: Path
) -> None:
    tally = fuzz(planted(function), 8, 1, out=tmp_path, pairs=[pair], shrinks=150)
    found = next(f for f in tally.found.values() if cause in f.key[1])
    assert found.path is not None
    library = Library.at(tmp_path)
    case = library.case(found.path.stem)
    assert case.problem().n <= 8
    assert mentions in case.notes
    assert str(tmp_path) not in case.notes
    again = judge_case(planted(function), library, case.id)
    assert found.key[0] in [v.check for v in again.verdicts if v.outcome == "fail"]
    assert all(v.outcome not in ("fail", "error") for v in judge_case(find("irls"), library, case.id).verdicts)


def test_the_command_exits_0_or_1_and_its_cases_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    Path("no_offset.py").write_text(
        "from dataclasses import replace\nfrom conformance.fitter import fit as irls\n"
        "def fit(problem):\n    return irls(replace(problem, offset=None))\n"
    )
    sys.modules.pop("no_offset", None)
    said = command("fuzz", "irls", "--count", 8, "--case", "poisson-*", "--out", "none")
    assert (said.status, "nothing found" in said.out) == (0, True)
    said = command("fuzz", "no_offset:fit", "--count", 14, "--case", "poisson-log", "--shrinks", 30, "--out", "found")
    assert said.status == 1
    assert "without its offset" in said.out
    assert command("cases", "validate", "--cases", "found").status == 0
    assert command("gate", "no_offset:fit", "--cases", "found").status == 1
    assert command("gate", "irls", "--cases", "found").status == 0


def test_a_call_that_can_not_be_used_exits_2(tmp_path: Path) -> None:
    assert command("fuzz", "irls", "--case", "poison-log", "--out", tmp_path).status == 2
    assert command("fuzz", "nobody", "--out", tmp_path).status == 2
    (tmp_path / "file").write_text("")
    assert command("fuzz", "irls", "--out", tmp_path, "--report", tmp_path / "none" / "x").status == 2
    assert command("fuzz", "irls", "--out", tmp_path / "file").status == 2


def test_a_report_has_a_line_for_every_problem_and_without_shrinking_a_failure_stays_as_it_was_drawn(
    tmp_path: Path,
) -> None:
    report, cases = tmp_path / "run.jsonl", tmp_path / "found"
    asked = ["fuzz", "test_fuzz:without_offset", "--count", "20", "--case", "poisson-log", "--out", str(cases)]
    done = command(*asked, "--shrinks", "0", "--report", str(report))
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert done.status == 1
    assert len(lines) == 20
    failing = [line["id"] for line in lines if line["failures"]]
    assert {path.stem for path in cases.rglob("*.yaml")} <= set(failing)


def test_only_the_checks_that_are_asked_for_find_anything(tmp_path: Path) -> None:
    report = tmp_path / "run.jsonl"
    asked = ["fuzz", "test_fuzz:n_for_df", "--count", "5", "--case", "gaussian-identity", "--shrinks", "0"]
    kept = ["--out", str(tmp_path / "found"), "--report", str(report)]
    for pattern, status in (("dispersion", 1), ("standard_*", 1), ("deviance", 0)):
        assert command(*asked, *kept, "--check", pattern).status == status
        failing = [bad["check"] for line in report.read_text().splitlines() for bad in json.loads(line)["failures"]]
        assert len(set(failing)) == status
    assert command(*asked, "--check", "dispertion").status == 2
