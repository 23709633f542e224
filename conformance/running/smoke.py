"""Is the adapter itself right?  Two tiny problems whose answers are known exactly, and the rules of the contract.

It judges no implementation: what it finds wrong is how the adapter speaks.  Likelihoods and criteria, which packages
define in many ways, are left to the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.adapters import Implementation
from conformance.adapters.answer import AdapterError, NotAFit, Unsupported
from conformance.adapters.command import Command
from conformance.errors import in_words
from conformance.judging.conventions import under
from conformance.mathematics.quantities import KEYS, Fit
from conformance.question.problem import Problem

#: What any fit has of problems so easy.  More is for the gate: an early stop is no fault of the adapter.
DIGITS = 3.0


@dataclass(frozen=True)
class Finding:
    """One rule, and what is wrong; None where it is kept."""

    rule: str
    wrong: str | None


def _line() -> tuple[Problem, dict[str, Any]]:
    """A straight line through four points: 9/10 + 7/5 x, residual sum of squares 1/5."""
    X = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
    fitted, residuals = np.array([0.9, 2.3, 3.7, 5.1]), np.array([0.1, -0.3, 0.3, -0.1])
    problem = Problem(X, fitted + residuals, "gaussian", "identity", names=("(Intercept)", "x"), intercept=True)
    covariance = np.array([[0.07, -0.03], [-0.03, 0.02]])
    return problem, {
        "coefficients": np.array([0.9, 1.4]),
        **dict.fromkeys(("standard_errors", "standard_errors_observed"), np.sqrt(np.diag(covariance))),
        **dict.fromkeys(("covariance", "covariance_observed"), covariance),
        **dict.fromkeys(("dispersion", "dispersion_pearson", "dispersion_deviance"), 0.1),
        "dispersion_mle": 0.05,
        "deviance": 0.2,
        "null_deviance": 10.0,
        "df_residual": 2.0,
        "df_null": 3.0,
        "rank": 2.0,
        **dict.fromkeys(("fitted_values", "linear_predictors"), fitted),
        **dict.fromkeys(
            ("response_residuals", "pearson_residuals", "deviance_residuals", "working_residuals"), residuals
        ),
        **dict.fromkeys(("leverages", "leverages_observed"), np.array([0.7, 0.3, 0.3, 0.7])),
    }


def _two_groups() -> tuple[Problem, dict[str, Any]]:
    """Counts in two groups, of means 2 and 6: log 2 + log 3 x."""
    y, mu = np.array([1.0, 3, 4, 8]), np.array([2.0, 2, 6, 6])
    X = np.array([[1.0, 0], [1, 0], [1, 1], [1, 1]])
    problem = Problem(X, y, "poisson", "log", names=("(Intercept)", "x"), intercept=True)
    unit = 2.0 * (y * np.log(y / mu) - (y - mu))
    covariance = np.array([[1 / 4, -1 / 4], [-1 / 4, 1 / 3]])
    return problem, {
        "coefficients": np.log([2.0, 3.0]),
        **dict.fromkeys(("standard_errors", "standard_errors_observed"), np.sqrt(np.diag(covariance))),
        **dict.fromkeys(("covariance", "covariance_observed"), covariance),
        "dispersion": 1.0,
        "deviance": float(np.sum(unit)),
        "null_deviance": 2.0 * float(np.sum(y * np.log(y / 4))),
        "df_residual": 2.0,
        "df_null": 3.0,
        "rank": 2.0,
        "fitted_values": mu,
        "linear_predictors": np.log(mu),
        "response_residuals": y - mu,
        "pearson_residuals": (y - mu) / np.sqrt(mu),
        "deviance_residuals": np.sign(y - mu) * np.sqrt(unit),
        "working_residuals": (y - mu) / mu,
        **dict.fromkeys(("leverages", "leverages_observed"), np.full(4, 0.5)),
    }


PROBLEMS: Mapping[str, Callable[[], tuple[Problem, dict[str, Any]]]] = {
    "a gaussian line through four points": _line,
    "Poisson counts in two groups": _two_groups,
}


def smoke(implementation: Implementation) -> Iterator[Finding]:
    """Every rule, one after the other."""
    wrong = "" if implementation.version != "unknown" else "say which version it is: give it an attribute `version`"
    yield Finding("name and version", wrong or None)
    ran = supported = False
    for title, make in PROBLEMS.items():
        problem, values = make()
        try:
            answer = implementation.ask(problem)
        except Unsupported as error:
            yield Finding(f"{title} (unsupported: {error})", None)
            continue
        except Exception as error:
            supported = True
            yield Finding(title, _said(error))
            continue
        ran = True
        yield Finding(
            title,
            _compared(answer.fit, under(values, problem, implementation.conventions_of(problem.family, problem.link))),
        )
        yield Finding("  the arrays are as they were", _untouched(answer.mutated))
        yield Finding("  the same answer again", _repeated(implementation, problem, answer.fit))
        holed = np.array(problem.X)
        holed[1, 1] = np.nan
        yield Finding("  a NaN in X is refused", _refuses(implementation, replace(problem, X=holed)))
    if not ran and supported:
        yield Finding("something is fitted", "neither of the two problems was answered with a fit")
    elif not ran:
        yield Finding("something is fitted", "it supports neither of the two problems, so that nothing could be tried")
    yield Finding("a family that nobody knows is unsupported", _declines(implementation))
    if isinstance(implementation.function, Command):
        words = "it did not end by itself with status 0 within 2 s of `stop` and the end of its input; leave its loop"
        yield Finding("it ends when it is told to stop", None if implementation.function.close() else words)


def reported(implementation: Implementation) -> tuple[list[str], list[str]]:
    """The quantities that it reports of the first problem that it supports, and those that it does not."""
    for make in PROBLEMS.values():
        problem, _ = make()
        try:
            fit = implementation.ask(problem).fit
        except Exception:
            continue
        names = [key for key in KEYS if key not in ("trace", "warnings")]
        has = [key for key in names if getattr(fit, key) is not None]
        return has, [key for key in names if key not in has]
    return [], []


def _said(error: Exception) -> str:
    """What it did in place of an answer, and the mend."""
    if isinstance(error, (AdapterError, NotAFit)):
        return f"it {error}"
    words = f"it raised {in_words(error)}"
    return f"{words}; answer with a fit, or say that it is unsupported (Unsupported, or the key `unsupported`)"


def _compared(fit: Fit, want: Mapping[str, Any]) -> str | None:
    """The first quantity that is not the known one."""
    if fit.admits_trouble:
        return f"converged = {fit.converged}, warnings {list(fit.warnings)}: this problem has neither trouble"
    for name in KEYS:
        got = getattr(fit, name)
        if got is None or name not in want:
            continue
        scale = np.maximum(np.abs(want[name]), float(np.max(np.abs(want[name]))) * 1e-3)
        if not np.all(np.abs(np.asarray(got) - want[name]) <= 10.0**-DIGITS * scale):
            return (
                f"{name} is {np.asarray(got).tolist()}; expected {np.asarray(want[name]).tolist()} to {DIGITS:g} digits"
            )
    return None


def _untouched(mutated: tuple[str, ...]) -> str | None:
    names = ", ".join(f"problem.{name}" for name in mutated)
    return f"the adapter wrote into {names}; an array is read-only, so fit a copy" if mutated else None


def _repeated(implementation: Implementation, problem: Problem, first: Fit) -> str | None:
    try:
        second = implementation.ask(problem).fit
    except Exception as error:
        return f"asked once more, {_said(error)}"
    for name in KEYS:
        a, b = getattr(first, name), getattr(second, name)
        same = np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) else a == b or (a != a and b != b)
        if name != "trace" and not same:
            return f"{name} differs when the same is asked again: seed what is random, and keep nothing from fit to fit"
    return None


def _refuses(implementation: Implementation, problem: Problem) -> str | None:
    try:
        fit = implementation.ask(problem).fit
    except (AdapterError, NotAFit) as error:
        return f"it {error}; expected a refusal (an exception, or the key `refused`)"
    except Exception:
        return None
    if fit.converged is False and not np.any(np.isfinite(fit.coefficients)):
        return None
    return (
        f"it answered coefficients {fit.coefficients.tolist()}; expected a refusal (an exception, or the key `refused`)"
    )


def _declines(implementation: Implementation) -> str | None:
    problem = replace(_line()[0], family="no_such_family", link="no_such_link")
    mend = "expected `unsupported` (conformance.Unsupported, or the key `unsupported`), so that it is counted apart"
    try:
        implementation.ask(problem)
    except Unsupported:
        return None
    except NotAFit:
        pass  # it answered, wrongly
    except AdapterError as error:
        return f"it {error}; {mend}"
    except Exception as error:
        return f"it raised {in_words(error)}; {mend}"
    return f"it fitted a family called {problem.family!r}; {mend}"
