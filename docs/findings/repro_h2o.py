import h2o, numpy as np, pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator as G
h2o.init(nthreads=1,max_mem_size="1G",verbose=False); h2o.no_progress(); print("h2o",h2o.__version__)
x=np.arange(6.); y=np.array([1.,2.1,3.9,8.3,15.8,32.4])
m=G(family="gaussian",link="log",lambda_=0,standardize=False,compute_p_values=True,beta_epsilon=1e-14,objective_epsilon=1e-14,gradient_epsilon=1e-14,max_iterations=200)
m.train(x=["x"],y="y",training_frame=h2o.H2OFrame(pd.DataFrame(dict(x=x,y=y))))
t=m._model_json["output"]["coefficients_table"].as_data_frame(); print(t.to_string())
b=t["coefficients"].to_numpy(); X=np.c_[np.ones(6),x]; mu=np.exp(X@b); rss=((y-mu)**2).sum(); se=np.sqrt(np.diag(np.linalg.inv(X.T@((mu**2)[:,None]*X)))*rss/4)
print("sqrt(phi (X'WX)^-1)", se, "ratio", t["std_error"].to_numpy()/se, "score", X.T@(mu*(y-mu))); print("null phi ratio", np.sqrt(((y-y.mean())**2).sum()/4/(rss/4)), np.sqrt(((y-y.mean())**2).sum()/5/(rss/4)), "eta scale", np.sqrt(((y-X@b)**2).sum()/4/(rss/4)))
from scipy.special import gammaln
x=np.arange(8.); counts=np.array([1.,0,3,2,7,4,12,9]); amounts=np.array([1.,0,3.5,2,7,4,12.25,9])
def fit(y,w=None,**more):
    data=dict(x=x,y=y)|({} if w is None else dict(w=w))
    m=G(lambda_=0,standardize=False,compute_p_values=True,solver="IRLSM",beta_epsilon=1e-14,objective_epsilon=1e-14,gradient_epsilon=1e-14,max_iterations=200,weights_column=None if w is None else "w",**more)
    m.train(x=["x"],y="y",training_frame=h2o.H2OFrame(pd.DataFrame(data))); o=m._model_json["output"]; t=o["coefficients_table"].as_data_frame()
    return t["coefficients"].to_numpy(), t["std_error"].to_numpy(), o["dispersion"], m.aic()
nb=dict(family="negativebinomial",link="log",theta=0.5,calc_like=True)
b,se,phi,aic=fit(counts,**nb); X=np.c_[np.ones(8),x]; mu=np.exp(X@b); th=2.; y=counts
W=mu*th*(th+y)/(th+mu)**2; s=(y-mu)*th/(th+mu); m2l=lambda t: -2*np.sum(gammaln(y+t)-gammaln(t)-gammaln(y+1)+t*np.log(t/(t+mu))+y*np.log(mu/(t+mu)))
print("nb", b, "se", se, "dispersion", phi, "sum s^2/W/(n-p)", np.sum(s**2/W)/6, "aic", aic, "-2 l(theta = dispersion) + 6", m2l(phi)+6, "-2 l + 4", m2l(th)+4)
b1,se1,phi1,aic1=fit(counts,fix_dispersion_parameter=True,init_dispersion_parameter=1.0,**nb)
print("nb, dispersion fixed at 1: se", se1, "of the observed information", np.sqrt(np.diag(np.linalg.inv(X.T@(W[:,None]*X)))), "aic", aic1, "-2 l with 1/theta for theta, + 4", m2l(1/th)+4)
for c in (1.,2.): print("nb, weights", c, fit(counts,w=np.full(8,c),**nb)[0])
for like in (False,True):
    b,se,phi,_=fit(amounts,family="tweedie",tweedie_variance_power=1.5,tweedie_link_power=0.,dispersion_parameter_method="pearson",calc_like=like); mu=np.exp(X@b)
    print("tweedie, calc_like", like, b, "se", se, "dispersion", phi, "Pearson's", np.sum((amounts-mu)**2/mu**1.5)/6)
print("tweedie of power 1, calc_like", fit(counts+1,family="tweedie",tweedie_variance_power=1.0,tweedie_link_power=0.,dispersion_parameter_method="pearson",calc_like=True)[1:3])
x=np.arange(2.)
try: fit(np.array([1.,2.]),family="gaussian",link="identity"); print("saturated: fitted")
except Exception as e: print("saturated:", str(e).split("\n")[:2])
