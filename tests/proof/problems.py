"""Real data for every family and link pair."""

import numpy as np
from conformance.problem import Problem
from loading import contraception, design, dobson, dummies, num, table


def library():
    p = {}
    for link in ("logit", "probit", "cauchit", "cloglog"):
        p[f"contraception_{link}"] = contraception(link)
    p["dobson"] = dobson()
    t = table("clotting.csv")
    for fam in ("gamma", "inverse_gaussian", "gaussian"):
        for link in {
            "gamma": ("inverse", "identity", "log"),
            "inverse_gaussian": ("inverse_squared", "inverse", "identity", "log"),
            "gaussian": ("identity", "log", "inverse"),
        }[fam]:
            p[f"clotting_{fam}_{link}"] = Problem(
                design(np.log(num(t, "u"))), num(t, "lot1"), fam, link, intercept=True
            )
            w = np.array([1, 2, 0.5, 1, 3, 1, 1.25, 2, 1])
            p[f"clotting_weighted_{fam}_{link}"] = Problem(
                design(np.log(num(t, "u"))), num(t, "lot2"), fam, link, weights=w, intercept=True
            )
    t = table("warpbreaks.csv")
    X = design(*dummies(t["wool"]), *dummies(t["tension"], ["L", "M", "H"]))
    for link in ("log", "identity", "sqrt"):
        p[f"warpbreaks_poisson_{link}"] = Problem(X, num(t, "breaks"), "poisson", link, intercept=True)
        p[f"warpbreaks_nb_{link}"] = Problem(X, num(t, "breaks"), "negative_binomial", link, theta=3.5, intercept=True)
    p["warpbreaks_tweedie"] = Problem(X, num(t, "breaks"), "tweedie", "log", power=1.5, intercept=True)
    for power in (1.0, 2.0, 3.0, 2.5):
        p[f"warpbreaks_tweedie{power}"] = Problem(X, num(t, "breaks"), "tweedie", "log", power=power, intercept=True)
    t = table("MASS.quine.csv")
    X = design(*dummies(t["Eth"]), *dummies(t["Sex"]), *dummies(t["Age"]), *dummies(t["Lrn"]))
    p["quine_nb"] = Problem(X, num(t, "Days"), "negative_binomial", "log", theta=1.275, intercept=True)
    p["quine_tweedie"] = Problem(X, num(t, "Days"), "tweedie", "log", power=1.3, intercept=True)
    t = table("MASS.Insurance.csv")
    X = design(
        *dummies(t["District"]),
        *dummies(t["Group"], ["<1l", "1-1.5l", "1.5-2l", ">2l"]),
        *dummies(t["Age"], ["<25", "25-29", "30-35", ">35"]),
    )
    p["insurance_offset"] = Problem(
        X, num(t, "Claims"), "poisson", "log", offset=np.log(num(t, "Holders")), intercept=True
    )
    p["insurance_offset_noint"] = Problem(
        X[:, 1:], num(t, "Claims"), "poisson", "log", offset=np.log(num(t, "Holders"))
    )
    t = table("budworm.csv")
    X = design(*dummies(t["sex"]), num(t, "ldose"))
    dead = num(t, "numdead")
    for link in ("logit", "probit", "cauchit", "cloglog", "identity", "log"):
        if link not in ("identity", "log"):
            p[f"budworm_{link}"] = Problem(
                X,
                dead / 20,
                "binomial",
                link,
                weights=np.full(12, 20.0),
                successes=dead,
                intercept=True,
            )
    t = table("MASS.menarche.csv")
    p["menarche"] = Problem(
        design(num(t, "Age")),
        num(t, "Menarche") / num(t, "Total"),
        "binomial",
        "probit",
        weights=num(t, "Total"),
        successes=num(t, "Menarche"),
        intercept=True,
    )
    t = table("MASS.birthwt.csv")
    X = design(num(t, "smoke"), num(t, "ht"), num(t, "ui"))
    p["birthwt_log"] = Problem(X, num(t, "low"), "binomial", "log", intercept=True)
    p["birthwt_identity"] = Problem(X, num(t, "low"), "binomial", "identity", intercept=True)
    p["birthwt_noint"] = Problem(
        np.column_stack([num(t, "age"), num(t, "lwt"), num(t, "smoke")]),
        num(t, "low"),
        "binomial",
        "logit",
    )
    t = table("robustbase.vaso.csv")
    p["vaso"] = Problem(
        design(np.log(num(t, "Volume")), np.log(num(t, "Rate"))),
        num(t, "Y"),
        "binomial",
        "logit",
        intercept=True,
    )
    t = table("MASS.anorexia.csv")
    pre = num(t, "Prewt")
    p["anorexia"] = Problem(
        design(pre, *dummies(t["Treat"])),
        num(t, "Postwt"),
        "gaussian",
        "identity",
        offset=pre,
        intercept=True,
    )
    t = table("mtcars.csv")
    p["mtcars_gamma"] = Problem(
        design(num(t, "wt"), num(t, "hp"), num(t, "am")),
        num(t, "mpg"),
        "gamma",
        "log",
        intercept=True,
    )
    p["mtcars_aliased"] = Problem(
        design(num(t, "cyl"), num(t, "cyl") * 2, num(t, "am")),
        num(t, "mpg"),
        "gamma",
        "inverse",
        intercept=True,
    )
    w = np.where(np.arange(32) % 5 == 0, 0.0, 1.0)
    p["mtcars_zero_weights"] = Problem(design(num(t, "wt")), num(t, "mpg"), "gamma", "log", weights=w, intercept=True)
    p["mtcars_zero_weights_poisson"] = Problem(
        design(num(t, "wt")), num(t, "carb"), "poisson", "log", weights=w, intercept=True
    )
    return p
