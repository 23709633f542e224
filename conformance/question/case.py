"""A Case is a question written in YAML: data, formula, family, link, and why it is asked.

``read_case`` turns a file into a Case, or into a CaseError that names the file, the line and the mend.
``Case.problem()`` turns a Case into the Problem that an implementation gets.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from conformance.errors import CaseError
from conformance.mathematics.family import PAIRS, family_of
from conformance.question.formula import Design, FormulaError, design
from conformance.question.formula.columns import DECIMAL
from conformance.question.formula.syntax import nearest
from conformance.question.outcome import CaseOutcome
from conformance.question.problem import Problem
from conformance.question.yaml_files import explained, line_of, plain, text_of, tree_of

FamilyName = Literal["gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "negative_binomial", "tweedie"]
LinkName = Literal["identity", "log", "logit", "probit", "cauchit", "cloglog", "inverse", "inverse_squared", "sqrt"]
WrittenOutcome = Literal[
    CaseOutcome.ESTIMATE,
    CaseOutcome.SEPARATED,
    CaseOutcome.QUASI_SEPARATED,
    CaseOutcome.RANK_DEFICIENT,
    CaseOutcome.BOUNDARY,
    CaseOutcome.INVALID,
]
Defect = Literal[
    "offset_length",
    "offset_short",
    "weights_length",
    "weights_long",
    "nan_in_x",
    "inf_in_x",
    "nan_in_y",
    "inf_in_y",
    "nan_in_offset",
    "inf_in_offset",
    "nan_in_weights",
    "inf_in_weights",
]
Expression = Annotated[str, Field(min_length=1)]

#: The keys that say what is asked.  A reference is stale when one of these moved, not when a note was reworded.
ASKED = tuple(
    "data formula levels family link weights offset theta power start max_iterations outcome defect".split()  # noqa: SIM905
)


class Case(BaseModel):
    """One question put to an implementation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Equals the file's stem; stable for ever.")
    title: str = Field(min_length=1, max_length=80, description="One plain line.")
    source: str = Field(min_length=1, description="Where the data come from, with the licence.")
    data: str = Field(pattern=r"^data/[A-Za-z0-9_.-]+\.csv$", description="A CSV file below the cases folder.")
    formula: str = Field(min_length=3, description="R's syntax; cbind(successes, failures) for grouped data.")
    levels: dict[str, list[str]] = Field(default={}, description="The levels of each factor, in order.")
    family: FamilyName = Field(description="The distribution of the response.")
    link: LinkName = Field(description="The function that takes the mean to the linear predictor.")
    weights: Expression | None = Field(default=None, description="Prior weights: an expression over the columns.")
    offset: Expression | None = Field(default=None, description="An expression over the columns, e.g. log(service).")
    theta: float | None = Field(default=None, gt=0, description="The negative binomial's shape.")
    power: float | None = Field(default=None, ge=1, le=3, description="The Tweedie variance power.")
    start: list[float] | None = Field(default=None, description="Starting coefficients.")
    max_iterations: int | None = Field(default=None, ge=1, description="An iteration limit.")
    outcome: WrittenOutcome = Field(description="What a right implementation finds: an estimate, or why there is none.")
    defect: Defect | None = Field(default=None, description="How the suite damages the arrays of an invalid case.")
    detects: list[str] = Field(default=[], description="The faults that this case exists to catch.")
    notes: str = Field(default="", description="Why this case exists.")

    _folder: Path = PrivateAttr(default=Path("."))
    _file: Path = PrivateAttr(default=Path("?"))

    @field_validator("theta", "power", mode="before")
    @classmethod
    def _whole_numbers_are_numbers(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("start", mode="before")
    @classmethod
    def _whole_starts_are_numbers(cls, value: object) -> object:
        return [float(v) if type(v) is int else v for v in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        if self.link not in PAIRS[self.family]:
            links = ", ".join(PAIRS[self.family])
            raise _amiss("link", f"the {self.family} family has no {self.link} link here; it has {links}")
        for key, family in (("theta", "negative_binomial"), ("power", "tweedie")):
            if (getattr(self, key) is not None) != (self.family == family):
                at = "family" if self.family == family else key
                raise _amiss(at, f"{key} belongs to the {family} family, which needs it, and to no other")
        if self.defect is not None and self.outcome is not CaseOutcome.INVALID:
            raise _amiss("defect", "a defect belongs to outcome: invalid")
        if self.weights is not None and "cbind(" in self.formula.replace(" ", ""):
            raise _amiss("weights", "cbind() gives the weights already (the trials): leave out weights")
        family_of(self.family, self.theta, self.power)
        return self

    @property
    def file(self) -> Path:
        """The file that the case was read from."""
        return self._file

    @property
    def data_file(self) -> Path:
        """The CSV file that it names."""
        return self._folder / self.data

    @property
    def has_estimate(self) -> bool:
        """Whether a maximum likelihood estimate exists in the interior."""
        return self.outcome.has_estimate

    @cached_property
    def asked_sha256(self) -> str:
        """A digest of what is asked: it does not move when a title or note is reworded."""
        asked = json.dumps({key: getattr(self, key) for key in ASKED}, sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()

    @cached_property
    def data_sha256(self) -> str:
        """A digest of the data file's bytes."""
        return hashlib.sha256(self.data_file.read_bytes()).hexdigest()

    @cached_property
    def design_sha256(self) -> str:
        """A digest of the design matrix, to the last bit: R's model.matrix has the same (tests/test_r.py)."""
        return hashlib.sha256(self.design.X.tobytes()).hexdigest()

    @cached_property
    def design(self) -> Design:
        """The design that the formula makes of the data; CaseError names what does not fit."""
        frame = read_csv(self.data_file, self)
        try:
            return design(self.formula, frame, self.levels, weights=self.weights, offset=self.offset)
        except FormulaError as error:
            raise self.error(error.what, str(error)) from error

    @cached_property
    def _problem(self) -> Problem:
        d = self.design
        start = None if self.start is None else np.array(self.start)
        if start is not None and start.shape != (d.X.shape[1],):
            columns = ", ".join(d.names)
            raise self.error("start", f"{len(start)} starting coefficients for {d.X.shape[1]} columns: {columns}")
        problem = Problem(
            X=d.X,
            y=d.y,
            family=self.family,
            link=self.link,
            weights=d.weights,
            offset=d.offset,
            theta=self.theta,
            power=self.power,
            start=start,
            max_iterations=self.max_iterations,
            names=d.names,
            intercept=d.intercept,
            formula=self.formula,
            data=d.data,
            successes=d.successes,
        )
        return problem if self.defect is None else damaged(problem, self.defect)

    def problem(self) -> Problem:
        """What an implementation is asked; CaseError where data and formula do not fit."""
        return self._problem

    def _line_of(self, key: str) -> int:
        """The line of ``key`` in the case's file, 1 where the file is gone or was never there."""
        try:
            return line_of(YAML(typ="rt").load(self.file.read_text(encoding="utf-8")), (key,))
        except (OSError, YAMLError):
            return 1

    def error(self, key: str, message: str) -> CaseError:
        """A CaseError that points at ``key`` in the case's file."""
        return CaseError(f"{self.file}:{self._line_of(key)}: case {self.id}, {key}: {message}")


def damaged(problem: Problem, defect: Defect) -> Problem:
    """``problem`` with arrays that no implementation may accept."""
    if defect == "offset_length":
        return replace(problem, offset=np.zeros(problem.n + 1))
    if defect == "offset_short":
        return replace(problem, offset=problem.offsets[:2])  # that divides n, so that R recycles it
    if defect == "weights_length":
        return replace(problem, weights=np.ones(problem.n - 1))
    if defect == "weights_long":
        return replace(problem, weights=np.ones(problem.n + 1))
    bad = np.nan if defect.startswith("nan") else np.inf
    where = defect.split("_")[-1]
    rows = {"y": problem.y, "offset": problem.offsets, "weights": problem.prior_weights}
    if where in rows:
        changed: dict[str, Any] = {where: np.concatenate([[bad], rows[where][1:]])}
        return replace(problem, **changed)
    X = problem.X.copy()
    X[0, -1] = bad
    return replace(problem, X=X)


def read_csv(path: Path, case: Case) -> pd.DataFrame:
    """The columns of ``path``: text for factors, float64 for the rest; '' and 'NA' are missing (NaN, or None)."""
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.csv")], 1)
        hint = f"; did you mean data/{near[0]}?" if near else ""
        raise case.error("data", f"no data file {path}{hint}")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file, strict=True))
        for line, row in enumerate(rows, 2):
            if row and len(row) != len(header):
                raise ValueError(f"line {line} has {len(row)} fields, the header {len(header)}")
        if len(set(header)) < len(header):
            raise ValueError(f"two columns have the same name: {', '.join(header)}")
        text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8", index_col=False)
    except (ValueError, csv.Error, pd.errors.ParserError) as error:  # also no header, and bytes that are not UTF-8
        raise case.error("data", f"{path} is no CSV file: {' '.join(str(error).split())}") from error
    frame = {}
    for name in text.columns:
        missing = text[name].isin(("", "NA"))
        values = text[name].where(~missing, None)
        frame[name] = values.astype(object) if name in case.levels else _numbers(values)
    for name in case.levels:
        if name not in text.columns:
            known = ", ".join(text.columns)
            raise case.error(
                "levels", f"no column {name!r} in {path.name}; it has {known}.{nearest(name, text.columns)}"
            )
    return pd.DataFrame(frame)


def _numbers(values: pd.Series) -> pd.Series:
    """``values`` as correctly rounded doubles where every one is a decimal number, as R reads it, else as text."""
    if not all(DECIMAL.fullmatch(value) for value in values if isinstance(value, str)):
        return values.astype(object)
    return pd.Series([float(v) if isinstance(v, str) else np.nan for v in values], dtype=np.float64)


# ------------------------------------------------------------------------------------------ reading YAML


def read_case(path: Path, folder: Path) -> Case:
    """The case in ``path``; its data are below ``folder``.  CaseError names file, line and mend."""
    tree = tree_of(path, text_of(path, CaseError), CaseError, "a YAML case")
    if tree is None:
        raise CaseError(f"{path}:1: the file is empty; `glm-conformance cases show contraception` shows a case")
    if not isinstance(tree, dict):
        raise CaseError(f"{path}:1: a case is a mapping of keys to values, found {type(tree).__name__}")
    try:
        case = Case.model_validate(plain(tree))
    except RecursionError as error:
        raise CaseError(f"{path}:1: a value contains itself (a YAML alias); write it out") from error
    except ValidationError as error:
        raise CaseError("\n".join(explained(path, tree, one, Case, "a case") for one in error.errors())) from error
    if case.id != path.stem:
        raise CaseError(f"{path}:{line_of(tree, ('id',))}: id is {case.id!r}, but the file's stem is {path.stem!r}")
    case._folder, case._file = folder, path
    return case


def _amiss(key: str, message: str) -> PydanticCustomError:
    """What is wrong with several keys together; ``key`` is the one whose line is shown."""
    return PydanticCustomError("amiss", "{message}", {"message": message, "key": key})
