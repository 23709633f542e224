"""The library of cases: what it must cover, and what must be true of every case."""

from __future__ import annotations

import csv
import pickle

import numpy as np
import pytest

from conformance.mathematics.family import PAIRS
from conformance.question.coverage import coverage, lint
from conformance.question.library import Library
from conformance.references import store


def test_no_cell_of_the_coverage_table_is_empty(library: Library) -> None:
    assert coverage(map(library.case, library.select())).gaps() == []


def test_every_pair_of_family_and_link_has_three_estimates_or_more(library: Library) -> None:
    covered = coverage(map(library.case, library.select()))
    pairs = {(family, link) for family, links in PAIRS.items() for link in links}
    assert set(covered.estimates) == pairs
    assert min(covered.estimates.values()) >= 3


def test_there_are_enough_cases_over_enough_real_data_sets(library: Library) -> None:
    with (library.cases / "data" / "SOURCES.csv").open(encoding="utf-8") as file:
        sources = {row["file"]: row for row in csv.DictReader(file)}
    used = {library.case(id).data.removeprefix("data/") for id in library.select()}
    assert used <= set(sources), "every data file has its source and licence in SOURCES.csv"
    real = {name for name in used if "made for" not in sources[name]["object"].lower()}
    assert len(library.files) >= 120
    assert len(real) >= 50


def test_the_library_has_nothing_to_mend(library: Library) -> None:
    assert lint(library) == []


def test_the_eleven_nist_sets_are_there(library: Library) -> None:
    names = [
        "norris",
        "pontius",
        "noint1",
        "noint2",
        "filip",
        "longley",
        "wampler1",
        "wampler2",
        "wampler3",
        "wampler4",
        "wampler5",
    ]
    assert {f"nist-{name}" for name in names} <= set(library.files)


def test_every_case_has_its_references_and_none_is_left_over(library: Library) -> None:
    for source in ("r", "statsmodels", "certified"):
        stored = {path.stem for path in (library.references / source).glob("*.json")}
        wanted = set(library.files)
        if source == "certified":
            wanted = {id for id in wanted if library.case(id).outcome not in ("invalid", "boundary")}
            stored -= {id for id in stored if library.case(id).outcome == "boundary"}
        assert stored == wanted, source


def test_no_stored_reference_is_stale(library: Library) -> None:
    for id in library.select():
        for source in ("r", "statsmodels"):
            store.read(library, source, library.case(id))


def test_every_design_and_its_columns_are_those_that_r_made_when_the_references_were_stored(library: Library) -> None:
    for id in library.select():
        case = library.case(id)
        stored = store.read(library, "r", case)
        assert stored["design_sha256"] == case.design_sha256, id
        assert stored["columns"] == list(case.design.names), id


@pytest.mark.parametrize("family", PAIRS)
def test_the_statement_of_the_outcome_agrees_with_the_design(library: Library, family: str) -> None:
    for id in library.select():
        case = library.case(id)
        if case.family == family and case.outcome not in ("invalid", "rank_deficient"):
            X = case.problem().X[case.problem().prior_weights > 0]
            assert np.linalg.matrix_rank(X / np.linalg.norm(X, axis=0), tol=1e-13) == X.shape[1], id


def test_a_library_is_sent_to_another_process_without_what_it_has_read(library: Library) -> None:
    """Or the parent's reading of a case would change the dictionary that is being pickled."""
    library.case("dobson")
    sent = pickle.loads(pickle.dumps(library))
    assert vars(sent) == {"cases": library.cases, "references": library.references}
    assert sent.case("dobson").id == "dobson"
