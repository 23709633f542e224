"""GNU PSPP as an implementation under test: REGRESSION and LOGISTIC REGRESSION, by a syntax file.

glm-conformance gate --command "python pspp.py"
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
from pathlib import Path

from loop import Answer, Request, Unsupported, data, run, serve

#: 16 digits are the most that PSPP writes; every statistic in its CSV is then a number of this format.
FORMAT = "E40.16"


def check(request: Request, columns: dict[str, list[float]]) -> None:
    """Unsupported for what neither command offers."""
    pair = (request["family"], request["link"])
    if pair not in (("gaussian", "identity"), ("binomial", "logit")):
        raise Unsupported(f"no {pair[0]} family with the {pair[1]} link")
    if "o" in columns or request["start"] is not None:
        raise Unsupported("no offset, no starting values")
    if not any(name[0] == "x" for name in columns):
        raise Unsupported("no model of an intercept alone")
    if pair[0] == "binomial" and any(0 < y < 1 for y in columns["y"]):
        raise Unsupported("no proportions: the response is 0 or 1")
    if pair[0] == "gaussian" and request["max_iterations"] is not None:
        raise Unsupported("no limit of the iterations")


def fit(request: Request, folder: Path) -> Answer:
    """Write the data and the syntax, run pspp, read its tables."""
    columns = data(request)
    check(request, columns)
    regressors = " ".join(name for name in columns if name[0] == "x")
    origin = "" if request["intercept"] else "/ORIGIN"
    if request["family"] == "gaussian":
        model = f"REGRESSION /VARIABLES=y {regressors} {origin} /STATISTICS=COEFF ANOVA /DEPENDENT=y /METHOD=ENTER."
    else:
        limit = request["max_iterations"] or 1000
        # a step of 1e-10 is the last but one of Newton's; 1e-15 is below rounding, and none would be said to converge
        criteria = f"/CRITERIA=BCON(1E-10) LCON(0) ITERATE({limit})"
        model = f"LOGISTIC REGRESSION y WITH {regressors} {origin} {criteria}."
    with (folder / "data.txt").open("w") as file:
        csv.writer(file, delimiter=" ").writerows(zip(*columns.values(), strict=True))
    syntax = [
        f"SET FORMAT={FORMAT}.",
        f"DATA LIST LIST NOTABLE FILE='data.txt' /{' '.join(columns)}.",
        *(["WEIGHT BY w."] if "w" in columns else []),
        model,
    ]
    (folder / "fit.sps").write_text("\n".join(syntax) + "\n")
    said = run("pspp", "fit.sps", "-O", "format=csv", "-o", "-", folder=folder)
    tables = {text.split("\n", 1)[0]: rows(text) for text in re.split(r"^Table: ", said, flags=re.MULTILINE)[1:]}
    errors = re.findall(r"(?:error|warning|note): (?!Estimation terminated)(.*?)\"?$", said, re.MULTILINE)
    if request["family"] == "gaussian":
        return least_squares(request, tables, errors)
    return {**logistic(request, tables, errors), **ending(said)}


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table in CSV by their first cell that is a name."""
    found = {}
    for row in csv.reader(io.StringIO(text)):
        cells = row[1:] if row and row[0] in ("Step 1", "") else row
        if cells:
            found[cells[0]] = cells[1:]
    return found


def coefficients(request: Request, table: dict[str, list[str]], constant: str) -> Answer:
    """The columns B and S.E.; NaN for a regressor that is not in the table."""
    names = [f"x{j}" for j in range(len(request["names"]))]
    if request["intercept"]:
        names[0] = constant
    b_and_se = [[float(cell) for cell in table.get(name, ["nan", "nan"])[:2]] for name in names]
    return {"coefficients": [b for b, _ in b_and_se], "standard_errors": [se for _, se in b_and_se]}


def least_squares(request: Request, tables: dict[str, dict[str, list[str]]], errors: list[str]) -> Answer:
    """REGRESSION's tables: Coefficients, and ANOVA with the sums of squares."""
    if "Coefficients (y)" not in tables:
        raise ValueError("; ".join(errors) or "no coefficients")
    anova = tables["ANOVA (y)"]
    residual, total = ([float(cell) for cell in anova[row][:2]] for row in ("Residual", "Total"))
    answer = coefficients(request, tables["Coefficients (y)"], "(Constant)")
    answer |= {"deviance": residual[0], "dispersion": float(anova["Residual"][2]), "null_deviance": total[0]}
    if all(w == round(w) for w in request["weights"] or []):  # the table shows degrees of freedom without decimals
        answer |= {"df_residual": residual[1], "df_null": total[1]}
    return {**answer, "warnings": errors}


def logistic(request: Request, tables: dict[str, dict[str, list[str]]], errors: list[str]) -> Answer:
    """LOGISTIC REGRESSION's tables: Variables in the Equation, and Model Summary with -2 log L."""
    if "Variables in the Equation" not in tables:
        raise ValueError("; ".join(errors) or "no coefficients")
    twice = float(tables["Model Summary"]["1"][0])
    answer = coefficients(request, tables["Variables in the Equation"], "Constant")
    return {**answer, "log_likelihood": -twice / 2, "warnings": errors}


def ending(said: str) -> Answer:
    """Whether it converged, and after how many iterations: a note says why it stopped."""
    notes = re.findall(r"terminated at iteration number (\d+) because (.*)", said)
    settled = any("parameter estimates changed" in why for _, why in notes)
    return {"converged": settled, "iterations": int(notes[-1][0])} if notes else {}


if __name__ == "__main__":
    version = subprocess.run(["pspp", "--version"], capture_output=True, text=True, check=True).stdout.split()[3]
    # "A positive integer weighting factor w on a case yields the same statistical output as would replicating the
    # case w times": https://www.gnu.org/software/pspp/manual/html_node/WEIGHT.html
    serve({"name": "pspp", "version": version, "language": "GNU PSPP", "conventions": {"weights": "frequency"}}, fit)
