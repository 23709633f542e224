"""What R's glm says, through rpy2: as shipped, tight, or polished to its fixed point.

R gets the very doubles of the Problem; glm.R asks R for every quantity by R's own functions.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from conformance.errors import ImplementationError
from conformance.question.problem import Problem

Mode = Literal["as_shipped", "tight", "polished"]

HOW_TO_INSTALL = (
    "R is needed for this: `sh scripts/install.sh test` installs R and rpy2 on Debian and Ubuntu; elsewhere install "
    "R >= 4.0 with MASS and statmod, then `pip install 'glm-conformance[r]'`"
)


def library_path_as_before(before: str | None) -> None:
    """Undo what starting R does to LD_LIBRARY_PATH: our children would load other libraries, libpython among them."""
    if before is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
        os.unsetenv("LD_LIBRARY_PATH")  # R may have set it behind Python's back
    else:
        os.environ["LD_LIBRARY_PATH"] = before


@cache
def _r() -> Any:
    """R, started once, with glm.R loaded; ImplementationError says how to install it."""
    before = os.environ.get("LD_LIBRARY_PATH")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rpy2 warns of R's own start-up environment, which is not ours to mend
            from rpy2.rinterface_lib import callbacks
            from rpy2.robjects import r
    except Exception as error:  # rpy2 raises OSError, ValueError, ImportError ... by what is missing
        raise ImplementationError(f"R can't be reached ({error}). {HOW_TO_INSTALL}") from error
    for console in ("consolewrite_warnerror", "consolewrite_print"):  # R's words are in the answer, not on our output
        setattr(callbacks, console, lambda text: None)
    r(files("conformance.adapters").joinpath("glm.R").read_text(encoding="utf-8"))
    library_path_as_before(before)
    return r


def _to_r(value: Any) -> Any:
    """A Python value as R's: arrays as doubles, column-major."""
    from rpy2.rinterface import NULL, BoolSexpVector, FloatSexpVector, IntSexpVector, StrSexpVector
    from rpy2.robjects import r

    if value is None:
        return NULL
    if isinstance(value, (bool, np.bool_)):
        return BoolSexpVector([bool(value)])
    if isinstance(value, str):
        return StrSexpVector([value])
    if isinstance(value, int):
        return IntSexpVector([value])
    array = np.asarray(value, dtype=np.float64)
    vector = FloatSexpVector(array.ravel(order="F").tolist())
    return r["matrix"](vector, *array.shape) if array.ndim == 2 else vector


def _from_r(value: Any) -> Any:
    """R's value as Python's: named lists as dicts, matrices as nested lists, scalars as scalars, NULL as None."""
    from rpy2 import rinterface as ri

    if value is ri.NULL or value.typeof == ri.RTYPES.NILSXP:
        return None
    if value.typeof in (ri.RTYPES.VECSXP, ri.RTYPES.STRSXP):
        parts = [one if isinstance(one, str) else _from_r(one) for one in value]
        named = value.names is not ri.NULL and value.names is not None and value.names.typeof == ri.RTYPES.STRSXP
        return dict(zip(map(str, value.names), parts, strict=True)) if named else parts
    if value.typeof == ri.RTYPES.LGLSXP:
        return [np.nan if one is ri.NA_Logical else bool(one) for one in value]
    array = np.array([np.nan if one is ri.NA_Integer else float(one) for one in value])
    shape = value.do_slot("dim") if "dim" in list(value.list_attrs()) else None
    return array if shape is None else array.reshape(tuple(shape), order="F")


_SCALARS = ("dispersion", "deviance", "null_deviance", "log_likelihood", "aic", "bic")
_COUNTS = ("df_residual", "df_null", "rank", "iterations")


def r_glm(problem: Problem, mode: Mode) -> dict[str, Any]:
    """What R reports of ``problem``; ValueError with R's words where R refuses it."""
    return report(problem, "report_glm", mode=mode)


def report(problem: Problem, function: str, **more: Any) -> dict[str, Any]:
    """What the R function called ``function`` reports of ``problem``, as `report_glm` does; ``more`` are arguments."""
    from_r = _r()
    from rpy2.rinterface_lib.embedded import RRuntimeError

    arguments = {
        name: _to_r(getattr(problem, name))
        for name in (
            "X", "y", "weights", "offset", "family", "link", "theta", "power", "start", "max_iterations", "intercept"
        )
    }  # fmt: skip
    try:
        answer = _from_r(from_r[function](**arguments, **{name: _to_r(value) for name, value in more.items()}))
    except RRuntimeError as error:
        raise ValueError(f"R refuses: {' '.join(str(error).split())}") from error
    for name in (*_SCALARS, *_COUNTS):
        value = answer[name]
        number = None if value is None else float(np.asarray(value, dtype=np.float64).ravel()[0])
        whole = name in _COUNTS and number is not None and number.is_integer()
        answer[name] = int(number) if whole and number is not None else number
    answer["converged"] = bool(answer["converged"][0])
    return {name: value for name, value in answer.items() if value is not None}


def define(source: str, package: str) -> str:
    """R's ``source`` loaded beside glm.R, for which ``package`` is needed: its version."""
    r = _r()
    if not r["requireNamespace"](package, quietly=True)[0]:
        raise ImplementationError(
            f"R has no package {package}: apt-get install r-cran-{package.lower()} on Debian and Ubuntu, elsewhere "
            f"install.packages({package!r}) in R"
        )
    r(source)
    return str(_from_r(r(f'paste0("{package} ", packageVersion("{package}"), ", ", R.version.string)'))[0])


def describe() -> dict[str, Any]:
    """R's version, platform, BLAS, packages and sessionInfo()."""
    answer = _from_r(_r()["describe_r"]())
    return {
        **{name: answer[name][0] for name in ("R", "platform", "blas", "lapack")},
        "packages": answer["packages"],
        "session_info": answer["session_info"],
        "rpy2": _version("rpy2"),
    }


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)
