"""Every view of a record says the same as the exit status, whatever the record holds; a cut record has no view."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.command import command

from conformance.cli.report import Format, view_of
from conformance.judging.verdict import FAILING, Outcome, Verdict, conforms, count, exit_status
from conformance.running.session import summary_line
from conformance.showing import record
from conformance.showing.annotations import SHOWN
from conformance.showing.compared import Change, differences
from conformance.showing.record import Record, Writer

NASTY = (
    "<script>alert(1)</script>", "]]>", "&amp;", "a|b", "`x`", "```\n# h", "%0A::error::x", "::error::x",
    "\n::error::x", "##[error]x", "\x1b[31mred", "\x00", "\u2028", "\ud800", "\ufffe", "\r\n", "<!-- ", "$x$", "-1",
    "", "[bold]x[/]", "\x85", "| --- |", "</details>", "x" * 5000,
)  # fmt: skip
TEXT = st.one_of(st.sampled_from(NASTY), st.text(max_size=12), st.text(st.characters(), max_size=5))
NUMBER = st.one_of(st.none(), st.floats())
VALUE = st.one_of(NUMBER, TEXT)
RUN = {
    "type": "run", "implementation": "x", "version": "1", "conventions": {}, "suite": "0", "python": "3",
    "platform": "x", "cases": 0, "checks": 0,
}  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A record of a few cases and checks, of every outcome, with any text and any number in it."""
    cases = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    checks = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    new = draw(st.lists(TEXT.filter(lambda one: one not in cases), max_size=1))
    outcomes = st.sampled_from(
        draw(st.sampled_from([tuple(Outcome), (Outcome.PASS,), (Outcome.UNDECIDED, Outcome.KNOWN)]))
    )
    snippets = st.one_of(
        st.none(), st.fixed_dictionaries({"explain": TEXT.map(lambda t: f"x {len(t)}"), "python": TEXT})
    )

    def verdict(case: str, check: str) -> Verdict:
        drawn = (draw(NUMBER) for _ in range(3))
        return Verdict(
            case, check, draw(TEXT), draw(outcomes), *drawn, draw(VALUE), draw(VALUE), draw(st.none() | TEXT),
            draw(TEXT), draw(snippets),
        )  # fmt: skip

    scored = tuple(verdict(case, check) for case in cases for check in checks)
    unscored = tuple(verdict(case, check) for case in new for check in checks)
    run = {
        **RUN, "implementation": draw(TEXT), "version": draw(TEXT),
        "cases": len(cases), "checks": len(checks), "level": draw(st.none() | TEXT), "file": draw(st.none() | TEXT),
        "unscored": len(unscored),
    }  # fmt: skip
    return Record(run, scored, summary_line(scored, 1.0, 0.5), unscored)


def written(one: Record, path: Path) -> Path:
    with Writer(path) as writer:
        writer.write(one.run)
        for verdict in one.verdicts:
            writer.write(verdict.as_json())
        for verdict in one.unscored:
            writer.write(verdict.as_json("unscored"))
        writer.write(one.summary)
    return path


def text_of(format: Format, one: Record) -> str:
    return view_of(format)(one)


any_record = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@any_record
@given(one=records())
def test_the_views_and_the_exit_status_never_disagree(tmp_path: Path, one: Record) -> None:
    found = record.read(written(one, tmp_path / "run.jsonl"))
    status = exit_status(found.summary["counts"], unusable=False)
    good = status == 0
    assert found.conforms is good is found.summary["conforms"] is conforms(count(one.verdicts))

    terminal = text_of(Format.TERMINAL, found)
    assert (": CONFORMS" in " ".join(terminal.split())) is good
    assert ("DOES NOT CONFORM" in " ".join(terminal.split())) is not good

    badge = json.loads(text_of(Format.BADGE, found))
    assert badge["schemaVersion"] == 1
    assert (badge["color"] in ("green", "brightgreen")) is good
    assert badge["message"].startswith("conforms") is good

    first = text_of(Format.MARKDOWN, found).splitlines()[0]
    assert first.endswith(": CONFORMS") is good
    assert first.endswith(": DOES NOT CONFORM") is not good

    suites = ElementTree.fromstring(text_of(Format.JUNIT, found))
    bad = sum(int(suites.attrib[name]) for name in ("failures", "errors"))
    assert (bad == 0) is good

    assert (text_of(Format.ANNOTATIONS, found) == "") is good


