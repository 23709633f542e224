# where full steps from the weighted mean lead under the identity link (no h2o needed; the suite's data): finding 100
import numpy as np
from conformance.library import Library

for id in ("airquality-missing-identity", "polyps-zero-weights-identity", "gamma-identity-hard-start"):
    p = Library.built_in().case(id).problem()
    w, y, X, mu = p.prior_weights, p.y, p.X, np.full(p.n, np.average(p.y, weights=p.prior_weights))
    b, step = np.r_[mu[0], np.zeros(p.p - 1)], 0
    while mu.min() > 0:  # observed weights of the negative binomial as theta grows; expected ones of the gamma
        W, V = (w * y / mu**2, mu) if p.family == "poisson" else (w / mu**2, mu**2)
        b = b + np.linalg.solve(X.T @ (W[:, None] * X), X.T @ (w * (y - mu) / V))
        mu, step = X @ b + p.offsets, step + 1
    print(id, "step", step, "smallest mean", mu.min())
