"""The best fitter that there can be: the proof's own answer to any problem, every number rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance import proof
from conformance.adapters.answer import Unsupported
from conformance.adapters.conventions import DEFAULTS
from conformance.judging.comparison import Comparison
from conformance.mathematics.quantities import BY_ROW, KEYS, Fit
from conformance.proof.result import Claim, NotProven
from conformance.question.case import Case
from conformance.question.problem import Problem
from conformance.references.attainable import attainable_errors
from conformance.references.reference import Reference


def proven_values(problem: Problem) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a proof as doubles, and the proof as JSON; Unsupported where nothing is proven."""
    try:
        stored = proof.as_json(proof.prove(problem))
    except (proof.Undecided, NotProven) as error:
        raise Unsupported(f"not proven: {error}") from error
    if not stored["condition"]:
        raise Unsupported(f"proven is: {stored['outcome']}")
    return {name: np.array(stored[name], dtype=object).astype(np.float64)[()] for name in stored["digits"]}, stored


def oracle(problem: Problem) -> Fit:
    """A fit in exact arithmetic, rounded once."""
    values, _ = proven_values(problem)
    return Fit(converged=True, **{name: values[name] for name in KEYS if name in values})


def asked_of_the_oracle(case: Case, problem: Problem) -> Comparison:
    """The oracle's answer to ``problem``, beside the proof that it is of; ``case`` says only that there is an estimate.

    Unsupported where nothing is proven.
    """
    values, stored = proven_values(problem)
    sigma = {name: np.array(of, dtype=np.float64) for name, of in stored["sigma"].items() if name in values}
    sigma |= {name: sigma[name][stored["rows"]] for name in BY_ROW if name in sigma}
    errors = attainable_errors(problem, values, np.array(stored["condition"], dtype=np.float64), sigma)
    uniqueness = Claim.read(stored["uniqueness"]).kind
    reference = Reference(values, f"proven, {uniqueness} maximum", uniqueness, errors)
    fit = Fit(converged=True, **{name: values[name] for name in KEYS if name in values})
    return Comparison(case, problem, fit, None, reference, DEFAULTS, ask=oracle)
