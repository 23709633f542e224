"""The record as the JSON that a shields.io endpoint badge reads."""

from __future__ import annotations

import json

from conformance.judging.verdict import Outcome
from conformance.showing import text as words
from conformance.showing.record import Record


def badge(record: Record) -> str:
    """{"schemaVersion": 1, "label": ..., "message": ..., "color": ...}: see shields.io/badges/endpoint-badge."""
    counts, level = record.summary["counts"], record.run.get("level")
    if record.conforms:
        known = counts[Outcome.KNOWN]
        message = f"conforms, {known} known failures" if known else "conforms"
        color = "green" if known else "brightgreen"
    else:
        bad = len(words.failing(record.verdicts))
        message, color = (f"{bad} of {len(record.verdicts)} fail" if bad else "nothing was run"), "red"
    shown = {
        "schemaVersion": 1,
        "label": "GLM conformance" + (f" {words.line(level)}" if level else ""),
        "message": message,
        "color": color,
    }
    return json.dumps(shown) + "\n"
