"""dask-glm alone: Newton without a line search, silent where it diverges and at its limit."""
import warnings
from importlib.metadata import version

import dask.array as da
import numpy as np
from dask_glm import algorithms, families

print("dask-glm", version("dask-glm"))
warnings.simplefilter("ignore")
np.seterr(all="ignore")


def newton(x, y, family, **more):
    X = da.from_array(np.column_stack([np.ones(len(x)), x]), chunks=(3, 2))
    return algorithms.newton(X, da.from_array(np.asarray(y, float), chunks=3), tol=1e-14, family=family, **more).tolist()


# 1. Poisson, two groups: the estimates are the logs of the groups' means
x = np.array([0.0, 0, 0, 1, 1, 1])
for y in ([2, 3, 4, 8, 9, 10], [20, 30, 40, 80, 90, 100], [200, 300, 400, 800, 900, 1000]):
    want = np.log([np.mean(y[:3]), np.mean(y[3:]) / np.mean(y[:3])]).tolist()
    print("Poisson, counts", y)
    for limit in (20, 100):
        try:
            print(f"  {limit} steps", newton(x, y, families.Poisson, max_iter=limit), "exact", want)
        except Exception as error:
            print(f"  {limit} steps", type(error).__name__, error, "exact", want)

# 2. separated data: no estimate exists, and nothing says so
print("separated", newton(x, [0, 0, 0, 1, 1, 1], families.Logistic, max_iter=100))

# 3. two constant columns
try:
    print("two constant columns", newton(np.ones(6), [0, 1, 0, 1, 1, 0], families.Logistic, max_iter=100))
except Exception as error:
    print("two constant columns:", type(error).__name__, error)
