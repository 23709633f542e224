"""What the commands share: the options, the consoles, progress, and the exit status of what can't be used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance.adapters import COMMAND, TRUSTED, Limits
from conformance.errors import CallError, Unusable

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

A_MINUTE = 60.0  # seconds between two words on long work, where nobody sees a bar

CasesFolder = Annotated[
    Path | None, typer.Option("--cases", help="A folder of cases to use in place of the built-in library.")
]
CaseGlobs = Annotated[
    list[str] | None, typer.Option("--case", help="Only the cases that match this pattern; may be repeated.")
]
CheckGlobs = Annotated[
    list[str] | None, typer.Option("--check", help="Only the checks that match this pattern; may be repeated.")
]
Families = Annotated[list[str] | None, typer.Option("--family", help="Only the cases of this family; may be repeated.")]
LevelName = Annotated[
    str | None,
    typer.Option("--level", help="Score a frozen list: core, full, hard or strict, of the newest year, or core-2026."),
]
Digits = Annotated[
    float, typer.Option(min=0, max=15.9, help="Digits asked of every value, where the data can give them.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Ask for all the digits that the data can give.")]

ImplementationName = Annotated[
    str | None, typer.Argument(help="irls, statsmodels, r-glm, ..., module:attribute of your own, or 'command:...'.")
]
CommandLine = Annotated[
    str | None,
    typer.Option("--command", help="In place of IMPLEMENTATION: a command that speaks JSON Lines (docs/protocol.md)."),
]
Timeout = Annotated[
    float | None,
    typer.Option(min=0.001, help="Seconds that the implementation has for each fit.  [default: 60]", metavar="SECONDS"),
]
Memory = Annotated[
    int | None, typer.Option(min=1, help="The address space that the implementation may use, in MiB.", metavar="MIB")
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Processes to run in.  [default: one for each core that has enough to do]"),
]

P = ParamSpec("P")


def the_one(
    implementation: str | None, command: str | None, timeout: float | None, memory: int | None
) -> tuple[str, Limits]:
    """The name to find, and the limits of its process; CallError unless there is one of the two."""
    if (implementation is None) == (command is None):
        what = "both were" if command is not None else "neither was"
        raise CallError(f"give IMPLEMENTATION or --command, one of the two: {what} given; --help shows how")
    name = f"{COMMAND}{command}" if implementation is None else implementation
    if name in TRUSTED and (timeout, memory) != (None, None):
        raise CallError(f"--timeout and --memory are of a process, and {name} has none of its own: leave them out")
    return name, Limits(timeout or Limits().timeout, memory)


def ends_with_its_status(command: Callable[P, int]) -> Callable[P, None]:
    """The status that the command returns is the exit status; where it ends before it has one, that is 2: never 0."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except (SystemExit, typer.Exit, BrokenPipeError) as error:
            how = "nobody reads its output any more" if isinstance(error, BrokenPipeError) else "something ended it"
            with suppress(OSError):
                err.print(f"glm-conformance: the run ended before its end ({how}): it has no verdict", soft_wrap=True)
            raise typer.Exit(2) from error
        raise typer.Exit(status)

    return wrapped


def unusable_is_2(command: Callable[P, None]) -> Callable[P, None]:
    """What can't be used ends the command with its message and exit status 2."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Unusable as error:
            err.print(f"[bold red]glm-conformance[/]: {error.fault}: {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            err.print(
                "glm-conformance: interrupted. A report that was asked for ends where the run did, without a summary; "
                "an earlier one of that name is beside it, with .before added.",
                soft_wrap=True,
            )
            raise typer.Exit(130) from error

    return wrapped


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar where standard output is a terminal, else a line a minute on standard error.

    Yields ``advance(name of the next)``.
    """
    if not out.is_terminal:
        told, done = time.monotonic(), 0

        def advance(name: str) -> None:
            nonlocal told, done
            done += 1
            if time.monotonic() - told >= A_MINUTE:
                told = time.monotonic()
                err.print(f"{escape(what)}: {done} of {total}", soft_wrap=True)

        yield advance
        return
    columns = (
        TextColumn(what),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[at]}"),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(what, total=total, at="")
        yield lambda name: bar.update(task, advance=1, at=name)
