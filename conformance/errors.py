"""What can be unusable, and whose fault it is.  Every message says what was found, what was expected and the mend."""

from __future__ import annotations


def in_words(error: BaseException) -> str:
    """Its type and what it says; an exception of an adapter may have no text that can be had."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
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
