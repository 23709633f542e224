import warnings
import numpy as np
import statsmodels
import statsmodels.api as sm

warnings.simplefilter("ignore")
np.set_printoptions(precision=17)
L, F = sm.families.links, sm.families
print("statsmodels", statsmodels.__version__)


def said(words, make):
    try:
        print(words, make())
    except Exception as e:
        print(words, "->", type(e).__name__, str(e)[:75])


# 79. no step is ever shortened
y3, o3 = np.array([4.02, 4.02, 24.6]), np.log([100.0, 100.0, 1.0])
r = sm.GLM(y3, np.ones(3), F.InverseGaussian(L.Log()), offset=o3).fit()
print("79 inverse Gaussian, log:", r.params, "converged", r.converged, "deviance", r.deviance,
      "at 3.183", F.InverseGaussian(L.Log()).deviance(y3, np.exp(3.183 + o3)))
x7, y7 = np.array([1.0, -5, 0, 2, -1, 5, -1]), np.array([0.0, 1, 1, 1, 1, 1, 1])
for limit in (100, 101):
    r = sm.GLM(y7, sm.add_constant(x7), F.Binomial(L.Cauchy())).fit(maxiter=limit)
    print("79 cauchit,", limit, "steps:", r.params, "converged", r.converged)

# 80. the deviance must stand still to 1e-8, whatever its size
x6 = np.arange(1.0, 9)
y6 = np.rint(1e9 * np.exp(0.2 * x6) * (1 + 1e-5 * np.array([1, -1, 2, 0, -2, 1, 1, -1])))
r = sm.GLM(y6, sm.add_constant(x6), F.Poisson()).fit()
s = sm.add_constant(x6).T @ (y6 - r.mu)
print("80 counts of 1e9:", r.params, "converged", r.converged, r.fit_history["iteration"], "last deviances",
      r.fit_history["deviance"][-3:], "score in standard errors", float(np.abs(r.bse * s).max()))

# 81. means are clipped at 2.2e-16 before a link's derivative is taken
eta = -40.0
for link, name in ((L.Log(), "log"), (L.Logit(), "logit"), (L.Probit(), "probit at -9"), (L.CLogLog(), "cloglog")):
    e = -9.0 if "probit" in name else eta
    mu = link.inverse(e)
    print("81", name, "mean", repr(float(mu)), "derivative", repr(float(link.deriv(mu))), "1 / inverse_deriv", repr(float(1 / link.inverse_deriv(e))))
xp = np.array([-2.0, -1, 0, 1, 2, 9]); yp = np.array([0.02275, 0.158655, 0.5, 0.841345, 0.97725, 0.0]); wp = np.r_[np.full(5, 1e6), 1]
r = sm.GLM(yp, sm.add_constant(xp), F.Binomial(L.Probit()), var_weights=wp).fit(tol=1e-13, maxiter=1000)
from scipy import stats
e = r.predict(which="linear"); w = stats.norm.pdf(e) ** 2 / (stats.norm.cdf(e) * stats.norm.sf(e)); z = (yp - stats.norm.cdf(e)) / stats.norm.pdf(e)
print("81 probit, one failure at 9:", r.params, "X'w(y - mu)mu_eta / V", sm.add_constant(xp).T @ (wp * w * z), "standard errors", r.bse)

# 82. method="newton" and dependent columns
x = np.arange(8.0); y = np.array([1.0, 3, 2, 5, 4, 6, 8, 7])
for words, X in (("two constant columns", np.c_[np.ones(8), np.ones(8), x]), ("x and 3 x", np.c_[np.ones(8), x, 3 * x]), ("x and 0.1 x", np.c_[np.ones(8), x, 0.1 * x])):
    said("82 " + words + ":", lambda X=X: sm.GLM(y, X, F.Poisson()).fit(method="newton", disp=0).params)

# 83. a NaN step ends Newton's loop, converged
xf = np.r_[np.arange(-5.0, 6), 2000.0]; yf = np.array([0.0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1])
m = sm.GLM(yf, sm.add_constant(xf), F.Binomial())
r, i = m.fit(method="newton", disp=0), m.fit()
print("83 newton", r.params, "converged", r.mle_retvals["converged"], "IRLS", i.params)

# 84. Newton's method out of the domain, converged
xb = np.arange(10.0); yb = np.array([0.0, 0, 1, 0, 1, 0, 0, 1, 0, 1])
print("84 IRLS", sm.GLM(yb, sm.add_constant(xb), F.Binomial(L.Log())).fit(start_params=[-1.0, 0.0], tol=1e-13).params)
for start in ([-1.0, 0.0], [-2.0, 0.0], [-1.5, 0.02], [-3.0, 0.0], [-0.5, -0.1]):
    try:
        r = sm.GLM(yb, sm.add_constant(xb), F.Binomial(L.Log())).fit(method="newton", disp=0, start_params=start)
        print("84 log link:", start, r.params, "converged", r.mle_retvals["converged"], "means up to", r.mu.max(), "deviance", r.deviance)
    except Exception as e:
        print("84", start, repr(e))

# 24. null_deviance raises where the null model's fit does
u = np.array([5.0, 10, 15, 20, 30, 40, 60, 80, 100]); lot2 = np.array([69.0, 35, 26, 21, 18, 16, 13, 12, 12])
r = sm.GLM(lot2, sm.add_constant(np.log(u)), F.InverseGaussian(L.InversePower()), offset=u / 1e4 + 0.5).fit()
print("24", r.params, "converged", r.converged)
said("24 null_deviance", lambda: r.null_deviance)

# 43. responses that are all alike, though the fit is not perfect: the start is
o = np.array([0.0, 0.3, 0.1, 0.7])
said("43 gamma, y = 3, an offset:", lambda: sm.GLM(np.full(4, 3.0), np.ones(4), F.Gamma(L.Log()), offset=o).fit().params)
print("43 with a start:", sm.GLM(np.full(4, 3.0), np.ones(4), F.Gamma(L.Log()), offset=o).fit(start_params=[0.8]).params)

# 77. more columns than rows: one step
r = sm.GLM(np.array([1.0, 2, 4]), np.array([[1.0, 1, 2, 1], [1, 2, 5, 0], [1, 3, 1, 7]]), F.Gaussian(L.Log())).fit()
print("77 four columns, three rows:", r.mu, "converged", r.converged, r.fit_history["iteration"], "deviance / scale", r.fit_history["deviance"])

# 44. an offset that holds a column
r = sm.GLM(yf, np.ones(12), F.Binomial(), offset=i.params[0] * 0 + 1.0 * xf).fit()
print("44 an offset up to 2000:", r.params, "converged", r.converged)
