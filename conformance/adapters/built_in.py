"""The implementations that have an adapter here: by which name, where it is, and how to install what it needs."""

from __future__ import annotations

import difflib
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: What a name begins with that is a command to run, such as "command:Rscript my_adapter.R".
COMMAND = "command:"

_PACKAGE = Path(__file__).resolve().parents[1]
#: The adapters that speak the JSON Lines protocol: inside an installed wheel, or beside the package in a checkout.
EXAMPLES = next((one for one in [_PACKAGE / "_carried" / "examples"] if one.is_dir()), _PACKAGE.parent / "examples")


def _program(*words: str) -> str:
    """The command of ``words``, of which the last is a file below examples/."""
    return COMMAND + shlex.join([*words[:-1], str(EXAMPLES / words[-1])])


#: name -> module:attribute, or command:...
BUILT_IN: dict[str, str] = {
    "irls": "conformance.adapters.irls:Irls",
    "statsmodels": "conformance.adapters.statsmodels:Statsmodels",
    "statsmodels-newton": "conformance.adapters.statsmodels_newton:StatsmodelsNewton",
    "r-glm": "conformance.adapters.r_glm:Polished",
    "r-glm-tight": "conformance.adapters.r_glm:Tight",
    "r-glm-default": "conformance.adapters.r_glm:AsShipped",
    "r-brglm2": "conformance.adapters.r_brglm2:Brglm2",
    "r-mgcv": "conformance.adapters.r_mgcv:Mgcv",
    "scikit-learn": "conformance.adapters.sklearn:NewtonCholesky",
    "scikit-learn-lbfgs": "conformance.adapters.sklearn:Lbfgs",
    "glum": "conformance.adapters.glum:Glum",
    "pyfixest": "conformance.adapters.pyfixest:Pyfixest",
    "rustystats": "conformance.adapters.rustystats:RustyStats",
    "polars-ds": "conformance.adapters.polars_ds:PolarsDs",
    "dask-glm": "conformance.adapters.dask_glm:DaskGlm",
    "glmax": "conformance.adapters.glmax:Glmax",
    "firthmodels": "conformance.adapters.firthmodels:FirthModels",
    "bossanova": "conformance.adapters.bossanova:Bossanova",
    "pygam": "conformance.adapters.pygam:PyGam",
    "pyspark": "conformance.adapters.pyspark:PySpark",
    "h2o": "conformance.adapters.h2o:H2O",
    "r-glm-rscript": _program("Rscript", "--vanilla", "r/adapter.R"),
    "webr": _program("node", "webr/adapter.mjs"),
    "octave": _program("octave-cli", "--quiet", "--no-init-file", "octave/adapter.m"),
    "gretl": _program(sys.executable, "batch/gretl.py"),
    "pspp": _program(sys.executable, "batch/pspp.py"),
}


@dataclass(frozen=True)
class Package:
    """What a built-in implementation needs: the module it imports, the distribution it comes in, how to install it.

    For a program that speaks the protocol: the program, and how to install it.
    """

    module: str
    distribution: str
    install: str
    r: bool = False
    program: str | None = None


def _extra(module: str, distribution: str, extra: str | None = None, *, beside: str = "") -> Package:
    return Package(module, distribution, f"pip install 'glm-conformance[{extra or distribution}]'{beside}")


def _needs(program: str, install: str) -> Package:
    return Package("", "", install, program=program)


_R = "sh scripts/install.sh test (installs R too), or pip install 'glm-conformance[r]' beside an R >= 4.0"
_STATSMODELS, _SKLEARN = _extra("statsmodels", "statsmodels"), _extra("sklearn", "scikit-learn")
_JAVA = ", beside Java 17 or later"

#: name -> what it needs; they conflict, so that each wants a virtual environment of its own (tox -e NAME makes it)
PACKAGES: dict[str, Package] = {
    "statsmodels": _STATSMODELS,
    "statsmodels-newton": _STATSMODELS,
    **{name: Package("rpy2", "rpy2", _R, r=True) for name in ("r-glm", "r-glm-tight", "r-glm-default")},
    "r-brglm2": Package("rpy2", "rpy2", f"{_R}; and apt-get install r-cran-brglm2", r=True),
    "r-mgcv": Package("rpy2", "rpy2", f"{_R}; and apt-get install r-cran-mgcv", r=True),
    "scikit-learn": _SKLEARN,
    "scikit-learn-lbfgs": _SKLEARN,
    "glum": _extra("glum", "glum"),
    "pyfixest": _extra("pyfixest", "pyfixest"),
    "rustystats": _extra("rustystats", "rustystats"),
    "polars-ds": _extra("polars_ds", "polars-ds"),
    "dask-glm": _extra("dask_glm", "dask-glm"),
    "glmax": _extra("glmax", "glmax"),
    "firthmodels": _extra("firthmodels", "firthmodels"),
    "bossanova": _extra("bossanova", "bossanova"),
    "pygam": _extra("pygam", "pygam"),
    "pyspark": _extra("pyspark", "pyspark", beside=_JAVA),
    "h2o": _extra("h2o", "h2o", beside=_JAVA),
    "r-glm-rscript": _needs("Rscript", "apt-get install r-base-core"),
    "webr": _needs("node", "npm install webr ws (where the gate is run, or in NODE_PATH)"),
    "octave": _needs("octave-cli", "apt-get install octave octave-statistics"),
    "gretl": _needs("gretlcli", "apt-get install gretl"),
    "pspp": _needs("pspp", "apt-get install pspp"),
}


def hint(name: str, error: ModuleNotFoundError) -> str:
    """How to install what a built-in implementation did not find (whichever of its modules that was)."""
    if name in PACKAGES:
        return f": {PACKAGES[name].install}"
    known = [package.install for package in PACKAGES.values() if package.module == error.name]
    return f": {known[0]}" if known else ""


def nearest(word: str, words: Iterable[str]) -> str:
    """'; did you mean ...?' with the nearest of ``words``, or nothing."""
    near = difflib.get_close_matches(word, list(words), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
