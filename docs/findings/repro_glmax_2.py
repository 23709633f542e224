# glmax alone: the first step is taken from coefficients of 0, at a linear predictor that is not theirs
import warnings; warnings.simplefilter("ignore")
import jax; jax.config.update("jax_enable_x64", True)
import numpy as np, glmax, lineax
print("glmax", glmax.__version__)
x = np.arange(6.0); X = np.c_[np.ones(6), x]; y = np.array([1.0, 3, 2, 5, 4, 6])
full = glmax.fit(glmax.Poisson(glmax.LogLink()), X, y, fitter=glmax.NewtonFitter(tol=1e-13)); b = np.asarray(full.beta)
print("Poisson", b.tolist(), "iterations", int(full.num_iters))
start = glmax.Params(beta=b, disp=np.array(1.0), aux=None)
for k in (0, 1, 2, 20):
    f = glmax.fit(glmax.Poisson(glmax.LogLink()), X, y, init=start, fitter=glmax.NewtonFitter(tol=1e-13, max_iter=k))
    print("started at the estimate, max_iter", k, np.asarray(f.beta).tolist(), "iterations", int(f.num_iters), "converged", bool(f.converged))
