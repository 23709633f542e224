"""A failure's number again, to paste: in Python from the implementation, in R from R's own glm."""

from __future__ import annotations

import json
import shlex
import textwrap
from dataclasses import replace

from conformance.adapters.program import Limits
from conformance.judging.checks.invariance import TWINS
from conformance.judging.comparison import Demand
from conformance.judging.verdict import Outcome, Verdict
from conformance.mathematics.quantities import KEYS
from conformance.question.case import Case
from conformance.question.library import Library
from conformance.question.outcome import CaseOutcome

WIDTH = 79

#: R's own function for each quantity; {at} is the term or the row.
_IN_R = {
    "coefficients": "coef(fit)[[{at}]]",
    "standard_errors": "sqrt(diag(vcov(fit)))[[{at}]]",
    "covariance": "vcov(fit)[{at}]",
    "dispersion": "summary(fit)$dispersion",
    "deviance": "deviance(fit)",
    "null_deviance": "fit$null.deviance",
    "log_likelihood": "as.numeric(logLik(fit))",
    "aic": "AIC(fit)",
    "bic": "BIC(fit)",
    "df_residual": "df.residual(fit)",
    "df_null": "fit$df.null",
    "rank": "fit$rank",
    "fitted_values": "fitted(fit)[[{at}]]",
    "linear_predictors": "fit$linear.predictors[[{at}]]",
    "response_residuals": 'residuals(fit, "response")[[{at}]]',
    "pearson_residuals": 'residuals(fit, "pearson")[[{at}]]',
    "deviance_residuals": 'residuals(fit, "deviance")[[{at}]]',
    "working_residuals": 'residuals(fit, "working")[[{at}]]',
    "leverages": "unname(hatvalues(fit)[names(fitted(fit))[{at}]])",
}

_FAMILY_IN_R = {
    "gaussian": "gaussian({link})",
    "binomial": "binomial({link})",
    "poisson": "poisson({link})",
    "gamma": "Gamma({link})",
    "inverse_gaussian": "inverse.gaussian({link})",
    "negative_binomial": "MASS::negative.binomial({theta}, {link})",
    "tweedie": "statmod::tweedie(var.power = {power}, link.power = 0)",
}


def mendable(verdict: Verdict) -> bool:
    """Whether it is a failure that the implementation can mend, so that there is something to paste."""
    return verdict.outcome in (Outcome.FAIL, Outcome.ERROR) and verdict.cause not in ("case", "reference", "suite")


def snippets(
    verdict: Verdict,
    case: Case,
    library: Library,
    called: str,
    demand: Demand = Demand(),
    limits: Limits | None = None,
) -> Verdict:
    """``verdict`` with the command that explains it and with snippets to paste."""
    made = {
        "explain": shlex.join(explain_words(verdict, library, called, demand, limits)),
        "python": in_python(verdict, case, library, called, demand),
    }
    return replace(verdict, reproduce=made | (in_r(verdict, case, library) or {}))


def explain_words(
    verdict: Verdict, library: Library, called: str, demand: Demand = Demand(), limits: Limits | None = None
) -> list[str]:
    """The words of the command that explains ``verdict``."""
    words = ["glm-conformance", "explain", called, verdict.case, verdict.check]
    words += [] if library == Library.built_in() else ["--cases", str(library.cases)]
    words += [] if demand.digits == Demand().digits else ["--digits", f"{demand.digits:g}"]
    if limits is not None and limits.timeout != Limits().timeout:
        words += ["--timeout", f"{limits.timeout:g}"]
    if limits is not None and limits.memory is not None:
        words += ["--memory", str(limits.memory)]
    return [*words, *(["--strict"] if demand.strict else [])]


def _place(verdict: Verdict, case: Case) -> tuple[str, tuple[int, ...]]:
    """The quantity's name and its place: columns for what belongs to columns, a row for what belongs to rows."""
    name, bracket, rest = verdict.quantity.partition("[")
    if not bracket:
        return name, ()
    inside, names = rest.removesuffix("]"), case.problem().names
    if name == "covariance":
        p = range(len(names))
        return name, next((i, j) for i in p for j in p if f"{names[i]}, {names[j]}" == inside)
    return name, (names.index(inside) if inside in names else int(inside),)


