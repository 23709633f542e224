import numpy as np, glum
print("glum", glum.__version__)
# 1. standard errors: Fisher information is exact here. One proportion, 8 of 10 and 3 of 10 (saturated): var = 1/(n mu (1-mu))
x = np.array([[0.0],[1.0]]).repeat(10,0); y = np.r_[np.ones(8),np.zeros(2),np.ones(3),np.zeros(7)]
m = glum.GeneralizedLinearRegressor(alpha=0, family="binomial", gradient_tol=1e-12).fit(x, y)
V = m.covariance_matrix(x, y, robust=False, dispersion=1.0)
mu = np.array([.8,.3]); print("intercept variance", V[0,0], "exact 1/(10*.8*.2) =", 1/1.6, "ratio", V[0,0]*1.6, "n/(n-p) =", 20/18)
# Gaussian: textbook s^2 (X'X)^-1
X=np.arange(6.)[:,None]; z=np.array([1.,3,2,5,4,6]); g=glum.GeneralizedLinearRegressor(alpha=0,family="normal").fit(X,z)
A=np.c_[np.ones(6),X]; b=np.linalg.lstsq(A,z,rcond=None)[0]; s2=((z-A@b)**2).sum()/4
print("gaussian SE", g.std_errors(X,z,robust=False), "s^2 (X'X)^-1:", np.sqrt(np.diag(s2*np.linalg.inv(A.T@A))), "ratio^2", (g.std_errors(X,z,robust=False)/np.sqrt(np.diag(s2*np.linalg.inv(A.T@A))))**2, "n/(n-p)", 6/4)
# 2. deviance of proportions: a saturated fit has deviance 0
p=np.array([.8,.3]); w=np.array([10.,10.]); xx=np.array([[0.],[1.]])
m=glum.GeneralizedLinearRegressor(alpha=0,family="binomial",gradient_tol=1e-12).fit(xx,p,sample_weight=w)
print("saturated deviance", m.family_instance.deviance(p,m.predict(xx),w), "exact 0")
# 3. AIC without the offset
rng=np.random.default_rng(0); o=np.log(np.array([10.,20,30,40])); c=np.array([12.,18,33,37]); X=np.array([[0.],[1],[2],[3]])
m=glum.GeneralizedLinearRegressor(alpha=0,family="poisson",gradient_tol=1e-12).fit(X,c,offset=o)
mu=m.predict(X,offset=o); from math import lgamma
ll=sum(a*np.log(b)-b-lgamma(a+1) for a,b in zip(c,mu)); mu0=m.predict(X); ll0=sum(a*np.log(b)-b-lgamma(a+1) for a,b in zip(c,mu0))
print("aic", m.aic(X,c), "4 - 2 logL =", 4-2*ll, " at the means without the offset:", 4-2*ll0)
# 4. a coefficient that is exactly 0 is not counted
X=np.array([[0.],[0],[1],[1]]); c=np.array([2.,4,2,4]); m=glum.GeneralizedLinearRegressor(alpha=0,family="poisson",gradient_tol=1e-14).fit(X,c)
mu=m.predict(X); ll=sum(a*np.log(b)-b-lgamma(a+1) for a,b in zip(c,mu)); print("coef",m.coef_,"aic",m.aic(X,c),"4 - 2 logL",4-2*ll)
# without an intercept and with the identity link: coefficients of exactly 0
import warnings
x=np.arange(1.,7)[:,None]; y=np.array([1.2,1.9,3.4,3.9,5.5,5.8])
for family in ("gamma", "poisson", "inverse.gaussian"):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        m=glum.GeneralizedLinearRegressor(alpha=0,family=family,link="identity",fit_intercept=False,gradient_tol=1e-12).fit(x,y)
    print(family, "identity, no intercept:", m.coef_, "iterations", m.n_iter_, "warnings", [str(one.message)[:60] for one in said], "exact for the Poisson: sum y / sum x =", y.sum()/x.sum())
for columns in (2,1):
    X1=np.c_[np.arange(6.),[1.,0,0,1,0,1]][:,:columns]
    try: print("start_params,",columns,"column(s):",glum.GeneralizedLinearRegressor(family="poisson",alpha=0,start_params=np.zeros(columns+1)).fit(X1,np.array([1.,3,2,5,4,6])).coef_)
    except Exception as e: print("start_params,",columns,"column(s):",type(e).__name__,e)
