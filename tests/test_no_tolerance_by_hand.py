"""No tolerance is written by hand where verdicts are made: every number that decides has a name, and says why it is so.

What is asked of a value follows from its conditioning (references/attainable.py).  What is left are the few constants
of the judges themselves, such as the floor of six digits or the guard of --strict: each is a name at the head of its
module, with its reason beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent
JUDGES = [
    *sorted((PACKAGE / "judging").rglob("*.py")),
    PACKAGE / "running" / "gate.py",
    PACKAGE / "mathematics" / "digits.py",
    PACKAGE / "references" / "attainable.py",
]
TOLERANCES = {"rtol", "atol", "xtol", "rel_tol", "abs_tol", "tol", "tolerance", "decimal", "places"}

#: Numbers of formulas, which decide nothing: halves, doubles, and the zeros and ones of every sum.
OF_FORMULAS = {0.0, 0.5, 1.0, 2.0}

#: Other numbers that are no tolerance, and why.
EXCEPTIONS = {
    ("invariance.py", "1000.0"): "the factor of column_times_1000",
    ("invariance.py", "1024.0"): "the factor of column_times_1024",
    ("invariance.py", "3.0"): "the inverse Gaussian's Tweedie power",
    ("repeat.py", "1024.0"): "the factor that makes another problem of this one",
    ("known_failures.py", "10.0"): "digits are listed with one decimal",
    ("attainable.py", "3.0"): "the inverse Gaussian's power of the mean",
    ("cancellation.py", "4.0"): "u times the terms of a textbook deviance (Higham 2002, sec. 3.1)",
    ("attainable.py", "4.0"): "u times the terms that a unit deviance is summed of (Higham 2002, sec. 3.1)",
}


def _named(tree: ast.Module) -> Iterator[ast.Assign | ast.AnnAssign]:
    """The constants at the head of a module: NAME = number, or a tuple or an expression of numbers; no dictionary."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not isinstance(statement.value, ast.Dict):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if all(name.id.isupper() for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)):
                yield statement


def _is_written(node: ast.expr) -> bool:
    """Whether a number is written out, with its sign."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def by_hand(file: Path) -> set[tuple[str, str]]:
    """(file, expression) of every number and every tolerance that is no named constant; 10.0**-digits is neither."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    allowed = {id(node) for statement in _named(tree) for node in ast.walk(statement)}
    powers = (node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow))
    allowed |= {id(power.left) for power in powers if not _is_written(power.right)}
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float(number)) if number not in OF_FORMULAS and id(node) not in allowed:
                found.add((file.name, ast.unparse(node)))
            case ast.keyword(arg=str(word), value=ast.Constant() as value) if word in TOLERANCES:
                found.add((file.name, ast.unparse(value)))
    return found


def without_a_reason(file: Path) -> list[str]:
    """The named numbers of a module that have no comment: beside them, or above the block that they stand in."""
    text = file.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    for statement in _named(ast.parse(text)):
        value = statement.value
        numbers = [n for n in ast.walk(statement) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
        if not numbers or isinstance(value, ast.Call | ast.Lambda):
            continue
        first = statement.lineno - 1
        beside = any("#" in line for line in lines[first : statement.end_lineno])
        while first > 0 and lines[first - 1].strip() and not lines[first - 1].startswith("#"):
            first -= 1
        if not beside and not lines[first - 1].startswith("#"):
            found.append(f"{file.name}: {ast.unparse(statement)}")
    return found


def test_no_number_that_decides_a_verdict_stands_where_it_is_used() -> None:
    found = set().union(*map(by_hand, JUDGES))
    assert found - set(EXCEPTIONS) == set()


def test_no_exception_is_left_over() -> None:
    found = set().union(*map(by_hand, JUDGES))
    assert set(EXCEPTIONS) - found == set()


def test_every_number_with_a_name_says_why_it_is_so() -> None:
    assert [line for file in JUDGES for line in without_a_reason(file)] == []


@pytest.mark.parametrize(
    "text",
    [
        "x < 1e-6",
        "x < 20.0 * y",
        "required = min(4.0, digits)",
        "f(x) < 12.0",
        "np.allclose(a, b, rtol=0.01)",
        "assert_almost_equal(a, b, decimal=7)",
        "x < 10.0 ** -8",
        "D = {'a': 1e-6}",
        "def f(x, least=1e-9): ...",
        "class A:\n    digits: float = 6.0",
    ],
)
def test_the_test_of_tolerances_sees_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "check.py").write_text(text)
    assert by_hand(tmp_path / "check.py")


def test_the_test_of_tolerances_lets_names_and_formulas_be(tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(
        "U = 2.0**-53\nSTEP, LEAST = 1e-30, 1e-9\nx = y < STEP\nz = brentq(f, a, b, xtol=STEP)\n"
        "half = 0.5 * (1.0 - x)\nerror = 10.0**-digits"
    )
    assert not by_hand(tmp_path / "check.py")


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("A = 1e-6", True),
        ("A = 1e-6  # a reason", False),
        ("# a reason\nA = 1e-6\nB = 1e-3", False),
        ("# of others\n\nA = 1e-6", True),
        ("A = (\n    1e-6,  # a reason\n)", False),
        ("NAMES = ('a', 'b')", False),
    ],
)
def test_a_name_without_a_reason_is_seen(tmp_path: Path, text: str, lacks: bool) -> None:
    (tmp_path / "check.py").write_text(text)
    assert bool(without_a_reason(tmp_path / "check.py")) is lacks
