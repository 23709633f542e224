"""What statsmodels says, for the stored references: its own adapter asked once, as shipped."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from conformance.adapters.answer import Unsupported
from conformance.errors import ImplementationError
from conformance.question.problem import Problem


def statsmodels_glm(problem: Problem) -> dict[str, Any]:
    """What statsmodels reports of ``problem``; ValueError with its words where it refuses."""
    from conformance.adapters.statsmodels import Statsmodels

    try:
        return Statsmodels()(problem)
    except Unsupported as error:
        return {"unsupported": str(error)}
    except Exception as error:  # statsmodels raises whatever numpy and its own checks raise
        raise ValueError(f"statsmodels refuses: {type(error).__name__}: {error}") from error


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
