"""pytest --pyargs conformance --implementation mypackage.adapter:fit: one test for each case and check.

-k, -n, --junitxml and the rest do what they always do; --conformance-cases takes a folder of one's own.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.judging.verdict import Verdict
    from conformance.running.session import Session

#: The file whose tests are ours: nobody else's are touched.
OURS = Path(__file__).with_name("test_gate.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("conformance", "GLM conformance (pytest --pyargs conformance)")
    group.addoption("--implementation", help="irls, statsmodels, r-glm, ... or module:attribute of your own")
    group.addoption("--conformance-cases", type=Path, help="a folder of cases to use in place of the built-in library")
    group.addoption("--conformance-digits", type=float, default=6.0, help="digits asked, where the data can give them")
    group.addoption("--conformance-strict", action="store_true", help="ask for all the digits that the data can give")
    group.addoption("--conformance-level", help="core, full, hard or strict, of a year: core-2026")
    group.addoption("--conformance-known", type=Path, help="a YAML list of known failures (gate --write-known)")
    group.addoption("--conformance-timeout", type=float, help="seconds that the implementation has for each fit")
    group.addoption("--conformance-memory", type=int, help="the address space that it may use, in MiB")


class Conformance:
    """The Session of the tests, made when it is first wanted; with -n its results are shared among the processes."""

    def __init__(self, config: pytest.Config):
        self._option, self._folder = config.getoption, getattr(config, "workerinput", {}).get("conformance_folder")

    @cached_property
    def session(self) -> Session:
        """The session; Unusable where the options ask for what is not there."""
        from conformance.adapters import TRUSTED, Limits
        from conformance.errors import CallError
        from conformance.judging import known_failures
        from conformance.judging.checks import CHECKS
        from conformance.judging.comparison import Demand
        from conformance.question.library import Library
        from conformance.question.selection import Chosen, level
        from conformance.running.session import Session

        name = self._option("--implementation")
        timeout, memory = self._option("--conformance-timeout"), self._option("--conformance-memory")
        if name in TRUSTED and (timeout, memory) != (None, None):
            raise CallError(f"a time or memory limit is of a process, and {name} has none of its own")
        library, known, at = Library.at(self._option("--conformance-cases")), self._option("--conformance-known"), None
        if self._option("--conformance-level") is not None:
            at = level(self._option("--conformance-level"))
        strict = self._option("--conformance-strict") or bool(at and at.strict)
        ids = [id for id in library.select() if at is None or id in at.cases]
        return Session(
            name,
            library,
            Chosen(tuple(ids), tuple(CHECKS) if at is None else at.checks),
            Demand(self._option("--conformance-digits"), strict),
            None if known is None else known_failures.read(known, library.files, CHECKS),
            Limits(timeout or Limits().timeout, memory),
            shared=self._folder and Path(self._folder),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The cases and checks to run; UsageError where there is no implementation or no case."""
        from conformance.errors import Unusable

        if self._option("--implementation") is None:
            raise pytest.UsageError(
                "give --implementation: irls, statsmodels, r-glm, ... or module:attribute of your own"
            )
        try:
            _ = self.session.implementation
        except Unusable as error:
            raise pytest.UsageError(f"{error.fault}: {error}") from error
        return [(id, check) for id in self.session.chosen.cases for check in self.session.chosen.checks]

    def verdict(self, id: str, check: str) -> Verdict:
        """One check of one case, in the light of the known failures."""
        (verdict,) = self.session.judged(v for v in self.session.result(id).verdicts if v.check == check)
        return verdict

    def close(self) -> None:
        """End the implementation's process: it starts again where it is asked again."""
        if "session" in self.__dict__:
            self.session.close()


class NothingRun:
    """Where no check passed or failed pytest would end with status 0 and the gate does not: then it is 1."""

    def __init__(self) -> None:
        self.skipped = self.decided = 0

    @property
    def alone(self) -> bool:
        """Whether there were verdicts, and none of them said anything."""
        return self.skipped > 0 and self.decided == 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Each of our tests, also those that other processes run (pytest-xdist)."""
        if getattr(report, "of_glm_conformance", False) and (report.when == "call" or report.failed):
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


class SharedFolder:
    """Where the processes of pytest-xdist leave each other their results, so that no case is fitted twice."""

    def __init__(self) -> None:
        self._folder: str | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process where."""
        self._folder = self._folder or tempfile.mkdtemp(prefix="glm-conformance-")
        node.workerinput["conformance_folder"] = self._folder

    def pytest_unconfigure(self) -> None:
        """Take the folder away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


_KEY = pytest.StashKey[Conformance]()


def pytest_configure(config: pytest.Config) -> None:
    """A usage error at once where `--pyargs conformance` has nothing to run."""
    config.stash[_KEY] = session = Conformance(config)
    config.pluginmanager.register(NothingRun())
    config.pluginmanager.register(SharedFolder())
    asked = (str(argument).split("::")[0].split(".")[0] for argument in config.args)
    if config.getoption("pyargs") and "conformance" in asked:
        session.pairs()
        session.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the implementation's process."""
    config.stash[_KEY].close()


@pytest.fixture(scope="session")
def conformance_session(pytestconfig: pytest.Config) -> Conformance:
    """The session's Conformance."""
    return pytestconfig.stash[_KEY]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for every case and check; a usage error where nothing can be run."""
    if _is_ours(metafunc.module):
        pairs = metafunc.config.stash[_KEY].pairs()
        metafunc.parametrize("conformance_case, conformance_check", pairs, ids=[f"{id}-{check}" for id, check in pairs])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Mark the reports of our tests: a node's id may be anybody's."""
    report = yield
    if _is_ours(getattr(item, "module", None)):
        report.of_glm_conformance = True
    return report


def _is_ours(module: Any) -> bool:
    """Whether a module of tests is conformance/test_gate.py."""
    return getattr(module, "__file__", None) is not None and Path(module.__file__).resolve() == OURS.resolve()
