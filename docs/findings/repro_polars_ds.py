import numpy as np
from polars_ds.linear_models import GLM
from importlib.metadata import version; print("polars-ds", version("polars-ds"))
X=np.c_[np.ones(6),np.arange(6.)]; y=np.array([1.,3,2,5,4,6])
m=GLM(family="poisson",tol=1e-14); m.fit(X,y); print(m.coeffs())
try: m.predict(X)
except Exception as e: print("predict:", repr(e))
m=GLM(family="poisson",max_iter=1); m.fit(X,y); print("one iteration, no word:", m.coeffs())
