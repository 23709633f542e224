"""Known failures: what is listed may fail, no worse than listed; what passes leaves the list; a crash never hides."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from support.command import command
from support.wrong_adapter import adapter

from conformance.errors import KnownFailuresError
from conformance.judging import known_failures as known
from conformance.judging.checks import CHECKS
from conformance.judging.verdict import Outcome, Verdict
from conformance.question.library import Library
from conformance.showing import record

IDS = ["dobson", "warpbreaks", "separated-ten"]
ENTRY = "- case: dobson\n  check: deviance\n  reason: it is halved\n"


def listed(tmp_path: Path, text: str) -> known.KnownFailures:
    (tmp_path / "known.yaml").write_text(text, encoding="utf-8")
    return known.read(tmp_path / "known.yaml", IDS, CHECKS)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(KnownFailuresError) as caught:
        listed(tmp_path, text)
    return str(caught.value).removeprefix(str(tmp_path) + "/")


def verdict(outcome: Outcome, digits: float | None = None, check: str = "deviance") -> Verdict:
    return Verdict("dobson", check, "deviance", outcome, digits, message="as found")


# ------------------------------------------------------------------------------------------ the truth table

NONE, LOW = None, -math.inf
TABLE = [
    (Outcome.FAIL, 4.2, 4.2, Outcome.KNOWN),
    (Outcome.FAIL, 4.29, 4.2, Outcome.KNOWN),
    (Outcome.FAIL, 5.9, 4.2, Outcome.KNOWN),
    (Outcome.FAIL, 4.16, 4.2, Outcome.KNOWN),  # every view shows 4.2
    (Outcome.FAIL, 4.14, 4.2, Outcome.FAIL),
    (Outcome.FAIL, -3.0, 4.2, Outcome.FAIL),
    (Outcome.FAIL, LOW, 4.2, Outcome.FAIL),
    (Outcome.FAIL, LOW, LOW, Outcome.KNOWN),
    (Outcome.FAIL, 1.0, LOW, Outcome.KNOWN),
    (Outcome.FAIL, NONE, NONE, Outcome.KNOWN),
    (Outcome.FAIL, NONE, 4.2, Outcome.FAIL),
    (Outcome.FAIL, 4.2, NONE, Outcome.FAIL),
    *((Outcome.ERROR, None, digits, Outcome.ERROR) for digits in (NONE, 4.2, LOW)),
    *((Outcome.PASS, 12.0, digits, Outcome.STALE) for digits in (NONE, 4.2, LOW)),
    *((Outcome.UNSUPPORTED, None, digits, Outcome.STALE) for digits in (NONE, 4.2)),
    *((Outcome.NOT_REPORTED, None, digits, Outcome.STALE) for digits in (NONE, 4.2)),
    *((Outcome.UNDECIDED, None, digits, Outcome.STALE) for digits in (NONE, 4.2)),
]


@pytest.mark.parametrize(("found", "digits", "of_the_entry", "becomes"), TABLE)
def test_the_truth_table(
    tmp_path: Path, found: Outcome, digits: float | None, of_the_entry: float | None, becomes: Outcome
) -> None:
    text = ENTRY if of_the_entry is None else f"{ENTRY}  digits: {known._yaml(of_the_entry)}\n"
    judged = listed(tmp_path, text).judged(verdict(found, digits))
    assert judged.outcome is becomes
    assert "known.yaml:1" in judged.message
    assert ("as found" in judged.message) or becomes is Outcome.STALE
    if becomes is Outcome.KNOWN:
        assert "it is halved" in judged.message
    if becomes is Outcome.FAIL:
        unlisted = of_the_entry is None and digits is not None
        assert judged.message.startswith("it is listed without its" if unlisted else "worse than is known: ")
    if becomes is Outcome.STALE:
        assert judged.message.endswith("delete the entry")


def test_what_is_not_listed_is_as_it_was(tmp_path: Path) -> None:
    found = listed(tmp_path, ENTRY)
    for outcome in Outcome:
        assert found.judged(verdict(outcome, 1.0, check="aic")) == verdict(outcome, 1.0, check="aic")


# ------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENTRY.replace("dobson", "dobsen"), "known.yaml:1: there is no case 'dobsen'; did you mean 'dobson'?"),
        (
            ENTRY + ENTRY.replace("deviance", "deviants"),
            "known.yaml:4: there is no check 'deviants'; did you mean 'dev",
        ),
        (ENTRY.replace("dobson", "'*'"), "known.yaml:1: there is no case '*'; delete the entry"),
        (ENTRY * 2, "known.yaml:4: dobson, deviance is listed on line 1 too; keep one"),
        (ENTRY.replace("reason", "raeson"), "known.yaml:3: unknown key 'raeson'; did you mean 'reason'?"),
        (ENTRY.replace("  reason: it is halved\n", ""), "known.yaml:1: the key 'reason' is missing"),
        (ENTRY + "  digits: four\n", "known.yaml:4: digits: "),
        (ENTRY + "  digits: .nan\n", "known.yaml:4: digits: "),
        (ENTRY + "  link: issue 12\n", "known.yaml:4: link: "),
        (ENTRY.replace("it is halved", "TODO (early stop)"), "known.yaml:1: the reason is not written yet"),
        ("dobson: deviance\n", "known.yaml:1: known failures are a list of entries"),
        ("- dobson\n", "known.yaml:1: "),
        ("- [\n", "known.yaml:2: not a YAML list of known failures"),
    ],
)
def test_what_is_wrong_with_a_list_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(tmp_path, text)


@pytest.mark.parametrize("text", ["", "[]\n", "# nothing fails\n"])
def test_an_empty_list_is_a_list(tmp_path: Path, text: str) -> None:
    assert listed(tmp_path, text).entries == {}


# ------------------------------------------------------------------------------------------ writing

MINE = """\
# ours

