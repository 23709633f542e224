"""What a failure gives to paste really runs, and prints the number that it is about: in Python, and in R."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.conventions import DEFAULTS
from conformance.fitter import fit as irls
from conformance.judging.checks import CHECKS
from conformance.judging.comparison import Comparison, Demand
from conformance.judging.conventions import under
from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.digits import agreement
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, SCALARS
from conformance.question.library import Library
from conformance.references import store
from conformance.references.lookup import reference_of
from conformance.showing.snippets import snippets

BIN = Path(sys.executable).parent


def run(words: list[str], folder: Path) -> str:
    """What a command prints, with `glm-conformance` on the path."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pasted(library: Library, id: str, check: str, quantity: str, language: str, outcome: Outcome = Outcome.FAIL) -> str:
    verdict = Verdict(id, check, quantity, outcome)
    made = snippets(verdict, library.case(id), library, "irls", Demand()).reproduce
    assert made is not None
    assert max(len(line) for text in (made["python"], made["r"]) for line in text.splitlines()) <= 80
    return made[language]


# ------------------------------------------------------------------------------------------ Python


@pytest.mark.parametrize(
    ("check", "quantity", "got"),
    [
        ("coefficients", "coefficients[outcome2]", lambda fit: fit.coefficients[1]),
        ("covariance", "covariance[outcome2, treatment3]", lambda fit: fit.covariance[1, 4]),
        ("deviance", "deviance", lambda fit: fit.deviance),
        ("leverages", "leverages[8]", lambda fit: fit.leverages[8]),
    ],
)
def test_the_python_snippet_prints_the_number(
    library: Library, tmp_path: Path, check: str, quantity: str, got: object
) -> None:
    said = run([sys.executable, "-W", "error", "-c", pasted(library, "dobson", check, quantity, "python")], tmp_path)
    assert callable(got)
    assert float(said) == got(irls(library.case("dobson").problem()))


def test_where_a_check_makes_its_number_the_python_snippet_asks_the_check(library: Library, tmp_path: Path) -> None:
    said = run([sys.executable, "-W", "error", "-c", pasted(library, "dobson", "score", "score", "python")], tmp_path)
    assert 0.0 <= float(said.split()[0]) < 1e-6


def test_for_an_exception_the_python_snippet_raises_it_again(library: Library, tmp_path: Path) -> None:
    text = pasted(library, "dobson", "aic", "aic", "python", Outcome.ERROR)
    assert "Fit(coefficients=" in run([sys.executable, "-W", "error", "-c", text], tmp_path)


def test_for_an_invariance_the_python_snippet_prints_both_answers(library: Library, tmp_path: Path) -> None:
    text = pasted(library, "dobson", "constant_added_to_the_offset", "constant_added_to_the_offset", "python")
    first, second = re.findall(r"coefficients=array\(\[ *([-\d.]+)", run([sys.executable, "-c", text], tmp_path))
    assert float(first) - float(second) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("check", list(CHECKS))
def test_there_are_snippets_for_every_check(library: Library, check: str) -> None:
    for language in ("python", "r"):
        compile(pasted(library, "dobson", check, check, "python"), check, "exec")
        assert pasted(library, "dobson", check, "a quantity that nobody has", language)


def test_arrays_that_the_suite_damaged_have_no_snippet_in_r(library: Library) -> None:
    verdict = Verdict("nan-in-y", "outcome", "outcome", Outcome.FAIL)
    made = snippets(verdict, library.case("nan-in-y"), library, "irls").reproduce
    assert made is not None
    assert set(made) == {"explain", "python"}


# ------------------------------------------------------------------------------------------ R

#: One of each family and link, and of what makes a call special: factors, offsets, weights, starts, missing values,
#: powers, interactions, no intercept, aliased columns, grouped counts, a limit of iterations.
SPREAD = (
    "contraception", "menarche-grouped-logit", "budworm-offset-probit", "esoph-cloglog", "birthwt-cauchit",
    "birthwt-log-start", "nodal-fractional-weights-logit", "wcgs-offset-missing-cloglog", "mtcars-aliased-end",
    "dobson", "breslow-rates", "quakes-sqrt", "insectsprays-identity", "affairs-zero-weights", "quine-one-iteration",
    "heart-max-rate", "nist-norris", "airquality-unused-level", "clotting-gamma-inverse", "cats-gamma-identity",
    "airquality-missing-gamma-log", "cats-ig-inverse-squared", "diabetes-ig-log", "quine-nb-log", "quakes-nb-sqrt",
    "epil-offset-nb-identity", "affairs-tweedie", "warpbreaks-tweedie-power-one", "lizards-no-intercept-logit",
)  # fmt: skip


def places(library: Library, id: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Every quantity that R has, at its first and last place."""
    problem = library.case(id).problem()
    found: list[tuple[str, str, tuple[int, ...]]] = [(name, name, ()) for name in SCALARS]
    for k in {0, problem.p - 1}:
        found += [(name, f"{name}[{problem.names[k]}]", (k,)) for name in BY_COLUMN]
        found.append(("covariance", f"covariance[{problem.names[0]}, {problem.names[k]}]", (0, k)))
    return found + [(name, f"{name}[{k}]", (k,)) for name in BY_ROW for k in (0, problem.n - 1)]


@pytest.mark.r
@pytest.mark.parametrize("id", SPREAD)
def test_the_r_snippets_print_what_is_stored_of_r_and_what_is_proven(library: Library, tmp_path: Path, id: str) -> None:
    case = library.case(id)
    asked = places(library, id)
    texts = [pasted(library, id, name, quantity, "r") for name, quantity, _ in asked]
    fit = texts[0][: texts[0].rindex("print(")]
    assert all(text.startswith(fit) for text in texts)
    (tmp_path / "paste.R").write_text(fit + "".join(text.removeprefix(fit) for text in texts))
    said = run(["Rscript", "--vanilla", "paste.R"], tmp_path).replace("NaN", "NA").split("\n")
    numbers = [float(line.split()[-1].replace("NA", "nan")) for line in said if line.startswith("[1]")]
    assert len(numbers) == len(asked)

    stored = store.quantities(store.read(library, "r", case)["as_shipped" if case.max_iterations else "polished"])
    comparison = Comparison(case, case.problem(), None, None, reference_of(library, case), DEFAULTS)
    proven = under(comparison.reference.values, comparison.problem, DEFAULTS)
    for (name, quantity, place), got in zip(asked, numbers, strict=True):
        if name == "leverages" and np.isnan(got):  # a row of weight 0, which hatvalues leaves out
            assert comparison.problem.prior_weights[place] == 0
            continue
        of_r, want = np.asarray(stored.get(name, np.nan)), np.asarray(proven.get(name, np.nan))
        # R's summary estimates a negative binomial's dispersion where theta is known; its bic counts rows of weight 0
        if case.max_iterations is not None and name not in stored:
            continue
        own = case.family == "negative_binomial" and name in ("dispersion", "standard_errors", "covariance")
        by = want if own or name not in stored else of_r
        scale = comparison.scale(name) if name in proven else np.abs(by)
        digits = agreement(got, by[place], np.broadcast_to(scale, np.shape(by) or (1,))[place or (0,)])[0]
        assert digits >= 9.0, (quantity, got, by[place])
