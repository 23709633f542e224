"""What `pytest --pyargs conformance --implementation ...` collects; see pytest_plugin.py."""

from __future__ import annotations

import pytest

from conformance.judging.verdict import Outcome
from conformance.pytest_plugin import Conformance


def test_conforms(conformance_case: str, conformance_check: str, conformance_session: Conformance) -> None:
    """One check of one case: a failure shows the verdict's message; what was not judged is a skip with its reason.

    A known failure is an expected one (xfail), and fails where it is stale.
    """
    verdict = conformance_session.verdict(conformance_case, conformance_check)
    if verdict.failing:
        pytest.fail(f"{verdict.outcome}: {verdict.message}", pytrace=False)
    if verdict.outcome is Outcome.KNOWN:
        pytest.xfail(verdict.message)
    if verdict.outcome is not Outcome.PASS:
        pytest.skip(f"{verdict.outcome}: {verdict.message}")