# see the meeting of May
- case: dobson
  check: deviance  # halved
  reason: it is halved
  link: https://example.org/1
  digits: 4.2  # at least
# a second one
- {case: dobson, check: aic, reason: follows, digits: 3}
- digits: 2
  case: warpbreaks
  check: aic
  reason: >
    digits: none,
    really
"""


def fails(case: str, check: str, digits: float | None, cause: str = "early stop") -> Verdict:
    return Verdict(case, check, check, Outcome.FAIL, digits, cause=cause)


def test_writing_keeps_reasons_links_and_comments_and_renews_the_digits(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(MINE)
    found = [fails("dobson", "deviance", 5.55), fails("dobson", "aic", 1.0), fails("warpbreaks", "aic", -1.23)]
    written = known.write(path, found)
    assert (written.kept, written.new, written.gone, written.errors) == (3, 0, 0, 0)
    text = path.read_text()
    for kept in (
        "# ours",
        "# see the meeting of May",
        "# halved",
        "https://example.org/1",
        "# a second one",
        "# at least",
    ):
        assert kept in text
    entries = known.read(path, IDS, CHECKS).entries
    assert {pair: entry.digits for pair, entry in entries.items()} == {
        ("dobson", "deviance"): 5.5, ("dobson", "aic"): 1.0, ("warpbreaks", "aic"): -1.3,
    }  # fmt: skip
    assert [entry.reason.strip() for entry in entries.values()] == ["it is halved", "follows", "digits: none, really"]


def test_nothing_changes_in_a_list_whose_failures_are_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(MINE)
    known.write(path, [fails("dobson", "deviance", 4.21), fails("dobson", "aic", 3.0), fails("warpbreaks", "aic", 2.0)])
    assert path.read_text() == MINE


def test_what_passes_goes_with_its_comment_and_what_was_not_run_or_crashed_stays(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(MINE)
    found = [Verdict("dobson", "deviance", "q", Outcome.PASS), Verdict("dobson", "aic", "q", Outcome.ERROR)]
    written = known.write(path, found)
    assert (written.kept, written.new, written.gone, written.errors) == (2, 0, 1, 1)
    assert "meeting" not in path.read_text()
    assert path.read_text().startswith("# ours\n")
    assert list(known.read(path, IDS, CHECKS).entries) == [("dobson", "aic"), ("warpbreaks", "aic")]


def test_a_new_entry_has_a_reason_that_somebody_must_write(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    known.write(path, [fails("dobson", "deviance", LOW, 'x: "y" #z'), fails("dobson", "outcome", None)])
    with pytest.raises(KnownFailuresError, match="the reason is not written yet"):
        known.read(path, IDS, CHECKS)
    path.write_text(path.read_text().replace("TODO", "see issue 1"))
    found = known.read(path, IDS, CHECKS)
    assert {pair: entry.digits for pair, entry in found.entries.items()} == {
        ("dobson", "deviance"): LOW, ("dobson", "outcome"): None,
    }  # fmt: skip
    assert found.judged(verdict(Outcome.FAIL, LOW)).outcome is Outcome.KNOWN


@pytest.mark.parametrize(
    "text",
    [
        ENTRY.replace("- case", "  - case").replace("\n  ", "\n    "),
        '[{case: dobson, check: deviance, reason: "it is halved"}, {case: dobson, check: aic, reason: "so is it"}]\n',
    ],
)
def test_a_list_that_can_not_be_edited_in_place_is_refused_and_stays_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text)
    assert known.read(path, IDS, CHECKS).entries
    with pytest.raises(KnownFailuresError, match="list of blocks"):
        known.write(path, [fails("dobson", "deviance", LOW), fails("dobson", "outcome", None)])
    assert path.read_text() == text


def test_whatever_was_written_is_known_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    numbers = (None, LOW, -99.37, -0.04, 0.0, 0.1, 0.3, 5.999999, 11.25)
    found = [fails(c, k, d) for (c, k), d in zip(itertools.product(IDS, ["aic", "bic", "rank"]), numbers, strict=True)]
    known.write(path, found)
    path.write_text(path.read_text().replace("TODO", "because"))
    again = known.read(path, IDS, CHECKS)
    assert {again.judged(one).outcome for one in found} == {Outcome.KNOWN}


# ------------------------------------------------------------------------------------------ the gate


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its deviance is wrong by 1 in 100 for counts, unless the environment says otherwise."""
    text = (
        "import os\n"
        "from conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        "    said, how = irls(problem), os.environ.get('HOW', 'wrong')\n"
        "    if how == 'crash': raise RuntimeError('crashed')\n"
        "    factor = {'wrong': 1.01, 'worse': 1.5, 'right': 1.0}[how]\n"
        "    return dict(coefficients=said.coefficients, deviance=said.deviance * factor)\n"
    )
    return adapter(tmp_path, monkeypatch, "half_wrong", text)


