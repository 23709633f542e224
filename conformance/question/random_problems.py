"""A random problem as text: short decimals and a formula, made of what Hypothesis draws and shrinks."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from conformance.files import write_whole
from conformance.mathematics.family import PAIRS

ALL_PAIRS = [(family, link) for family, links in PAIRS.items() for link in links]


@dataclass(frozen=True)
class RandomProblem:
    """A problem as text: the keys of its case file that ask it, and its CSV file."""

    keys: dict[str, Any]
    csv: str

    @property
    def id(self) -> str:
        """fuzz- and a digest of what is asked."""
        return "fuzz-" + hashlib.sha256((json.dumps(self.keys) + self.csv).encode()).hexdigest()[:10]

    def write(self, folder: Path, outcome: str, **beside: str) -> Path:
        """The case file (and its data) below ``folder``, as `gate --cases` reads it."""
        path: Path = folder / self.keys["family"] / f"{self.id}.yaml"
        data = f"data/{self.id}.csv"
        words = {"title": "A random problem", "source": "glm-conformance fuzz"} | beside
        notes = {"notes": words.pop("notes")} if "notes" in words else {}
        tree = {"id": self.id, **words, "data": data, **self.keys, "outcome": str(outcome), **notes}
        write_whole(folder / data, self.csv)
        yaml, text = YAML(), io.StringIO()
        yaml.width = 120
        yaml.dump(tree, text)
        write_whole(path, text.getvalue())
        return path


#: What a small integer becomes in a column of each kind; ``power`` is the column's own, -6 to 6.
_NUMBERS: dict[str, Callable[[int, int], Decimal]] = {
    "tenths": lambda i, power: Decimal(i).scaleb(-1),
    "whole": lambda i, power: Decimal(i),
    "dummy": lambda i, power: Decimal(i % 2),
    "scaled": lambda i, power: (Decimal(i) * Decimal("0.7654321")).scaleb(power),
    "far": lambda i, power: 1000 + Decimal(i).scaleb(-1),
}
_WEIGHTS: dict[str, Callable[[int], Decimal]] = {
    "whole": lambda w: Decimal(1 + w % 5),
    "fraction": lambda w: Decimal(1 + w).scaleb(-1),
    "zeros": lambda w: Decimal(w % 3),
}
_KINDS = ("tenths", "whole", "dummy", "factor", "scaled", "far", "near", "same")
_WALLED = ("identity", "inverse", "inverse_squared", "sqrt")  # links where log(100) would fill the whole domain
_small = st.integers(-99, 99)


@st.composite
def problems(draw: st.DrawFn, pairs: Sequence[tuple[str, str]] = tuple(ALL_PAIRS)) -> RandomProblem:
    """A problem of one of ``pairs``: columns, formula, weights, offset and a response that may follow a column."""
    family, link = draw(st.sampled_from(pairs))
    keys: dict[str, Any] = {"family": family, "link": link}
    if family == "negative_binomial":
        keys["theta"] = draw(st.sampled_from((1.0, 0.5, 2.5, 30.0, 1e4)))
    if family == "tweedie":
        keys["power"] = draw(st.sampled_from((1.5, 1.1, 1.9, 1.0, 2.0, 2.5, 3.0)))
    kinds = [(draw(st.sampled_from(_KINDS)), draw(st.integers(-6, 6))) for _ in range(draw(st.integers(0, 4)))]
    kind = draw(st.sampled_from(("binary", "grouped", "proportion"))) if family == "binomial" else "any"
    grouped = kind == "grouped"
    weights = "none" if grouped else draw(st.sampled_from(("none", "none", "whole", "fraction", "zeros")))
    offset = draw(st.sampled_from(("none", "none", "column", "column" if link in _WALLED else "log")))
    level, slope = draw(st.sampled_from((0, 1, 3, -3, 7, -7, 11))), draw(st.sampled_from((0, 0, 1, 3, 20)))
    row = st.tuples(*[_small] * len(kinds), st.integers(0, 99), st.integers(0, 20), _small)
    rows: list[tuple[int, ...]] = draw(st.lists(row, min_size=draw(st.sampled_from((2, 8, 20, 40))), max_size=60))
    raw = list(zip(*rows, strict=True))
    columns = dict(_columns(kinds, raw))
    levels = {name: sorted(set(v)) for name, v in columns.items() if isinstance(v[0], str)}
    eta = [level + slope * (r[0] / 50 if kinds else 0) for r in rows]
    answer, whole, any_ = raw[-3:]
    if grouped:
        trials = [t or 1 if i == 0 else t for i, t in enumerate(whole)]
        columns["k"] = [
            min(t, math.floor((t + 1) * _chance(e, u))) for e, u, t in zip(eta, answer, trials, strict=True)
        ]
        columns["rest"] = [t - k for t, k in zip(trials, columns["k"], strict=True)]
    elif kind == "proportion":
        columns["y"] = [_proportion(_chance(e, u), u) for e, u in zip(eta, answer, strict=True)]
    else:
        columns["y"] = [_response(family, link, keys.get("power", 1.0), e, u) for e, u in zip(eta, answer, strict=True)]
    if weights != "none":
        weight = _WEIGHTS[weights]
        columns["w"] = [weight(w) if i else 1 for i, w in enumerate(whole)]
        keys["weights"] = "w"
    if offset != "none":
        digits = 3 if (family, link) == ("binomial", "identity") else 2  # offsets of 0.9 leave no room between 0 and 1
        columns["e"] = [Decimal(i).scaleb(-digits) if offset == "column" else 100 + i for i in any_]
        keys["offset"] = "e" if offset == "column" else "log(e)"
    terms = [f"x{j + 1}" for j in range(len(kinds))]
    if terms:
        more = draw(st.sampled_from(("", "", "interaction", "square")))
        first, last = terms[0], terms[-1]
        if more == "interaction" and first != last:
            terms.append(f"{first}:{last}")
        if more == "square" and first not in levels:
            terms.append(f"I({first}^2)")
        if draw(st.integers(0, 4)) == 4:
            terms.append("0")
    keys["formula"] = f"{'cbind(k, rest)' if grouped else 'y'} ~ {' + '.join(terms) or '1'}"
    if levels:
        keys["levels"] = levels
    return RandomProblem(keys, _csv(columns))


def _columns(kinds: Sequence[tuple[str, int]], raw: Sequence[Sequence[int]]) -> Iterator[tuple[str, list[Any]]]:
    """The explanatory columns; one that is near another, or the same, needs a number before it."""
    before: list[Decimal] | None = None
    for j, ((kind, power), values) in enumerate(zip(kinds, raw, strict=False)):
        if kind == "factor" and len({i % 3 for i in values}) > 1:
            yield f"x{j + 1}", ["abc"[i % 3] for i in values]
            continue
        if kind == "near" and before is not None:
            largest = max(map(abs, before)).adjusted()  # columns that differ from their 2nd to 8th digit on
            made = [b + Decimal(i).scaleb(largest - abs(power) - 2) for b, i in zip(before, values, strict=True)]
        elif kind == "same" and before is not None:
            made = [2 * b for b in before]
        else:
            number = _NUMBERS.get(kind, _NUMBERS["tenths"])
            made = [number(i, power) for i in values]
        before = made
        yield f"x{j + 1}", list(made)


def _chance(eta: float, u: int) -> float:
    """A proportion about the logistic of eta."""
    return min(0.999, max(0.0, 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, eta)))) + (u - 50) / 150))


def _proportion(chance: float, u: int) -> Decimal | int:
    """``chance`` to three decimals, the last odd and no 5: times a weight in tenths it is never half-way to a count."""
    if chance in (0.0, 0.999):  # the ends of _chance
        return round(chance)
    return Decimal(10 * math.floor(100 * chance) + (1, 3, 7, 9)[u % 4]).scaleb(-3)


def _response(family: str, link: str, power: float, eta: float, u: int) -> Decimal | int:
    """A response of ``family`` whose level grows with eta, and with u from 0 to 99."""
    low, high = (-3.0, 5.0) if link in _WALLED or (family, link) == ("gaussian", "log") else (-9.0, 14.0)
    size = math.exp(max(low, min(high, eta)))  # over ten orders of magnitude weights like mu^-3 leave doubles no digits
    if family == "binomial":
        return int(u >= 50) if eta == 0 else int((u + 0.5) / 100 > 1.0 / (1.0 + math.exp(max(-30.0, min(30.0, eta)))))
    if family in ("poisson", "negative_binomial"):
        return math.floor(size * -2.0 * math.log(1.0 - u / 100))
    if family == "gaussian" and link == "identity":
        return Decimal(repr(float(f"{size:.3g}"))) * (u - 49)
    positive = family != "tweedie" or power >= 2.0
    return Decimal(f"{size * (0.2 + u / 40) if positive or u >= 25 else 0:.3g}")


def _csv(columns: dict[str, list[Any]]) -> str:
    lines = [
        ",".join(columns),
        *(",".join(_plain(value) for value in row) for row in zip(*columns.values(), strict=True)),
    ]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> str:
    """A number without exponent or trailing zeros; a label as it is."""
    if not isinstance(value, Decimal) or value == 0:
        return "0" if value == 0 else str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
