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
