"""Faults of prior weights and offset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.family import Family
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Array, Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.answers import admits, got, reported, with_more_rows
from conformance.zoo.making import reports, takes
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import scoring

# ------------------------------------------------------------------------------- prior weights


@fault(
    "frequency-and-prior-weights-mixed",
    thread="statsmodels#3138",
    says="prior weights are counted as rows in the degrees of freedom and the dispersion, not declared",
    cause=r"weights: frequency",
)
def frequency_and_prior_weights_mixed(problem: Problem) -> Fit:
    answer = fit(problem)
    if problem.weights is None or got(answer.df_residual) <= 0 or answer.dispersion is None:
        return answer
    return with_more_rows(problem, answer, float(np.sum(problem.weights)) - tools.counted(problem))


@fault(
    "weights-normalised",
    thread="a common slip, without a thread",
    says="prior weights are rescaled to sum to n: right coefficients, wrong dispersion and errors",
    cause=r"rescaled|normalis|sum to n",
)
@takes("weights")
def weights_normalised(problem: Problem, right: Array) -> Array:
    return right if np.any(right < 0) else right * problem.n / np.sum(right)


@fault(
    "weights-ignored",
    thread="a common slip, without a thread",
    says="without its prior weights",
    cause=r"without its prior weights",
)
@takes("weights")
def weights_ignored(problem: Problem, right: Array) -> None:
    return None


@fault(
    "weights-for-their-roots",
    thread="GLM.jl#341",
    says="X and z are multiplied by the prior weight, not its root",
    cause=r"prior weights squared",
)
@takes("weights")
def weights_for_their_roots(problem: Problem, right: Array) -> Array:
    return right**2


@fault(
    "roots-of-weights",
    thread="GLM.jl#341",
    says="the root of the prior weight is taken twice",
    cause=r"roots of its prior weights",
)
@takes("weights")
def roots_of_weights(problem: Problem, right: Array) -> Array:
    return right if np.any(right < 0) else np.sqrt(right)


@fault(
    "weight-for-its-root-in-residuals",
    thread="GLM.jl#341",
    says="residuals are multiplied by the weight and not by its root",
    cause=r"multiplied by the (prior )?weights?|weights? (in place of|for) (its|their) root",
)
def weight_for_its_root_in_residuals(problem: Problem) -> Fit:
    answer, root = fit(problem), np.sqrt(problem.prior_weights)
    pearson, deviance = got(answer.pearson_residuals), got(answer.deviance_residuals)
    return replace(answer, pearson_residuals=pearson * root, deviance_residuals=deviance * root)


@fault(
    "fractional-weights-truncated",
    thread="a common slip, without a thread",
    says="prior weights go through int()",
    cause=r"whole numbers|truncat|round",
)
@takes("weights")
def fractional_weights_truncated(problem: Problem, right: Array) -> Array:
    return np.trunc(right)


@fault(
    "zero-weight-rows-left-out-of-the-answer",
    thread="R's hatvalues.glm",
    says="vectors over the rows lack the rows of weight 0",
    cause=r"shape",
)
def zero_weight_rows_left_out_of_the_answer(problem: Problem) -> dict[str, object]:
    answer, used = fit(problem), problem.prior_weights > 0
    return {"coefficients": answer.coefficients, "fitted_values": got(answer.fitted_values)[used]}


@fault(
    "zero-weights-kept",
    thread="a common slip, without a thread",
    says="a weight of 0 is taken for 'no weight given', that is 1",
    cause=r"weight 0|zero weight|weights of 0",
)
@takes("weights")
def zero_weights_kept(problem: Problem, right: Array) -> Array:
    return np.where(right == 0, 1.0, right)


# ------------------------------------------------------------------------------- offset


@fault(
    "offset-ignored",
    thread="statsmodels#2019",
    says="without its offset",
    cause=r"without its offset",
)
@takes("offset")
def offset_ignored(problem: Problem, right: Array) -> None:
    return None


@fault(
    "offset-wrong-sign",
    thread="a common slip, without a thread",
    says="the offset is subtracted",
    cause=r"offset's sign",
)
@takes("offset")
def offset_wrong_sign(problem: Problem, right: Array) -> Array:
    return -right


@fault(
    "offset-counted-twice",
    thread="rms#3",
    says="the offset is added twice",
    cause=r"offset counted twice",
)
@takes("offset")
def offset_counted_twice(problem: Problem, right: Array) -> Array:
    return 2.0 * right


@fault(
    "offset-logged-twice",
    thread="a common slip, without a thread",
    says="log(offset) for the offset, where it is positive",
    cause=r"logarithm of the offset",
)
@takes("offset")
def offset_logged_twice(problem: Problem, right: Array) -> Array:
    return np.log(right) if np.all(right > 0) else right


@fault(
    "exposure-not-logged",
    thread="a common slip, without a thread",
    says="the exposure itself for its logarithm",
    cause=r"exponential of the offset|exposure",
)
@takes("offset")
def exposure_not_logged(problem: Problem, right: Array) -> Array:
    if problem.link != "log" or right.shape != (problem.n,):
        return right
    exposure = np.exp(right)
    return exposure if np.max(exposure) < 300 else right


@fault(
    "offset-centred-not-restored",
    thread="own",
    says="the offset is centred before the fit, and its mean is not put back into the intercept",
    cause=r"offset centred",
)
@takes("offset")
def offset_centred_not_restored(problem: Problem, right: Array) -> Array:
    return right - np.mean(right) if problem.intercept and right.shape == (problem.n,) else right


@fault(
    "offset-in-single-precision",
    thread="own, after scikit-learn#23376",
    says="the offset goes through float32",
    cause=r"single precision",
)
@takes("offset")
def offset_in_single_precision(problem: Problem, right: Array) -> Array:
    return right.astype(np.float32).astype(np.float64)


@fault(
    "offset-left-in-working-response",
    thread="a common slip, without a thread",
    says="z = eta + r with the offset inside, regressed on X alone",
    cause=r"working response",
)
def offset_left_in_working_response(problem: Problem) -> Fit:
    def working(family: Family, link: Link, at: tools.Parts, beta: Array) -> tuple[Array, Array]:
        W, r = tools.working(family, link, at, beta)
        return W, r + at.offset

    if problem.offset is None:
        return fit(problem)
    return admits(problem, reported(problem, scoring(problem, working=working, halve=False), converged=True))


@fault(
    "offset-missing-from-predictor",
    thread="rms#3, statsmodels#2019",
    says="the reported linear predictor lacks the offset",
    cause=r"without the offset",
)
@reports("linear_predictors")
def offset_missing_from_predictor(problem: Problem, answer: Fit, right: Array) -> Array:
    return right - problem.offsets


@fault(
    "offset-missing-from-fitted-values",
    thread="statsmodels#2019",
    says="the fitted values lack the offset",
    cause=r"without the offset",
)
@reports("fitted_values")
def offset_missing_from_fitted_values(problem: Problem, answer: Fit, right: Array) -> Array:
    return tools.link(problem).linkinv(got(answer.linear_predictors) - problem.offsets)
