"""The record as JUnit XML: a suite for each case, a test for each check."""

from __future__ import annotations

import io

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from conformance.judging.verdict import Outcome, Verdict
from conformance.showing import text as words
from conformance.showing.record import Record


def junit(record: Record) -> str:
    """The XML text.  What is known, unsupported, not judged or not scored is skipped, with its reason.

    A run that judged nothing does not conform: a test of its own says so, for else there would be nothing to see.
    """
    root = JUnitXml(words.name(record))
    for case, verdicts in words.by_case(record.verdicts).items():
        root.append(_suite(case, verdicts))
    for case, verdicts in words.by_case(record.unscored).items():
        root.append(_suite(f"{case} (not scored)", verdicts, scored=False))
    if not record.conforms and not words.failing(record.verdicts):
        suite, test = TestSuite("glm-conformance"), TestCase("conforms", "glm-conformance")
        test.result = [_told(Failure, "nothing was run", "no check could pass or fail, and that is no conformance")]
        suite.add_testcase(test)
        root.append(suite)
    root.update_statistics()
    root.time = float(record.summary["seconds"])
    file = io.BytesIO()
    root.write(file)
    return file.getvalue().decode("utf-8")


def _suite(case: str, verdicts: list[Verdict], *, scored: bool = True) -> TestSuite:
    suite = TestSuite(words.line(case))
    for verdict in verdicts:
        test = TestCase(words.line(verdict.check), words.line(case))
        if verdict.failing and scored:
            kind = Error if verdict.outcome is Outcome.ERROR else Failure
            test.result = [_told(kind, verdict.cause or verdict.outcome, _body(verdict))]
        elif verdict.outcome is not Outcome.PASS:
            test.result = [_told(Skipped, f"{verdict.outcome}: {verdict.message}", "")]
        suite.add_testcase(test)
    return suite


def _told(kind: type[FinalResult], message: str, body: str) -> FinalResult:
    result = kind(words.line(message))
    if body:
        result.text = words.clean(body)
    return result


def _body(verdict: Verdict) -> str:
    """The message, the digits, and the command that explains it."""
    lines = [verdict.message, words.digits(verdict), (verdict.reproduce or {}).get("explain", "")]
    return "\n".join(line for line in lines if line)
