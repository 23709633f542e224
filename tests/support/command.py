"""The command line in this process: status, standard output and standard error, and never a traceback."""

from __future__ import annotations

from dataclasses import dataclass

from typer.testing import CliRunner

from conformance.cli import app


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


def command(*words: object) -> Said:
    """Run ``glm-conformance WORDS``; an exception that gets out is raised again, for a user would see a traceback."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)