def in_python(verdict: Verdict, case: Case, library: Library, called: str, demand: Demand = Demand()) -> str:
    """What prints the implementation's number, its two answers, or what a check found that made it from several."""
    built_in = library == Library.built_in()
    folder = "Library.built_in()" if built_in else f"Library.at(Path({json.dumps(str(library.cases))}))"
    imports = {"from conformance.adapters import find", "from conformance.question.library import Library"}
    imports |= set() if built_in else {"from pathlib import Path"}
    crashed = verdict.outcome is Outcome.ERROR
    if verdict.check in KEYS or crashed:
        imports.add("from conformance.adapters.answer import as_fit")
        name, place = ("", ()) if crashed else _place(verdict, case)
        value = "fit" if crashed or name != verdict.check else f"fit.{name}{list(place) if place else ''}"
        term = ", ".join(case.problem().names[k] for k in place) if name in ("coefficients", "standard_errors") else ""
        body = [
            f'problem = {folder}.case("{case.id}").problem()',
            f"fit = as_fit(find({json.dumps(called)}).function(problem), problem)",
            f"print({value})" + (f"  # {term}" if term else ""),
        ]
    elif verdict.check in TWINS:
        imports |= {"from conformance.adapters.answer import as_fit", "from conformance.judging.judge import twins"}
        body = [
            f"library, found = {folder}, find({json.dumps(called)})",
            f'case = "{case.id}"',
            f'for problem in twins(found, library, case, "{verdict.check}"):',
            "    print(as_fit(found.function(problem), problem))",
        ]
    else:
        imports |= {"from conformance.judging.comparison import Demand"}
        imports |= {"from conformance.judging.judge import judge_case"}
        body = [
            f"library, demand = {folder}, Demand({demand.digits!r}, {demand.strict!r})",
            f"found = find({json.dumps(called)})",
            f'case, checks = "{case.id}", ["{verdict.check}"]',
            "(verdict,) = judge_case(found, library, case, demand, checks).verdicts",
            "print(verdict.got, verdict.want, verdict.message)",
        ]
    first = sorted(line for line in imports if not line.startswith("from conformance"))
    rest = sorted(imports - set(first))
    return "\n".join([*first, *([""] if first else []), *rest, "", *body]) + "\n"


def in_r(verdict: Verdict, case: Case, library: Library) -> dict[str, str] | None:
    """What prints R's number for the same, under the key "r"; None where the suite damaged the arrays, not the file."""
    if case.defect is not None:
        return None
    first = "# of the first problem, from whose answer its twin's follows:\n" if verdict.check in TWINS else ""
    return {"r": f"{first}{fit_in_r(case, library)}print({_value_in_r(verdict, case)}, digits = 17)\n"}


def fit_in_r(case: Case, library: Library) -> str:
    """Plain R that fits ``case`` from its own CSV file, and goes on where R stops too soon for standard errors.

    (A smaller epsilon would not do: epsilon / 1000 is the tolerance that finds dependent columns, too.)
    """
    folder = "" if library == Library.built_in() else f" --cases {shlex.quote(str(library.cases))}"
    source = json.dumps(f"glm-conformance cases data {case.id}{folder}")
    text = ", ".join(f"{_name(column)} = {json.dumps('character')}" for column in case.levels)
    reading = [f"pipe({source})", 'na.strings = c("", "NA")', *([f"colClasses = c({text})"] if text else [])]
    lines = _call("data <- read.csv", reading)
    for name, levels in ((f"data${_name(column)}", levels) for column, levels in case.levels.items()):
        lines += _wrapped(f"{name} <- factor({name}, levels = {_strings(levels)})", indent="")
    family = _FAMILY_IN_R[case.family].format(
        link=json.dumps("1/mu^2" if case.link == "inverse_squared" else case.link), theta=case.theta, power=case.power
    )
    arguments = {
        "family": family,
        "data": "data",
        "weights": case.weights,
        "offset": case.offset,
        "start": case.start and f"c({', '.join(map(repr, case.start))})",
        "control": case.max_iterations and f"glm.control(maxit = {case.max_iterations})",
    }
    lines += _call("fit <- glm", [case.formula, *(f"{name} = {value}" for name, value in arguments.items() if value)])
    if case.max_iterations is None:
        start = "replace(coef(fit), is.na(coef(fit)), 0)" if case.outcome is CaseOutcome.RANK_DEFICIENT else "coef(fit)"
        lines += ["# to the fixed point of R's own steps, which glm() as shipped stops short of:"]
        lines += _wrapped(f"for (k in 1:30) fit <- update(fit, start = {start})", indent="")
    return "\n".join(lines) + "\n"


def _value_in_r(verdict: Verdict, case: Case) -> str:
    """R's expression for the quantity, of ``fit``; all coefficients where there is no such quantity in R."""
    if verdict.quantity.partition("[")[0] not in _IN_R:
        return "coef(fit)"
    name, place = _place(verdict, case)
    names = case.problem().names
    if name in ("coefficients", "standard_errors", "covariance"):
        at = ", ".join(json.dumps(names[k], ensure_ascii=False) for k in place)
    else:
        at = ", ".join(str(k + 1) for k in place)
    expression = _IN_R[name].format(at=at)
    if case.family == "negative_binomial":  # with theta known the dispersion is 1, where R's summary would estimate it
        expression = expression.replace("vcov(fit)", "vcov(fit, dispersion = 1)")
        expression = expression.replace("summary(fit)", "summary(fit, dispersion = 1)")
    return expression


def _name(column: str) -> str:
    """A column's name as R reads it."""
    return column if column.replace(".", "a").replace("_", "a").isalnum() and column[0].isalpha() else f"`{column}`"


def _strings(words: list[str]) -> str:
    return f"c({', '.join(json.dumps(word, ensure_ascii=False) for word in words)})"


def _call(function: str, arguments: list[str]) -> list[str]:
    """A call on one line, or with a line for each argument."""
    whole = f"{function}({', '.join(arguments)})"
    if len(whole) <= WIDTH:
        return [whole]
    lines = [line for argument in arguments[:-1] for line in _wrapped(f"{argument},")]
    return [f"{function}(", *lines, *_wrapped(arguments[-1]), ")"]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    """``text`` in lines of at most WIDTH, broken at blanks, but not at those around a `=`."""
    lines = textwrap.wrap(
        text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"),
        WIDTH,
        initial_indent=indent,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
