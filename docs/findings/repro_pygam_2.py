"""pygam alone: weights rounded to float32, twice; a row outside the domain left out; a likelihood without weights."""
import contextlib, io, warnings
import numpy as np
import pygam
from importlib.metadata import version

print("pygam", version("pygam"))
warnings.simplefilter("ignore")
np.seterr(all="ignore")


def fitted(x, y, w=None, **kind):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        g = pygam.GAM(pygam.l(0, lam=0), tol=1e-14, max_iter=200, **kind).fit(x[:, None], y, weights=w)
    return g, said.getvalue().strip()


# 1. weights in float32, and their reciprocals in float32
x, y, w = np.arange(6.0), np.array([1.0, 3, 2, 5, 4, 6]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
X, s = np.c_[x, np.ones(6)], np.sqrt(np.finfo(float).eps)


def wls(w, ridge=0.0):
    return np.linalg.solve(X.T @ (w[:, None] * X) + ridge * np.eye(2), X.T @ (w * y)).tolist()


print("pygam", fitted(x, y, w)[0].coef_.tolist())
print("  weights 1 / float32(1 / float32(w)), ridge sqrt(eps)", wls(1 / (w.astype("f") ** -1).astype(float), s))
print("  the weights themselves, ridge sqrt(eps)", wls(w, s), "exact", wls(w))

# 2. Poisson, identity link: a row whose mean is negative at the estimate of the others is left out
x, y = np.array([0.0, 1, 2, 3, 4, 5]), np.array([0.0, 0, 0, 4, 7, 11])
g, said = fitted(x, y, distribution="poisson", link="identity")
mu = g.predict_mu(x[:, None])
kept = mu > 0
b = g.coef_[::-1]
X = np.c_[np.ones(6), x]
print("Poisson identity: slope, intercept", g.coef_.tolist(), "said:", repr(said), "iterations", len(g.logs_["diffs"]))
print("  means", mu.tolist(), "score of all rows with a mean", (X[kept].T @ ((y - mu)[kept] / mu[kept])).tolist())
print("  log-likelihood", g.statistics_["loglikelihood"])

# 3. the binomial log-likelihood leaves the weights out; the deviance has them
x, y, w = np.arange(6.0), np.array([0.0, 1, 0, 1, 0, 1]), np.array([1.0, 2, 3, 4, 5, 6])
g, said = fitted(x, y, w, distribution="binomial", link="logit")
mu = g.predict_mu(x[:, None])
logs = y * np.log(mu) + (1 - y) * np.log1p(-mu)
print("binomial, weights 1 .. 6: log-likelihood", g.statistics_["loglikelihood"])
print("  sum w log p", w @ logs, "sum log p", logs.sum(), "deviance", g.statistics_["deviance"])
