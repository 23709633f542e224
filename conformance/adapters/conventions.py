"""Conventions: where packages rightly differ; an adapter declares its own (judging/conventions.py has what follows).

R's choice comes first and is the default.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from conformance.errors import ImplementationError
from conformance.mathematics.family import PAIRS

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "dispersion": ("pearson", "deviance", "mle"),
    "information": ("expected", "observed"),
    "aic": ("with_dispersion", "without_dispersion"),
    "log_likelihood_dispersion": ("deviance_over_n", "pearson", "mle"),
    "null_model_without_intercept": ("offset_only", "constant"),
    "zero_weights": ("excluded", "counted"),
    "weights": ("prior", "frequency"),
    "aliased": ("dropped", "minimum_norm", "refused"),
    "negative_binomial_dispersion": ("one", "estimated"),
}

DEFAULTS: dict[str, str] = {name: values[0] for name, values in CONVENTIONS.items()}

#: In a mapping of families to values: every other family.
EVERY = "*"

#: What a mapping may name.
MODELS = (*PAIRS, *(f"{family}/{link}" for family, links in PAIRS.items() for link in links), EVERY)

Declared = str | Mapping[str, str]  # one value, or one for each family


def declared(conventions: Mapping[str, Declared] | None) -> dict[str, Declared]:
    """``conventions`` over the defaults; ImplementationError for a name or a value that is none.

    A value is one for all families, or a mapping of families (or of families with a link) to values, in which "*"
    stands for the rest: {"log_likelihood_dispersion": {"gaussian/identity": "deviance_over_n", "*": "pearson"}}.
    """
    if conventions is not None and not isinstance(conventions, Mapping):
        raise ImplementationError(f"conventions must be a mapping of names to values, found {conventions!r}")
    for name, value in (conventions or {}).items():
        if name not in CONVENTIONS:
            near = difflib.get_close_matches(str(name), CONVENTIONS, 1)
            raise ImplementationError(f"unknown convention {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        by_family = value if isinstance(value, Mapping) else {EVERY: value}
        for family, one in by_family.items():
            if family not in MODELS:
                families = " | ".join(PAIRS)
                raise ImplementationError(
                    f"convention {name} is declared for family {family!r}; it may be {families} | {EVERY}, or a family "
                    "with one of its links, such as gaussian/log"
                )
            if one not in CONVENTIONS[name]:
                choices = " | ".join(CONVENTIONS[name])
                raise ImplementationError(f"convention {name} is declared as {one!r}; it may be {choices}")
    return {**DEFAULTS, **(conventions or {})}


def of_model(conventions: Mapping[str, Declared], family: str, link: str) -> dict[str, str]:
    """What ``conventions`` say of one family and link: a value each, R's where a mapping leaves it out."""
    return {
        name: value
        if isinstance(value, str)
        else next((value[key] for key in (f"{family}/{link}", family, EVERY) if key in value), DEFAULTS[name])
        for name, value in conventions.items()
    }
