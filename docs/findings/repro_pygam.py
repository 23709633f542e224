import numpy as np, pygam
from importlib.metadata import version; print("pygam", version("pygam"))
x=np.arange(1.,9); X=np.c_[x,np.ones(8)]; y=1/(0.1+0.05*x)*np.array([1.02,.97,1.01,1.03,.96,1.02,.99,1.01])
g=pygam.GAM(pygam.l(0,lam=0),distribution="gamma",link="inverse",tol=1e-14,max_iter=200).fit(x[:,None],y); mu=g.predict_mu(x[:,None])
phi=(((y-mu)/mu)**2).sum()/6
print("scale", g.statistics_["scale"], "sqrt(Pearson/(n-p))", np.sqrt(phi), "se", g.statistics_["se"], "sqrt(phi (X'WX)^-1), W = mu^2:", np.sqrt(phi*np.diag(np.linalg.inv(X.T@((mu**2)[:,None]*X)))))
g=pygam.GAM(pygam.l(0,lam=0),distribution="gamma",link="log",tol=1e-14,max_iter=200).fit(x[:,None],y); mu=g.predict_mu(x[:,None]); phi=(((y-mu)/mu)**2).sum()/6
print("log: se", g.statistics_["se"], np.sqrt(phi*np.diag(np.linalg.inv(X.T@X))))
z=np.array([1.,3,2,5,4,6,8,7]); s=1e-8
b=pygam.GAM(pygam.l(0,lam=0),tol=1e-14,max_iter=200).fit(s*x[:,None],z).coef_; print("x in units of 1e8: slope", b[0]*s, "exact", np.linalg.lstsq(X,z,rcond=None)[0][0])
# log-likelihoods: its scale is a standard deviation (phi = scale^2), and the densities take it otherwise
from scipy.stats import gamma, norm
from pygam import GammaGAM, InvGaussGAM, LinearGAM, l
x = np.arange(6.0)[:, None]; y = np.array([1.2, 1.9, 3.4, 3.9, 5.5, 5.8]); w = np.array([1.0, 2, 3, 1, 2, 3])
g = GammaGAM(l(0, lam=0), max_iter=1000, tol=1e-14).fit(x, y); mu = g.predict(x); s = g.distribution.scale; phi = s**2
pearson = (((y - mu) / mu) ** 2).sum() / 4
print("gamma: scale", s, "scale^2", phi, "Pearson's phi", pearson)
print("  loglikelihood", g.loglikelihood(x, y), "at shape 1/phi", gamma.logpdf(y, 1 / phi, scale=mu * phi).sum(), "at shape 1/scale", gamma.logpdf(y, 1 / s, scale=mu * s).sum())
g = LinearGAM(l(0, lam=0), max_iter=1000, tol=1e-14).fit(x, y, weights=w); mu = g.predict(x); s = g.distribution.scale
print("Gaussian with weights: loglikelihood", g.loglikelihood(x, y, weights=w), "with sd scale / sqrt(w)", norm.logpdf(y, mu, s / np.sqrt(w)).sum(), "with sd scale / w", norm.logpdf(y, mu, s / w).sum())
g = InvGaussGAM(l(0, lam=0), max_iter=1000, tol=1e-14).fit(x, y); mu = g.predict(x); s = g.distribution.scale; phi = s**2
print("inverse Gaussian: loglikelihood", g.loglikelihood(x, y), "definition", (-0.5 * np.log(2 * np.pi * phi * y**3) - (y - mu) ** 2 / (2 * phi * mu**2 * y)).sum(), "integral of the density over y at mu = 2:", end=" ")
from scipy.integrate import quad
m = quad(lambda t: t * np.exp(g.distribution.log_pdf(np.array([t]), np.array([2.0]))[0]), 0, 200, limit=500)[0]
print("its mean is", m, "and must be 2")
