"""Faults of prior weights and offset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.mathematics.family import Family
from conformance.mathematics.link import Link
from conformance.mathematics.quantities import Fit
from conformance.question.problem import Problem
from conformance.zoo import tools
from conformance.zoo.registry import fault
from conformance.zoo.remembered import fit
from conformance.zoo.tools import Array, errors_times, reported, scoring


@fault(
    "frequency-and-prior-weights-mixed",
    thread="statsmodels#3138",
    says="prior weights are counted as rows in the degrees of freedom and the dispersion, not declared",
    cause=r"weights: frequency",
)
def frequency_and_prior_weights_mixed(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.df_residual is not None
    assert answer.df_null is not None
    if problem.weights is None or answer.df_residual <= 0 or answer.dispersion is None:
        return answer
    extra = float(np.sum(problem.weights)) - tools.counted(problem)
    df = answer.df_residual + extra
    if tools.estimated(problem) and df > 0:
        ratio = answer.df_residual / df
        answer = replace(errors_times(answer, float(np.sqrt(ratio))), dispersion=answer.dispersion * ratio)
    return replace(answer, df_residual=df, df_null=(answer.df_null or 0.0) + extra)


@fault(
    "weights-normalised",
    thread="a common slip, without a thread",
    says="prior weights are rescaled to sum to n: right coefficients, wrong dispersion and errors",
    cause=r"rescaled|normalis|sum to n",
)
def weights_normalised(problem: Problem) -> Fit:
    if problem.weights is None or np.any(problem.weights < 0):
        return fit(problem)
    return fit(replace(problem, weights=problem.weights * problem.n / np.sum(problem.weights)))


@fault(
    "weights-ignored",
    thread="a common slip, without a thread",
    says="without its prior weights",
    cause=r"without its prior weights",
)
def weights_ignored(problem: Problem) -> Fit:
    return fit(replace(problem, weights=None))


@fault(
    "weights-for-their-roots",
    thread="GLM.jl#341",
    says="X and z are multiplied by the prior weight, not its root",
    cause=r"prior weights squared",
)
def weights_for_their_roots(problem: Problem) -> Fit:
    return fit(
        problem if problem.weights is None else replace(problem, weights=problem.weights * problem.prior_weights)
    )


@fault(
    "roots-of-weights",
    thread="GLM.jl#341",
    says="the root of the prior weight is taken twice",
    cause=r"roots of its prior weights",
)
def roots_of_weights(problem: Problem) -> Fit:
    if problem.weights is None or np.any(problem.weights < 0):
        return fit(problem)
    return fit(replace(problem, weights=np.sqrt(problem.weights)))


@fault(
    "weight-for-its-root-in-residuals",
    thread="GLM.jl#341",
    says="residuals are multiplied by the weight and not by its root",
    cause=r"multiplied by the (prior )?weights?|weights? (in place of|for) (its|their) root",
)
def weight_for_its_root_in_residuals(problem: Problem) -> Fit:
    answer, root = fit(problem), np.sqrt(problem.prior_weights)
    assert answer.pearson_residuals is not None
    assert answer.deviance_residuals is not None
    return replace(
        answer,
        pearson_residuals=answer.pearson_residuals * root,
        deviance_residuals=answer.deviance_residuals * root,
    )


@fault(
    "fractional-weights-truncated",
    thread="a common slip, without a thread",
    says="prior weights go through int()",
    cause=r"whole numbers|truncat|round",
)
def fractional_weights_truncated(problem: Problem) -> Fit:
    return fit(problem if problem.weights is None else replace(problem, weights=np.trunc(problem.weights)))


@fault(
    "offset-ignored",
    thread="statsmodels#2019",
    says="without its offset",
    cause=r"without its offset",
)
def offset_ignored(problem: Problem) -> Fit:
    return fit(replace(problem, offset=None))


@fault(
    "offset-wrong-sign",
    thread="a common slip, without a thread",
    says="the offset is subtracted",
    cause=r"offset's sign",
)
def offset_wrong_sign(problem: Problem) -> Fit:
    return fit(problem if problem.offset is None else replace(problem, offset=-problem.offset))


@fault(
    "offset-counted-twice",
    thread="rms#3",
    says="the offset is added twice",
    cause=r"offset counted twice",
)
def offset_counted_twice(problem: Problem) -> Fit:
    return fit(problem if problem.offset is None else replace(problem, offset=2.0 * problem.offset))


@fault(
    "offset-logged-twice",
    thread="a common slip, without a thread",
    says="log(offset) for the offset, where it is positive",
    cause=r"logarithm of the offset",
)
def offset_logged_twice(problem: Problem) -> Fit:
    if problem.offset is None or not np.all(problem.offset > 0):
        return fit(problem)
    return fit(replace(problem, offset=np.log(problem.offset)))


@fault(
    "exposure-not-logged",
    thread="a common slip, without a thread",
    says="the exposure itself for its logarithm",
    cause=r"exponential of the offset|exposure",
)
def exposure_not_logged(problem: Problem) -> Fit:
    if problem.offset is None or problem.link != "log" or problem.offset.shape != (problem.n,):
        return fit(problem)
    exposure = np.exp(problem.offset)
    return fit(replace(problem, offset=exposure)) if np.max(exposure) < 300 else fit(problem)


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
    scored = scoring(problem, working=working, halve=False)
    return tools.admits(problem, reported(problem, scored, converged=True))


@fault(
    "offset-missing-from-predictor",
    thread="rms#3, statsmodels#2019",
    says="the reported linear predictor lacks the offset",
    cause=r"without the offset",
)
def offset_missing_from_predictor(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.linear_predictors is not None
    return replace(answer, linear_predictors=answer.linear_predictors - problem.offsets)


@fault(
    "offset-missing-from-fitted-values",
    thread="statsmodels#2019",
    says="the fitted values lack the offset",
    cause=r"without the offset",
)
def offset_missing_from_fitted_values(problem: Problem) -> Fit:
    answer = fit(problem)
    assert answer.linear_predictors is not None
    mu = tools.link(problem).linkinv(answer.linear_predictors - problem.offsets)
    return replace(answer, fitted_values=mu)


@fault(
    "weights-misaligned-after-missing-rows",
    thread="GLM.jl#255",
    says="weights and offset of the undropped data: those after a dropped row are one row late",
    cause=r"misaligned|late|shifted|next row",
)
def weights_misaligned_after_missing_rows(problem: Problem) -> Fit:
    if not tools.lost_rows(problem) or (problem.weights is None and problem.offset is None):
        return fit(problem)
    return fit(
        replace(
            problem,
            weights=None if problem.weights is None else np.roll(problem.weights, 1),
            offset=None if problem.offset is None else np.roll(problem.offset, 1),
        )
    )


@fault(
    "zero-weight-rows-left-out-of-the-answer",
    thread="R's hatvalues.glm",
    says="vectors over the rows lack the rows of weight 0",
    cause=r"shape",
)
def zero_weight_rows_left_out_of_the_answer(problem: Problem) -> dict[str, object]:
    answer, used = fit(problem), problem.prior_weights > 0
    assert answer.fitted_values is not None
    return {"coefficients": answer.coefficients, "fitted_values": answer.fitted_values[used]}


@fault(
    "zero-weights-kept",
    thread="a common slip, without a thread",
    says="a weight of 0 is taken for 'no weight given', that is 1",
    cause=r"weight 0|zero weight|weights of 0",
)
def zero_weights_kept(problem: Problem) -> Fit:
    if problem.weights is None:
        return fit(problem)
    return fit(replace(problem, weights=np.where(problem.weights == 0, 1.0, problem.weights)))


@fault(
    "offset-centred-not-restored",
    thread="own",
    says="the offset is centred before the fit, and its mean is not put back into the intercept",
    cause=r"offset centred",
)
def offset_centred_not_restored(problem: Problem) -> Fit:
    if problem.offset is None or not problem.intercept or problem.offset.shape != (problem.n,):
        return fit(problem)
    return fit(replace(problem, offset=problem.offset - np.mean(problem.offset)))
