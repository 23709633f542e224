"""The suite's own fitter: published numbers, and what it must say rather than hide."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace

import numpy as np
import pytest

from conformance.adapters import find
from conformance.fitter import fit
from conformance.fitter.irls import solve
from conformance.fitter.predictor import AtBeta
from conformance.judging.judge import twins
from conformance.mathematics.family import family_of
from conformance.mathematics.least_squares import independent_columns
from conformance.mathematics.link import link_of
from conformance.mathematics.response import Response
from conformance.question.library import Library
from conformance.question.problem import Problem


def problem_of(library: Library, id: str) -> Problem:
    return library.case(id).problem()


def test_contraception_gives_the_published_coefficients(library: Library) -> None:
    published = [-0.949952124, 0.004583726, -0.004286455, 0.768097459, 0.783112821, 0.854904050, 0.806025052]
    np.testing.assert_allclose(fit(problem_of(library, "contraception")).coefficients, published, atol=5e-10)


def test_study_hours_passes_through_the_published_deviances_from_a_zero_start(library: Library) -> None:
    answer = fit(replace(problem_of(library, "study-hours"), start=np.zeros(2)))
    np.testing.assert_allclose(answer.coefficients, [-2.7506, 0.8444], atol=5e-5)
    assert [round(line.deviance, 2) for line in answer.trace[:6]] == [277.26, 167.52, 151.18, 148.25, 148.09, 148.09]


def test_heart_max_rate_gives_the_known_coefficients_and_dispersion(library: Library) -> None:
    answer = fit(problem_of(library, "heart-max-rate"))
    known = [203.365956199709, -0.829758060599, -14.254160654481, -3.780519409977]
    np.testing.assert_allclose(answer.coefficients, known, rtol=0, atol=1e-12 * 204)
    assert round(float(answer.dispersion or 0), 4) == 366.9819


def test_every_gaussian_identity_fit_takes_one_iteration(library: Library) -> None:
    asked = [
        id for id in library.select() if (case := library.case(id)).link == "identity" and case.family == "gaussian"
    ]
    for id in (id for id in asked if library.case(id).has_estimate):
        assert fit(problem_of(library, id)).iterations == 1, id
    assert len(asked) > 30


@pytest.mark.parametrize("id", ["separated-ten", "endometrial", "breast-cancer-separable"])
def test_separation_is_said_and_not_hidden(library: Library, id: str) -> None:
    answer = fit(problem_of(library, id))
    assert answer.converged is False
    assert answer.warnings[0].startswith("separation")


def test_every_case_without_an_estimate_is_admitted_and_every_invalid_one_refused(library: Library) -> None:
    for id in library.select():
        case = library.case(id)
        if case.outcome == "invalid":
            with pytest.raises(ValueError, match=r"\w"):
                fit(case.problem())
        elif not case.has_estimate:
            assert fit(case.problem()).admits_trouble, id


def test_every_case_with_an_estimate_converges_to_a_zero_score_in_silence(library: Library) -> None:
    for id in library.select():
        case = library.case(id)
        if case.has_estimate and case.max_iterations is None:
            answer = fit(case.problem())
            assert answer.converged is True, (id, answer.warnings)
            assert answer.warnings == (), id


def test_grouped_counts_and_their_single_rows_are_both_fitted_to_the_end(library: Library) -> None:
    """The start of glm(y ~ x) is another one than that of glm(cbind(k, r) ~ x), and may be as far away again."""
    asked = 0
    for id in library.select():
        case = library.case(id)
        if not case.has_estimate or case.family != "binomial" or case.max_iterations is not None:
            continue
        with contextlib.suppress(LookupError):
            _, rows = twins(find("irls"), library, id, "grouped_is_m_rows")
            assert fit(rows).converged, id
            asked += 1
    assert asked > 20


def test_an_iteration_limit_that_is_reached_is_said(library: Library) -> None:
    answer = fit(replace(problem_of(library, "contraception"), max_iterations=2))
    assert answer.converged is False
    assert "iteration limit of 2" in answer.warnings[0]


def test_a_limit_of_one_step_too_few_is_met_and_said_and_one_of_enough_changes_nothing(library: Library) -> None:
    for id in library.select()[::9]:
        case = library.case(id)
        if not case.has_estimate or case.max_iterations is not None or case.problem().n > 1000:
            continue
        problem = case.problem()
        whole = fit(problem)
        assert whole.iterations is not None
        enough = fit(replace(problem, max_iterations=max(1, whole.iterations)))
        np.testing.assert_array_equal(enough.coefficients, whole.coefficients)
        assert enough.converged
        if whole.iterations < 2:
            continue
        short = fit(replace(problem, max_iterations=whole.iterations - 1))
        assert short.iterations == whole.iterations - 1, id
        assert not short.converged, id
        assert short.trace[-1].max_change == 0.0


@pytest.mark.parametrize("id", ["deddens-logit", "warpbreaks", "no-intercept-20", "heart-max-rate"])
def test_from_where_the_first_of_n_steps_ended_there_are_n_less_one(library: Library, id: str) -> None:
    problem = problem_of(library, id)
    first = fit(replace(problem, max_iterations=1))
    assert first.iterations == 1
    assert fit(replace(problem, start=first.coefficients)).iterations == (fit(problem).iterations or 0) - 1


def test_the_trace_tells_deviance_change_score_condition_and_smallest_weight(library: Library) -> None:
    trace = fit(problem_of(library, "no-intercept-20")).trace
    assert len(trace) > 3
    assert trace[-1].max_change == 0.0
    assert trace[-1].score_norm < 1e-12 < trace[0].score_norm
    assert all(line.condition >= 1 and line.smallest_weight > 0 for line in trace)
    deviances = [line.deviance for line in trace]
    assert all(b <= a * (1 + 1e-14) for a, b in itertools.pairwise(deviances))


@pytest.mark.parametrize("unit", [1.0, 2.0**-10])
def test_the_first_line_of_the_trace_is_that_of_the_start_by_the_textbooks_formulas(unit: float) -> None:
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 4.0], [1.0, 7.0]]) * unit
    y, start = np.array([2.0, 1.0, 3.0, 9.0, 20.0]), np.array([0.5, 0.25]) / unit
    line = fit(Problem(X, y, "poisson", "log", start=start)).trace[0]
    mu = np.exp(X @ start)
    information, score = X.T @ (mu[:, None] * X), X.T @ (y - mu)
    assert np.isclose(line.deviance, 2 * np.sum(y * np.log(y / mu) - (y - mu)), rtol=1e-13)
    assert np.isclose(line.score_norm, np.max(np.abs(score) / np.sqrt(np.diag(information))), rtol=1e-12)
    assert np.isclose(line.condition, np.linalg.cond(information), rtol=1e-12)
    assert np.isclose(line.max_change, np.max(np.abs(np.linalg.solve(information, score))), rtol=1e-12)
    assert np.isclose(line.smallest_weight, np.min(mu), rtol=1e-15)


def test_what_ended_the_iteration_is_said_with_the_score_in_standard_errors() -> None:
    X, y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]]), np.array([1.0, 2.0, 3.0, 7.0])
    for family, link, unit in (("gaussian", "log", 1.0), ("poisson", "log", 0.0)):
        short = solve(Problem(X, y, family, link, intercept=True, max_iterations=1))
        mu = np.exp(X @ short.beta)
        observed = mu * (2 * mu - y)  # of the Gaussian; the metric is the larger weight
        w, score = (mu, X.T @ (y - mu)) if unit == 0 else (np.maximum(mu**2, observed), X.T @ (mu * (y - mu)))
        length = np.sqrt(score @ np.linalg.solve(X.T @ (w[:, None] * X), score))
        phi = np.sum((y - mu) ** 2) / 2 if unit else 1.0
        assert short.warnings == (
            f"iteration limit of 1 reached; the score is {length / np.sqrt(phi):.2g} standard errors from zero",
        )
    assert solve(Problem(X, y, "poisson", "log", intercept=True)).warnings == ()


@pytest.mark.parametrize(
    "id",
    [
        "deddens-log-boundary",
        "empty-cell-no-intercept-nb-boundary",
        "empty-cell-identity-boundary",
        "ig-inverse-boundary-infinite-mean",
    ],
)
def test_a_maximum_on_the_boundary_is_said_to_be_one(library: Library, id: str) -> None:
    assert solve(problem_of(library, id)).warnings[0].startswith("boundary: a mean has reached the edge")


@pytest.mark.parametrize("start", [[0.5, 1e200], [1e200, 0.0], [0.5, 1e100]])
def test_where_the_means_tell_nothing_more_that_is_said(start: list[float]) -> None:
    X, y = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0, 3.0, 5.0])
    answer = fit(Problem(X, y, "gaussian", "inverse", intercept=True, start=np.array(start)))
    assert not answer.converged
    assert "the information is singular here" in answer.warnings[0]
    assert np.isfinite(answer.trace[-1].score_norm)


def test_the_information_of_a_mean_far_out_may_have_a_condition_beyond_all_doubles() -> None:
    X, y = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0, 3.0, 5.0])
    answer = fit(Problem(X, y, "gaussian", "inverse", intercept=True, start=np.array([0.5, 1e80])))
    assert not answer.converged
    assert answer.trace[0].condition == np.inf


@pytest.mark.parametrize("exponent", [-200, -60, -30, 30, 60, 200])
def test_the_units_of_columns_make_none_of_them_dependent(exponent: int) -> None:
    X = np.random.default_rng(1).normal(size=(20, 5))
    X[:, 3] = X[:, 0] - 2 * X[:, 1]
    X[:, 4] *= 2.0**exponent
    np.testing.assert_array_equal(independent_columns(X), [0, 1, 2, 4])
    np.testing.assert_array_equal(independent_columns(X * 2.0**exponent), [0, 1, 2, 4])
    np.testing.assert_array_equal(independent_columns(X[:, ::-1]), [0, 1, 2, 3])


def test_one_step_is_the_weighted_least_squares_of_the_data_with_weights_one_over_y_plus_one(library: Library) -> None:
    problem = replace(problem_of(library, "breslow-rates"), offset=None, link="identity")
    root = 1.0 / np.sqrt(problem.y + 1.0)
    beta, *_ = np.linalg.lstsq(problem.X * root[:, None], problem.y * root, rcond=None)
    answer = fit(problem, one_step=True)
    np.testing.assert_allclose(answer.coefficients, beta, rtol=1e-10)
    assert answer.iterations == 1
    assert answer.warnings, "an approximation says that it is one"
    assert not answer.converged


def test_one_step_is_near_the_full_fit_but_not_the_same() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 10, 400)
    problem = Problem(X=np.column_stack([np.ones(400), x]), y=rng.poisson(3 + 2 * x), family="poisson", link="identity")
    one, full = fit(problem, one_step=True), fit(problem)
    assert full.standard_errors is not None
    off = np.abs(one.coefficients - full.coefficients) / full.standard_errors
    assert 1e-3 < off.max() < 3.0


def test_aliased_columns_are_nan_and_the_rest_is_the_fit_without_them(library: Library) -> None:
    whole = problem_of(library, "warpbreaks")
    X = np.column_stack([whole.X[:, :2], 2 * whole.X[:, 1], whole.X[:, 2:], whole.X[:, 0]])
    answer, plain = fit(replace(whole, X=X, names=())), fit(whole)
    assert list(np.isnan(answer.coefficients)) == [False, False, True, False, False, True]
    np.testing.assert_allclose(answer.coefficients[~np.isnan(answer.coefficients)], plain.coefficients, rtol=1e-12)
    assert answer.df_residual == plain.df_residual


def test_the_arrays_of_a_problem_cannot_be_written_to(library: Library) -> None:
    problem = problem_of(library, "contraception")
    with pytest.raises(ValueError, match="read-only"):
        problem.X[0, 0] = 3.0


def test_a_start_outside_the_domain_is_refused(library: Library) -> None:
    problem = problem_of(library, "breslow-rates")
    with pytest.raises(ValueError, match="domain"):
        solve(replace(problem, link="identity", offset=None, start=np.full(problem.p, -1.0)))


def test_rows_far_out_lose_their_weight_without_a_floor() -> None:
    x = np.array([-900.0, -2.0, -1.0, 0.5, 1.0, 2.0, 900.0])
    problem = Problem(
        X=np.column_stack([np.ones(7), x]), y=np.array([0, 0, 1, 0, 1, 1, 1.0]), family="binomial", link="logit"
    )
    answer = fit(problem)
    assert answer.converged
    assert answer.trace[-1].smallest_weight == 0.0


def test_the_observed_weights_of_a_gamma_are_right_where_the_square_of_the_variance_overflows() -> None:
    """For the log link they are w y / mu."""
    y, w, eta = np.array([3.0, 1e5, 7.0]), np.array([1.0, 2.0, 3.0]), np.array([0.5, 250.0, 340.0])
    response = Response(y, w, np.zeros(3), w > 0, family_of("gamma"), link_of("log"))
    found = response.at(eta).observed_weights
    np.testing.assert_allclose(found[0], w[0] * y[0] / np.exp(eta[0]), rtol=1e-15)
    assert np.all(np.abs(found[1:]) <= 1e-14 * w[1:])


def test_standard_errors_keep_their_digits_where_a_heavy_row_stands_below_light_ones() -> None:
    """Working weights from 1e-7 to 1e3, and two columns that agree to six digits; proven: 14.986893020692516."""
    x1 = np.array([-0.007654321, 0.390370371, -0.252592593, 0.053580247, -0.750123458, 0.604691359])
    x2 = np.array([-0.007653941, 0.390369711, -0.252593243, 0.053581057, -0.750123208, 0.604690399])
    x3 = np.array([3.6, -7.2, -2.1, 5.4, 9.0, 3.2])
    X = np.column_stack([np.ones(6), x1, x2, x3, x1**2])
    y, offset = np.array([119, 81.6, 0.266, 215, 0.0971, 204]), np.array([-0.82, -0.79, -0.38, -0.93, 0.74, -0.31])
    found = fit(Problem(X, y, "inverse_gaussian", "identity", offset=offset, intercept=True))
    assert found.standard_errors is not None
    assert found.standard_errors[0] == pytest.approx(14.986893020692516, rel=1e-7)


@pytest.mark.parametrize(
    ("family", "link", "beta"),
    [
        ("gaussian", "log", [-2.0, 0.1]),
        ("gaussian", "inverse", [2.0, 0.1]),
        ("inverse_gaussian", "identity", [9.0, 1.0]),
    ],
)
def test_a_step_goes_uphill_where_the_likelihood_is_not_concave(family: str, link: str, beta: list[float]) -> None:
    X, y = np.column_stack([np.ones(5), np.arange(5.0)]), np.array([1.0, 1.5, 1.2, 2.5, 3.0])
    here = AtBeta(X, Response.of(Problem(X, y, family, link)), np.array(beta))
    assert not here.concave
    assert float(here.score @ here.step()) > 0


def test_a_step_is_newtons_where_the_likelihood_is_concave() -> None:
    X, y = np.column_stack([np.ones(5), np.arange(5.0)]), np.array([1.0, 1.5, 1.2, 2.5, 3.0])
    here = AtBeta(X, Response.of(Problem(X, y, "gamma", "log")), np.array([0.3, 0.1]))
    observed = X.T @ ((y / np.exp(X @ here.beta))[:, None] * X)
    np.testing.assert_allclose(here.step(), np.linalg.solve(observed, here.score), rtol=1e-12)


@pytest.mark.parametrize("exponent", [-60, -40, 40, 60])
@pytest.mark.parametrize("limit", [None, 1])
def test_the_unit_of_the_response_moves_no_step(exponent: int, limit: int | None) -> None:
    """A power of two times y moves the intercept of the log link alone, and a standard error is no absolute number."""
    x = np.arange(12.0)
    y = np.exp(0.2 * x) + np.array([0.3, -0.2, 0.1, 0.4, -0.4, 0.2, -0.3, 0.1, 0.5, -0.1, -0.6, 0.4])
    plain = Problem(np.column_stack([np.ones(12), x]), y, "gaussian", "log", intercept=True, max_iterations=limit)
    here, there = fit(plain), fit(replace(plain, y=y * 2.0**exponent))
    assert (there.converged, there.iterations) == (here.converged, here.iterations)
    assert here.converged is (limit is None)
    np.testing.assert_allclose(there.coefficients[1], here.coefficients[1], rtol=1e-12)


def test_a_perfect_fit_has_an_infinite_likelihood() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for family, link in (("gaussian", "identity"), ("gamma", "identity"), ("inverse_gaussian", "identity")):
        found = fit(Problem(x[:, None], 2.0 * x, family, link, names=("x",)))
        assert found.deviance == 0.0
        assert found.log_likelihood in (np.inf, None), family


def test_a_model_without_a_column_is_its_offset() -> None:
    found = fit(Problem(np.zeros((3, 0)), np.array([1.0, 2.0, 4.0]), "gaussian", "identity", names=()))
    assert found.deviance == 21.0
    assert found.coefficients.shape == (0,)
    line = found.trace[0]
    assert (line.max_change, line.score_norm, line.condition) == (0.0, 0.0, 1.0)
