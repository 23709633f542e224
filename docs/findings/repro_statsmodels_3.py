"""statsmodels 0.15.0: findings 112 and 113.  python repro_statsmodels_3.py"""

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.genmod import families as F

warnings.simplefilter("ignore")

# 112. the negative binomial's deviance and likelihood at a theta (1 / alpha) that is large
x = np.round(np.linspace(-1, 1, 24), 3)
y = np.array([3, 4, 4, 5, 4, 4, 5, 5, 5, 6, 5, 6, 6, 6, 7, 6, 7, 7, 8, 7, 8, 8, 9, 8.0])
for theta in (1e6, 1e9, 1e12, 1e15):
    r = sm.GLM(y, sm.add_constant(x), F.NegativeBinomial(alpha=1 / theta)).fit(tol=1e-14)
    print(f"112 theta {theta:g}: deviance {r.deviance!r}, squares {np.sum(r.resid_deviance**2)!r}, llf {r.llf!r}")

# 113. a Tweedie log-likelihood with a weight of 0
y, x, w = np.array([0, 1.2, 0.4, 2.5, 3.1, 0.9]), np.arange(6.0), np.array([1, 2, 0, 1, 2, 1.0])
for weights in (np.where(w == 0, 1e-8, w), w):
    r = sm.GLM(y, sm.add_constant(x), F.Tweedie(var_power=1.5), var_weights=weights).fit(tol=1e-12)
    print("113 weights", weights, "llf", r.llf, "aic", r.aic)
