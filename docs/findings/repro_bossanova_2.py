"""bossanova alone: 1e-10 is added to the diagonal of X'WX, and weights are never below 1e-10."""
import warnings
import numpy as np
import polars as pl
import bossanova
from importlib.metadata import version

print("bossanova", version("bossanova"))
warnings.simplefilter("ignore")
bossanova.set_backend("numpy")
bossanova.set_display_digits(17)


def coefficients(x, y, **kind):
    w = kind.pop("w", None)
    data = pl.DataFrame({"x": x, "y": y} | ({} if w is None else {"w": w}))
    m = bossanova.model("y ~ x", data, **kind).fit(tol=1e-14, max_iter=200, **({} if w is None else {"weights": "w"})).infer()
    return m.params["estimate"].to_numpy()


x, y = np.arange(8.0), np.array([0.0, 0, 1, 0, 1, 0, 1, 1])
one = coefficients(x, y, family="binomial", link="logit")
for s in (1e-2, 1e-4, 1e-5, 1e-6):
    b = coefficients(x * s, y, family="binomial", link="logit")
    W = np.exp(one[0] + one[1] * x); W = W / (1 + W) ** 2
    X = np.c_[np.ones(8), x * s]
    H = X.T @ (W[:, None] * X)
    # first order: a ridge k moves the estimate by -k H^-1 b
    moved = np.array([one[0], one[1] / s]) - 1e-10 * np.linalg.solve(H + 1e-10 * np.eye(2), np.array([one[0], one[1] / s]))
    print("x in units of", 1 / s, "slope", float(b[1] * s), "a ridge of 1e-10 would give about", float(moved[1] * s), "without", float(one[1]))

y = np.array([1.0, 3, 2, 5, 4, 6, 8, 7])
w = np.ones(8)
w[7] = 0.0
for last in (7.0, 1e6, 1e9):
    y[7] = last
    print("Poisson, the last row of weight 0 and y =", last, coefficients(x, y, family="poisson", link="log", w=w).tolist())
