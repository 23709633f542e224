"""Correct fitters that differ in every legitimate way: the gate must accuse none of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import qr, solve_triangular
from scipy.optimize import brentq
from scipy.special import digamma, xlogy

from conformance.adapters.answer import Unsupported
from conformance.fitter.irls import fit as fit_anew
from conformance.fitter.summary import null_deviance
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.faulty_null_model_df_aic import with_likelihood_at
from conformance.zoo.registry import correct
from conformance.zoo.remembered import fit
from conformance.zoo.tools import (
    Array,
    Solver,
    Stop,
    admits,
    by_qr,
    errors_times,
    reported,
    scoring,
    stands_still,
    with_covariance,
)

LOST = ("binomial-cloglog-lost-weights",)  # where no expected information is left, by which Fisher scoring goes
PATIENT = 20_000  # steps: Fisher scoring creeps in some cases, and a correct fitter has the time


@correct("irls", says="the suite's own")
def irls(problem: Problem) -> Fit:
    return fit_anew(problem)


def _fisher(problem: Problem, solver: Solver = by_qr, stop: Stop = stands_still) -> Fit:
    """Fisher scoring to its end; Unsupported where an estimate exists and no expected information leads to it."""
    try:
        answer = admits(problem, reported(problem, scoring(problem, solver=solver, stop=stop, limit=PATIENT)))
    except np.linalg.LinAlgError as error:
        if fit(problem).converged:
            raise Unsupported("on the way the expected information is singular") from error
        raise  # separated, say: a refusal is right
    if (answer.deviance is None or not np.isfinite(answer.deviance)) and fit(problem).converged:
        raise Unsupported("on the way the expected information vanishes")
    return answer


@correct("householder-qr", says="Householder QR of sqrt(W) X, all digits", leaves=LOST)
def householder_qr(problem: Problem) -> Fit:
    return _fisher(problem)


def _pivoted(X: Array, W: Array, r: Array) -> Array:
    root = np.sqrt(W)
    Q, R, order = qr(X * root[:, None], mode="economic", pivoting=True)
    step = np.zeros(X.shape[1])
    if np.all(np.diag(R) != 0):
        step[order] = solve_triangular(R, Q.T @ (r * root))
    return step


@correct("pivoted-qr", says="QR with column pivoting, the covariance from it too", leaves=LOST)
def pivoted_qr(problem: Problem) -> Fit:
    answer = _fisher(problem, _pivoted)
    at = tools.parts(problem)
    W, _ = tools.working_at(problem, at, answer)
    _, R, order = qr(at.X * np.sqrt(W)[:, None], mode="economic", pivoting=True)
    if np.any(np.diag(R) == 0) or not answer.converged:
        return answer
    S = solve_triangular(R, np.eye(len(order)))
    inverse = np.zeros_like(S)
    inverse[np.ix_(order, order)] = S @ S.T
    phi = answer.dispersion if answer.dispersion is not None else 1.0
    return with_covariance(problem, answer, phi * inverse)


def _svd(X: Array, W: Array, r: Array) -> Array:
    B = X * np.sqrt(W)[:, None]
    scale = np.linalg.norm(B, axis=0)
    scale[scale == 0] = 1.0
    U, s, Vt = np.linalg.svd(B / scale, full_matrices=False)
    return np.asarray((Vt.T @ np.divide(U.T @ (np.sqrt(W) * r), s, out=np.zeros_like(s), where=s > 0)) / scale)


@correct("scaled-svd", says="singular values of the column-scaled weighted design", leaves=LOST)
def scaled_svd(problem: Problem) -> Fit:
    return _fisher(problem, _svd)


def _newton(problem: Problem) -> Fit:
    """Newton with the observed information in difference form, from the end of Fisher scoring's first steps."""
    at, f, g = tools.parts(problem), tools.family(problem), tools.link(problem)
    told = fit(problem)
    if not told.converged or problem.max_iterations is not None:
        return told
    try:
        first = scoring(replace(problem, max_iterations=None), stop=lambda s, d: s[-1] < 1e-2, limit=PATIENT)
    except np.linalg.LinAlgError:  # the expected information has vanished on the way
        return told
    beta, best = first.beta, np.inf
    for _ in range(50):
        W, r = tools.working(f, g, at, beta)
        h = tools.observed_weights(problem, beta)
        scale = np.sqrt(np.sum(np.abs(h)[:, None] * at.X**2, axis=0))
        scale[scale == 0] = 1.0
        Z = at.X / scale
        try:
            step = np.linalg.solve(Z.T @ (h[:, None] * Z), Z.T @ (W * r)) / scale
        except np.linalg.LinAlgError:
            return told
        size = float(np.linalg.norm(np.sqrt(W) * (at.X @ step)))
        if not np.isfinite(size) or size > 1 or not np.isfinite(tools.deviance_at(f, g, at, beta + step)):
            return told
        beta = beta + step
        if size == 0 or best <= size < 1e-8:
            break
        best = min(best, size)
    if tools.deviance_at(f, g, at, beta) > tools.deviance_at(f, g, at, told.coefficients[at.columns]) * (1 + 1e-9):
        return told  # the first steps ended on a plain of the likelihood, away from its top
    return reported(problem, tools.Scored(beta, beta, at.columns, 1, True))


