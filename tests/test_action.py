"""The GitHub Action: its script really runs, its inputs can't reach the script's text, and its templates fit it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.wrong_adapter import WRONG_DEVIANCE

from conformance.showing import record

ROOT = Path(__file__).resolve().parents[1]
ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
TEMPLATES = [ROOT / "examples" / language / "conformance.yml" for language in ("python", "r")]


def gate(folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """The gate's step as a runner would run it: the exit status, the step's outputs, and the job's summary."""
    given = {name: one["default"] for name, one in ACTION["inputs"].items()} | {"python": sys.executable} | inputs
    variables = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], text)
        for name, text in STEPS["gate"]["env"].items()
    }
    of_runner = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = {**os.environ, **variables, **of_runner, "GITHUB_ACTIONS": "true", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    call = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["gate"]["run"]]
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    outputs = dict(line.split("=", 1) for line in Path(of_runner["GITHUB_OUTPUT"]).read_text().splitlines())
    summary = Path(of_runner["GITHUB_STEP_SUMMARY"])
    return done.returncode, outputs, summary.read_text() if summary.exists() else ""


FEW = "--case dobson --case warpbreaks --jobs 1"


def test_a_conforming_implementation_passes_with_a_record_a_badge_and_a_summary(tmp_path: Path) -> None:
    status, outputs, summary = gate(tmp_path, implementation="irls", arguments=FEW)
    assert (status, outputs["conforms"]) == (0, "true")
    assert record.read(Path(outputs["record"])).run["cases"] == 2
    assert json.loads(Path(outputs["badge"]).read_text())["message"] == "conforms"
    assert ": CONFORMS" in summary
    assert (tmp_path / "conformance-report" / "junit.xml").is_file()


def test_one_that_does_not_conform_fails_the_step_and_known_failures_mend_it(tmp_path: Path) -> None:
    (tmp_path / "off.py").write_text(WRONG_DEVIANCE)
    few = f"{FEW} --check deviance"
    status, outputs, summary = gate(tmp_path, implementation="off:fit", arguments=few)
    assert (status, outputs["conforms"]) == (1, "false")
    assert "DOES NOT CONFORM" in summary
    (tmp_path / "known.yaml").write_text(
        "".join(f"- {{case: {c}, check: deviance, reason: off, digits: 2}}\n" for c in ("dobson", "warpbreaks"))
    )
    status, outputs, _ = gate(tmp_path, implementation="off:fit", arguments=few, known="known.yaml")
    assert (status, outputs["conforms"]) == (0, "true")


def test_a_command_with_blanks_is_one_input_and_nothing_in_an_input_is_run(tmp_path: Path) -> None:
    adapter = f"{sys.executable} {ROOT / 'tests' / 'support' / 'misbehaving.py'} works"
    if not (ROOT / "tests" / "support" / "misbehaving.py").is_file():
        pytest.fail("the adapter of tests/support has another name now")
    status, outputs, _ = gate(tmp_path, command=adapter, arguments="--case dobson")
    assert (status, outputs["conforms"]) == (1, "false")  # it answers zeros
    assert record.read(Path(outputs["record"])).run["implementation"] == "misbehaving"
    status, outputs, _ = gate(
        tmp_path, implementation="$(touch pwned)", known="; touch pwned", arguments="`touch pwned`"
    )
    assert (status, outputs["conforms"]) == (2, "false")
    assert not (tmp_path / "pwned").exists()


def test_no_input_is_put_into_the_text_of_a_script() -> None:
    for step in STEPS.values():
        assert "${{" not in step["run"]
    used = set(re.findall(r"inputs\.(\w+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(ACTION["inputs"])
    for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert one["description"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_the_templates_use_the_action_with_inputs_that_it_has(path: Path) -> None:
    workflow = YAML(typ="safe").load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    (step,) = [one for one in workflow["jobs"]["gate"]["steps"] if "glm-conformance" in one.get("uses", "")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    for name in ("known", "implementation", "command"):
        file = {"known": "known.yaml", "implementation": "adapter.py", "command": "adapter.R"}[name]
        assert name not in step["with"] or (path.parent / file).is_file()


def test_the_python_example_conforms_with_its_list_of_known_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    from support.command import command

    monkeypatch.chdir(ROOT / "examples" / "python")
    monkeypatch.setattr(sys, "path", sys.path[:])
    sys.modules.pop("adapter", None)
    said = command("gate", "adapter:fit", "--level", "core-2026", "--known", "known.yaml")
    assert (said.status, said.err) == (0, "")
    assert command("smoke", "adapter:fit").status == 0
    sys.modules.pop("adapter", None)
