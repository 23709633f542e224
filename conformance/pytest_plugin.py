"""pytest --pyargs conformance --implementation mypackage.adapter:fit: one test for each case and check.

-k, -n, --junitxml and the rest do what they always do; --conformance-cases takes a folder of one's own.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.judging.known_failures import KnownFailures
    from conformance.judging.verdict import Verdict
    from conformance.question.library import Library
    from conformance.question.selection import Level
    from conformance.running.gate import CaseResult


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("conformance", "GLM conformance (pytest --pyargs conformance)")
    group.addoption("--implementation", help="irls, statsmodels, r-glm, ... or module:attribute of your own")
    group.addoption("--conformance-cases", type=Path, help="a folder of cases to use in place of the built-in library")
    group.addoption("--conformance-digits", type=float, default=6.0, help="digits asked, where the data can give them")
    group.addoption("--conformance-strict", action="store_true", help="ask for all the digits that the data can give")
    group.addoption("--conformance-level", help="core, full, hard or strict, of a year: core-2026")
    group.addoption("--conformance-known", type=Path, help="a YAML list of known failures (gate --write-known)")


class Conformance:
    """What the tests of one session share: the library, and the verdicts of the cases that were run."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self._results: dict[str, CaseResult] = {}

    @cached_property
    def library(self) -> Library:
        """The library that was asked for."""
        from conformance.question.library import Library

        return Library.at(self.config.getoption("--conformance-cases"))

    @cached_property
    def implementation(self) -> object:
        """The implementation that was asked for."""
        from conformance.adapters import find

        return find(self.config.getoption("--implementation"))

    @cached_property
    def level(self) -> Level | None:
        """The level that was asked for."""
        from conformance.question.selection import level

        name = self.config.getoption("--conformance-level")
        return None if name is None else level(name)

    @cached_property
    def known(self) -> KnownFailures | None:
        """The failures that are known."""
        from conformance.judging.checks import CHECKS
        from conformance.judging.known_failures import read

        path = self.config.getoption("--conformance-known")
        return None if path is None else read(path, self.library.files, CHECKS)

    def ids(self) -> list[str]:
        """The cases to run; UsageError where there is no implementation or no case."""
        from conformance.errors import Unusable

        if self.config.getoption("--implementation") is None:
            raise pytest.UsageError(
                "give --implementation: irls, statsmodels, r-glm, ... or module:attribute of your own"
            )
        try:
            _, _, level = self.implementation, self.known, self.level
            ids = self.library.select()
        except Unusable as error:
            raise pytest.UsageError(f"{error.fault}: {error}") from error
        return ids if level is None else [id for id in ids if id in level.cases]

    def checks(self) -> tuple[str, ...]:
        """The checks to ask: those of the level, else all."""
        from conformance.judging.checks import CHECKS

        return tuple(CHECKS) if self.level is None else self.level.checks

    def result(self, id: str) -> CaseResult:
        """The verdicts of a case, which is put to the implementation once."""
        from conformance.judging.comparison import Demand
        from conformance.running.gate import judge

        if id not in self._results:
            option = self.config.getoption
            strict = option("--conformance-strict") or bool(self.level and self.level.strict)
            demand = Demand(option("--conformance-digits"), strict)
            self._results[id] = judge(self.implementation, self.library, id, demand)  # type: ignore[arg-type]
        return self._results[id]

    def verdict(self, id: str, check: str) -> Verdict:
        """One check of one case, in the light of the known failures."""
        verdict = next(v for v in self.result(id).verdicts if v.check == check)
        return verdict if self.known is None else self.known.judged(verdict)


class NothingRun:
    """Where no check passed or failed pytest would end with status 0 and the gate does not: then it is 1."""

    def __init__(self) -> None:
        self.skipped = self.decided = 0

    @property
    def alone(self) -> bool:
        """Whether there were verdicts, and none of them said anything."""
        return self.skipped > 0 and self.decided == 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Each test, also those that other processes run (pytest-xdist)."""
        if "test_gate.py::test_conforms[" in report.nodeid and (report.when == "call" or report.failed):
            silent = report.skipped and not hasattr(report, "wasxfail")
            self.skipped, self.decided = self.skipped + silent, self.decided + (not silent)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The exit status of `conformance.judging.verdict.conforms`."""
        if self.alone and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Why."""
        if self.alone:
            from conformance.judging.verdict import NOTHING_RUN

            terminalreporter.write_line(NOTHING_RUN, red=True)


_KEY = pytest.StashKey[Conformance]()


def pytest_configure(config: pytest.Config) -> None:
    """One Conformance for the session; a usage error at once where `--pyargs conformance` has nothing to run."""
    config.stash[_KEY] = Conformance(config)
    config.pluginmanager.register(NothingRun())
    asked = (str(argument).split("::")[0].split(".")[0] for argument in config.args)
    if config.getoption("pyargs") and "conformance" in asked:
        config.stash[_KEY].ids()


@pytest.fixture(scope="session")
def conformance_session(pytestconfig: pytest.Config) -> Conformance:
    """The session's Conformance."""
    return pytestconfig.stash[_KEY]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for every case and check; a usage error where nothing can be run."""
    if not {"conformance_case", "conformance_check"} <= set(metafunc.fixturenames):
        return
    session = metafunc.config.stash[_KEY]
    pairs = [(id, check) for id in session.ids() for check in session.checks()]
    metafunc.parametrize("conformance_case, conformance_check", pairs, ids=[f"{id}-{check}" for id, check in pairs])
