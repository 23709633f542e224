import numpy as np, pandas as pd, pyfixest as pf
from importlib.metadata import version; print("pyfixest", version("pyfixest"))
d=pd.DataFrame(dict(x=np.arange(6.), y=[1.,3,2,5,4,6]))
A=np.c_[np.ones(6),d.x]; b=np.linalg.lstsq(A,d.y,rcond=None)[0]; s2=((d.y-A@b)**2).sum()/4
for name,f in (("feglm gaussian", pf.feglm("y~x",d,family="gaussian",vcov="iid")),("feols",pf.feols("y~x",d,vcov="iid"))):
    print(name, f.se().to_numpy().tolist())
print("textbook sqrt(s^2 diag (X'X)^-1)", np.sqrt(np.diag(s2*np.linalg.inv(A.T@A))).tolist(), "sqrt(diag (X'X)^-1 (N-1)/(N-k))", np.sqrt(np.diag(np.linalg.inv(A.T@A))*5/4).tolist())
f=pf.feglm("y~x",d,family="gaussian",vcov="iid"); print(f.deviance)
# deviance in feglm with 0 + 
f=pf.feglm("y~0+x",d,family="gaussian",vcov="iid"); print(f.coef(), f.deviance, ((d.y-d.x*f.coef().iloc[0])**2).sum())
# feglm, Gaussian, no intercept (NIST NoInt1): predict(type="link") is not X beta
d = pd.DataFrame(dict(x=np.arange(60.0, 71), y=np.arange(130.0, 141)))
f = pf.feglm("y ~ 0 + x", d, family="gaussian", vcov="iid"); b = float(f.coef().iloc[0])
print("NoInt1: coefficient", b, "exact", float((d.x @ d.y) / (d.x @ d.x)), "link[0]", float(np.ravel(f.predict(type="link"))[0]), "x beta", 60 * b, "deviance", float(f.deviance), "RSS", float(((d.y - d.x * b) ** 2).sum()))
# lost precision: x = 1e5, 1e5 + 1, ..., whose slope is sum (i - 4.5) y / 82.5 exactly
i = np.arange(10.0); d = pd.DataFrame(dict(x=1e5 + i, y=[3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3])); want = float((i - 4.5) @ d.y / 82.5)
X, y = np.c_[np.ones(10), d.x], d.y.to_numpy()
for said, slope in (("feols", pf.feols("y ~ x", d).coef().iloc[1]), ("numpy.linalg.solve(X'X, X'y)", np.linalg.solve(X.T @ X, X.T @ y)[1]), ("numpy.linalg.lstsq(X, y)", np.linalg.lstsq(X, y, rcond=None)[0][1])):
    print(f"far origin: slope {slope!r} of {said}, exact {want!r}, {-np.log10(abs(slope / want - 1)):.1f} digits")