@any_record
@given(one=records())
def test_junit_has_a_test_for_each_verdict_and_fails_what_fails(tmp_path: Path, one: Record) -> None:
    suites = ElementTree.fromstring(text_of(Format.JUNIT, record.read(written(one, tmp_path / "run.jsonl"))))
    counts = one.summary["counts"]
    nothing = not conforms(counts) and not any(v.failing for v in one.verdicts)
    assert int(suites.attrib["errors"]) == counts["error"]
    assert int(suites.attrib["failures"]) == counts["fail"] + counts["stale"] + nothing
    assert int(suites.attrib["tests"]) == len(one.verdicts) + len(one.unscored) + nothing
    assert len(list(suites.iter("testcase"))) == int(suites.attrib["tests"])
    assert len(list(suites.iter("failure"))) == int(suites.attrib["failures"])


@any_record
@given(one=records())
def test_nothing_in_a_record_gets_out_of_the_place_where_it_is_shown(tmp_path: Path, one: Record) -> None:
    found = record.read(written(one, tmp_path / "run.jsonl"))
    for format in Format:
        shown = text_of(format, found)
        shown.encode("utf-8")
        assert "\x1b" not in shown
        assert "\x00" not in shown
        if format is not Format.ANNOTATIONS:
            assert [line for line in shown.splitlines() if line.lstrip().startswith("::")] == []
            assert "##[" not in shown
    annotations = text_of(Format.ANNOTATIONS, found).splitlines()
    assert len(annotations) <= SHOWN
    assert all(line.startswith("::error ") for line in annotations)
    assert "<script" not in text_of(Format.HTML, found)
    titles = [t.content for t in MarkdownIt().parse(text_of(Format.MARKDOWN, found)) if t.type == "heading_open"]
    bad_cases = len({v.case for v in found.verdicts if v.failing})
    assert len(titles) == 1 + (2 + bad_cases if bad_cases else 0)  # no heading but our own


@any_record
@given(one=records(), at=st.floats(0, 1, exclude_max=True))
@example(one=Record(RUN, (), summary_line((), 0, 0)), at=0.99)
def test_a_record_that_is_cut_anywhere_is_refused(tmp_path: Path, one: Record, at: float) -> None:
    path = written(one, tmp_path / "run.jsonl")
    content = path.read_bytes()
    path.write_bytes(content[: int(at * (len(content) - 1))])  # the last byte is the end of a line that is whole
    with pytest.raises(record.TruncatedReport, match="run the gate again"):
        record.read(path)


@any_record
@given(one=records())
def test_a_record_is_read_as_it_was_written(tmp_path: Path, one: Record) -> None:
    found = record.read(written(one, tmp_path / "run.jsonl"))
    assert len(found.verdicts) == len(one.verdicts)
    for read, wrote in zip((*found.verdicts, *found.unscored), (*one.verdicts, *one.unscored), strict=True):
        assert (read.case, read.check, read.outcome, read.message) == (
            *(wrote.case, wrote.check, wrote.outcome, wrote.message),
        )
        assert repr(read.digits) == repr(None if wrote.digits is None else float(wrote.digits))


@pytest.mark.parametrize(("line", "key"), [(0, "platform"), (1, "attainable"), (1, "message"), (2, "seconds")])
def test_a_record_with_a_key_missing_is_refused_and_the_line_and_key_are_named(
    tmp_path: Path, line: int, key: str
) -> None:
    path = written(a_record((Outcome.PASS, 10.0)), tmp_path / "run.jsonl")
    lines = [json.loads(one) for one in path.read_text().splitlines()]
    del lines[line][key]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    with pytest.raises(record.TruncatedReport, match=rf"run\.jsonl:{line + 1}: the .* line has no {key}; run the gate"):
        record.read(path)


@any_record
@given(one=records())
def test_a_record_does_not_differ_from_itself(one: Record) -> None:
    assert list(differences(one, one)) == []


# ------------------------------------------------------------------------------------------ the commands


