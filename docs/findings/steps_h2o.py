# where full steps from the weighted mean lead under the identity link (no h2o needed; the suite's data): finding 100
import numpy as np
from conformance.question.library import Library

for id in ("airquality-missing-identity", "polyps-zero-weights-identity", "gamma-identity-hard-start"):
    p = Library.built_in().case(id).problem()
    w, y, X, mu = p.prior_weights, p.y, p.X, np.full(p.n, np.average(p.y, weights=p.prior_weights))
    b, step = np.r_[mu[0], np.zeros(p.p - 1)], 0
    while mu.min() > 0:  # observed weights of the negative binomial as theta grows; expected ones of the gamma
        W, V = (w * y / mu**2, mu) if p.family == "poisson" else (w / mu**2, mu**2)
        b = b + np.linalg.solve(X.T @ (W[:, None] * X), X.T @ (w * (y - mu) / V))
        mu, step = X @ b + p.offsets, step + 1
    print(id, "step", step, "smallest mean", mu.min())

# gamma-log-creeping: where the deviance falls by less than 1e-14 of itself, the adapter's objective_epsilon
p = Library.built_in().case("gamma-log-creeping").problem()
w, y, X = p.prior_weights, p.y, np.delete(p.X, 1, axis=1)  # a column of zeros
b, old, step = np.r_[np.log(np.average(y, weights=w)), np.zeros(X.shape[1] - 1)], np.inf, 0
while True:
    mu = np.exp(X @ b + p.offsets)
    deviance = 2 * np.sum(w * ((y - mu) / mu - np.log(y / mu)))
    if old - deviance < 1e-14 * abs(deviance):
        break
    old, step = deviance, step + 1
    b = b + np.linalg.lstsq(np.sqrt(w)[:, None] * X, np.sqrt(w) * (y / mu - 1), rcond=None)[0]
print("gamma-log-creeping step", step, "coefficients", b.tolist())
