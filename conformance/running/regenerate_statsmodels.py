"""What statsmodels says, for the stored references: its own adapter asked once, as shipped."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from unittest import mock

import numpy as np

from conformance.adapters.answer import Unsupported
from conformance.errors import ImplementationError
from conformance.question.problem import Problem
from conformance.references.rounding import Answer, Ask, moved_by_last_bits


def statsmodels_glm(problem: Problem) -> dict[str, Any]:
    """What statsmodels reports of ``problem``; ValueError with its words where it refuses."""
    from conformance.adapters.statsmodels import Statsmodels

    try:
        return Statsmodels()(problem)
    except Unsupported as error:
        return {"unsupported": str(error)}
    except Exception as error:  # statsmodels raises whatever numpy and its own checks raise
        raise ValueError(f"statsmodels refuses: {type(error).__name__}: {error}") from error


class _AnotherLibm:
    """numpy, whose exp, log and powers are one last bit off by chance, as those of another libm are.

    0 and 1 are what every libm makes of the arguments that they belong to.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        return self._moved(function) if name in ("exp", "log", "power") else function

    def _moved(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def rounded_elsewhere(*arguments: Any) -> Any:
            exact = np.asarray(function(*arguments), dtype=np.float64)
            kept = (exact == 1.0) | ~np.isfinite(exact) | (self._rng.random(exact.shape) < 1.0 / 3.0)
            return np.where(kept, exact, moved_by_last_bits(exact, self._rng))[()]

        return rounded_elsewhere


def another_libm(problem: Problem, ask: Ask, rng: np.random.Generator) -> Answer:
    """The answer where the functions of statsmodels' families and links are rounded as another libm rounds them."""
    from statsmodels.genmod.families import family, links

    libm = _AnotherLibm(rng)
    with mock.patch.object(family, "np", libm), mock.patch.object(links, "np", libm):
        return ask(problem)


def describe() -> dict[str, Any]:
    """The versions that matter to statsmodels' numbers."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    try:
        packages = {name: version(name) for name in ("statsmodels", "numpy", "scipy", "pandas")}
    except PackageNotFoundError as error:
        raise ImplementationError(f"{error}: pip install 'glm-conformance[statsmodels]'") from error
    return {
        "packages": packages,
        "blas": f"{blas.get('name')} {blas.get('version')}",
    }
