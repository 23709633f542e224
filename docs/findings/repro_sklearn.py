import sklearn, numpy as np, warnings
from sklearn.linear_model import TweedieRegressor, LogisticRegression
print("scikit-learn", sklearn.__version__)
x=np.arange(1.,7)[:,None]; y=2*x[:,0]
for s in ("lbfgs","newton-cholesky"):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        try:
            m=TweedieRegressor(power=2,link="identity",alpha=0,fit_intercept=False,solver=s,tol=1e-12,max_iter=1000).fit(x,y); print(s,m.coef_,m.n_iter_,[str(q.message)[:70] for q in w],"exact 2")
        except Exception as e: print(s, repr(e)[:150])
yb=(x[:,0]>3).astype(int)
for s in ("lbfgs","newton-cholesky"):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        m=LogisticRegression(C=np.inf,solver=s,tol=1e-12,max_iter=10000).fit(x,yb); print("separated",s,m.coef_,m.intercept_,m.n_iter_,[str(q.message)[:70] for q in w])
w=np.array([1.,1,1,1,-1,1]); m=TweedieRegressor(power=1,link="log",alpha=0).fit(x,y,sample_weight=w); print("negative weight", m.coef_)
