import numpy as np, polars as pl, rustystats as rs
print("rustystats", rs.__version__)
t={"x":{"type":"linear"}}
p=np.array([.8,.3]); d=pl.DataFrame(dict(y=[.8,.3,.5],x=[0.,1,2])); w=np.array([10.,20,30])
f=rs.glm_dict("y",t,d,family="binomial",weights=w).fit(tol=1e-14,max_iter=100); mu=f.fittedvalues; y=d["y"].to_numpy()
print("pearson", f.resid_pearson(), "definition (y-mu) sqrt(w/V)", (y-mu)*np.sqrt(w/(mu*(1-mu)))); 
ud=2*(y*np.log(y/mu)+(1-y)*np.log((1-y)/(1-mu)))
print("sum resid_deviance^2", (f.resid_deviance()**2).sum(), "deviance", f.deviance)
print("llf", f.llf(), "sum w(y log mu + (1-y) log(1-mu))", (w*(y*np.log(mu)+(1-y)*np.log(1-mu))).sum())
d=pl.DataFrame(dict(x=[0.,1,2,3],y=[12.,18,33,40])); o=np.array([1.,2,3,4.])
f=rs.glm_dict("y",t,d,family="gaussian",offset=o).fit(tol=1e-14,max_iter=100); yy=d["y"].to_numpy(); r=yy-o
print("null deviance", f.null_deviance(), "intercept + offset:", ((r-r.mean())**2).sum(), " mean(y)+offset:", ((yy-yy.mean()-o)**2).sum(), "mean only", ((yy-yy.mean())**2).sum(), "offset-mean(offset)", ((yy-yy.mean()-o+o.mean())**2).sum())
# rare events
n=np.array([1e9,1e9]); k=np.array([1.,2.]); 
x=np.arange(6.); k=np.array([1.,4,6,15,33,70]); n=1e12
f=rs.glm_dict("y",t,pl.DataFrame(dict(x=x,y=k/n)),family="binomial",weights=np.full(6,n)).fit(tol=1e-14,max_iter=200); mu=f.fittedvalues
print("rare events", f.params, f.converged, f.iterations, "score X'w(y-mu) =", [float((n*(k/n-mu)).sum()), float((x*n*(k/n-mu)).sum())], "min mu", mu)
x=np.array([1.,2,3,4,5,6,7,8,9,10]); y=(x>5).astype(float)
f=rs.glm_dict("y",t,pl.DataFrame(dict(x=x,y=y)),family="binomial").fit(tol=1e-14,max_iter=200)
print("separated", f.params, f.converged, f.warnings, f.iterations)
# working residuals are those of the family's default link, whatever the link: (y - mu) / mu_eta, mu_eta = 1 for the identity
d = pl.DataFrame(dict(x=np.arange(1.0, 7), y=[1.2, 1.9, 3.4, 3.9, 5.5, 5.8])); yy = d["y"].to_numpy()
f = rs.glm_dict("y", t, d, family="gamma", link="identity").fit(tol=1e-14, max_iter=100); mu = f.fittedvalues
print("gamma identity: working", f.resid_working()[0], "y - mu", (yy - mu)[0], "(y - mu) / mu", ((yy - mu) / mu)[0])
f = rs.glm_dict("y", t, d, family="gaussian", link="log").fit(tol=1e-14, max_iter=100); mu = f.fittedvalues
print("gaussian log: working", f.resid_working()[0], "(y - mu) / mu", ((yy - mu) / mu)[0], "y - mu", (yy - mu)[0])
# the log-likelihood of the gamma with weights: sum w log f(y; mu, phi), though phi is Pearson's of prior weights: V = phi mu^2 / w
from math import lgamma
w = np.array([1.0, 2, 3, 1, 2, 3]); f = rs.glm_dict("y", t, d, family="gamma", link="log", weights=w).fit(tol=1e-14, max_iter=100); mu = f.fittedvalues; phi = f.scale()
log_f = lambda y, m, s: -lgamma(s) + s * np.log(s / m) + (s - 1) * np.log(y) - s * y / m
print("llf", f.llf(), "sum w log f(y; 1/phi)", sum(b * log_f(a, m, 1 / phi) for a, m, b in zip(yy, mu, w)), "sum log f(y; w/phi)", sum(log_f(a, m, b / phi) for a, m, b in zip(yy, mu, w)))
