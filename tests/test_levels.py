"""Levels: frozen lists, so that a score of a year stays what it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.command import command
from support.folders import case_text, copy_cases, write_case

from conformance.judging.checks import CHECKS
from conformance.question import selection
from conformance.question.library import Library
from conformance.question.selection import NAMES, level, years
from conformance.showing import record

#: sha256 of each year's file.  What was published does not move.
FROZEN = {
    "2026": "70a234a2266296e1ba86d573740926358cbedbebe63e518889d0cb6f99d6d7ca",
}


@pytest.mark.parametrize("year", years())
def test_a_year_that_is_published_is_frozen(year: str) -> None:
    digest = hashlib.sha256((selection.FOLDER / f"{year}.yaml").read_bytes()).hexdigest()
    assert digest == FROZEN.get(year), (
        f"the levels of {year} are frozen, and conformance/question/levels/{year}.yaml has changed: put it back, and "
        "make a new year with `python scripts/levels.py YEAR`; a new year's digest is added to FROZEN here"
    )


def test_every_frozen_year_is_there() -> None:
    assert years() == sorted(FROZEN)


@pytest.mark.parametrize("name", [f"{word}-{year}" for year in years() for word in NAMES])
def test_every_case_and_check_of_a_level_exists_once(library: Library, name: str) -> None:
    found = level(name)
    assert [id for id in found.cases if id not in library.files] == []
    assert [check for check in found.checks if check not in CHECKS] == []
    assert len(set(found.cases)) == len(found.cases) > 20
    assert len(set(found.checks)) == len(found.checks) > 20


@pytest.mark.parametrize("year", years())
def test_core_is_part_of_full_and_full_and_hard_make_up_strict(library: Library, year: str) -> None:
    core, full, hard, strict = (level(f"{word}-{year}") for word in NAMES)
    assert set(core.cases) < set(full.cases)
    assert not set(full.cases) & set(hard.cases)
    assert set(strict.cases) == set(full.cases) | set(hard.cases)
    assert [one.strict for one in (core, full, hard, strict)] == [False, False, False, True]
    assert {library.case(id).outcome for id in full.cases} == {"estimate"}
    assert {"separated", "quasi_separated", "boundary", "invalid", "rank_deficient", "estimate"} == {
        library.case(id).outcome for id in hard.cases
    }


def test_a_level_without_a_year_is_the_newest() -> None:
    assert level("core") == level(f"core-{years()[-1]}")


@pytest.mark.parametrize(
    ("name", "words"), [("cores", "did you mean 'core'"), ("core-1999", "core-2026"), ("", "core-")]
)
def test_a_level_that_is_none_names_those_that_are(name: str, words: str) -> None:
    said = command("gate", "irls", "--level", name)
    assert said.status == 2
    assert words in said.err


def test_the_list_shows_the_cases_of_a_level() -> None:
    said = command("cases", "list", "--level", "core", "--json")
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == list(level("core").cases)


# ------------------------------------------------------------------------------------------ the gate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case of core, one of hard, and one that no level knows."""
    copy_cases(tmp_path, "dobson", "separated-ten")
    write_case(tmp_path, case_text())
    return tmp_path


def test_a_new_case_is_run_and_not_scored(folder: Path) -> None:
    said = command("gate", "irls", "--cases", folder, "--level", "core", "--report", folder / "run.jsonl")
    assert (said.status, said.err) == (0, "")
    assert f"CONFORMS (core {years()[-1]}: 1 cases x {len(level('core').checks)} checks" in said.out
    found = record.read(folder / "run.jsonl")
    assert {v.case for v in found.verdicts} == {"dobson"}
    assert {v.case for v in found.unscored} == {"dose"}
    assert found.run["level"] == level("core").name
    assert sum(found.summary["counts"].values()) == found.run["cases"] * found.run["checks"] == len(found.verdicts)
    assert len(found.unscored) == found.run["unscored"] == len(CHECKS)
    assert "not scored" in said.out