@correct("newton-expected", says="Newton with the observed information; standard errors of the expected one")
def newton_expected(problem: Problem) -> Fit:
    return _newton(problem)


@correct(
    "newton-observed",
    says="Newton; standard errors of the observed information, declared",
    conventions={"information": "observed"},
)
def newton_observed(problem: Problem) -> Fit:
    return tools.with_observed_information(problem, _newton(problem))


@correct("rows-shuffled", says="rows in another order, and the answer put back")
def rows_shuffled(problem: Problem) -> Fit:
    if any(v is not None and len(v) != problem.n for v in (problem.weights, problem.offset)):
        return fit(problem)
    order = np.random.default_rng(7).permutation(problem.n)
    back = np.argsort(order)

    def mixed(values: Array | None) -> Array | None:
        return None if values is None else values[order]

    answer = fit(
        replace(
            problem,
            X=problem.X[order],
            y=problem.y[order],
            weights=mixed(problem.weights),
            offset=mixed(problem.offset),
            successes=mixed(problem.successes),
        )
    )
    changed = {}
    for name in ("fitted_values", "linear_predictors", "leverages", *_RESIDUALS):
        values = getattr(answer, name)
        changed[name] = None if values is None else values[back]
    return replace(answer, **changed)


_RESIDUALS = ("response_residuals", "pearson_residuals", "deviance_residuals", "working_residuals")


@correct("columns-reversed", says="columns in another order where no column is aliased, and the answer put back")
def columns_reversed(problem: Problem) -> Fit:
    right = fit(problem)
    if np.any(np.isnan(right.coefficients)) or not right.converged:
        return right
    start = None if problem.start is None else problem.start[::-1]
    answer = fit(replace(problem, X=problem.X[:, ::-1], names=problem.names[::-1], start=start))
    assert answer.standard_errors is not None
    assert answer.covariance is not None
    return replace(
        answer,
        coefficients=answer.coefficients[::-1],
        standard_errors=answer.standard_errors[::-1],
        covariance=answer.covariance[::-1, ::-1],
        null_deviance=right.null_deviance,
        df_null=right.df_null,
    )


@correct("columns-scaled", says="columns scaled to unit length, and the answer put back")
def columns_scaled(problem: Problem) -> Fit:
    if not np.all(np.isfinite(problem.X)):
        return fit(problem)
    scale = np.linalg.norm(problem.X, axis=0)
    scale[scale == 0] = 1.0
    start = None if problem.start is None else problem.start * scale
    answer = fit(replace(problem, X=problem.X / scale, start=start))
    assert answer.standard_errors is not None
    assert answer.covariance is not None
    return replace(
        answer,
        coefficients=answer.coefficients / scale,
        standard_errors=answer.standard_errors / scale,
        covariance=answer.covariance / np.outer(scale, scale),
    )


