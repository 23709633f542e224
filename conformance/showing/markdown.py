"""The record as GitHub Flavored Markdown, such as a job's summary shows, and as HTML made from that.

GitHub takes no summary above 1 MiB, so that only the first failures are told in full; the record has them all.
"""

from __future__ import annotations

import re
from html import escape as html_escape

from conformance.judging.verdict import Outcome, Verdict
from conformance.showing import text as words
from conformance.showing.explained import facts
from conformance.showing.record import Record

IN_FULL = 20  # cases whose first failure is told in full
LISTED = 200  # rows of a list
LONG = 2000  # characters of a message

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$@!])")


def text(value: object) -> str:
    """``value`` as text without any meaning in Markdown or HTML, on one line."""
    shown = words.line(value)
    return _SPECIAL.sub(r"\\\1", shown if len(shown) <= LONG else f"{shown[:LONG]} ...").replace("://", "&#58;//")


def code(value: object, language: str) -> list[str]:
    """A fenced block; the fence is longer than any in it."""
    inside = words.clean(value).rstrip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", inside)), default=0))
    return [f"{fence}{language}", *inside.split("\n"), fence]


def markdown(record: Record) -> str:
    """The whole view."""
    mark = "\N{WHITE HEAVY CHECK MARK}" if record.conforms else "\N{CROSS MARK}"
    head = f"## {mark} {text(words.name(record))}: {words.said(record.conforms)}"
    lines = [head, "", f"{text(words.asked(record))}, {record.summary['seconds']:.1f} s", ""]
    lines += _row(*record.summary["counts"], "together"), _rule(len(Outcome) + 1, ":")
    lines += [_row(*record.summary["counts"].values(), len(record.verdicts)), ""]
    for remark in words.remarks(record):
        lines += [text(remark), ""]
    lines += _causes(record) + _failures(record) + _known(record)
    return "\n".join(lines).rstrip("\n") + "\n"


def html(record: Record) -> str:
    """The Markdown view as a page of its own."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown(record))
    title = html_escape(f"{words.name(record)}: {words.said(record.conforms)}")
    style = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    style += "td,th{border:1px solid #ccc;padding:.2em .6em}pre{background:#f4f4f4;padding:.8em;overflow:auto}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _rule(columns: int, right: str = "") -> str:
    return f"|{'|'.join(['---' + right] * columns)}|"


def _causes(record: Record) -> list[str]:
    """How often each cause."""
    causes = words.by_cause(record.verdicts)
    if not causes:
        return []
    lines = ["### What fails, by cause", "", _row("cause", "verdicts", "cases", "for instance"), _rule(4)]
    for cause, found in causes[:LISTED]:
        first = f"{text(found[0].case)}, {text(found[0].check)}"
        lines.append(_row(text(cause), len(found), len({v.case for v in found}), first))
    return [*lines, ""]


def _failures(record: Record) -> list[str]:
    """The first failure of each case in full, for the first cases; then the rest by name."""
    cases = [words.failing(verdicts) for verdicts in words.by_case(record.verdicts).values()]
    cases = [bad for bad in cases if bad]
    lines = ["### The first failure of each case", ""] if cases else []
    for bad in cases[:IN_FULL]:
        lines += _in_full(bad[0], bad[1:])
    if len(cases) > IN_FULL:
        lines += ["### The other cases that fail", ""]
        for bad in cases[IN_FULL : IN_FULL + LISTED]:
            lines.append(f"- {text(bad[0].case)}: {_checks(bad)}")
        more = len(cases) - IN_FULL - LISTED
        lines += [f"- and {more} more: `glm-conformance report` shows them all from the record"] if more > 0 else []
        lines.append("")
    return lines


def _checks(bad: list[Verdict]) -> str:
    """The first few checks, and how many more."""
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    return ", ".join(text(v.check) for v in bad[:5]) + more


def _in_full(first: Verdict, rest: list[Verdict]) -> list[str]:
    lines = [f"#### {text(first.case)}: {text(first.check)}", "", text(first.message), ""]
    rows = [_row(name, text(value)) for name, value in facts(first).items()]
    lines += [rows[0], _rule(2), *rows[1:]]
    lines += ["", f"It fails too: {_checks(rest)}."] if rest else []
    lines.append("")
    if first.reproduce:
        lines += ["<details><summary>reproduce it</summary>", ""]
        for language in ("explain", "python", "r"):
            if language in first.reproduce:
                lines += [*code(first.reproduce[language], "sh" if language == "explain" else language), ""]
        lines += ["</details>", ""]
    return lines


def _known(record: Record) -> list[str]:
    """What is known to fail, with its reason."""
    known = [v for v in record.verdicts if v.outcome is Outcome.KNOWN]
    if not known:
        return []
    lines = [f"<details><summary>{len(known)} known failures</summary>", "", _row("case", "check", "why"), _rule(3)]
    lines += [_row(text(v.case), text(v.check), text(v.message[:300])) for v in known[:LISTED]]
    lines += [_row("...", "", f"and {len(known) - LISTED} more")] if len(known) > LISTED else []
    return [*lines, "", "</details>", ""]
