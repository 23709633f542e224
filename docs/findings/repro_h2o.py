import h2o, numpy as np, pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator as G
h2o.init(nthreads=1,max_mem_size="1G",verbose=False); h2o.no_progress(); print("h2o",h2o.__version__)
x=np.arange(6.); y=np.array([1.,2.1,3.9,8.3,15.8,32.4])
m=G(family="gaussian",link="log",lambda_=0,standardize=False,compute_p_values=True,beta_epsilon=1e-14,objective_epsilon=1e-14,gradient_epsilon=1e-14,max_iterations=200)
m.train(x=["x"],y="y",training_frame=h2o.H2OFrame(pd.DataFrame(dict(x=x,y=y))))
t=m._model_json["output"]["coefficients_table"].as_data_frame(); print(t.to_string())
b=t["coefficients"].to_numpy(); X=np.c_[np.ones(6),x]; mu=np.exp(X@b); rss=((y-mu)**2).sum(); se=np.sqrt(np.diag(np.linalg.inv(X.T@((mu**2)[:,None]*X)))*rss/4)
print("sqrt(phi (X'WX)^-1)", se, "ratio", t["std_error"].to_numpy()/se, "score", X.T@(mu*(y-mu))); print("null phi ratio", np.sqrt(((y-y.mean())**2).sum()/4/(rss/4)), np.sqrt(((y-y.mean())**2).sum()/5/(rss/4)), "eta scale", np.sqrt(((y-X@b)**2).sum()/4/(rss/4)))
