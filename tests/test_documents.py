"""README.md and docs/: every command that they show is one that the program has, with those options."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from support.command import command
from typer.models import CommandInfo

from conformance.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = "glm-conformance"

FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"<!-- run: (.+?) -->")
INLINE = re.compile(r"`([^`]+)`")
CALL = re.compile(rf"(?<![\w./@-])(?:\S*bin/)?{PROGRAM}[ \n]+(?P<words>.*)", re.DOTALL)
#: What ends a call, in a line of shell, of prose or of Python; a bar without blanks is a choice (markdown|html).
END = re.compile(r' \| | && |;| +# |\) |"\)')


def shown(text: str) -> Iterator[str]:
    """What a reader would type or is told to type: lines of code blocks, run marks, and inline code."""
    yield from RUN.findall(text)
    for block in FENCE.findall(text):
        yield from re.sub(r"\\\n\s*", "", block).splitlines()
    prose = FENCE.sub("", text)
    yield from (line.strip() for line in prose.splitlines() if line.startswith("    "))
    for line in prose.splitlines():
        if line.startswith(f"| `{PROGRAM} "):
            # a table of commands: the others of its first cell lack the program's name
            first, *more = INLINE.findall(line.split(" | ")[0])
            yield first
            yield from (f"{PROGRAM} {one}" for one in more)
    yield from (" ".join(one.split()) for one in INLINE.findall(prose))


def calls(text: str) -> Iterator[list[str]]:
    """The words after the program's name, one list for each call; `cases list, show` is two."""
    for line in shown(text):
        rest: str | None = line
        while rest and (found := CALL.search(rest)):
            before, words = rest[: found.start()], END.split(found["words"], maxsplit=1)[0]
            rest = found["words"][len(words) :]
            if before.rstrip().endswith("install"):  # pip's argument is the distribution, not the program
                continue
            split = shlex.split(words.replace("[", "").replace("]", ""), posix=True)
            split = [word for word in split if word not in ("...", "\\")]
            while len(split) > 1 and split[1].endswith(","):
                yield [split[0], split.pop(1).rstrip(",")]
            if split:  # markdown|html is two calls
                yield from (list(one) for one in product(*(word.split("|") for word in split)))


def _commands(app: typer.Typer, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], CommandInfo]]:
    """Every command of the program with the words that call it."""
    for one in app.registered_commands:
        assert one.callback is not None
        yield (*above, one.name or one.callback.__name__.replace("_", "-")), one
    for group in app.registered_groups:
        assert group.typer_instance is not None
        assert isinstance(group.name, str)
        yield from _commands(group.typer_instance, (*above, group.name))


def _does_nothing(callback: Callable[..., Any]) -> Callable[..., None]:
    """A function of the same parameters: the program reads the words of a call, and that is all."""

    @wraps(callback)
    def nothing(*args: object, **options: object) -> None:
        return None

    return nothing


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], str | None]:
    """What the program says of a call's words, without running it; None where it has such a command.

    A required argument may be left out, for a table names commands alone.
    """
    for _, one in _commands(app):
        assert one.callback is not None
        monkeypatch.setattr(one, "callback", _does_nothing(one.callback))

    def said(words: list[str]) -> str | None:
        ended = command(*words)
        text = " ".join(ended.err.replace("\u2502", " ").split())
        return None if ended.status == 0 or "Missing argument" in text else text

    return said


def all_calls() -> list[tuple[str, list[str]]]:
    return [(path.name, words) for path in DOCUMENTS for words in calls(path.read_text(encoding="utf-8"))]


def test_every_command_that_a_document_shows_is_one_that_the_program_has(wrong: Callable[[list[str]], str]) -> None:
    assert [f"{name}: {' '.join(words)}: {said}" for name, words in all_calls() if (said := wrong(words))] == []


def test_the_documents_show_every_command() -> None:
    shown = [words for _, words in all_calls()]
    names = [name for name, _ in _commands(app)]
    assert len(names) >= 15
    assert [name for name in names if not any(tuple(words[: len(name)]) == name for words in shown)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`glm-conformance gate irls --strictt`", "No such option"),
        ("    glm-conformance gatee irls", "No such command 'gatee'"),
        ("```sh\nglm-conformance gate irls \\\n  --levl core\n```\n", "No such option"),
        ("```sh\nsh install.sh && .venv/bin/glm-conformance gate irls --casess x\n```\n", "No such option"),
        ("`glm-conformance cases list, shew`", "No such command 'shew'"),
        ("| `glm-conformance report`, `dif` | |", "No such command 'dif'"),
        ("<!-- run: cd x && glm-conformance explain a b c d -->", "unexpected extra argument"),
        ("`glm-conformance gate irls --jobs`", "requires an argument"),
        ("`glm-conformance report run.jsonl --format html|txt`", "is not one of"),
        ("`glm-conformance --verbos`", "No such option"),
        ("`glm-conformance fuzz irls --count 1; glm-conformance fuz irls`", "No such command 'fuz'"),
    ],
)
def test_a_command_that_the_program_has_not_is_found(wrong: Callable[[list[str]], str], text: str, said: str) -> None:
    assert any(said in (wrong(words) or "") for words in calls(text)), [wrong(words) for words in calls(text)]


def test_what_is_no_call_is_not_taken_for_one() -> None:
    text = "`pip install glm-conformance statsmodels` `OWNER/glm-conformance@v1` `'glm-conformance[pytest]'`"
    assert list(calls(text)) == []


def _readme() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", ROOT / "scripts" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_below_each_mark_of_a_command_stands_that_command_with_its_output(path: Path) -> None:
    """scripts/readme.py fills them; it is run by hand, for most outputs name versions and seconds."""
    text = path.read_text(encoding="utf-8")
    blocks = list(_readme().BLOCK.finditer(text))
    assert len(blocks) == text.count("<!-- run: ")
    for block in blocks:
        assert f"```text\n$ {block['command']}\n" in block[0], block["command"]


def test_the_readme_has_the_coverage_table_of_this_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("$ glm-conformance cases coverage\n")[1].split("\n```")[0]
    said = [line.rstrip() for line in command("cases", "coverage").out.strip("\n").splitlines()]
    assert shown.splitlines() == said, "python scripts/readme.py README.md makes it anew"


def test_the_readme_has_its_two_commands_in_one_line_each() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for mark in ("<!-- the main job -->", "<!-- the test command -->"):
        block = text.split(mark)[1].split("```")[1].removeprefix("sh\n").strip()
        assert "\n" not in block
        assert block.startswith("sh scripts/install.sh")


def test_the_install_scripts_are_plain_sh() -> None:
    for script in sorted((ROOT / "scripts").glob("*.sh")):
        subprocess.run(["sh", "-n", str(script)], check=True)
