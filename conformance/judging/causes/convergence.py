"""Where the iteration ended: an early stop, a divergence, stale weights, and what follows from the coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.judging.causes.solved import Solved, solved
from conformance.judging.comparison import CONVINCING, Cause, Comparison
from conformance.judging.score_at import U
from conformance.mathematics.digits import agreement, worst

Array = NDArray[np.float64]

FAR = 0.1  # standard errors: most early stops are nearer
NEARER = 0.3  # digits, half the error: a step that brings less is no step to the maximum
ARRIVED = 1e-9  # standard errors from zero: the score of a fit that did not stop early
HIGHER = 1e-9  # of the deviance: by less no likelihood is lower than the maximum's
STALE = 2.0  # digits that the weights of an earlier iterate leave; what has fewer is wrong otherwise
CLEARLY = 2.0  # digits by which an explanation must be nearer than what was expected
ANOTHER_ETA = (1.1, 0.01)  # times the first, and plus: anywhere else
CONSTANT = 1e-12  # relative: working weights that are one
RESIDUAL_ROUNDING = 64.0  # units of rounding of y in a residual that is nearly 0
#: Full steps first; half ones where Fisher scoring overshoots, double ones where it falls short.
_FACTORS = (1.0, 0.5, 0.25, 2.0)


def early_stop(comparison: Comparison, quantity: str) -> Cause | None:
    """One more step of Fisher scoring from the reported coefficients comes nearer."""
    if comparison.fit is None or "coefficients" not in comparison.expected:
        return None
    kept = ~comparison.aliased
    if int(kept.sum()) < int(comparison.expected.get("rank", 0)):
        return "aliasing", f"NaN means aliased, but the design has rank {comparison.expected['rank']:.0f}"
    here = comparison.score_at(comparison.fit.coefficients)
    if not here.valid or not np.isfinite(here.decrement):
        return None
    step = here.fisher_step
    want, scale = comparison.expected["coefficients"][kept], comparison.scale("coefficients")[kept]
    before = worst(agreement(comparison.fit.coefficients[kept], want, scale))[0]
    after = {c: worst(agreement(comparison.fit.coefficients[kept] + c * step, want, scale))[0] for c in _FACTORS}
    far = comparison.in_errors(here.decrement)
    factor = next((c for c in _FACTORS if after[c] > before + NEARER), None)
    if factor is None:
        return _nearly_there(far, before)
    if _solved_at_once(comparison):
        return (
            "lost precision",
            "least squares needs no iteration, so that digits were lost in solving it, as normal equations, an "
            "explicit inverse or a truncated pseudo-inverse lose them: one refinement brings "
            f"{before:.1f} digits to {after[factor]:.1f}",
        )
    what = "it stopped early"
    if far > FAR:  # from the maximum of another function one step of Fisher scoring comes nearer, too
        what += ", or maximised something else (a penalty, other data, another parameter)"
    times = "" if factor == 1.0 else f", {factor:g} times its length,"
    return (
        "early stop",
        f"{what}: the score is still {far:.1e} standard errors from zero, and one more step of Fisher scoring{times} "
        f"brings {before:.1f} digits to {after[factor]:.1f}",
    )


def _solved_at_once(comparison: Comparison) -> bool:
    """Least squares, by a fitter that does not say it took more than the one step (and the one that confirms it)."""
    assert comparison.fit is not None
    least_squares = comparison.problem.family == "gaussian" and comparison.problem.link == "identity"
    return least_squares and (comparison.fit.iterations is None or comparison.fit.iterations <= 2)


def _nearly_there(length: float, digits: float) -> Cause | None:
    """Near the maximum and not at it, where Fisher scoring creeps or goes round and no one step tells."""
    if not digits >= 1.0 or length <= ARRIVED:
        return None
    return (
        "early stop",
        f"it stopped early: it is {digits:.1f} digits near, and the score is {length:.1e} standard errors from zero; "
        "Fisher scoring creeps or goes round here, and its last step was short by chance",
    )


def diverged(comparison: Comparison, quantity: str) -> Cause | None:
    """No maximum, and farther from it than where iterations begin: the likelihood is lower than at the proven one."""
    want, fit = (
        comparison.expected.get("coefficients"),
        comparison.basic.fit,
    )  # dependent columns may have a minimum norm
    if fit is None or want is None or np.any(np.isnan(fit.coefficients) & ~np.isnan(want)):
        return None
    here, there = comparison.score_at(fit.coefficients), comparison.score_at(want)
    if not np.isfinite(there.deviance) or here.deviance <= there.deviance * (1 + HIGHER):
        return None
    at = f"the deviance is {here.deviance:.6g}" if here.valid else "a mean is outside the family's domain"
    cause, what = ("stuck", "never left its start") if _at_a_start(comparison) else ("divergence", "went astray")
    return (
        cause,
        f"the iteration {what}: {at} at the reported coefficients, and {there.deviance:.6g} at the proven ones",
    )


def _at_a_start(comparison: Comparison) -> bool:
    """Whether the coefficients are those of a start: the one that was given, or 0 for all but the intercept."""
    assert comparison.fit is not None
    given, beta = comparison.problem.start, comparison.fit.coefficients
    slopes = beta[1:] if comparison.problem.intercept else beta
    return bool(np.array_equal(beta, given) if given is not None else slopes.size > 0 and np.all(slopes == 0.0))


def earlier_iterate(comparison: Comparison, quantity: str) -> Cause | None:
    """Right coefficients, but errors that agree to some digits only: from the weights of an earlier iterate."""
    if quantity not in ("standard_errors", "covariance", "leverages", "working_residuals", "dispersion"):
        return None
    if quantity in ("standard_errors", "covariance", "leverages") and _weights_are_constant(comparison):
        return None  # as the identity link's of the Gaussian and the log link's of the gamma are
    digits = worst(
        agreement(getattr(comparison.fit, quantity), comparison.expected[quantity], comparison.scale(quantity))
    )[0]
    if digits < STALE:
        return None
    return (
        "stale weights",
        f"it has {digits:.1f} digits though the coefficients are right: as from the working weights of an earlier "
        "iterate, by programs that stop before they weigh again (or from an approximate Hessian)",
    )


def _weights_are_constant(comparison: Comparison) -> bool:
    """Whether the working weights of this family and link are the same at every mean."""
    at = solved(comparison)
    if at is None:
        return False
    eta = np.array([at.eta[0], ANOTHER_ETA[0] * at.eta[0] + ANOTHER_ETA[1]])
    with np.errstate(all="ignore"):
        mu, nu = at.link.linkinv(eta), at.link.complement(eta)
        ratio = (at.link.mu_eta(eta) / at.family.standard_deviation(mu, nu)) ** 2
    return bool(abs(ratio[1] - ratio[0]) <= CONSTANT * abs(ratio[0]))


def from_its_coefficients(comparison: Comparison, quantity: str) -> Cause | None:
    """What the reported coefficients give is just what was reported: their error is the cause, small as it is."""
    if comparison.fit is None or not np.any(~comparison.aliased):
        return None
    at = solved(comparison, comparison.fit.coefficients)
    value = None if at is None else _of_rows(at).get(quantity)
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if value is None or got is None or want is None or not np.all(np.isfinite(value) & np.isfinite(got)):
        return None
    got, value, want = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (got, value, want))
    scale, required = comparison.scale(quantity), comparison.required(comparison.attainable(quantity))
    off = agreement(got, want, scale) < required
    if not np.any(off):
        return None
    rounding = RESIDUAL_ROUNDING * U * float(np.max(np.abs(comparison.problem.y)))  # of a residual that is nearly 0
    own = agreement(got, value, scale) >= np.maximum(CONVINCING, agreement(got, want, scale) + CLEARLY)
    own |= quantity.endswith("_residuals") & (np.abs(got - value) <= rounding)
    if not np.all(own[off]):
        return None
    basic = comparison.basic  # a minimum norm solution too is at some distance from the maximum
    alike = np.array_equal(basic.aliased, np.isnan(comparison.expected["coefficients"]))
    found = (early_stop(basic, "coefficients") or diverged(basic, "coefficients")) if alike else None
    too_few = ("lost precision", "the digits of the reported coefficients do not suffice for it")
    cause, sentence = found or too_few
    return cause, f"it follows from the coefficients: {sentence}"


def null_model_astray(comparison: Comparison, quantity: str) -> Cause | None:
    """A null deviance above the least that a null model can have."""
    got, want = getattr(comparison.fit, quantity, None), comparison.expected.get(quantity)
    if quantity != "null_deviance" or got is None or want is None or not got > want:
        return None
    return (
        "null model not fitted",
        "it is above the deviance of the null model at its maximum: its fit stopped elsewhere",
    )


def admitted(comparison: Comparison, quantity: str) -> Cause | None:
    """The fit says of itself that it did not converge."""
    if comparison.fit is None or comparison.fit.converged is not False:
        return None
    return "not converged", "the fit itself says converged = False, and this is where it stopped"


def _of_rows(at: Solved) -> dict[str, Array]:
    """What each row has at some coefficients."""
    model = at.at
    return {
        "linear_predictors": model.eta,
        "fitted_values": model.mu,
        "response_residuals": model.residual,
        "pearson_residuals": model.pearson_residuals,
        "deviance_residuals": model.deviance_residuals,
        "working_residuals": model.working_residuals,
        "deviance": np.asarray(model.deviance),
    }
