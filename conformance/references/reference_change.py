"""A ReferenceChange: how a stored reference differs from what its source says now, and whether that is news."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from conformance.mathematics.digits import spelled


class State(Enum):
    """What a stored reference came to when its source was asked again."""

    SAME = "same"  # every digit, or (certified) every proven one
    ROUNDING = "rounding"  # nothing that another order of the same sums does not explain (rounding.py)
    NEW = "new"  # nothing was stored
    MOVED = "moved"  # a number, a warning, an outcome changed, or the question did
    BROKEN = "broken"  # what is stored can't be read, or (certified) contradicts the case
    UNDECIDED = "undecided"  # certified: nothing could be proven

    @property
    def is_news(self) -> bool:
        """Whether someone has to look at it."""
        return self not in (State.SAME, State.ROUNDING)


@dataclass(frozen=True)
class Difference:
    """One quantity, or one fact of the outcome, that differs from the stored one.

    quantity   with its variant and the worst place: 'as_shipped.coefficients[2]'
    stored, now   as they are shown
    digits     how many agree; None for what is no number (a warning, a refusal, a quantity that is gone)
    rounding   how many rounding leaves: where fewer agree, it is news; None where digits is
    """

    quantity: str
    stored: str
    now: str
    is_news: bool
    digits: float | None = None
    rounding: float | None = None

    @property
    def digits_to_spare(self) -> float:
        """How many digits more agree than rounding leaves; none of what is no number."""
        return 0.0 if self.digits is None or self.rounding is None else self.digits - self.rounding

    def __str__(self) -> str:
        said = f"{self.quantity}: stored {self.stored}, now {self.now}"
        if self.digits is not None and self.rounding is not None:
            said += f"; {_count(self.digits)} digits agree, rounding leaves {_count(self.rounding)}"
        return said


def _count(digits: float) -> str:
    return spelled(digits) if digits > 0.0 else "no"


@dataclass(frozen=True)
class ReferenceChange:
    """How a stored reference differs from what its source says now."""

    case: str
    source: str
    state: State
    differences: tuple[Difference, ...] = ()
    message: str = ""
