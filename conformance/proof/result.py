"""What a proof says, and the two ways in which there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flint import arb

from conformance.question.outcome import CaseOutcome

Value = Any  # an arb, or a list of them, or a list of lists: flint has no type stubs


class Undecided(Exception):
    """Neither an estimate nor its absence could be proven; the message says how far it went."""


class Invalid(ValueError):
    """The data are outside the family's domain, so there is no likelihood to maximise."""


class NotProven(Exception):
    """This attempt proves nothing, and says why; more bits, or another start, may."""


class Uniqueness(StrEnum):
    """Whether a proven maximum is the only one."""

    GLOBAL = "global"  # there is no other
    LOCAL = "local"  # there is none other in its box, and maybe one elsewhere
    NONE = "none"  # there is no maximum


@dataclass(frozen=True)
class Claim:
    """What is claimed of a maximum's uniqueness, and the theorem that it rests on, for whoever reads the reference."""

    kind: Uniqueness
    reason: str

    def __str__(self) -> str:
        """As it is stored: 'global: concave ...'."""
        return f"{self.kind}: {self.reason}"

    @classmethod
    def read(cls, stored: str) -> Claim:
        """What ``str`` made of a claim; ValueError for anything else."""
        kind, _, reason = stored.partition(": ")
        return cls(Uniqueness(kind), reason)


@dataclass(frozen=True)
class Box:
    """A box that the Krawczyk test has shown to hold one root: (p,) centers and radii."""

    center: list[arb]
    radius: list[arb]


@dataclass
class Proof:
    """Every proven quantity of one problem.

    outcome      estimate | rank_deficient | separated | quasi_separated | boundary
    uniqueness   whether the maximum is the only one, and by which theorem
    quantities   name -> ball, (p,) or (n_distinct,) balls, or (p, p) balls
    rows         (n,) for each row the index of its value in the row-wise quantities
    box          where the Krawczyk test holds, over the estimable columns; None where rationals
        solve it exactly
    exact_zeros  names of the coefficients that are exactly 0
    condition    (p,) the condition numbers A_k of the coefficients (sensitivity.py), None where aliased
    sigma        name -> doubles shaped as the quantity: its change when the data change in their last bit
    separation   the direction of recession and what it implies, where there is one
    """

    outcome: CaseOutcome
    names: tuple[str, ...]
    uniqueness: Claim
    quantities: dict[str, Value]
    rows: list[int]
    box: Box | None
    precision_bits: int
    exact_zeros: list[str] = field(default_factory=list)
    aliased: list[str] = field(default_factory=list)
    condition: list[float | None] | None = None
    sigma: dict[str, Any] = field(default_factory=dict)
    separation: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    workings: Any = field(default=None, repr=False, compare=False)  # for the sensitivities; never stored

    @property
    def has_estimate(self) -> bool:
        """Whether it is the proof of an estimate, and not of its absence or of a maximum on the boundary."""
        return self.outcome.has_estimate
