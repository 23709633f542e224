"""What can be unusable, and whose fault it is.  Every message says what was found, what was expected and the mend."""

from __future__ import annotations

#: So many characters of a text that is not ours stand in a message.
LONGEST = 2000


def cut(text: str, longest: int = LONGEST) -> str:
    """``text``, or its beginning and how long it is: no longer than ``longest``, so that it is cut once."""
    end = f"... ({len(text)} characters)"
    return text if len(text) <= longest else text[: longest - len(end)] + end


class Retold(Exception):
    """Stands for an exception that its text names: of another process, or what was no Exception."""


def in_words(error: BaseException) -> str:
    """Its type and what it says; an exception of an adapter may have no text that can be had, or one without end."""
    try:
        return cut(str(error) if isinstance(error, Retold) else f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        raise
    except BaseException:
        return f"{type(error).__name__} (which can't be shown as text)"


class Unusable(Exception):
    """Something that the run can't use: exit status 2.  ``fault`` names whose fault it is."""

    fault = "suite"


class CaseError(Unusable):
    """A case file, or the data it names, is wrong."""

    fault = "case"


class StaleReference(Unusable):
    """A stored reference is absent, stale, or broken."""

    fault = "reference"


class ImplementationError(Unusable):
    """The implementation under test can't be found, imported or called."""

    fault = "implementation"


class CallError(Unusable):
    """The command line asks for something that isn't there."""

    fault = "call"


class KnownFailuresError(Unusable):
    """A list of known failures is wrong, or has an entry that matches nothing."""

    fault = "known failures"