def test_a_new_case_that_fails_does_not_move_the_score(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "not_for_nine.py").write_text(
        "from conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        "    said = irls(problem)\n"
        "    wrong = 1.5 if 'dose' in problem.names else 1.0\n"
        "    return dict(coefficients=said.coefficients * wrong, converged=True)\n"
    )
    call = (
        "gate",
        "not_for_nine:fit",
        "--cases",
        folder,
        "--case",
        "dobson",
        "--case",
        "dose",
        "--check",
        "coefficients",
    )
    assert command(*call).status == 1
    said = command(*call, "--level", "core", "--report", folder / "run.jsonl", "--badge", folder / "badge.json")
    assert said.status == 0
    (unscored,) = record.read(folder / "run.jsonl").unscored
    assert unscored.outcome == "fail"
    assert json.loads((folder / "badge.json").read_text())["message"] == "conforms"


def test_a_new_check_is_run_and_not_scored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The level knows a list of checks; one that came later is beside it."""
    old = selection.level("core")
    without = selection.Level(old.name, old.cases, tuple(c for c in old.checks if c != "aic"), old.of_the_year, False)
    chosen = selection.choose(Library.at(folder), ["aic", "bic"], of_level=without)
    assert (chosen.scored_cases, chosen.scored_checks, chosen.unscored) == (1, 1, 3)
    assert chosen.is_scored("dobson", "bic")
    assert not chosen.is_scored("dobson", "aic")
    assert not chosen.is_scored("dose", "bic")


def test_strict_asks_for_every_digit(folder: Path) -> None:
    call = ("gate", "irls", "--cases", folder, "--case", "dobson", "--report", folder / "run.jsonl")
    command(*call, "--level", "strict")
    strict = record.read(folder / "run.jsonl")
    command(*call, "--level", "full")
    full = record.read(folder / "run.jsonl")
    assert (strict.run["strict"], full.run["strict"]) == (True, False)
    most = [max(v.required or 0 for v in one.verdicts) for one in (strict, full)]
    assert most[0] > 11 > most[1]


def test_nothing_of_the_level_among_the_cases_is_a_wrong_call(folder: Path) -> None:
    said = command("gate", "irls", "--cases", folder, "--case", "separated-ten", "--level", "core")
    assert said.status == 2
    assert "none of the cases" in said.err or "belongs to the level core" in said.err


@pytest.mark.parametrize(
    ("families", "ids"),
    [(("poisson",), {"dobson", "dose"}), (("binomial",), {"separated-ten"}), (("poisson", "binomial"), None)],
)
def test_family_chooses_and_may_be_repeated(folder: Path, families: tuple[str, ...], ids: set[str] | None) -> None:
    words = [word for family in families for word in ("--family", family)]
    command("gate", "irls", "--cases", folder, "--report", folder / "run.jsonl", *words)
    assert {v.case for v in record.read(folder / "run.jsonl").verdicts} == (ids or {"dobson", "dose", "separated-ten"})


@pytest.mark.parametrize(("family", "words"), [("poison", "did you mean 'poisson'?"), ("gamma", "none of the cases")])
def test_a_family_that_is_none_or_has_no_case_is_a_wrong_call(folder: Path, family: str, words: str) -> None:
    said = command("gate", "irls", "--cases", folder, "--family", family)
    assert said.status == 2
    assert words in said.err


EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.mark.parametrize(
    ("line", "known"),
    [pytest.param(f"Rscript {EXAMPLES / 'r' / 'adapter.R'}", ("--known", EXAMPLES / "r" / "known.yaml"),
                  marks=pytest.mark.r, id="R"),
     pytest.param(f"node {EXAMPLES / 'javascript' / 'adapter.mjs'}", (), id="JavaScript")],
)  # fmt: skip
def test_the_example_adapters_conform_at_the_core_level(line: str, known: tuple[str, ...]) -> None:
    said = command("gate", "--command", line, "--level", "core", *known)
    assert said.status == 0, said.out
