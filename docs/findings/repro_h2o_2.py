import h2o, numpy as np, pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator as G
h2o.init(nthreads=1, max_mem_size="1G", verbose=False); h2o.no_progress(); print("h2o", h2o.__version__)
def fit(y, x, w=None, o=None, **more):
    d = dict(x=x, y=y) | ({} if w is None else dict(w=w)) | ({} if o is None else dict(o=o))
    k = dict(lambda_=0, standardize=False, compute_p_values=True, solver="IRLSM", beta_epsilon=1e-14, objective_epsilon=1e-14, gradient_epsilon=1e-14, max_iterations=200) | more
    m = G(weights_column=None if w is None else "w", offset_column=None if o is None else "o", **k)
    try: m.train(x=["x"], y="y", training_frame=h2o.H2OFrame(pd.DataFrame(d)))
    except Exception as e: return [s for s in str(e).split("\n") if "ception" in s][:1], None
    t = m._model_json["output"]["coefficients_table"].as_data_frame()
    return [t["coefficients"].tolist(), t["std_error"].tolist(), "deviance", m.residual_deviance(), "df", m.residual_degrees_of_freedom()], m._model_json["output"]["scoring_history"].as_data_frame()
x = np.arange(8.); c = np.array([1., 0, 3, 2, 7, 4, 12, 9]); g = np.array([3., 4, 2, 5, 7, 6, 9, 8])
nb = dict(family="negativebinomial", link="log", fix_dispersion_parameter=True, init_dispersion_parameter=1.)
print("100 Tweedie 3", fit(np.array([1., 30, 900, 2e4, 1e6]), np.arange(5.), family="tweedie", tweedie_variance_power=3., tweedie_link_power=0.)[0])
y, X, mu = np.array([1., 30, 900, 2e4, 1e6]), np.c_[np.ones(5), np.arange(5.)], np.mean([1., 30, 900, 2e4, 1e6])
print("    eigenvalues at the start", np.linalg.eigvalsh(X.T @ ((2 * y / mu**2 - 1 / mu)[:, None] * X)))
print("100 nb identity", fit(c, x, theta=.5, **(nb | dict(link="identity")))[0])
z = np.array([26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36, 36, 21, 24, 18, 10, 43, 28, 15, 26, 27, 14, 29, 19, 29, 31, 41, 20, 44, 42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28.])
wool, tm, th, w = np.repeat([0., 1], 27), np.tile(np.repeat([0., 1, 0], 9), 2), np.tile(np.repeat([0., 0, 1], 9), 2), np.sqrt(z)
X = np.c_[np.ones(54), wool, tm, th, wool * tm, wool * th]; mu = np.average(z, weights=w)
W = w * (z / mu**2 - (z + 10) * .01 / (1 + .1 * mu)**2); b = np.r_[mu, np.zeros(5)] + np.linalg.solve(X.T @ (W[:, None] * X), X.T @ (w * (z - mu) / (mu + .1 * mu**2)))
m = G(family="negativebinomial", link="identity", theta=.1, fix_dispersion_parameter=True, init_dispersion_parameter=1., calc_like=True, weights_column="w", lambda_=0, standardize=False, compute_p_values=True, solver="IRLSM", max_iterations=200)
m.train(x=list("abcde"), y="y", training_frame=h2o.H2OFrame(pd.DataFrame(dict(zip("abcde", X.T[1:])) | dict(w=w, y=z))))
print("100 warpbreaks", m._model_json["output"]["coefficients_table"].as_data_frame()["coefficients"].tolist(), "a Newton step of all six", b, "smallest mean", (X @ b).min())
for link in ("log", "identity", "inverse"): print("101 gamma", link, fit(g, x**2, o=x, family="gamma", link=link)[0])
print("101 gaussian inverse, no offset", fit(g, x, family="gaussian", link="inverse")[0], "offset 0.1", fit(g, x, o=np.full(8, .1), family="gaussian", link="inverse")[0])
for t in (1e-8, 1e-10, 1e-12, 1e-16): print("102 theta", t, fit(c, x, theta=t, **nb)[0][0])
print("102 poisson", fit(c, x, family="poisson", link="log")[0][0])
for w in (1., 2.):
    r, h = fit(c, x, w=np.full(8, w), theta=.5, **nb); print("71 weights", w, r[0], "objective at the start, times n", h["negative_log_likelihood"].iloc[0])
from math import lgamma, log
l = [-(lgamma(v + 2) - lgamma(2.) - lgamma(v + 1)) + 2 * log(1 + .5 * 4.75) - v * log(4.75) - v * log(.5) + v * log(1 + .5 * 4.75) for v in c]
print("   -log L at the mean", sum(l), "twice that", 2 * sum(l), "without the weight of y = 0", 2 * sum(l) - l[1])
b = np.array([1e5, 123456.789, 152275.604, 187926.544, 231876.451, 286190.024])
for e in (1e-14, 1e-8): print("103 objective_epsilon", e, fit(b, np.arange(6.), theta=.2, **(nb | dict(objective_epsilon=e)))[0][0])
print("104 slope 0", fit(np.array([1., -1, -1, 1]), np.array([-2., -1, 1, 2]), family="gaussian", link="identity")[0])
yb, xb = np.array([0, 1, 0, 1, 0, 1, 1, 1.]), np.array([0., 1, 2, 3, 4, 5, 6, 60.])
r = fit(yb.astype(int).astype(str), xb, family="binomial")[0]; X = np.c_[np.ones(8), xb]; m = 1 / (1 + np.exp(-X @ np.array(r[0]))); v = m * (1 - m); f = np.where(v < 1e-6, 1e-6, v)
se = lambda W: np.sqrt(np.diag(np.linalg.inv(X.T @ (W[:, None] * X))))
print("105", r[:2], "(X'WX)^-1", se(v), "with weights of 1e-6 at least", se(f))
yl = np.array([1e6 + d for d in (.11, .52, 1.17, 1.33, 2.04, 2.61)]); r = fit(yl, np.arange(6.), family="gaussian", link="identity")[0]
q = np.array(r[0]); e = np.c_[np.ones(6), np.arange(6.)] @ q
print("106 deviance", r[3], "sum (y - mu)^2", ((yl - e)**2).sum(), "of float32(y)", ((yl.astype(np.float32).astype(float) - e)**2).sum())
h2o.cluster().shutdown()
