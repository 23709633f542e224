"""polars-ds alone: the normal equations are solved as they stand; a column's unit decides over all digits."""
import numpy as np
from importlib.metadata import version
from polars_ds.linear_models import GLM

print("polars-ds", version("polars-ds"))
x, y = np.arange(6.0), np.array([1.0, 3, 2, 5, 4, 6])


def slope(A, scale=1.0):
    m = GLM(family="gaussian", tol=1e-14, max_iter=200)
    m.fit(A, y)
    return float(np.ravel(m.coeffs())[1]) * scale


for k in (1e4, 1e5, 1e6, 1e7):
    A = np.c_[np.ones(6), k + x]
    print(f"x = {k:g} + 0..5: slope {slope(A)}, the column divided by {k:g} {slope(A / [1, k], 1 / k)}, LU of X'X "
          f"{float(np.linalg.solve(A.T @ A, A.T @ y)[1])}, exact {31 / 35}")
