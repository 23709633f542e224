"""gretl as an implementation under test: ols, wls, logit, probit and poisson, by a script for gretlcli.

glm-conformance gate --command "python gretl.py"
"""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

from loop import Answer, Request, Unsupported, data, run, serve

COMMANDS = {
    ("gaussian", "identity"): "ols",
    ("binomial", "logit"): "logit",
    ("binomial", "probit"): "probit",
    ("poisson", "log"): "poisson",
}
#: gretl's accessors, asked after the estimation: https://gretl.sourceforge.net/gretl-help/funcref.html
SCALARS = {"log_likelihood": "$lnl", "aic": "$aic", "bic": "$bic", "df_residual": "$df"}
SQUARES = {"deviance": "$ess", "dispersion": "$sigma^2"}
BY_COLUMN = {"coefficients": "$coeff", "standard_errors": "$stderr"}
VECTORS = {**BY_COLUMN, "fitted_values": "{$yhat}", "covariance": "vec($vcv)"}


def command(request: Request, columns: dict[str, list[float]]) -> str:
    """The line that estimates the model; its offset is the size, "the log of which is added"."""
    kind = COMMANDS.get((request["family"], request["link"]))
    if kind is None:
        raise Unsupported(f"no {request['family']} family with the {request['link']} link")
    if request["start"] is not None or request["max_iterations"] is not None:
        raise Unsupported("no starting values, no limit of the iterations")
    if ("o" in columns and kind != "poisson") or ("w" in columns and kind != "ols"):
        raise Unsupported("an offset for poisson alone, weights for least squares alone")
    if request["family"] == "binomial" and any(0 < y < 1 for y in columns["y"]):
        raise Unsupported("no proportions: the response is 0 or 1")
    if request["family"] == "binomial" and set(columns["y"]) - {0, 1}:
        raise ValueError("the response must be 0 or 1")  # gretl would fit the ordered model, as documented
    if kind == "poisson" and any(y != round(y) for y in columns["y"]):
        raise Unsupported("whole counts only")
    regressors = ["const"] * request["intercept"] + [name for name in columns if name[0] == "x"]
    zeros = " --allow-zeros" if 0 in columns.get("w", []) else ""
    size = " ; size" if "o" in columns else ""
    return f"{'wls w' if 'w' in columns else kind} y {' '.join(regressors)}{size}{zeros} --quiet"


def fit(request: Request, folder: Path) -> Answer:
    """Write the data and a script that prints a line for each quantity; run gretlcli; read those lines."""
    columns = data(request)
    line = command(request, columns)
    squares = SQUARES if request["family"] == "gaussian" else {}
    script = [
        "set force_qr on",  # least squares by QR, not by Cholesky's factor of X'X
        "open data.csv --quiet",
        "series size = exp(o)" if "o" in columns else "",
        f"catch {line}",
        "failed = $error",
        "if failed",
        '  printf "\\n=refused: %s\\n", errmsg(failed)',
        "else",
        '  printf "\\n=kept: %s\\n", varname($xlist)',
        *(f'  catch printf "\\n={name}: %.17g\\n", {accessor}' for name, accessor in {**SCALARS, **squares}.items()),
        *(f'  catch printf "\\n={name}:%26.17g\\n", ({accessor})\'' for name, accessor in VECTORS.items()),
        "endif",
    ]
    (folder / "fit.inp").write_text("\n".join(script) + "\n")
    with (folder / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])
    said = run("gretlcli", "--tool", "--batch", "--english", "fit.inp", folder=folder)
    found = dict(re.findall(r"^=(\w+): *(.*)$", said, re.MULTILINE))
    if "kept" not in found:
        raise ValueError(found.get("refused", said.strip()[-500:]))
    notes = re.findall(r"^(?:Note|Warning|Dropping|Convergence).*", said, re.MULTILINE)
    return {**read(found, request), "warnings": notes}


def read(found: dict[str, str], request: Request) -> Answer:
    """The quantities by their lines; a regressor that gretl left out has a NaN."""
    numbers = {name: [float(word) for word in text.split()] for name, text in found.items() if name != "kept"}
    kept = ["(Intercept)" if name == "const" else name for name in found["kept"].split(",")]
    names = [f"x{j}" for j in range(len(request["names"]))]
    names[: int(request["intercept"])] = ["(Intercept)"] * int(request["intercept"])
    place = {name: kept.index(name) for name in names if name in kept}

    def restored(values: list[float]) -> list[float]:
        return [values[place[name]] if name in place else float("nan") for name in names]

    answer: Answer = {name: values[0] for name, values in numbers.items() if name not in VECTORS}
    answer |= {name: restored(numbers[name]) for name in BY_COLUMN}
    p, all_of_it = len(kept), numbers.get("covariance")  # gretl has none for an exact fit
    if all_of_it is not None:
        rows = [restored(all_of_it[i * p : (i + 1) * p]) for i in range(p)]
        answer["covariance"] = [rows[place[name]] if name in place else [float("nan")] * len(names) for name in names]
    if len(numbers["fitted_values"]) == len(request["y"]):
        answer["fitted_values"] = numbers["fitted_values"]
    return answer


if __name__ == "__main__":
    version = subprocess.run(["gretlcli", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    serve(
        {
            "name": "gretl",
            "version": version,
            "language": f"gretl {version}",
            "conventions": {"information": "observed", "aic": "without_dispersion"},
        },
        fit,
    )
