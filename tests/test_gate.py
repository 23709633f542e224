"""The gate lets the right ones through, refuses the wrong ones, and says why."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import special
from support.one_fit import ONE_FIT

from conformance.adapters import Implementation, find, from_object
from conformance.adapters.answer import Unsupported
from conformance.adapters.conventions import CONVENTIONS, DEFAULTS, declared, of_model
from conformance.errors import ImplementationError
from conformance.fitter import fit
from conformance.judging.checks import CHECKS
from conformance.judging.checks.invariance import INVARIANCE_CHECKS, INVARIANCES
from conformance.judging.checks.optimiser import maximise
from conformance.judging.comparison import Comparison, Demand
from conformance.judging.conventions import under
from conformance.judging.judge import judge, judge_case
from conformance.judging.verdict import Outcome, Verdict, conforms, count
from conformance.mathematics.quantities import BY_ROW, KEYS, Fit
from conformance.question.library import Library
from conformance.question.problem import Problem
from conformance.references.lookup import reference_of
from conformance.running.gate import run

FIRST = ["contraception", "dobson", "warpbreaks", "breslow-rates", "heart-max-rate", "study-hours", "no-intercept-20"]


def failures(library: Library, function: Callable[[Problem], object], id: str, **demand: object) -> list[Verdict]:
    verdicts = judge_case(from_object("under-test", function), library, id, Demand(**demand)).verdicts  # type: ignore[arg-type]
    assert len(verdicts) == len(CHECKS)
    return [v for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]


def test_irls_conforms_on_every_case_under_strict_which_asks_no_less(library: Library) -> None:
    results = list(run("irls", library, library.select(), Demand(strict=True)))
    verdicts = [v for result in results for v in result.verdicts]
    assert conforms(count(verdicts)), [v.message for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.ERROR)]
    assert sum(count(verdicts).values()) == len(library.files) * len(CHECKS)


def wrong_dispersion(problem: Problem) -> Fit:
    """RSS / n for RSS / (n - p)."""
    right = fit(problem)
    assert right.dispersion
    assert right.df_residual
    return replace(right, dispersion=right.dispersion * right.df_residual / problem.n)


def two_iterations(problem: Problem) -> Fit:
    """Stops after two steps and says converged."""
    return replace(fit(replace(problem, max_iterations=2)), converged=True, warnings=(), trace=())


def without_offset(problem: Problem) -> Fit:
    return fit(replace(problem, offset=None))


def without_weights(problem: Problem) -> Fit:
    return fit(replace(problem, weights=None))


def exchanged(problem: Problem) -> Fit:
    return fit(replace(problem, y=1.0 - problem.y))


def probit_for_logit(problem: Problem) -> Fit:
    return fit(replace(problem, link="probit"))


@pytest.mark.parametrize(
    ("function", "id", "check", "words"),
    [
        (wrong_dispersion, "heart-max-rate", "dispersion", "dispersion: mle"),
        (two_iterations, "study-hours", "coefficients", "stopped early"),
        (two_iterations, "warpbreaks", "score", "standard errors from zero"),
        (without_offset, "breslow-rates", "coefficients", "without its offset"),
        (without_offset, "breslow-rates", "score", "without its offset"),
        (without_weights, "menarche-proportions-cloglog", "coefficients", "without its prior weights"),
        (exchanged, "study-hours", "coefficients", "successes and failures exchanged"),
        (probit_for_logit, "contraception", "coefficients", "with the probit link"),
    ],
)
def test_a_faulty_fitter_fails_and_the_message_says_why(
    library: Library, function: Callable[[Problem], Fit], id: str, check: str, words: str
) -> None:
    failed = {v.check: v for v in failures(library, function, id)}
    assert check in failed
    assert words in failed[check].message
    assert failed[check].cause != "unexplained"


@pytest.mark.parametrize("id", ["separated-ten", "endometrial"])
def test_huge_coefficients_reported_as_converged_in_silence_fail(library: Library, id: str) -> None:
    def silent(problem: Problem) -> Fit:
        return replace(fit(problem), converged=True, warnings=(), trace=())

    failed = failures(library, silent, id)
    assert [v.check for v in failed] == ["outcome"]
    assert "no maximum likelihood estimate" in failed[0].message or "no finite estimate" in failed[0].message


@pytest.mark.parametrize("id", ["separated-ten", "endometrial"])
def test_refusing_separated_data_is_honest(library: Library, id: str) -> None:
    def refuses(problem: Problem) -> Fit:
        raise ValueError("perfect separation")

    assert not failures(library, refuses, id)


def test_refusing_a_valid_problem_is_an_error_of_the_implementation(library: Library) -> None:
    def refuses(problem: Problem) -> Fit:
        raise ValueError("I do not like it")

    failed = failures(library, refuses, "dobson")
    assert {v.outcome for v in failed} == {Outcome.ERROR}
    assert all(v.cause == "implementation" and "I do not like it" in v.message for v in failed)


def test_what_is_not_reported_is_counted_apart(library: Library) -> None:
    verdicts = judge_case(
        from_object("bare", lambda p: {"coefficients": fit(p).coefficients}), library, "dobson"
    ).verdicts
    outcomes = {v.check: v.outcome for v in verdicts}
    assert outcomes["coefficients"] is Outcome.PASS
    assert outcomes["deviance"] is Outcome.NOT_REPORTED
    assert conforms(count(verdicts))


def test_running_nothing_does_not_conform(library: Library) -> None:
    def unsupported(problem: Problem) -> Fit:
        raise Unsupported("no GLM here")

    verdicts = judge_case(from_object("none", unsupported), library, "dobson").verdicts
    assert {v.outcome for v in verdicts} == {Outcome.UNSUPPORTED}
    assert not conforms(count(verdicts))


def test_a_declared_convention_is_respected_and_an_undeclared_one_is_named(library: Library) -> None:
    class ByDeviance:
        conventions = {"aic": "without_dispersion"}  # noqa: RUF012

        def __call__(self, problem: Problem) -> Fit:
            right = fit(problem)
            return replace(right, aic=(right.aic or 0.0) - 2.0)

    gaussian = "heart-max-rate"
    assert "aic" not in {v.check for v in failures(library, ByDeviance(), gaussian)}
    undeclared = {v.check: v for v in failures(library, ByDeviance().__call__, gaussian)}
    assert undeclared["aic"].cause == "convention aic: without_dispersion"
    assert "declare conventions" in undeclared["aic"].message


def test_more_digits_may_be_asked(library: Library) -> None:
    def rough(problem: Problem) -> Fit:
        right = fit(problem)
        return replace(right, deviance=(right.deviance or 0.0) * (1 + 1e-8))

    assert not failures(library, rough, "dobson")
    assert {v.check for v in failures(library, rough, "dobson", digits=10.0)} == {"deviance"}


def test_bfgs_own_inverse_hessian_is_no_standard_error_but_the_hessian_is(library: Library) -> None:
    off = []
    for id in FIRST:
        problem = library.case(id).problem()
        optimum, right = maximise(problem), fit(problem)
        assert optimum is not None
        assert right.dispersion
        assert right.standard_errors is not None
        unscaled = right.standard_errors / np.sqrt(right.dispersion)
        np.testing.assert_allclose(optimum.unscaled_errors, unscaled, rtol=1e-5)
        off.append(np.max(np.abs(optimum.bfgs_errors / unscaled - 1.0)))
    assert max(off) > 1e-3, "if BFGS became exact, the docs that say it is not must change"


@pytest.mark.parametrize(("steps", "cause"), [(None, "lost precision"), (1, "lost precision"), (812, "early stop")])
def test_least_squares_short_of_digits_stopped_early_if_it_says_that_it_iterates(
    library: Library, steps: int | None, cause: str
) -> None:
    def short(problem: Problem) -> dict[str, object]:
        return {"coefficients": fit(problem).coefficients * (1.0 + 1e-4), "iterations": steps}

    found = failures(library, short, "heart-max-rate")
    assert next((v.check, v.cause) for v in found) == ("coefficients", cause)


@pytest.mark.parametrize(("exponent", "times", "honest"), [(40, 1 + 1e-9, True), (-40, -3.0, False)])
def test_honesty_is_asked_in_standard_errors_whatever_the_unit_of_the_response(
    library: Library, exponent: int, times: float, honest: bool
) -> None:
    """The reference is taken to the other unit too: for least squares everything is scaled by it."""
    case = library.case("heart-max-rate")
    reference, unit = reference_of(library, case), 2.0**exponent
    problem = replace(case.problem(), y=case.problem().y * unit)
    values = {**reference.values, "dispersion_pearson": reference.values["dispersion_pearson"] * unit**2}
    said = Fit(coefficients=fit(problem).coefficients * times)
    comparison = Comparison(case, problem, said, None, replace(reference, values=values), declared({}))
    assert (CHECKS["outcome"](comparison).outcome is Outcome.PASS) is honest


def test_the_gaussian_ml_variance_is_rss_over_n_and_the_reported_one_rss_over_n_minus_p(library: Library) -> None:
    problem = library.case("heart-max-rate").problem()
    optimum, right = maximise(problem), fit(problem)
    assert optimum is not None
    assert optimum.sigma2 is not None
    assert right.dispersion
    assert optimum.sigma2 / right.dispersion == pytest.approx((problem.n - problem.p) / problem.n, rel=1e-7)


def test_a_convention_may_be_declared_for_one_family_and_link_alone() -> None:
    said = declared({"log_likelihood_dispersion": {"gaussian/identity": "deviance_over_n", "*": "pearson"}})
    assert of_model(said, "gaussian", "identity")["log_likelihood_dispersion"] == "deviance_over_n"
    assert of_model(said, "gaussian", "log")["log_likelihood_dispersion"] == "pearson"


def test_a_convention_may_be_declared_for_one_family_alone() -> None:
    declared_ = declared(
        {"log_likelihood_dispersion": {"gaussian": "mle", "*": "pearson"}, "aic": {"gamma": "without_dispersion"}}
    )
    gaussian, gamma = of_model(declared_, "gaussian", "log"), of_model(declared_, "gamma", "log")
    assert gaussian["log_likelihood_dispersion"] == "mle"
    assert gamma["log_likelihood_dispersion"] == "pearson"
    assert gaussian["aic"] == "with_dispersion"  # a mapping without "*" leaves the rest with R's
    assert gamma["aic"] == "without_dispersion"
    assert gaussian["weights"] == gamma["weights"] == "prior"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"aic": {"gausian": "with_dispersion"}}, "family 'gausian'"), ({"aic": {"*": "mine"}}, "may be with_dispersion")],
)
def test_a_convention_of_no_family_or_no_value_is_refused(wrong: dict[str, dict[str, str]], words: str) -> None:
    with pytest.raises(ImplementationError, match=re.escape(words)):
        declared(wrong)


OTHER_CHOICES = [(name, value) for name, values in CONVENTIONS.items() for value in values[1:]]


@pytest.mark.parametrize(
    "id",
    [
        "attitude-zero-weights",
        "mtcars-zero-weights-gamma-identity",
        "mtcars-zero-weights-ig-inverse",
        "gagurine-weights-gamma-inverse",
        "clotting-fractional-weights-ig",
        "polyps-zero-weights-nb-identity",
        "titanic-zero-weights-probit",
        "warpbreaks-weights-identity",
    ],
)
def test_whatever_two_conventions_are_declared_some_answer_passes(library: Library, id: str) -> None:
    case = library.case(id)
    reference, own = reference_of(library, case), fit(case.problem())
    for one, two in itertools.combinations(OTHER_CHOICES, 2):
        if one[0] == two[0]:
            continue
        conventions = declared(dict((one, two)))
        values = under(reference.values, case.problem(), of_model(conventions, case.family, case.link))
        honest = replace(own, **{key: values.get(key) for key in KEYS if key in reference.values})
        found = Implementation("honest", "1", lambda problem, honest=honest: honest, conventions)
        for verdict in judge(found, case, reference, Demand(), ONE_FIT).verdicts:
            assert not verdict.failing, (one, two, verdict.message)


def test_a_fit_that_breaks_down_on_a_twin_fails_every_invariance_that_arises(library: Library) -> None:
    left = set(INVARIANCE_CHECKS)
    for id in ("acme-market", "aids-saturated-logit", "attitude-zero-weights", "billion-counts-poisson",
               "binomial-cauchit-unstable-maximum", "breslow-rates"):  # fmt: skip
        case = library.case(id)
        reference, names = reference_of(library, case), list(INVARIANCE_CHECKS)

        def breaks_down(problem: Problem, own: Problem = case.problem()) -> Fit:
            right = fit(problem)
            the_same = problem.X.shape == own.X.shape and np.array_equal(problem.X, own.X)
            the_same = the_same and np.array_equal(problem.y, own.y) and problem.formula == own.formula
            return right if the_same else replace(right, coefficients=np.full(problem.p, np.nan))

        right = judge(find("irls"), case, reference, Demand(), names).verdicts
        wrong = judge(from_object("breaks-down", breaks_down), case, reference, Demand(), names).verdicts
        for mine, theirs in zip(right, wrong, strict=True):
            if mine.outcome is Outcome.PASS:
                left.discard(mine.check)
                assert theirs.outcome is Outcome.FAIL, (id, theirs)
    assert not left


def test_an_answer_without_a_digit_passes_nothing_however_little_the_data_can_give(library: Library) -> None:
    case = library.case("binomial-cloglog-lost-weights")
    astray = replace(fit(case.problem()), coefficients=np.array([-2.9e12, 2.9e12]))
    reference = reference_of(library, case)
    (verdict,) = judge(from_object("astray", lambda problem: astray), case, reference, checks=["coefficients"]).verdicts
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.digits is not None
    assert verdict.required is not None
    assert verdict.required < verdict.digits < 0


@pytest.mark.parametrize(
    ("id", "away", "hidden"),
    [("chickweight-ig-log", 260.0, False), ("menarche-proportions-cloglog", 40.0, True)],
)
def test_a_row_of_weight_0_in_doubles_hides_a_slope_only_where_the_deviance_still_falls(
    library: Library, id: str, away: float, hidden: bool
) -> None:
    case = library.case(id)
    at = fit(case.problem()).coefficients + np.where(np.arange(case.problem().p) == 0, away, 0.0)
    own = replace(fit(case.problem()), coefficients=at)
    comparison = Comparison(case, case.problem(), own, None, reference_of(library, case), DEFAULTS)
    assert (comparison.score_at(at).smallest_weight == 0.0) is hidden
    assert comparison._hidden_slope(at) is hidden


@pytest.mark.parametrize("id", ["dobson", "aids-saturated-logit", "clotting-saturated-gamma", "contraception"])
def test_a_fitter_that_adds_rows_in_another_order_each_time_remembers_nothing(library: Library, id: str) -> None:
    rng = np.random.default_rng(7)

    def in_any_order(problem: Problem) -> Fit:
        order = rng.permutation(problem.n)
        arrays = {name: getattr(problem, name) for name in ("X", "y", "weights", "offset", "successes")}
        answer = fit(replace(problem, **{k: None if v is None else v[order] for k, v in arrays.items()}))
        back = np.argsort(order)
        rows = {key: None if getattr(answer, key) is None else getattr(answer, key)[back] for key in BY_ROW}
        return replace(answer, **rows)

    case = library.case(id)
    found = judge(from_object("mine", in_any_order), case, reference_of(library, case), checks=["same_answer_twice"])
    assert not found.verdicts[0].failing, found.verdicts[0].message


def test_what_a_twin_must_answer_comes_back_as_the_first_answer(library: Library) -> None:
    arisen = set()
    for id in library.select():
        case = library.case(id)
        if not case.has_estimate:
            continue
        reference, problem = reference_of(library, case), case.problem()
        beta = reference.values["coefficients"]
        conventions = of_model(declared({}), case.family, case.link)
        comparison = Comparison(case, problem, Fit(coefficients=beta), None, reference, conventions)
        for make in INVARIANCES:
            other = make(comparison)
            if other is not None:
                arisen.add(make)
                there = other.onward(beta)
                assert there.shape == (other.problem.p,), (id, make)
                back = other.of("coefficients", Fit(coefficients=there))
                size = np.abs(beta[: len(back)]) + np.abs(beta[: len(back)]).max(initial=1.0)
                np.testing.assert_array_less(np.nan_to_num(np.abs(back - beta[: len(back)]) / size), 1e-12)
    assert arisen == set(INVARIANCES)


def test_a_fault_that_only_a_twin_has_is_named_in_the_twins_own_terms(library: Library) -> None:
    def turned(problem: Problem) -> Fit:
        return fit(problem if problem.offset is None else replace(problem, offset=-problem.offset))

    for id in ("contraception", "dobson", "quine-nb-log"):
        found = judge_case(from_object("turned", turned), library, id, checks=["constant_added_to_the_offset"])
        assert found.verdicts[0].cause == "with the offset's sign reversed", found.verdicts[0].message


@pytest.mark.parametrize("quantity", ["standard_errors", "covariance"])
def test_a_number_for_an_aliased_column_is_refused(library: Library, quantity: str) -> None:
    def filled(problem: Problem) -> Fit:
        right = fit(problem)
        return replace(right, **{quantity: np.nan_to_num(getattr(right, quantity))})

    found = judge_case(from_object("filled", filled), library, "mtcars-aliased-middle", checks=[quantity])
    assert found.verdicts[0].outcome is Outcome.FAIL
    assert found.verdicts[0].cause == "aliasing"


@pytest.mark.parametrize("quantity", ["coefficients", "standard_errors", "deviance", "dispersion"])
@pytest.mark.parametrize("number", [np.nan, np.inf, 0.0, -1e300])
def test_no_check_breaks_on_what_a_twin_is_answered(library: Library, quantity: str, number: float) -> None:
    for id in ("exact-line-gaussian", "aids-saturated-logit", "mtcars-aliased-middle", "clotting-gamma-inverse"):
        case = library.case(id)

        def broken(problem: Problem, own: Problem = case.problem()) -> Fit:
            right = fit(problem)
            same = problem.X.shape == own.X.shape and np.array_equal(problem.X, own.X)
            wrong = np.full_like(np.asarray(getattr(right, quantity), dtype=np.float64), number)
            return right if same else replace(right, **{quantity: wrong if wrong.shape else float(wrong)})

        for verdict in judge(
            from_object("broken", broken), case, reference_of(library, case), Demand(), list(INVARIANCE_CHECKS)
        ).verdicts:
            assert verdict.cause != "suite", verdict.message


# ------------------------------------------------------------------------------- numbers without a reference


def _reports(quantity: str, value: float) -> Callable[[Problem], Fit]:
    """irls, but for a number of a quantity that has no reference."""
    return lambda problem: replace(fit(problem), **{quantity: value})


@pytest.mark.parametrize(
    ("quantity", "value", "outcome"),
    [
        ("log_likelihood", np.inf, Outcome.FAIL),
        ("log_likelihood", -np.inf, Outcome.FAIL),
        ("aic", -np.inf, Outcome.FAIL),
        ("bic", np.inf, Outcome.FAIL),
        ("log_likelihood", -123.4, Outcome.UNDECIDED),
        ("log_likelihood", np.nan, Outcome.UNDECIDED),  # as R has it: no number, and said to be none
    ],
)
def test_an_infinite_number_of_a_regular_problem_fails_though_no_reference_says_what_it_is(
    library: Library, quantity: str, value: float, outcome: Outcome
) -> None:
    under_test = from_object("infinite", _reports(quantity, value))
    (verdict,) = judge_case(under_test, library, "insurance-offset-tweedie", checks=[quantity]).verdicts
    assert verdict.outcome is outcome
    assert verdict.cause == ("not finite" if outcome is Outcome.FAIL else None)


def test_an_infinite_residual_without_a_reference_fails_but_not_in_a_row_without_weight(library: Library) -> None:
    case = library.case("affairs-zero-weights-tweedie")
    known = reference_of(library, case)
    values = {name: value for name, value in known.values.items() if name != "pearson_residuals"}
    nobody, somebody = (int(np.flatnonzero((case.problem().prior_weights > 0) == used)[0]) for used in (False, True))
    for row, outcome in ((nobody, Outcome.UNDECIDED), (somebody, Outcome.FAIL)):

        def infinite(problem: Problem, row: int = row) -> Fit:
            right = fit(problem)
            assert right.pearson_residuals is not None
            return replace(
                right, pearson_residuals=np.where(np.arange(problem.n) == row, np.inf, right.pearson_residuals)
            )

        reference = replace(known, values=values)
        (verdict,) = judge(from_object("one row", infinite), case, reference, checks=["pearson_residuals"]).verdicts
        assert verdict.outcome is outcome
        assert verdict.quantity == (f"pearson_residuals[{row}]" if outcome is Outcome.FAIL else "pearson_residuals")


def test_the_infinite_likelihood_of_a_perfect_fit_is_no_failure(library: Library) -> None:
    case = library.case("insurance-offset-tweedie")
    known = reference_of(library, case)
    perfect = replace(known, values={**known.values, "deviance": 0.0})
    under_test = from_object("infinite", _reports("log_likelihood", np.inf))
    (verdict,) = judge(under_test, case, perfect, checks=["log_likelihood"]).verdicts
    assert verdict.outcome is Outcome.UNDECIDED


def test_an_infinite_bic_fails_beside_rows_without_weight_too(library: Library) -> None:
    under_test = from_object("infinite", _reports("bic", np.inf))
    (verdict,) = judge_case(under_test, library, "affairs-zero-weights-tweedie", checks=["bic"]).verdicts
    assert (verdict.outcome, verdict.cause) == (Outcome.FAIL, "not finite")


# ------------------------------------------------------------------------------ formulas whose terms cancel


def by_differences_of_lgamma(problem: Problem) -> Fit:
    """A negative binomial log-likelihood as textbooks write it."""
    right, theta, y = fit(problem), problem.theta or 1.0, problem.y
    assert right.fitted_values is not None
    mu = right.fitted_values
    terms = special.gammaln(theta + y) - special.gammaln(theta) - special.gammaln(y + 1.0)
    terms += theta * np.log(theta) + y * np.log(mu) - (theta + y) * np.log(theta + mu)
    return replace(right, log_likelihood=float(np.sum(terms)), aic=None, bic=None)


def by_logarithms(problem: Problem) -> Fit:
    """The deviance of counts as textbooks write it: with a theta, (y + theta) times the logarithm of nearly 1."""
    right, theta, y = fit(problem), problem.theta or 1.0, problem.y
    assert right.fitted_values is not None
    mu = right.fitted_values
    unit = 2.0 * (special.xlogy(y, y / mu) - (y + theta) * np.log((y + theta) / (mu + theta)))
    return replace(right, deviance=float(np.sum(unit)), deviance_residuals=None)


@pytest.mark.parametrize(
    ("function", "check", "id"),
    [
        (by_differences_of_lgamma, "log_likelihood", "nb-theta-1e9"),
        (by_differences_of_lgamma, "log_likelihood", "nb-theta-1e15"),
        (by_logarithms, "deviance", "nb-theta-1e15"),
    ],
)
def test_digits_lost_to_cancellation_are_no_digits_that_nobody_can_have(
    library: Library, function: Callable[[Problem], Fit], check: str, id: str
) -> None:
    """A formula that does not cancel has them all, and irls uses it."""
    strict = Demand(strict=True)
    (right,) = judge_case(find("irls"), library, id, strict, [check]).verdicts
    (wrong,) = judge_case(from_object("textbook", function), library, id, strict, [check]).verdicts
    assert right.outcome is Outcome.PASS
    assert (right.required or 0.0) > 11.0
    assert wrong.outcome is Outcome.FAIL


def test_a_mean_that_is_0_in_doubles_may_not_be_floored(library: Library) -> None:
    """far-row-low-cloglog has one; R, which floors means at 2.2e-16, is refused."""

    def floored(problem: Problem) -> Fit:
        right = fit(problem)
        assert right.fitted_values is not None
        return replace(right, fitted_values=np.maximum(right.fitted_values, 2.2e-16))

    outcomes = [
        judge_case(from_object("mean", function), library, "far-row-low-cloglog", checks=["fitted_values"])
        for function in (fit, floored)
    ]
    assert [result.verdicts[0].outcome for result in outcomes] == [Outcome.PASS, Outcome.FAIL]
