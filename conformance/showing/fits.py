"""One fit beside its reference, for `glm-conformance fit`."""

from __future__ import annotations

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.judging.checks.values import compare
from conformance.judging.comparison import Comparison
from conformance.mathematics.quantities import SCALARS


def show_fit(console: Console, comparison: Comparison, trace: bool = False) -> None:
    """Coefficients with standard errors, then the scalars, each with the digits that agree."""
    fit, problem = comparison.fit, comparison.problem
    console.print(f"{comparison.case.id}: {escape(comparison.case.title)}; {problem.family}, {problem.link}")
    console.print(f"reference: {escape(comparison.reference.source)}")
    if fit is None:
        console.print(f"refused: {escape(comparison.refusal or '')}")
        return
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("term", overflow="fold")
    for name in ("coefficient", "reference", "std. error", "reference"):
        table.add_column(name, justify="right", no_wrap=True)
    blank = np.full(problem.p, np.nan)
    columns = [fit.coefficients, comparison.expected.get("coefficients", blank)]
    columns += [fit.standard_errors if fit.standard_errors is not None else blank]
    columns += [comparison.expected.get("standard_errors", blank)]
    for name, *numbers in zip(problem.names, *columns, strict=True):
        shown = (f"{number:.{digits}g}" for number, digits in zip(numbers, (10, 10, 6, 6), strict=True))
        table.add_row(escape(name), *("-" if one == "nan" else one for one in shown))
    console.print(table)
    scalars = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    scalars.add_column("quantity")
    for name in ("said", "reference", "digits"):
        scalars.add_column(name, justify="right")
    for name in SCALARS:
        said, want = getattr(fit, name), comparison.expected.get(name)
        if said is not None:
            digits = "" if want is None else f"{compare(comparison, name).digits or 0:.1f}"
            scalars.add_row(name, f"{said:.15g}", "" if want is None else f"{want:.15g}", digits)
    if scalars.row_count:
        console.print(scalars)
    console.print(f"converged: {fit.converged}; iterations: {fit.iterations}")
    for warning in fit.warnings:
        console.print(f"said: {escape(warning)}")
    if trace:
        for number, line in enumerate(fit.trace):
            console.print(
                f"{number:2} deviance {line.deviance:<13.10g} change {line.max_change:.0e} score "
                f"{line.score_norm:.0e} cond {line.condition:.0e} min weight {line.smallest_weight:.0e}",
                soft_wrap=True,
            )
