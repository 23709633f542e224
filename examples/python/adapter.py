"""statsmodels as the implementation under test, as its users call it: copy this and put your own package in its place.

glm-conformance gate adapter:fit --level core
"""

import warnings

import statsmodels
import statsmodels.api as sm

from conformance import Unsupported

FAMILIES = {"gaussian": sm.families.Gaussian, "binomial": sm.families.Binomial, "poisson": sm.families.Poisson}
LINKS = {"identity": sm.families.links.Identity, "logit": sm.families.links.Logit, "log": sm.families.links.Log}


class Statsmodels:
    """One fit for each problem; the arrays of a problem are float64 and read-only."""

    name, version = "statsmodels, as shipped", statsmodels.__version__
    conventions = {"zero_weights": "counted"}  # noqa: RUF012 (where a definition is not R's: docs/adapter.md)

    def __call__(self, problem):
        """The fit of a problem, or Unsupported."""
        if problem.family not in FAMILIES or problem.link not in LINKS:
            raise Unsupported(f"{problem.family} with the {problem.link} link")  # here: beyond what the example shows
        family = FAMILIES[problem.family](LINKS[problem.link]())
        model = sm.GLM(problem.y, problem.X, family, offset=problem.offset, var_weights=problem.weights)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fit = model.fit()
        return {  # whatever the package reports; the keys are those of docs/adapter.md
            "coefficients": fit.params,
            "standard_errors": fit.bse,
            "deviance": fit.deviance,
            "df_residual": fit.df_resid,
            "converged": bool(fit.converged),
            "warnings": [str(one.message) for one in said],
        }


fit = Statsmodels()
