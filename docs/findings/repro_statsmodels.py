import numpy as np, statsmodels.api as sm, warnings; warnings.simplefilter("ignore")
import statsmodels; print("statsmodels", statsmodels.__version__)
X=np.array([[1.,0],[1,1],[1,2]]); k=np.array([8.,6,15]); m=np.array([10.,20,30])
r=sm.GLM(np.c_[k,m-k],X,family=sm.families.Binomial()).fit(); mu=r.fittedvalues
print("resid_working", r.resid_working, "(y-mu)/mu_eta", (k/m-mu)/(mu*(1-mu)), "ratio", r.resid_working/((k/m-mu)/(mu*(1-mu))))
r=sm.GLM(np.array([[8.,2],[6,14],[15,15],[0,0]]),np.array([[1.,0],[1,1],[1,2],[1,3]]),family=sm.families.Binomial())
try: print("0 trials:", r.fit().params)
except Exception as e: print("0 trials:", repr(e)[:120])
y=np.array([0.,0,0,1,2,3,1,2]); g=np.array([0.,0,0,1,1,1,1,1])
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always"); r=sm.GLM(y,sm.add_constant(g),family=sm.families.Poisson()).fit(); print("all-zero group", r.params, r.converged, [str(x.message)[:60] for x in w])
for fam,yy in ((sm.families.Gamma(sm.families.links.Log()),[0.,1,2,4]),(sm.families.Poisson(),[-1.,1,2,4]),(sm.families.Binomial(),[2.,0,1,1])):
    r=sm.GLM(np.array(yy),sm.add_constant(np.array([0.,1,2,3])),family=fam).fit(); print(type(fam).__name__,"y[0] =",yy[0],"->",r.params,r.converged)
X=np.c_[np.ones(6),np.array([0.,1,2,3,4,5])*1e4]; b=sm.GLM(np.array([1.,2,3,4,5,7]),X).fit(method="newton",tol=1e-2,disp=False)
r1=sm.GLM(y,sm.add_constant(np.arange(8.)),family=sm.families.Poisson()).fit(method="newton",tol=1e3,max_start_irls=0,disp=False); r2=sm.GLM(y,sm.add_constant(np.arange(8.)),family=sm.families.Poisson()).fit(method="newton",tol=1e-12,max_start_irls=0,disp=False); print("tol=1e3 and 1e-12, newton iterations:", r1.mle_retvals["iterations"], r2.mle_retvals["iterations"])
from scipy import stats
y=np.array([.3,.6,.8]); w=np.array([10.,20,10]); X=sm.add_constant(np.array([0.,1,2]))
r=sm.GLM(y,X,family=sm.families.Binomial(),var_weights=w).fit(tol=1e-14,maxiter=100); k=np.rint(y*w)
two=sm.GLM(np.column_stack([k,w-k]),X,family=sm.families.Binomial()).fit(tol=1e-14,maxiter=100)
print("llf of proportions with var_weights", repr(float(r.llf)), "of two columns", repr(float(two.llf)), "sum of log binomial probabilities", repr(float(stats.binom.logpmf(k,w,r.mu).sum())))
X4=sm.add_constant(np.arange(4.)); zero=np.array([1.,1,1,0])
for fam in (sm.families.Gamma(sm.families.links.Log()),sm.families.InverseGaussian(sm.families.links.Log())):
    r=sm.GLM(np.array([1.,2,3,4]),X4,family=fam,var_weights=zero).fit(); s=sm.GLM(np.array([1.,2,3]),X4[:3],family=fam).fit()
    print(type(fam).__name__, "a weight of 0: llf", r.llf, "without that row", repr(float(s.llf)))
r=sm.GLM(np.array([1.,2,4]),np.vander([0.,1,2],3),family=sm.families.Gaussian()).fit()
print("saturated: leverages", r.get_hat_matrix_diag(observed=False), "they sum to the rank, 3; scale", r.scale)
# no start of its own where a constant is in the offset, or the mean is far from the usual one
u=np.array([5.,10,15,20,30,40,60,80,100]); lot1=np.array([118.,58,42,35,27,25,21,19,18]); L=np.log(u)
for words,design,off in (("~ log(u) + log(u)^2",np.c_[np.ones(9),L,L*L],None),("~ log(u), 0.01 in the offset",np.c_[np.ones(9),L],np.full(9,.01)),("~ log(u)",np.c_[np.ones(9),L],None)):
    try: print("inverse Gaussian, 1/mu^2, lot1", words, sm.GLM(lot1,design,family=sm.families.InverseGaussian(),offset=off).fit(tol=1e-12).params)
    except Exception as e: print("inverse Gaussian, 1/mu^2, lot1", words, repr(e))
for fam,yy in ((sm.families.Gamma(sm.families.links.Log()),[2.,2,2,2]),(sm.families.Poisson(),[0.,0,0,0])):
    try: print(type(fam).__name__, yy, sm.GLM(np.array(yy),np.array([-1.,1,2,-2]) if yy[0]==0 else np.ones(4),family=fam).fit().params)
    except Exception as e: print(type(fam).__name__, yy, repr(e)[:100])
four=sm.GLM(np.array([1.,1,1,0]),np.ones(4),family=sm.families.Binomial())
r=four.fit(start_params=[-1.81]); print("Marschner's start -1.81: logit", repr(float(r.params[0])), "converged", r.converged, "the estimate is log 3 =", repr(float(np.log(3))))
for scale in (1.0, 1e3):
    far=np.c_[np.ones(6),(1e6+np.arange(6.))*scale*1e3]
    r=sm.GLM(np.array([1.,3,2,5,4,6]),far).fit(); print("a column far from 0, in units of", 1e-3/scale, ": rank", r.df_model+1, "scale", repr(float(r.scale)), "deviance", repr(float(r.deviance)))
# a var_weight of 0 and fit(method="newton"): NaN, and converged
x = np.arange(6.0); X = sm.add_constant(x); y = np.array([1.0, 3, 2, 5, 4, 6]); w = np.array([1.0, 2, 0, 1, 2, 1])
for rows in (w >= 0, w > 0):
    model = sm.GLM(y[rows], X[rows], family=sm.families.Poisson(), var_weights=w[rows])
    newton, irls = model.fit(method="newton", disp=0), model.fit()
    print("rows", int(rows.sum()), "newton", newton.params, "converged", newton.mle_retvals["converged"], "irls", irls.params)

# 77. no residual degree of freedom: the scale is infinite, and deviance / scale stands still after one step
import numpy as np, statsmodels.api as sm, warnings
warnings.simplefilter("ignore")
y3=np.array([2.,3.,7.]); X3=np.column_stack([np.ones(3),[0,1,0],[0,0,1]]).astype(float)
m=sm.GLM(y3,X3,sm.families.Gamma(sm.families.links.Log())).fit(); print("saturated gamma", m.params.tolist(), "exact", np.log([2,3/2,7/2]).tolist(), m.converged, m.fit_history["iteration"], "mu", m.mu.tolist(), "deviance", m.deviance)

# 78. a column that only rows of weight 0 have is counted in the rank, and its coefficient has a standard error of 0
y6=np.array([1.,2,4,3,5,9]); X6=np.column_stack([np.ones(6),np.arange(6.),[0,0,0,0,1,1]]); w6=np.array([1.,1,1,1,0,0])
m=sm.GLM(y6,X6,var_weights=w6).fit(); print("a column of rows of weight 0: coefficients", m.params.tolist(), "standard errors", m.bse.tolist(), "rank", m.df_model+1, "of sqrt(w) X", int(np.linalg.matrix_rank(np.sqrt(w6)[:,None]*X6)))
