"""What `pytest --pyargs conformance --implementation ...` collects; see pytest_plugin.py."""

from __future__ import annotations

import pytest

from conformance.pytest_plugin import Conformance
from conformance.verdict import Outcome


def test_conforms(conformance_case: str, conformance_check: str, conformance_session: Conformance) -> None:
    """One check of one case: a failure shows the verdict's message; what was not judged is a skip with its reason."""
    result = conformance_session.result(conformance_case)
    verdict = next(v for v in result.verdicts if v.check == conformance_check)
    if verdict.outcome in (Outcome.FAIL, Outcome.ERROR):
        pytest.fail(f"{verdict.outcome}: {verdict.message}", pytrace=False)
    if verdict.outcome is not Outcome.PASS:
        pytest.skip(f"{verdict.outcome}: {verdict.message}")
