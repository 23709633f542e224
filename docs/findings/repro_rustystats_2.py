"""rustystats alone: a negative deviance ends a negative binomial; a plateau is called converged."""
import numpy as np
import polars as pl
import rustystats as rs

print("rustystats", rs.__version__)


def fit(x, y, tol=1e-14, limit=200, **kind):
    model = rs.glm_dict("y", {"x": {"type": "linear"}}, pl.DataFrame({"x": x, "y": y}), **kind)
    return model.fit(tol=tol, max_iter=limit)


def show(name, f):
    print(name, "coefficients", np.asarray(f.params).tolist(), "deviance", float(f.deviance), "converged", bool(f.converged),
          "iterations", int(f.iterations))


x = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
y = np.array([1000000000.0, 1234567891.0, 1522756036.0, 1879265437.0, 2318764512.0, 2861900237.0])
for tol in (1e-14, 1e-8):
    show(f"negative binomial, theta 5, tol {tol}:", fit(x, y, tol, family="negbinomial", theta=5.0, link="log"))
y = np.array([160000.0, 135000.0, 145000.0, 151000.0, 13500.0, 70400.0, 91300.0, 32900.0, 156000.0, 145000.0, 70400.0, 144000.0, 124000.0, 100000.0, 88300.0, 12000.0, 15000.0, 109000.0, 115000.0, 76300.0, 43400.0, 102000.0, 126000.0, 16500.0, 59900.0, 23900.0, 80800.0, 159000.0, 117000.0, 80800.0, 159000.0, 136000.0, 70400.0, 151000.0, 154000.0, 13500.0, 156000.0, 147000.0, 114000.0, 82300.0])
e = np.array([152.0, 150.0, 111.0, 120.0, 187.0, 28.0, 91.0, 1.0, 192.0, 38.0, 62.0, 123.0, 36.0, 52.0, 33.0, 166.0, 129.0, 117.0, 148.0, 28.0, 3.0, 114.0, 199.0, 177.0, 198.0, 184.0, 43.0, 135.0, 191.0, 114.0, 1.0, 69.0, 92.0, 167.0, 161.0, 136.0, 161.0, 171.0, 163.0, 69.0])
kind = dict(family="tweedie", var_power=3.0, link="log", allow_extended_tweedie=True)
model = rs.glm_dict("y", {}, pl.DataFrame({"y": y}), offset=np.log(e), **kind)
for limit in (1, 200):
    f = model.fit(tol=1e-14, max_iter=limit)
    show(f"Tweedie, power 3, an intercept alone, at most {limit}:", f)
b = float(f.params[0])


def deviance(b):
    mu = e * np.exp(b)
    return float(np.sum(2 * (1 / (2 * y) - 1 / mu + y / (2 * mu**2))))  # y^-1 / 2 - mu^-1 + y mu^-2 / 2, doubled


best = float(np.log(np.sum(y / e**2) / np.sum(1 / e)))  # the root of sum (y - mu) / mu^2
print("closed form", best, "deviance", deviance(best), "deviance at rustystats' coefficient", deviance(b))

# lost precision: x = 1e5, 1e5 + 1, ..., whose slope is sum (i - 4.5) y / 82.5 exactly
i = np.arange(10.0)
x, y = 1e5 + i, np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3])
X, want = np.c_[np.ones(10), x], float((i - 4.5) @ y / 82.5)
for said, slope in (
    ("rustystats", np.asarray(fit(x, y, family="gaussian", link="identity").params)[1]),
    ("numpy.linalg.solve(X'X, X'y)", np.linalg.solve(X.T @ X, X.T @ y)[1]),
    ("numpy.linalg.lstsq(X, y)", np.linalg.lstsq(X, y, rcond=None)[0][1]),
):
    print(f"far origin: slope {slope!r} of {said}, exact {want!r}, {-np.log10(abs(slope / want - 1)):.1f} digits")
