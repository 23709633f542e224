"""R, live: the designs are R's to the last bit, and R's polished fit is what the suite says it is."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from conformance.adapters.r import _from_r, _r, r_glm
from conformance.judging.verdict import Outcome
from conformance.question.library import Library
from conformance.references import store
from conformance.running.gate import run
from conformance.running.regenerate import regenerate

pytestmark = pytest.mark.r

MODEL_MATRIX = """function(columns, formula, weights, offset) {
  frame <- as.data.frame(columns, check.names = FALSE)
  call <- list(quote(stats::model.frame), as.formula(formula), data = quote(frame), na.action = quote(na.omit),
    drop.unused.levels = TRUE)
  if (nzchar(weights)) call$weights <- str2lang(weights)
  if (nzchar(offset)) call$offset <- str2lang(offset)
  used <- suppressWarnings(eval(as.call(call)))
  X <- model.matrix(attr(used, "terms"), used)
  list(X = X, names = colnames(X))
}"""


def test_every_design_is_the_model_matrix_of_r_to_the_last_bit(library: Library) -> None:
    _r()  # starts R: NA_Real is None before
    from rpy2.rinterface import FloatSexpVector, ListSexpVector, NA_Real, StrSexpVector
    from rpy2.robjects import r

    model_matrix, factor = r(MODEL_MATRIX), r("function(x, levels) factor(x, levels = levels)")
    from conformance.question.case import read_csv

    for id in library.select():
        case = library.case(id)
        if case.defect is not None:
            continue  # its arrays are damaged after the design was made
        frame, columns = read_csv(case.data_file, case), {}
        for name in frame:
            if name in case.levels:
                text = StrSexpVector([str(v) if isinstance(v, str) else "NA" for v in frame[name]])
                columns[name] = factor(text, StrSexpVector(case.levels[name]))
            elif frame[name].dtype == np.float64:
                columns[name] = FloatSexpVector([NA_Real if np.isnan(v) else v for v in frame[name]])
        given = ListSexpVector(list(columns.values()))
        given.names = StrSexpVector(list(columns))
        answer = _from_r(model_matrix(given, case.formula, case.weights or "", case.offset or ""))
        ours = case.design
        assert tuple(answer["names"]) == ours.names, id
        assert answer["X"].shape == ours.X.shape, id
        of_r = np.ascontiguousarray(answer["X"]).tobytes()
        assert of_r == ours.X.tobytes(), id
        assert hashlib.sha256(of_r).hexdigest() == store.read(library, "r", case)["design_sha256"], id


def test_r_polished_conforms_on_the_cases_that_started_it(library: Library) -> None:
    first = ["contraception", "dobson", "warpbreaks", "breslow-rates", "heart-max-rate", "study-hours"]
    for result in run("r-glm", library, [*first, "no-intercept-20"]):
        bad = [v for v in result.verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
        assert not bad, bad


def test_r_and_statsmodels_say_now_what_is_stored_of_them(library: Library) -> None:
    for id in ("contraception", "dobson", "breslow-rates", "heart-max-rate", "separated-ten", "gamma-zero-response"):
        for source in ("r", "statsmodels"):
            change = regenerate(library, library.case(id), source, check=True)
            assert not change.state.is_news, change


def test_contraception_gives_the_published_coefficients_in_r_and_statsmodels(library: Library) -> None:
    from conformance.running.regenerate_statsmodels import statsmodels_glm

    published = [-0.949952124, 0.004583726, -0.004286455, 0.768097459, 0.783112821, 0.854904050, 0.806025052]
    problem = library.case("contraception").problem()
    for coefficients in (r_glm(problem, "as_shipped")["coefficients"], statsmodels_glm(problem)["coefficients"]):
        np.testing.assert_allclose(coefficients, published, atol=5e-10)


def test_r_refuses_in_words_what_it_cannot_fit(library: Library) -> None:
    with pytest.raises(ValueError, match="R refuses"):
        r_glm(library.case("gamma-zero-response").problem(), "polished")


def test_starting_r_leaves_the_library_path_of_our_children_alone() -> None:
    import os
    import subprocess
    import sys

    before = os.environ.get("LD_LIBRARY_PATH")
    _r()
    r_glm(Library.built_in().case("dobson").problem(), "as_shipped")
    said = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ.get('LD_LIBRARY_PATH'))"], capture_output=True, text=True
    )
    assert said.stdout.strip() == str(before)