def a_record(*outcomes: tuple[Outcome, float | None], case: str = "dobson") -> Record:
    verdicts = tuple(Verdict(case, f"check{k}", "q", outcome, digits) for k, (outcome, digits) in enumerate(outcomes))
    return Record({**RUN, "cases": 1, "checks": len(verdicts)}, verdicts, summary_line(verdicts, 0.0, 0.0))


def refuse(path: Path, *words: object) -> str:
    said = command(*words)
    assert said.status == 2
    assert said.out == ""
    assert str(path) in said.err
    return said.err


def test_every_command_that_reads_a_record_refuses_a_truncated_one(tmp_path: Path) -> None:
    path = written(a_record((Outcome.PASS, 10.0)), tmp_path / "run.jsonl")
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(path.read_bytes())
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    for format in Format:
        assert "truncated" in refuse(path, "report", path, "--format", format.value)
    assert "truncated" in refuse(path, "diff", path, whole)
    assert "truncated" in refuse(path, "diff", whole, path)
    missing = tmp_path / "missing.jsonl"
    assert "can't read" in refuse(missing, "report", missing)


@pytest.mark.parametrize("format", list(Format))
def test_report_shows_a_record_in_every_form(tmp_path: Path, format: Format) -> None:
    path = written(a_record((Outcome.FAIL, 2.0), (Outcome.PASS, 12.0)), tmp_path / "run.jsonl")
    said = command("report", path, "--format", format.value)
    assert (said.status, said.err) == (0, "")
    assert "fail" in said.out.lower() or "error" in said.out


PASS, FAIL, ERROR, KNOWN = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.KNOWN
STALE, MUTE, LOST = Outcome.STALE, Outcome.NOT_REPORTED, float("-inf")


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ((PASS, 12.0), (FAIL, 2.0), Change.FAILS),
        ((PASS, 12.0), (ERROR, None), Change.FAILS),
        ((PASS, None), (STALE, None), Change.STALE),
        ((KNOWN, 2.0), (STALE, 12.0), Change.STALE),
        ((FAIL, 2.0), (STALE, 12.0), Change.STALE),
        ((STALE, 12.0), (STALE, 12.0), None),
        ((STALE, 12.0), (PASS, 12.0), Change.MENDED),
        ((MUTE, None), (FAIL, 2.0), Change.FAILS),
        ((STALE, 12.0), (FAIL, 2.0), Change.FAILS),
        ((FAIL, 2.0), (Outcome.ERROR, None), Change.WORSE),
        ((MUTE, None), (KNOWN, 2.0), Change.EXCUSED),
        ((KNOWN, 2.0), (FAIL, 1.0), Change.FAILS),
        ((FAIL, 2.0), (PASS, 12.0), Change.MENDED),
        ((KNOWN, 2.0), (PASS, 12.0), Change.MENDED),
        ((FAIL, 2.0), (KNOWN, 2.0), Change.EXCUSED),
        ((PASS, 12.0), (KNOWN, 2.0), Change.EXCUSED),
        ((PASS, 12.0), (MUTE, None), Change.SILENT),
        ((FAIL, 2.0), (MUTE, None), Change.SILENT),
        ((MUTE, None), (PASS, 12.0), Change.JUDGED),
        ((PASS, 12.0), (PASS, 10.9), Change.LOST),
        ((FAIL, 4.0), (FAIL, 2.0), Change.WORSE),
        ((FAIL, 4.0), (FAIL, LOST), Change.WORSE),
        ((FAIL, LOST), (FAIL, LOST), None),
        ((PASS, 12.0), (PASS, 11.5), None),
        ((PASS, 12.0), (PASS, 15.0), None),
        ((MUTE, None), (Outcome.UNDECIDED, None), None),
    ],
)
def test_diff_says_what_became_of_a_check(
    tmp_path: Path, old: tuple[Outcome, float | None], new: tuple[Outcome, float | None], change: Change | None
) -> None:
    before, after = a_record(old), a_record(new)
    assert [one.change for one in differences(before, after)] == ([] if change is None else [change])
    paths = written(before, tmp_path / "old.jsonl"), written(after, tmp_path / "new.jsonl")
    said = command("diff", *paths)
    worse = change in (Change.FAILS, Change.STALE, Change.EXCUSED, Change.SILENT, Change.LOST, Change.WORSE)
    assert (said.status, said.err) == (1 if worse else 0, "")
    assert (change is None) or change.value in said.out
    lines = [json.loads(line) for line in command("diff", *paths, "--json").out.splitlines()]
    assert [line["change"] for line in lines] == ([] if change is None else [change.value])


