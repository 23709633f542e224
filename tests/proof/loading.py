import csv
from pathlib import Path

import numpy as np
from conformance.problem import Problem

DATA = Path("/work/shared/data")


def table(name):
    with open(DATA / name) as f:
        rows = list(csv.DictReader(f))
    return {k: [r[k] for r in rows] for k in rows[0]}


def num(t, k):
    return np.array([float(v) for v in t[k]])


def dummies(values, levels=None):
    levels = levels or sorted(set(values))
    return [np.array([float(v == l) for v in values]) for l in levels[1:]]


def design(*cols):
    return np.column_stack([np.ones(len(cols[0])), *cols])


def contraception(link="logit"):
    t = table("mlmRev.Contraception.csv")
    age = num(t, "age")
    X = design(age, age**2, *dummies(t["urban"]), *dummies(t["livch"]))
    return Problem(X, np.array([float(v == "Y") for v in t["use"]]), "binomial", link, intercept=True)


def dobson():
    t = table("dobson1990_counts.csv")
    return Problem(
        design(*dummies(t["outcome"]), *dummies(t["treatment"])),
        num(t, "counts"),
        "poisson",
        "log",
        intercept=True,
    )


def endometrial():
    t = table("brglm2.endometrial.csv")
    return Problem(
        design(num(t, "NV"), num(t, "PI"), num(t, "EH")),
        num(t, "HG"),
        "binomial",
        "logit",
        names=("(Intercept)", "NV", "PI", "EH"),
        intercept=True,
    )
