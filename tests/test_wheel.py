"""A wheel carries the cases and the references, so that the gate runs from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conformance.showing import record

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the unpacked wheel."""
    to = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(to / "dist"), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (to / "dist").glob("glm_conformance-*-py3-none-any.whl")
    zipfile.ZipFile(wheel).extractall(to / "site")
    return to / "site"


def from_wheel(site: Path, folder: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """``code`` in a process that finds the unpacked wheel first, started in ``folder``."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    call = [sys.executable, "-W", "error", "-c", code, *words]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", ["cases", "reference_outputs", "examples"])
def test_the_wheel_carries_every_file_byte_for_byte(site: Path, folder: str) -> None:
    carried = site / "conformance" / "_carried" / folder
    ours = {
        p.relative_to(ROOT / folder): p.read_bytes()
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix != ".pyc"
    }
    theirs = {p.relative_to(carried): p.read_bytes() for p in carried.rglob("*") if p.is_file()}
    assert len(ours) > (20 if folder != "examples" else 5)
    assert theirs.keys() == ours.keys()
    assert [str(name) for name in ours if theirs[name] != ours[name]] == []


def test_the_wheel_carries_the_package_and_nothing_beside_it(site: Path) -> None:
    tracked = {p.relative_to(ROOT) for p in (ROOT / "conformance").rglob("*") if p.suffix in (".py", ".R", ".typed")}
    package = site / "conformance"
    assert {
        p.relative_to(site)
        for p in package.rglob("*")
        if p.suffix in (".py", ".R", ".typed") and not p.is_relative_to(package / "_carried")
    } == tracked
    levels = [p.relative_to(ROOT) for p in (ROOT / "conformance" / "question" / "levels").iterdir()]
    assert levels
    assert all((site / path).is_file() for path in levels)
    assert Path("conformance/py.typed") in tracked  # the classifier says Typing :: Typed
    (metadata,) = {p for p in site.iterdir() if p.name != "conformance"}
    assert metadata.suffix == ".dist-info"
    assert [p.name for p in metadata.rglob("LICENSE")] == ["LICENSE"]


def test_the_gate_runs_from_another_folder_with_what_the_wheel_carries(site: Path, tmp_path: Path) -> None:
    where = from_wheel(
        site, tmp_path, "import conformance.question.library as l; print(l.__file__, l.Library.built_in().cases)"
    )
    assert where.stdout.split() == [
        str(site / "conformance" / name) for name in ("question/library.py", "_carried/cases")
    ]
    words = ["gate", "irls", "--report", "run.jsonl"]
    for id in ("contraception", "dobson", "separated-ten"):
        words += ["--case", id]
    ended = from_wheel(site, tmp_path, "from conformance.cli import main; main()", *words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "CONFORMS (3 cases" in ended.stdout
    found = record.read(tmp_path / "run.jsonl")
    assert {v.case for v in found.verdicts} == {"contraception", "dobson", "separated-ten"}
    assert found.summary["counts"]["pass"] > 40


def test_the_zoo_runs_from_the_wheel(site: Path, tmp_path: Path) -> None:
    words = ["zoo", "--only", "^offset-ignored$", "--case", "breslow-rates"]
    ended = from_wheel(site, tmp_path, "from conformance.cli import main; main()", *words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "by default: 1 of 1 faults refused, 0 of them for a wrong cause" in ended.stdout
    where = from_wheel(site, tmp_path, "import conformance.zoo; print(conformance.zoo.__file__)")
    assert where.stdout.strip() == str(site / "conformance" / "zoo" / "__init__.py")


def test_the_entry_points_are_the_command_and_the_plugin(site: Path) -> None:
    (text,) = [p.read_text("utf-8") for p in site.glob("*.dist-info/entry_points.txt")]
    assert "glm-conformance = conformance.cli:main" in text
    assert "glm-conformance = conformance.pytest_plugin" in text
