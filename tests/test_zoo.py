"""The zoo before the gate: faults are refused for the right cause, and correct fitters are let through.

Here over some cases of each kind; `glm-conformance zoo` takes all of them.
"""

from __future__ import annotations

import contextlib
import warnings

import pytest
from zoo import CORRECT, FAULTS
from zoo.matrix import put

from conformance.checks import CHECKS
from conformance.checks.invariance import INVARIANCE_CHECKS
from conformance.fit import Unsupported
from conformance.library import Library

#: A case or two for each thing that a fitter can get wrong.
SOME = (
    "breslow-rates",
    "budworm-grouped-logit",
    "cane-zero-weights-log",
    "clotting-fractional-weights-ig",
    "cars-no-intercept-gamma-log",
    "contraception",
    "dobson",
    "endometrial",
    "far-row-logit",
    "gamma-zero-response",
    "heart-max-rate",
    "inf-in-y",
    "menarche-proportions-cloglog",
    "mroz-one-iteration",
    "mtcars-aliased-middle",
    "nan-in-x",
    "nist-longley",
    "poisson-negative-count",
    "quine-nb-log",
    "quine-tweedie",
    "separated-ten",
    "study-hours",
    "warpbreaks",
)


def test_there_are_eighty_faulty_and_twelve_correct_fitters_or_more() -> None:
    assert len(FAULTS) >= 80
    assert len(CORRECT) >= 12


def test_every_fault_has_the_thread_that_it_is_modelled_on_and_a_sentence() -> None:
    for name, fault in FAULTS.items():
        assert fault.thread, name
        assert fault.says, name


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_fitter_has_its_fault_and_no_other_that_breaks_it(name: str, library: Library) -> None:
    fitter = FAULTS[name].implementation().function
    for case in ("dobson", "clotting-gamma-inverse", "birthwt-log-start", "quine-nb-log", "endometrial-probit"):
        with warnings.catch_warnings(), contextlib.suppress(ValueError, Unsupported, ArithmeticError):
            warnings.simplefilter("ignore")
            fitter(library.case(case).problem().copy())  # a TypeError or NameError is nobody's thread


@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_fitter_is_not_refused(name: str) -> None:
    judged = put(name, None, SOME, tuple(CHECKS), strict=False)
    assert judged.bad == ()


@pytest.mark.parametrize(
    "name",
    [
        "offset-ignored",
        "weights-ignored",
        "canonical-formula-for-every-link",
        "dispersion-not-applied",
        "dispersion-applied-twice",
        "stale-weights-in-covariance",
        "silent-separation",
        "nan-accepted",
        "df-from-columns-not-rank",
        "deviance-residuals-unsigned",
        "float32-inside",
        "theta-inverted",
    ],
)
def test_a_faulty_fitter_is_refused_and_the_cause_is_named(name: str) -> None:
    quick = [check for check in CHECKS if check not in INVARIANCE_CHECKS]
    judged = put(name, None, SOME, quick, strict=False)
    assert not judged.conforms
    assert judged.rightly_named, [v.message for v in judged.bad[:3]]
