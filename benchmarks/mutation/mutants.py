"""The mutants of the fitter: one token changed, as cosmic-ray changes it (``pip install cosmic-ray``).

Every number plus and minus one, every comparison, ``and``, ``or``, ``not``, True, False, ``break`` and unary minus
exchanged; of its binary operators those pairs that mutmut takes (+ -, * /, ** *, & |), for all 132 would say the same
again.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "fitter/irls.py",
    "fitter/predictor.py",
    "fitter/start.py",
    "fitter/diagnose.py",
    "fitter/summary.py",
    "mathematics/response.py",
    "mathematics/least_squares.py",
    "mathematics/family.py",
    "mathematics/deviance.py",
    "mathematics/link.py",
)
_PAIRS = re.compile(
    r"Binary.*_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Div|BitAnd_BitOr|BitOr_BitAnd)$"
    r"|Comparison.*_(Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)$"
    r"|Unary.*(USub_UAdd|Delete)|AddNot|ReplaceTrue|ReplaceFalse|ReplaceAnd|ReplaceOr|ReplaceBreak|ReplaceContinue"
    r"|NumberReplacer|ZeroIteration"
)


def mutants(name: str) -> list[dict[str, Any]]:
    """Every mutant of conformance/``name``: where it is, the operator, and the mutated source."""
    source = (ROOT / "conformance" / name).read_text(encoding="utf-8")
    found, seen = [], {source}
    for operator in sorted(op for op in operator_names() if _PAIRS.search(op)):
        for occurrence in range(10_000):
            text = mutate_code(source, get_operator(operator)(), occurrence)
            if text is None:
                break
            if text in seen or not _compiles(text):
                continue
            seen.add(text)
            changed = [line for line in difflib.ndiff(source.splitlines(), text.splitlines()) if line[0] in "+-"]
            number = next(
                i for i, (a, b) in enumerate(zip(source.split("\n"), text.split("\n"), strict=False), 1) if a != b
            )
            is_message = any(re.search(r"^. *(f?\"|said = |raise )", line) for line in changed)
            found.append(
                {
                    "file": name,
                    "line": number,
                    "operator": operator.removeprefix("core/"),
                    "occurrence": occurrence,
                    "old": changed[0][2:].strip(),
                    "new": changed[-1][2:].strip(),
                    "message": is_message,
                    "source": text,
                }
            )
    return sorted(found, key=lambda m: m["line"])


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
