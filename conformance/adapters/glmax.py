"""glmax, GLMs in JAX, in double precision: https://github.com/mancusolab/glmax."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from conformance.adapters.offers import heard, only
from conformance.question.problem import Problem

_LINKS = {
    "gaussian": ("identity", "log"),
    "binomial": ("logit", "probit", "cauchit", "cloglog", "log"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
    "inverse_gaussian": ("inverse", "identity", "log", "inverse_squared"),
}
_CLASS = {
    "gaussian": "Gaussian",
    "binomial": "Binomial",
    "poisson": "Poisson",
    "gamma": "Gamma",
    "inverse_gaussian": "InverseGaussian",
}
_LINK = {
    "identity": "IdentityLink",
    "log": "LogLink",
    "logit": "LogitLink",
    "probit": "ProbitLink",
    "cauchit": "CauchitLink",
    "cloglog": "CLogLogLink",
    "inverse": "InverseLink",
    "sqrt": "SqrtLink",
}


class Glmax:
    """NewtonFitter (Fisher scoring with a line search), tol=1e-13, QR for its normal equations; infer() as it comes."""

    name = "glmax"
    #: InverseGaussian is said to have Pearson's dispersion, and has the deviance's: nothing is declared.
    #: https://github.com/mancusolab/glmax
    conventions: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        import glmax
        import jax
        import lineax

        jax.config.update("jax_enable_x64", True)
        self._glmax, self._jax, self._lineax = glmax, jax, lineax
        self._shape: tuple[int, ...] | None = None
        self.version: str = glmax.__version__

    def __call__(self, problem: Problem) -> dict[str, Any]:
        """Fit and infer; the negative binomial is left out, for glmax estimates its shape."""
        start = None if problem.start is None else np.array(problem.start)
        only(problem, _LINKS, weights=False, proportions=False, start=True)
        self._forget(problem.X.shape)
        package = self._glmax
        power = problem.link == "inverse_squared"
        link = package.PowerLink(-2.0) if power else getattr(package, _LINK[problem.link])()
        family = getattr(package, _CLASS[problem.family])(link)
        limit = 200 if problem.max_iterations is None else problem.max_iterations
        init = None if start is None else package.Params(beta=start, disp=np.array(1.0), aux=None)
        with heard() as warnings:
            fitter = package.NewtonFitter(solver=self._lineax.QR(), tol=1e-13, max_iter=limit)
            offset = None if problem.offset is None else np.array(problem.offset)
            X, y = np.array(problem.X), np.array(problem.y)
            fit = package.fit(family, X, y, offset=offset, init=init, fitter=fitter)
            answer = {
                "coefficients": np.asarray(fit.beta),
                "standard_errors": np.asarray(package.infer(fit).se),
                "dispersion": float(fit.params.disp),
                "fitted_values": np.asarray(fit.mu),
                "linear_predictors": np.asarray(fit.eta),
                "converged": bool(fit.converged),
                "iterations": int(fit.num_iters),
            }
        return {**answer, "warnings": warnings}

    def _forget(self, shape: tuple[int, ...]) -> None:
        """Drop what JAX compiled for another shape: it keeps all of it, until the process has no memory map left."""
        if shape != self._shape:
            self._jax.clear_caches()
            self._shape = shape
