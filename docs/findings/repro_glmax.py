import jax; jax.config.update("jax_enable_x64", True)
import glmax, numpy as np
print("glmax", glmax.__version__)
x=np.arange(6.); X=np.c_[np.ones(6),x]; y=np.array([1.1,1.9,3.2,6.5,9.7,18.])
f=glmax.fit(glmax.Gamma(glmax.LogLink()),X,y,fitter=glmax.NewtonFitter(tol=1e-13,max_iter=200)); mu=np.asarray(f.mu)
print("gamma disp", float(f.params.disp), "se", np.asarray(glmax.infer(f).se), "Pearson", float((((y-mu)/mu)**2).sum()/4), "sqrt(phi (X'WX)^-1)", np.sqrt(np.diag(np.linalg.inv(X.T@X))*(((y-mu)/mu)**2).sum()/4))
f=glmax.fit(glmax.InverseGaussian(glmax.LogLink()),X,y,fitter=glmax.NewtonFitter(tol=1e-13,max_iter=200)); mu=np.asarray(f.mu)
print("IG disp", float(f.params.disp), "deviance/(n-p)", float(((y-mu)**2/(y*mu**2)).sum()/4), "Pearson/(n-p)", float(((y-mu)**2/mu**3).sum()/4))
y=(x>2).astype(float)
try:
    f=glmax.fit(glmax.Binomial(),X,y,fitter=glmax.NewtonFitter(tol=1e-13,max_iter=200)); print("separated", np.asarray(f.beta), bool(f.converged))
except Exception as e: print("separated raises", type(e).__name__)
try:
    f=glmax.fit(glmax.Poisson(),X,np.array([-1.,2,3,4,5,6])); print("y = -1:", np.asarray(f.beta), bool(f.converged))
except Exception as e: print(repr(e)[:100])
y=np.array([1.,2,2.5,4,4.5,6])
import lineax
solvers={"Cholesky (default)":lineax.Cholesky(),"QR":lineax.QR()}
for name,solver in solvers.items():
    for family,link in (("Gamma","LogLink"),("Gamma","IdentityLink"),("Gamma","InverseLink"),("InverseGaussian","IdentityLink"),("InverseGaussian","InverseLink")):
        try: print(name,family,link,np.asarray(glmax.fit(getattr(glmax,family)(getattr(glmax,link)()),X,y,fitter=glmax.NewtonFitter(solver=solver,tol=1e-13,max_iter=200)).beta))
        except Exception as e: print(name,family,link,type(e).__name__,[line for line in str(e).split("\n") if "non-finite" in line][:1])
    try: f=glmax.fit(glmax.Gaussian(glmax.IdentityLink()),np.c_[X,2*x],y,fitter=glmax.NewtonFitter(solver=solver)); print(name,"x and 2x",np.asarray(f.beta),bool(f.converged))
    except Exception as e: print(name,"x and 2x",type(e).__name__,[line for line in str(e).split("\n") if "non-finite" in line][:1])
