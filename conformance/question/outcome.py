"""How a case may come out: the one list of words that case files, proofs and references share."""

from __future__ import annotations

from enum import StrEnum


class CaseOutcome(StrEnum):
    """What a right implementation finds, or why there is nothing to find; a member equals the word in the files."""

    ESTIMATE = "estimate"
    SEPARATED = "separated"
    QUASI_SEPARATED = "quasi_separated"
    RANK_DEFICIENT = "rank_deficient"  # an estimate too, of the columns that are not aliased
    BOUNDARY = "boundary"
    INVALID = "invalid"
    UNDECIDED = "undecided"  # what a proof may come to; no case may claim it

    @property
    def has_estimate(self) -> bool:
        """Whether a maximum likelihood estimate exists in the interior."""
        return self in (CaseOutcome.ESTIMATE, CaseOutcome.RANK_DEFICIENT)

    def __repr__(self) -> str:
        """The word in quotes, as it stands in files and is shown in messages."""
        return repr(self.value)