CALL = ("--case", "dobson", "--case", "warpbreaks", "--check", "deviance", "--check", "coefficients")


def test_a_gate_from_nothing_to_green_and_enforced(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = command("gate", wrong, *CALL, "--write-known", "known.yaml")
    assert said.status == 1
    assert "known.yaml: 2 known failures, 2 of them new" in said.out
    assert "the reason is not written yet" in command("gate", wrong, *CALL, "--known", "known.yaml").err
    Path("known.yaml").write_text(Path("known.yaml").read_text().replace("TODO", "it is off by one in a hundred"))

    said = command("gate", wrong, *CALL, "--known", "known.yaml", "--report", "run.jsonl")
    assert (said.status, said.err) == (0, "")
    found = record.read(Path("run.jsonl"))
    assert (found.conforms, found.summary["counts"]["known"], found.summary["counts"]["pass"]) == (True, 2, 2)
    assert found.run["known"] == "known.yaml"

    assert command("gate", wrong, "--case", "dobson", "--check", "deviance", "--known", "known.yaml").status == 0
    monkeypatch.setenv("HOW", "worse")
    said = command("gate", wrong, *CALL, "--known", "known.yaml")
    assert said.status == 1
    assert "worse than is known: 2 digits are listed, and it has 0.3" in " ".join(said.out.split())
    monkeypatch.setenv("HOW", "right")
    said = command("gate", wrong, *CALL, "--known", "known.yaml")
    assert said.status == 1
    assert "STALE dobson: deviance" in said.out
    monkeypatch.setenv("HOW", "crash")
    said = command("gate", wrong, *CALL, "--known", "known.yaml")
    assert said.status == 1
    assert "an error is never a known failure" in " ".join(said.out.split())


def test_an_entry_that_matches_nothing_is_unusable_before_anything_is_run(wrong: str) -> None:
    Path("known.yaml").write_text(ENTRY.replace("dobson", "dobsom"))
    said = command("gate", wrong, *CALL, "--known", "known.yaml", "--report", "run.jsonl")
    assert said.status == 2
    assert "known failures: known.yaml:1: there is no case 'dobsom'" in said.err
    assert not Path("run.jsonl").exists()


def test_writing_and_reading_the_same_list_in_one_run_writes_what_failed_before_it_was_excused(wrong: str) -> None:
    Path("known.yaml").write_text(ENTRY + "  digits: 1.5\n")
    said = command("gate", wrong, "--case", "dobson", "--known", "known.yaml", "--write-known", "known.yaml",
                   "--check", "deviance")  # fmt: skip
    assert said.status == 0
    assert Path("known.yaml").read_text() == ENTRY + "  digits: 2\n"


def test_the_library_of_the_entries_is_the_one_that_is_run(wrong: str, tmp_path: Path) -> None:
    from support.folders import copy_cases

    library: Library = copy_cases(tmp_path / "mine", "warpbreaks")
    Path("known.yaml").write_text(ENTRY)
    said = command("gate", wrong, "--cases", library.cases, "--known", "known.yaml")
    assert said.status == 2
    assert "there is no case 'dobson'" in said.err


@pytest.mark.parametrize("id", ["1990", "1e5", "true", "null", "dobson"])
def test_a_case_whose_id_yaml_would_take_for_a_number_can_be_listed(tmp_path: Path, id: str) -> None:
    path = tmp_path / "known.yaml"
    failing = Verdict(id, "deviance", "deviance", Outcome.FAIL, 1.0, cause="halved")
    known.write(path, [failing])
    path.write_text(path.read_text(encoding="utf-8").replace(known.UNWRITTEN, "halved"), encoding="utf-8")
    assert list(known.read(path, [id], CHECKS).entries) == [(id, "deviance")]
    known.write(path, [failing])
    assert list(known.read(path, [id], CHECKS).entries) == [(id, "deviance")]
