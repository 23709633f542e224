"""A Library is a folder of cases with their data and their references: the built-in one, or a user's own."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from conformance.errors import CallError, CaseError
from conformance.question.case import Case, read_case

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Library:
    """``cases`` is the folder of YAML files (and data/), ``references`` where the stored references are."""

    cases: Path
    references: Path

    @classmethod
    def built_in(cls) -> Library:
        """The suite's own: inside an installed wheel, or beside the package in a checkout."""
        carried = _PACKAGE / "_carried"
        root = carried if carried.is_dir() else _PACKAGE.parent
        return cls(root / "cases", root / "reference_outputs")

    @classmethod
    def at(cls, folder: Path | None) -> Library:
        """A user's folder, or the built-in library for None; CallError where there is no such folder."""
        if folder is None:
            return cls.built_in()
        if not folder.is_dir():
            raise CallError(f"no folder of cases at {folder}")
        return cls(folder, folder / "reference_outputs")

    @cached_property
    def files(self) -> dict[str, Path]:
        """The case files by id (the stem), in order of the path."""
        found: dict[str, Path] = {}
        for path in sorted(self.cases.rglob("*.yaml")):
            inside = path.relative_to(self.cases).parts
            if path.name == "detects.yaml" or inside[0] in ("data", "reference_outputs"):
                continue
            if path.stem in found:
                raise CaseError(f"{path}:1: the id {path.stem!r} is taken by {found[path.stem]}; rename one of them")
            found[path.stem] = path
        return found

    def select(self, globs: list[str] | None = None) -> list[str]:
        """The ids that match any of ``globs`` (all without one); a pattern that matches nothing is a CallError."""
        if not self.files:
            other = next(iter(sorted(self.cases.rglob("*.yml"))), None)
            hint = f"; rename {other} to end in .yaml" if other else ""
            raise CallError(f"no cases below {self.cases}: a case is a file FAMILY/ID.yaml{hint}")
        chosen: dict[str, None] = {}
        for glob in globs or ["*"]:
            matching = [id for id in self.files if fnmatchcase(id, glob)]
            if not matching:
                near = difflib.get_close_matches(glob, self.files, 3)
                hint = f"near it: {', '.join(near)}" if near else "`glm-conformance cases list` shows them all"
                raise CallError(f"no case matches {glob!r}; {hint}")
            chosen |= dict.fromkeys(matching)
        return [id for id in self.files if id in chosen]

    def one(self, glob: str) -> str:
        """The one id that matches ``glob``; CallError where there are several or none."""
        ids = self.select([glob])
        if len(ids) > 1:
            raise CallError(
                f"{glob!r} matches {len(ids)} cases, give one: {', '.join(ids[:9])}{', ...' * (len(ids) > 9)}"
            )
        return ids[0]

    def __getstate__(self) -> dict[str, Path]:
        """What another process is sent, maybe while this one reads on: the folders.  It reads the cases for itself."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _read(self) -> dict[str, Case]:
        return {}

    def case(self, id: str) -> Case:
        """The case called ``id``, read once; CaseError where its file is wrong."""
        if id not in self._read:
            self._read[id] = read_case(self.files[id], self.cases)
        return self._read[id]
