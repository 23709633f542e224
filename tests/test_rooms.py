"""The rooms of the package: each imports from those below it only, and no modules import each other in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "conformance"

#: From the ground up. Rooms of one line stand side by side, and neither imports the other.
ORDER: tuple[tuple[str, ...], ...] = (
    ("errors", "files", "json_numbers"),  # the ground: what any room may need, and what knows nothing of GLMs
    ("mathematics",),
    ("question",),
    ("fitter",),
    ("proof",),
    ("references", "adapters"),
    ("judging",),
    ("running",),
    ("zoo",),
    ("showing",),
    ("cli",),
    ("pytest_plugin", "__main__"),
    ("test_gate",),  # what pytest collects, by the plugin's fixtures
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}


@dataclass(frozen=True)
class Import:
    """That ``importer`` imports ``imported``, both modules of the package, in a line of ``file``."""

    importer: str
    imported: str
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line}: {self.importer} imports {self.imported}"


def modules(package: Path) -> dict[str, Path]:
    """Dotted name -> file, for every module of the package."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(name: str, file: Path, known: dict[str, Path]) -> Iterator[Import]:
    """Every import of a module of the package: at the top, inside a function, and for the types alone.

    ``from a.b import c`` imports the module a.b.c if there is one, and a.b if not.
    """
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            wanted = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names]
        else:
            continue
        yield from (Import(name, one, file, node.lineno) for one in dict.fromkeys(wanted) if one in known)


def all_imports(package: Path) -> list[Import]:
    known = modules(package)
    return [one for name, file in known.items() for one in imports(name, file, known)]


def room(module: str) -> str | None:
    """The room of a module; None for the package's own ``__init__``, which stands above all and shows a few names."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def upwards(found: list[Import]) -> list[Import]:
    """The imports that go up, or aside to another room."""
    wrong = []
    for one in found:
        above, below = room(one.importer), room(one.imported)
        if above is None or above == below:
            continue
        if below is None or LEVEL[above] <= LEVEL[below]:
            wrong.append(one)
    return wrong


def circles(found: list[Import]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan 1972), each in order of name."""
    after: dict[str, list[str]] = {}
    for one in found:
        after.setdefault(one.importer, []).append(one.imported)
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    components = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in after.get(module, []):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            place = stack.index(module)
            components.append(sorted(stack[place:]))
            del stack[place:]

    for module in after:
        if module not in number:
            visit(module)
    return [one for one in components if len(one) > 1]


def test_every_module_is_in_a_room_of_the_table() -> None:
    rooms = {room(name) for name in modules(PACKAGE)} - {None}
    assert rooms <= set(LEVEL), f"no room of the table: {sorted(rooms - set(LEVEL))}"  # type: ignore[type-var]


def test_a_room_imports_only_from_rooms_below_it() -> None:
    wrong = upwards(all_imports(PACKAGE))
    assert wrong == [], "\n".join(map(str, wrong))


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = all_imports(PACKAGE)
    wrong = circles(found)
    inside = [str(one) for one in found for some in wrong if one.importer in some and one.imported in some]
    assert wrong == [], "\n".join(inside)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mathematics/wrong.py", "from conformance.question.problem import Problem"),
        ("mathematics/wrong.py", "import conformance.question.problem"),
        ("mathematics/wrong.py", "from ..question import problem"),
        ("mathematics/wrong.py", "def f():\n    from conformance.question import problem"),
        ("mathematics/wrong.py", "if TYPE_CHECKING:\n    from conformance.question import problem"),
        ("mathematics/wrong.py", "from conformance import Problem"),
        ("references/wrong.py", "from conformance.adapters import answer"),
        ("adapters/wrong.py", "from conformance.references import store"),
    ],
)
def test_an_import_that_goes_up_or_aside_is_found(tmp_path: Path, file: str, text: str) -> None:
    package = tmp_path / "conformance"
    empty = ("question/problem.py", "adapters/answer.py", "references/store.py", "__init__.py")
    for name, words in (dict.fromkeys(empty, "") | {file: text}).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(words, encoding="utf-8")
    for folder in {path.parent for path in package.rglob("*.py")}:
        (folder / "__init__.py").touch()
    assert [one.file for one in upwards(all_imports(package))] == [package / file]


def test_a_circle_is_found_and_what_hangs_on_it_is_no_part_of_it() -> None:
    pairs = ["ab", "bc", "ca", "cd", "xa", "de", "ef", "ed"]
    found = [Import(one[0], one[1], PACKAGE, 1) for one in pairs]
    assert sorted(circles(found)) == [["a", "b", "c"], ["d", "e"]]


def test_import_conformance_alone_loads_neither_pandas_nor_scipy() -> None:
    code = "import conformance, sys; print({'pandas', 'scipy'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


def test_what_the_package_promises_is_there_by_name() -> None:
    code = (
        "import conformance; names = conformance.__all__; assert set(names) <= set(dir(conformance)); "
        "print([getattr(conformance, name).__name__ == name for name in names]); "
        "from conformance import Case, Fit, Problem, Unsupported"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == str([True] * 4)


def test_a_name_that_the_package_has_not_is_an_attribute_error() -> None:
    import conformance

    with pytest.raises(AttributeError, match=r"conformance.*'Fitt'.*Case, Fit, Problem, Unsupported"):
        conformance.Fitt  # noqa: B018
