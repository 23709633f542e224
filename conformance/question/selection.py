"""Levels: frozen lists, by year, of the cases and checks that a score is made of; and what one run is to ask.

A level does not move: what the library gains later is run beside it, and not scored until the next year's lists.
scripts/levels.py says what each level is for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from conformance.errors import CallError, CaseError
from conformance.mathematics.family import PAIRS
from conformance.question.library import Library
from conformance.question.yaml_files import explained, plain, text_of, tree_of

FOLDER = Path(__file__).resolve().parent / "levels"


class Year(BaseModel):
    """The file of one year."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    year: int
    checks: list[str]
    core: list[str]
    full: list[str]
    hard: list[str]
    strict: list[str]  # the levels that it takes together


@dataclass(frozen=True)
class Level:
    """One level of one year: its name ('core 2026'), its cases and checks, and the year's cases altogether."""

    name: str
    cases: tuple[str, ...]
    checks: tuple[str, ...]
    of_the_year: frozenset[str]
    strict: bool


NAMES = ("core", "full", "hard", "strict")


def years() -> list[str]:
    """The years that have levels, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def level(name: str) -> Level:
    """The level called ``name``: 'core' (of the newest year) or 'core-2026'; CallError where there is none."""
    word, _, year = name.partition("-")
    year = year or years()[-1]
    if word not in NAMES or year not in years():
        near = difflib.get_close_matches(word, NAMES, 1)
        hint = f"did you mean {near[0]!r}?" if near and word not in NAMES else "the levels are"
        raise CallError(f"no level {name!r}; {hint} {', '.join(f'{one}-{y}' for y in years() for one in NAMES)}")
    found = _read(year)
    of_the_year = dict.fromkeys((*found.full, *found.hard))
    cases: Sequence[str] = getattr(found, word) if word != "strict" else [*of_the_year]
    return Level(f"{word} {year}", tuple(cases), tuple(found.checks), frozenset(of_the_year), word == "strict")


def _read(year: str) -> Year:
    path = FOLDER / f"{year}.yaml"
    tree: Any = tree_of(path, text_of(path, CaseError), CaseError, "a YAML file of levels")
    try:
        return Year.model_validate(plain(tree))
    except ValidationError as error:
        raise CaseError("\n".join(explained(path, tree, one, Year, "a year") for one in error.errors())) from error


# ------------------------------------------------------------------------------------------ what a run asks


class OfACheck(Protocol):
    """What is said of a case by a check: a verdict, which this room does not know."""

    @property
    def case(self) -> str:
        """The case's id."""

    @property
    def check(self) -> str:
        """The check's name."""


Said = TypeVar("Said", bound=OfACheck)


@dataclass(frozen=True)
class Chosen:
    """The cases and checks of a run; with a level, which of them are scored."""

    cases: tuple[str, ...]
    checks: tuple[str, ...]
    level: Level | None = None

    def is_scored(self, case: str, check: str) -> bool:
        """Whether the verdict counts; without a level every one does."""
        return self.level is None or (case in self.level.cases and check in self.level.checks)

    @property
    def scored_cases(self) -> int:
        """How many cases count."""
        return sum(self.level is None or case in self.level.cases for case in self.cases)

    @property
    def scored_checks(self) -> int:
        """How many checks count."""
        return sum(self.level is None or check in self.level.checks for check in self.checks)

    @property
    def unscored(self) -> int:
        """How many verdicts do not count."""
        return len(self.cases) * len(self.checks) - self.scored_cases * self.scored_checks

    def parted(self, verdicts: Iterable[Said]) -> tuple[list[Said], list[Said]]:
        """The verdicts that count, and those that do not."""
        parts: tuple[list[Said], list[Said]] = ([], [])
        for verdict in verdicts:
            parts[not self.is_scored(verdict.case, verdict.check)].append(verdict)
        return parts


def choose(
    library: Library,
    checks: Sequence[str],
    globs: list[str] | None = None,
    families: list[str] | None = None,
    of_level: Level | None = None,
) -> Chosen:
    """The cases that match a glob, a family and the level (all without one); CallError where that leaves nothing.

    With a level the cases that are on no list of its year are chosen too: they are run, and not scored.
    """
    ids = library.select(globs)
    if families:
        ids = [id for id in ids if _has_family(library, id, families)]
        if not ids:
            raise CallError(f"none of the cases is of the family {' or '.join(families)}; `glm-conformance cases list`")
    if of_level is not None:
        ids = [id for id in ids if id in of_level.cases or id not in of_level.of_the_year]
    chosen = Chosen(tuple(ids), tuple(checks), of_level)
    if chosen.scored_cases == 0 or chosen.scored_checks == 0:
        what = "cases" if chosen.scored_cases == 0 else "checks"
        raise CallError(f"none of the {what} that were chosen belongs to the level {of_level and of_level.name}")
    return chosen


def _has_family(library: Library, id: str, families: list[str]) -> bool:
    """Whether the case is of one of ``families``; one that can't be read is chosen too, so that it is seen."""
    for family in families:
        if family not in PAIRS:
            near = difflib.get_close_matches(re.sub(r"\W", "_", family.lower()), PAIRS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(PAIRS)}"
            raise CallError(f"no family {family!r}; {hint}")
    try:
        return library.case(id).family in families
    except CaseError:
        return True