def test_diff_shows_cases_that_are_in_one_record_only_and_does_not_call_them_worse(tmp_path: Path) -> None:
    old, new = a_record((PASS, 9.0), case="dobson"), a_record((FAIL, 1.0), case="warpbreaks")
    found = list(differences(old, new))
    assert [(one.change, one.case) for one in found] == [(Change.GONE, "dobson"), (Change.NEW, "warpbreaks")]
    said = command("diff", written(old, tmp_path / "old.jsonl"), written(new, tmp_path / "new.jsonl"))
    assert (said.status, said.err) == (0, "")


def test_a_snippet_can_not_leave_its_block() -> None:
    for inside in (*NASTY, "```\n# h\n```", "`````\n# h", "~~~\n# h"):
        verdict = Verdict("dobson", "aic", "q", FAIL, 1.0, reproduce={"explain": "x", "python": inside, "r": inside})
        run = {"type": "run", "implementation": "x", "version": "1", "cases": 1, "checks": 1}
        view = text_of(Format.MARKDOWN, Record(run, (verdict,), summary_line((verdict,), 0.0, 0.0)))
        tokens = MarkdownIt().parse(view)
        assert sum(token.type == "heading_open" for token in tokens) == 4
        assert sum(token.type == "fence" for token in tokens) == 3


def test_a_summary_of_github_stays_below_its_limit_however_much_fails() -> None:
    cases = [f"case-{k}" for k in range(5000)]
    long = "|`<>" * 10_000
    snippets = {"explain": "x", "python": "p" * 3000, "r": "r" * 3000}
    verdicts = tuple(Verdict(c, f"check{k}", "q", FAIL, 1.0, cause=f"{c}{k}", message=long, reproduce=snippets)
                     for c in cases for k in range(3))  # fmt: skip
    run = {"type": "run", "implementation": "x", "version": "1", "cases": 5000, "checks": 3}
    view = text_of(Format.MARKDOWN, Record(run, verdicts, summary_line(verdicts, 0.0, 0.0)))
    assert len(view.encode()) < 2**20 * 0.9


def test_only_one_function_knows_which_outcomes_fail() -> None:
    """The views ask the verdict, and the verdict asks FAILING; what FAILING says is what `conforms` says."""
    for outcome in Outcome:
        verdicts = (Verdict("a", "b", "q", Outcome.PASS), Verdict("a", "c", "q", outcome))
        assert conforms(count(verdicts)) is (outcome not in FAILING)


GithubRun = Callable[..., Any]


@pytest.fixture
def in_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "wrong_in_github.py").write_text(
        "from conformance.fitter import fit as irls\n"
        "def fit(problem):\n"
        "    return dict(coefficients=irls(problem).coefficients, deviance=5.1804324877711583)\n"
    )
    return summary


def test_in_a_github_workflow_the_summary_and_the_annotations_come_by_themselves(in_github: Path) -> None:
    in_github.write_text("# before\n")
    said = command("gate", "wrong_in_github:fit", "--case", "dobson", "--check", "deviance")
    assert said.status == 1
    (annotation,) = [line for line in said.out.splitlines() if line.startswith("::")]
    assert annotation.startswith("::error file=wrong_in_github.py,title=dobson%3A deviance::deviance: got 5.18")
    assert "%0Aglm-conformance explain wrong_in_github:fit dobson deviance" in annotation
    text = in_github.read_text()
    assert text.startswith("# before\n## ")
    assert "DOES NOT CONFORM" in text
    assert "5.1804324877711583" in text
    assert "5.1291410770011483" in text


def test_where_it_conforms_there_is_a_summary_and_no_annotation(in_github: Path) -> None:
    said = command("gate", "irls", "--case", "dobson", "--check", "deviance")
    assert said.status == 0
    assert "::" not in said.out
    assert ": CONFORMS" in in_github.read_text()
