"""A proof as JSON, and the check that it can be proven again from the stored box alone.

Every number is a decimal string of which each printed digit is proven: |true - printed| <= 1 unit
of the last digit.  A string without point and exponent is exact.  Row-wise quantities hold one
value for each row; a row-wise ``sigma`` one for each distinct row, and ``rows`` tells which.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flint import arb, ctx

from conformance.question.problem import Problem

from .balls import decimal, within_last_digit
from .certify import reprove
from .describe import COEFFICIENT_DIGITS, DIGITS, digits_of
from .quantities import ROWWISE
from .result import Box, Invalid, NotProven, Proof, Undecided, Value

FORMAT = 1
SHOWN = 3  # sensitivities that are named; the others of a reference are damaged as these are
KEYS = (
    "format",
    "outcome",
    "names",
    "uniqueness",
    "digits",
    "exact_zeros",
    "aliased",
    "box",
    "precision_bits",
    "rows",
    "condition",
    "sigma",
    "separation",
    "notes",
)


def as_json(proof: Proof) -> dict[str, Any]:
    """The proof as JSON's own types."""
    with ctx.workprec(proof.precision_bits):
        digits = {name: digits_of(proof, name, value) for name, value in proof.quantities.items()}
        found: dict[str, Any] = {
            "format": FORMAT,
            "outcome": proof.outcome.value,
            "names": list(proof.names),
            "uniqueness": str(proof.uniqueness),
            "precision_bits": proof.precision_bits,
            "digits": {name: min(int(d), wanted(name)) if math.isfinite(d) else "exact" for name, d in digits.items()},
            "exact_zeros": proof.exact_zeros,
            "aliased": proof.aliased,
            "box": _box_as_json(proof.box),
            "separation": proof.separation,
            "condition": proof.condition,
            "sigma": proof.sigma,
            "notes": proof.notes,
            "rows": proof.rows,
        }
        found |= {name: _strings(by_row(proof, name), wanted(name)) for name in proof.quantities}
    return found


def by_row(proof: Proof, name: str) -> Value:
    """A quantity, a row-wise one with a value for each row and not only for each distinct one."""
    value = proof.quantities[name]
    return [value[row] for row in proof.rows] if name in ROWWISE else value


def wanted(name: str) -> int:
    """How many digits of a quantity are stored."""
    return COEFFICIENT_DIGITS if name == "coefficients" else DIGITS


def _strings(value: Value, digits: int) -> Any:
    return [_strings(v, digits) for v in value] if isinstance(value, list) else decimal(value, digits)


def _box_as_json(box: Box | None) -> dict[str, list[str]] | None:
    """Center and radius as 'mantissa*2^exponent', two whole numbers each, exact."""
    if box is None:
        return None
    return {"center": [_dyadic(c) for c in box.center], "radius": [_dyadic(r) for r in box.radius]}


def _dyadic(value: arb) -> str:
    mantissa, power = value.man_exp()
    return f"{int(mantissa)}*2^{int(power)}"


def _read_dyadic(text: str) -> arb:
    mantissa, power = text.split("*2^")
    return arb(int(mantissa)) * arb(2) ** int(power)


def from_json(stored: dict[str, Any]) -> dict[str, Any]:
    """Every stored quantity as floats (NaN, inf as such)."""
    found: dict[str, Any] = {}
    for name in stored.get("digits", {}):
        found[name] = _floats(stored[name])
    return found


def _floats(value: Any) -> Any:
    return [_floats(v) for v in value] if isinstance(value, list) else float(value)


def verify(problem: Problem, stored: dict[str, Any]) -> list[str]:
    """What of ``stored`` (as_json) can't be proven again from its box alone, one sentence each.

    Empty if all can.
    """
    try:
        return _verify(problem, stored)
    except (Undecided, Invalid, NotProven) as error:
        return [f"the stored box can't be proven again: {error}"]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return [f"the reference is damaged: {type(error).__name__}: {error}"]


def _verify(problem: Problem, stored: dict[str, Any]) -> list[str]:
    missing = [f"the key {key!r} is missing" for key in KEYS if key not in stored]
    if missing:
        return missing
    if stored["format"] != FORMAT:
        return [f"format {stored['format']!r} is not {FORMAT}"]
    bits = int(stored["precision_bits"])
    if not 53 <= bits <= 10_000:
        return [f"precision_bits is {bits}"]
    box = stored["box"]
    rowwise = any(name in stored for name in ROWWISE)
    with ctx.workprec(bits):
        read = (
            None
            if box is None
            else Box([_read_dyadic(c) for c in box["center"]], [_read_dyadic(r) for r in box["radius"]])
        )
        proof = reprove(problem, stored, read, rowwise)
        return _differences(as_json(proof), stored, proof)


def _differences(fresh: dict[str, Any], stored: dict[str, Any], proof: Proof) -> list[str]:
    found = [f"the key {key!r} is missing" for key in fresh if key not in stored]
    found += [f"the key {key!r} is unknown" for key in stored if key not in fresh]
    for key in (
        "outcome",
        "names",
        "uniqueness",
        "exact_zeros",
        "aliased",
        "rows",
        "separation",
        "digits",
    ):
        if key in stored and stored[key] != fresh[key]:
            found.append(f"{key} is stored as {_short(stored[key])}, proven is {_short(fresh[key])}")
    for key in ("condition", "sigma"):
        for place, old, new in islice(unequal(stored.get(key), fresh[key], key), SHOWN):
            found.append(f"{place} is stored as {old}, computed is {new}")
    for name in proof.quantities:
        if name in stored:
            found += [
                f"{name}{where}: {text!r} is not proven, the proof says {true}"
                for where, text, true in _wrong(stored[name], by_row(proof, name), wanted(name))
            ]
    return found


def unequal(stored: Any, fresh: Any, where: str) -> Iterator[tuple[str, str, str]]:
    """(where, stored, fresh) for every leaf of two JSON trees that differs, or for the branch where their shapes do."""
    if isinstance(fresh, dict) and isinstance(stored, dict) and stored.keys() == fresh.keys():
        for name in fresh:
            yield from unequal(stored[name], fresh[name], f"{where}.{name}")
    elif isinstance(fresh, list) and isinstance(stored, list) and len(stored) == len(fresh):
        for k, (old, new) in enumerate(zip(stored, fresh, strict=True)):
            yield from unequal(old, new, f"{where}[{k}]")
    elif stored != fresh:
        yield where, _short(stored), _short(fresh)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _wrong(stored: Any, value: Value, digits: int, where: str = "") -> list[tuple[str, str, str]]:
    """(where, stored, proven) for every string that the balls don't prove."""
    if isinstance(value, list):
        if not isinstance(stored, list) or len(stored) != len(value):
            return [(where, _short(stored), f"a list of {len(value)}")]
        return [
            w for k, (s, v) in enumerate(zip(stored, value, strict=True)) for w in _wrong(s, v, digits, f"{where}[{k}]")
        ]
    fresh = decimal(value, digits)
    fine = isinstance(stored, str) and (
        stored == fresh or (len(stored) >= len(fresh) - 1 and within_last_digit(stored, value))
    )
    return [] if fine else [(where, str(stored), fresh)]
