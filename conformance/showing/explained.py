"""One verdict explained on a terminal: every number to 17 digits, what the case is for, and snippets to paste."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from rich.console import Console

from conformance.judging.verdict import Verdict
from conformance.showing import text as words


def facts(verdict: Verdict) -> dict[str, str]:
    """What a verdict says, by name; what is not there is left out."""
    found = {
        "outcome": verdict.outcome.value,
        "quantity": words.line(verdict.quantity),
        "got": words.number(verdict.got),
        "want": words.number(verdict.want),
        "digits": words.digits(verdict),
        "cause": words.line(verdict.cause or ""),
    }
    return {name: text for name, text in found.items() if text and text != "-"}


def show(console: Console, verdict: Verdict, about: Mapping[str, str]) -> None:
    """``verdict``, with what else there is to say ``about`` the case, and the snippets that it has."""
    lines = {
        "case": verdict.case,
        "check": verdict.check,
        **facts(verdict),
        "why": words.line(verdict.message),
        **about,
    }
    for name, text in lines.items():
        if text:
            told = textwrap.wrap(words.line(text), console.width - 14, break_long_words=False, break_on_hyphens=False)
            for start, one in zip([name, *[""] * len(told)], told, strict=False):
                console.print(f"{start:13}{one}", markup=False, soft_wrap=True)
    for language, title in (("python", "Python"), ("r", "R")):
        if verdict.reproduce and language in verdict.reproduce:
            console.print(f"\n# ---------- in {title}", markup=False)
            console.print(words.clean(verdict.reproduce[language].rstrip("\n")), markup=False, soft_wrap=True)
