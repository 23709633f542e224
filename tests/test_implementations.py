"""The built-in implementations: all listed, importable without their packages, and helpful where those are missing."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conformance.adapters import BUILT_IN, COMMAND, EXAMPLES, PACKAGES, find, load
from conformance.adapters.answer import Unsupported
from conformance.adapters.conventions import declared
from conformance.adapters.installed import all_installed
from conformance.adapters.offers import heard, only
from conformance.errors import ImplementationError
from conformance.judging.checks import CHECKS
from conformance.judging.judge import judge_case
from conformance.judging.verdict import Outcome, Verdict
from conformance.question.library import Library
from conformance.showing.record import Record

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "conformance" / "adapters"
HELPERS = {
    *("__init__", "answer", "built_in", "child", "command", "conventions", "frames", "guard", "guarded_call"),
    *("installed", "isolated", "loading", "offers", "program", "protocol", "r", "worker"),
}
FOREIGN = sorted(set(BUILT_IN) - {"irls"})
PROGRAMS = [name for name in BUILT_IN if BUILT_IN[name].startswith(COMMAND)]
IN_PYTHON = [name for name in BUILT_IN if name not in PROGRAMS]


def test_every_adapter_is_listed_and_every_listed_one_is_there() -> None:
    modules = {BUILT_IN[name].split(":")[0].rsplit(".", 1)[1] for name in IN_PYTHON}
    assert modules == {path.stem for path in FOLDER.glob("*.py")} - HELPERS
    assert set(PACKAGES) == set(FOREIGN)


def test_every_adapter_has_a_tox_environment_and_an_extra() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in FOREIGN:
        assert f"testenv:{name}" in tox, name
    for name in set(FOREIGN) - set(PROGRAMS):
        assert tox[f"testenv:{name}"]["extras"] in extras, name
        assert f"glm-conformance[{tox[f'testenv:{name}']['extras']}]" in PACKAGES[name].install


def test_every_adapter_is_in_the_document() -> None:
    text = (ROOT / "docs" / "implementations.md").read_text()
    for name in BUILT_IN:
        assert f"\n## {name}\n" in text, name
        assert f"<!-- failures: {name} -->" in text, name


def test_the_accounts_of_failures_name_implementations_and_link_to_what_is_there() -> None:
    accounts = YAML(typ="safe").load((ROOT / "docs" / "implementations.yaml").read_text())
    assert set(accounts) - {"all"} == set(BUILT_IN)
    page, findings = ((ROOT / "docs" / name).read_text() for name in ("implementations.md", "findings.md"))
    headings = {
        line.strip("# ").lower().replace(",", "").replace(" ", "-") for line in page.splitlines() if "#" in line
    }
    entries = [one for some in accounts.values() for one in some]
    assert {one["like"] for one in entries if "like" in one} <= set(BUILT_IN)
    for entry in [one for one in entries if "like" not in one]:
        for target in re.findall(r"\]\((\S+)\)", entry["why"]):
            file, _, anchor = target.partition("#")
            there = f'id="{anchor}"' in findings if file == "findings.md" else anchor in headings
            assert there or file.startswith("https://"), target


def test_a_failure_that_nothing_accounts_for_is_shown_as_such() -> None:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "scripts" / "implementations.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    sys.modules["tables"] = tables  # as dataclasses ask
    spec.loader.exec_module(tables)
    causes = {"dobson": "early stop", "warpbreaks": "a cause that nobody named"}
    verdicts = [Verdict(id, "aic", "aic", Outcome.FAIL, cause=cause) for id, cause in causes.items()]
    record = Record({"implementation": "irls"}, tuple(verdicts), {})
    shown = tables.failures(record)
    assert "| [stops early](#stops-early) | 1 | 1 | aic | dobson |" in shown
    assert f"| {tables.LEFT_OVER} | 1 | 1 | aic | warpbreaks |" in shown
    assert tables.left_over([record]) == "irls: a cause that nobody named: aic: 1: warpbreaks"


def test_the_reported_faults_name_a_case_and_a_check_or_say_why_not(library: Library) -> None:
    for entry in YAML(typ="safe").load((ROOT / "docs" / "faults.yaml").read_text()):
        assert entry["of"] in BUILT_IN, entry
        assert (entry.get("case") in library.files and entry.get("check") in CHECKS) or entry["note"], entry


@pytest.mark.parametrize("name", IN_PYTHON)
def test_an_adapter_is_small_imports_without_its_package_and_declares_real_conventions(name: str) -> None:
    where, attribute = BUILT_IN[name].split(":")
    blocked = PACKAGES[name].module if name in PACKAGES else "none"
    code = f"import sys; sys.modules[{blocked!r}] = None; import {where}"
    subprocess.run([sys.executable, "-c", code], check=True)
    made = getattr(importlib.import_module(where), attribute)
    assert declared(getattr(made, "conventions", None))
    assert made.name == name
    lines = len((ROOT / (where.replace(".", "/") + ".py")).read_text().splitlines())
    assert lines <= 100


@pytest.mark.parametrize("name", [name for name in FOREIGN if name in IN_PYTHON and not PACKAGES[name].r])
def test_a_missing_package_gives_the_command_that_installs_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, full: str, path: object = None, target: object = None) -> None:
            if full.split(".")[0] == PACKAGES[name].module:
                raise ModuleNotFoundError(f"No module named {full!r}", name=full)

    for loaded in [one for one in sys.modules if one.split(".")[0] == PACKAGES[name].module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(ImplementationError, match=r"there is no module .* here: pip install 'glm-conformance\["):
        load(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_missing_program_gives_the_command_that_installs_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = PACKAGES[name].program
    monkeypatch.setattr("shutil.which", lambda asked: None if asked == program else f"/bin/{asked}")
    with pytest.raises(ImplementationError, match=rf"{name}: there is no program '{program}' here: \S+ install"):
        find(name)


def test_the_programs_are_files_of_examples() -> None:
    assert EXAMPLES == ROOT / "examples"
    for name in PROGRAMS:
        assert Path(shlex.split(BUILT_IN[name])[-1]).is_relative_to(EXAMPLES)
        assert Path(shlex.split(BUILT_IN[name])[-1]).is_file()


def test_base_r_is_found_by_name_and_speaks_the_protocol(library: Library) -> None:
    found = find("r-glm-rscript")
    assert found.name == "r-glm-rscript"
    assert not {v.outcome for v in judge_case(found, library, "dobson").verdicts} & {Outcome.FAIL, Outcome.ERROR}
    assert found.function.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("id", ["contraception", "warpbreaks", "esoph-grouped-logit", "genins-gamma-log"])
def test_statsmodels_newton_conforms(library: Library, id: str) -> None:
    found = find("statsmodels-newton")
    verdicts = judge_case(found, library, id).verdicts
    of_coefficients = [v for v in verdicts if v.check in ("coefficients", "standard_errors", "deviance", "score")]
    assert {v.outcome for v in of_coefficients} == {Outcome.PASS}


def test_the_command_says_what_is_here_and_how_to_install_the_rest() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from conformance.cli import main; main()", "implementations", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["name"] for row in rows] == list(BUILT_IN)
    assert all(row["install"] for row in rows)
    by_name = {row["name"]: row for row in rows}
    assert by_name["irls"]["version"]
    assert by_name["statsmodels"]["version"]
    assert [(one.name, one.version) for one in all_installed()] == [(row["name"], row["version"]) for row in rows]


def test_only_says_what_is_not_offered(library: Library) -> None:
    grouped = library.case("esoph-grouped-logit").problem()
    only(grouped, {"binomial": ("logit",)})
    with pytest.raises(Unsupported, match="no binomial family with the logit link"):
        only(grouped, {"poisson": ("log",)})
    with pytest.raises(Unsupported, match="no grouped binomial data"):
        only(grouped, {"binomial": ("logit",)}, proportions=False)
    with pytest.raises(Unsupported, match="no prior weights"):
        only(grouped, {"binomial": ("logit",)}, weights=False)


def test_heard_keeps_each_warning_once_and_leaves_out_deprecations() -> None:
    import warnings

    with heard() as said:
        for _ in range(2):
            warnings.warn("did not converge", RuntimeWarning, stacklevel=1)
        warnings.warn("will be removed", FutureWarning, stacklevel=1)
    assert said == ["RuntimeWarning: did not converge"]