@correct("another-stopping-rule", says="stops where no coefficient moves by more than its last bits", leaves=LOST)
def another_stopping_rule(problem: Problem) -> Fit:
    def stop(sizes: list[float], deviances: list[float]) -> bool:
        return sizes[-1] < 1e-15 or (len(sizes) > 8 and max(sizes[-8:]) < 1e-9 and min(sizes[-4:]) >= min(sizes[-8:-4]))

    return _fisher(problem, stop=stop)


@correct("deviance-by-subtraction", says="the deviance as 2 (l(y) - l(mu)): loses what the textbook formula loses")
def deviance_by_subtraction(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.family not in ("poisson", "binomial") or answer.deviance is None or answer.linear_predictors is None:
        return answer
    w, y, mu = problem.prior_weights, problem.y, answer.fitted_values
    nu, used = tools.link(problem).complement(answer.linear_predictors), w > 0

    def log_likelihood(mu: Array, nu: Array) -> float:
        """What is free of mu cancels, and is left out."""
        first = xlogy(y, mu)
        return float(np.sum((w * (first - mu if problem.family == "poisson" else first + xlogy(1.0 - y, nu)))[used]))

    with np.errstate(all="ignore"):
        return replace(answer, deviance=2.0 * (log_likelihood(y, 1.0 - y) - log_likelihood(mu, nu)))


def _with_dispersion(problem: Problem, answer: Fit, phi: float) -> Fit:
    old = answer.dispersion
    if not old or not np.isfinite(old) or not np.isfinite(phi):
        return answer
    return replace(errors_times(answer, float(np.sqrt(phi / old))), dispersion=phi)


@correct("dispersion-deviance", says="deviance / (n - p), declared", conventions={"dispersion": "deviance"})
def dispersion_deviance(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.deviance is not None
    assert answer.df_residual is not None
    if not tools.estimated(problem) or answer.df_residual <= 0:
        return answer
    return _with_dispersion(problem, answer, answer.deviance / answer.df_residual)


def mle_dispersion(problem: Problem, answer: Fit) -> float | None:
    """The dispersion that maximises the likelihood at the fitted means; None where R has no likelihood or it is 0."""
    if problem.family not in ("gaussian", "gamma", "inverse_gaussian") or not answer.deviance:
        return None
    w, deviance = problem.prior_weights[problem.prior_weights > 0], answer.deviance
    if deviance < 1e-12 * len(w):
        return None
    if problem.family != "gamma":
        return deviance / len(w)

    def slope(log_shape: float) -> float:  # sum w (log(w k) - digamma(w k)) = deviance / 2 with k = 1 / phi
        k = np.exp(log_shape)
        return float(np.sum(w * (np.log(w * k) - digamma(w * k)))) - 0.5 * deviance

    middle = float(np.log(len(w) / deviance))
    return float(np.exp(-brentq(slope, middle - 20.0, middle + 20.0, xtol=1e-15, rtol=1e-15)))


@correct("dispersion-mle", says="the maximum likelihood dispersion, declared", conventions={"dispersion": "mle"})
def dispersion_mle(problem: Problem) -> Fit:
    answer = fit(problem)
    phi = mle_dispersion(problem, answer)
    if phi is None and tools.estimated(problem):  # no such estimate here: nothing of it is reported
        return replace(answer, dispersion=None, standard_errors=None, covariance=None)
    return answer if phi is None else _with_dispersion(problem, answer, phi)


@correct("aic-without-dispersion", says="declared", conventions={"aic": "without_dispersion"})
def aic_without_dispersion(problem: Problem) -> Fit:
    answer = fit(problem)
    if not tools.estimated(problem) or answer.aic is None or answer.bic is None:
        return answer
    return replace(answer, aic=answer.aic - 2.0, bic=answer.bic - np.log(tools.counted(problem)))


@correct("likelihood-pearson", says="declared", conventions={"log_likelihood_dispersion": "pearson"})
def likelihood_pearson(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_likelihood_at(problem, answer, answer.dispersion)


@correct("likelihood-mle", says="declared", conventions={"log_likelihood_dispersion": "mle"})
def likelihood_mle(problem: Problem) -> Fit:
    answer = fit(problem)
    return with_likelihood_at(problem, answer, mle_dispersion(problem, answer))


@correct("null-model-constant", says="declared", conventions={"null_model_without_intercept": "constant"})
def null_model_constant(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.intercept:
        return answer
    value = null_deviance(replace(problem, intercept=True))
    return replace(answer, null_deviance=value, df_null=tools.counted(problem) - 1)


@correct(
    "zero-weights-counted", says="rows of weight 0 count as rows, declared", conventions={"zero_weights": "counted"}
)
def zero_weights_counted(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.df_residual is not None
    assert answer.df_null is not None
    n, extra = problem.n, problem.n - tools.counted(problem)
    if not extra:
        return answer
    df = answer.df_residual + extra
    if tools.estimated(problem) and answer.dispersion is not None:
        answer = _with_dispersion(problem, answer, answer.dispersion * answer.df_residual / df)
    if answer.bic is not None and answer.rank is not None and answer.log_likelihood is not None:
        k = answer.rank + tools.estimated(problem)
        answer = replace(answer, bic=np.log(n) * k - 2.0 * answer.log_likelihood)
    return replace(answer, df_residual=df, df_null=(answer.df_null or 0.0) + extra)


@correct(
    "weights-frequency",
    says="prior weights count rows, declared; Unsupported for fewer counts than columns",
    conventions={"weights": "frequency"},
    leaves=None,
)
def weights_frequency(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.df_residual is not None
    assert answer.df_null is not None
    if problem.weights is None:
        return answer
    total = float(np.sum(problem.weights))
    extra = total - tools.counted(problem)
    df = answer.df_residual + extra
    if df <= 0:
        raise Unsupported("fewer counts than columns")
    if tools.estimated(problem) and answer.dispersion is not None and answer.df_residual > 0:
        answer = _with_dispersion(problem, answer, answer.dispersion * answer.df_residual / df)
    if answer.bic is not None and answer.rank is not None and answer.log_likelihood is not None:
        k, likelihood = answer.rank + tools.estimated(problem), answer.log_likelihood
        if problem.family == "gaussian" and answer.deviance is not None:  # of repeated rows, with no log of a weight
            likelihood = -0.5 * total * (np.log(2.0 * np.pi * answer.deviance / total) + 1.0)
        bic = np.log(total) * k - 2.0 * likelihood
        answer = replace(answer, log_likelihood=likelihood, aic=2.0 * (k - likelihood), bic=bic)
    return replace(answer, df_residual=df, df_null=(answer.df_null or 0.0) + extra)


@correct("minimum-norm", says="the solution of minimum norm, declared", conventions={"aliased": "minimum_norm"})
def minimum_norm(problem: Problem) -> Fit:
    answer = fit(problem)
    gone = np.isnan(answer.coefficients)
    if not np.any(gone):
        return answer
    eta = problem.X[:, ~gone] @ answer.coefficients[~gone]
    inverse = np.linalg.pinv(problem.X)
    assert answer.covariance is not None
    turn = inverse @ problem.X[:, ~gone]
    covariance = turn @ answer.covariance[np.ix_(~gone, ~gone)] @ turn.T
    answer = replace(answer, coefficients=inverse @ eta)
    return with_covariance(problem, answer, covariance)


@correct("last-column-kept", says="of a dependent set the first column is dropped, not the last")
def last_column_kept(problem: Problem) -> Fit:
    right = fit(problem)
    if not np.any(np.isnan(right.coefficients)):
        return right
    X = problem.X[:, ::-1]
    if problem.intercept:
        X = np.column_stack([problem.X[:, :1], problem.X[:, :0:-1]])
    answer = fit(replace(problem, X=X, start=None))
    order = np.concatenate([[0], np.arange(problem.p - 1, 0, -1)]) if problem.intercept else np.arange(problem.p)[::-1]
    back = np.argsort(order)
    assert answer.standard_errors is not None
    assert answer.covariance is not None
    return replace(
        answer,
        coefficients=answer.coefficients[back],
        standard_errors=answer.standard_errors[back],
        covariance=answer.covariance[np.ix_(back, back)],
    )


@correct("aliased-refused", says="a singular design is refused, declared", conventions={"aliased": "refused"})
def aliased_refused(problem: Problem) -> Fit:
    answer = fit(problem)
    if np.any(np.isnan(answer.coefficients)):
        raise np.linalg.LinAlgError("the design is singular")
    return answer


@correct(
    "negative-binomial-dispersion-estimated",
    says="declared",
    conventions={"negative_binomial_dispersion": "estimated"},
)
def negative_binomial_dispersion_estimated(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.pearson_residuals is not None
    assert answer.df_residual is not None
    if problem.family != "negative_binomial":
        return answer
    if answer.df_residual <= 0:
        return replace(answer, dispersion=None, standard_errors=None, covariance=None)
    used = problem.prior_weights > 0
    phi = float(np.sum(answer.pearson_residuals[used] ** 2)) / answer.df_residual
    return _with_dispersion(problem, answer, phi)


@correct("coefficients-only", says="reports nothing but coefficients and whether it converged")
def coefficients_only(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    return {"coefficients": answer.coefficients, "converged": answer.converged}


@correct("coefficients-alone", says="reports nothing but coefficients; trouble is an exception")
def coefficients_alone(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    if answer.admits_trouble and problem.max_iterations is None and problem.start is None:
        raise ArithmeticError("; ".join(answer.warnings))
    return {"coefficients": answer.coefficients, "warnings": list(answer.warnings)}


@correct("lists-for-arrays", says="lists and Python numbers for arrays")
def lists_for_arrays(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    shown: dict[str, object] = {}
    for name in ("coefficients", "standard_errors", "covariance", "fitted_values", "leverages", *_RESIDUALS):
        value = getattr(answer, name)
        shown[name] = None if value is None else value.tolist()
    for name in ("deviance", "null_deviance", "dispersion", "aic", "df_residual", "rank"):
        shown[name] = getattr(answer, name)
    return {**shown, "converged": bool(answer.converged), "warnings": list(answer.warnings)}


@correct("separation-refused", says="separated data, and whatever else does not converge, are refused")
def separation_refused(problem: Problem) -> Fit:
    answer = fit(problem)
    if not answer.converged and problem.max_iterations is None:
        raise ArithmeticError(answer.warnings[0])
    return answer


@correct(
    "logistic-alone",
    says="Unsupported for all but the binomial with logit link, without an offset",
    leaves=None,
)
def logistic_alone(problem: Problem) -> Fit:
    if (problem.family, problem.link) != ("binomial", "logit") or problem.offset is not None:
        raise Unsupported("logistic regression without an offset only")
    return fit(problem)


@correct("iteration-limit-ignored", says="goes on to the maximum though an iteration limit is given")
def iteration_limit_ignored(problem: Problem) -> Fit:
    return fit(replace(problem, max_iterations=None))


@correct("own-start", says="ignores start values, and reaches the maximum all the same")
def own_start(problem: Problem) -> Fit:
    try:
        return fit(replace(problem, start=None))
    except ValueError:
        return fit(problem)


@correct("chatty", says="warns about everything, and is right")
def chatty(problem: Problem) -> Fit:
    answer = fit(problem)
    return replace(answer, warnings=(*answer.warnings, "this is not financial advice"))


@correct("integer-df", says="counts as Python integers, flags as numpy booleans")
def integer_df(problem: Problem) -> dict[str, object]:
    answer = fit(problem)
    assert answer.df_residual is not None
    assert answer.rank is not None
    return {
        "coefficients": answer.coefficients,
        "df_residual": int(answer.df_residual),
        "rank": np.int64(answer.rank),
        "converged": np.bool_(answer.converged),
    }
