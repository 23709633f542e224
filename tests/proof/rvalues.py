"""R's polished values for many problems, in one R process."""

import csv
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def polished(problems, starts):
    """id -> quantity -> (k,) doubles, from glm and glm.fit(start = coef, maxit = 1) repeated."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/manifest.csv", "w", newline="") as f:
            out = csv.writer(f)
            out.writerow(["id", "file", "family", "link", "theta", "power", "intercept", "start"])
            for name, p in problems.items():
                table = np.column_stack(
                    [
                        p.y,
                        p.prior_weights,
                        p.offsets,
                        np.full(p.n, np.nan) if p.successes is None else p.successes,
                        p.X,
                    ]
                )
                path = f"{folder}/{len(list(Path(folder).iterdir()))}.csv"
                np.savetxt(
                    path,
                    table,
                    fmt="%.17g",
                    delimiter=",",
                    comments="",
                    header=",".join(["y", "w", "o", "k"] + [f"x{j}" for j in range(p.p)]),
                )
                Path(path).write_text(Path(path).read_text().replace("nan", "NA"))
                start = " ".join("%.17g" % b for b in starts[name] if b == b)
                start = start if p.link in ("log", "identity", "inverse", "sqrt") and len(start.split()) == p.p else ""
                out.writerow(
                    [
                        name,
                        path,
                        p.family,
                        p.link,
                        p.theta or 1,
                        p.power or 1,
                        int(p.intercept),
                        start,
                    ]
                )
        text = subprocess.run(
            ["Rscript", str(HERE / "glm.R"), f"{folder}/manifest.csv"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    found = {}
    for line in text.splitlines():
        name, quantity, *values = line.split()
        found.setdefault(name, {})[quantity] = np.array(
            [float(v.replace("NA", "nan").replace("nann", "nan")) for v in values]
        )
    return found
