"""Where R's glm itself is off, polished or not: the cases exist to show it, and docs/findings.md writes it up."""

R_IS_OFF = {
    "four-coins-start-probit": "diverges from the start and says converged (Marschner 2011)",
    "marschner-divergent-start": "the same with the logit link",
    "seven-points-cauchit-cycle": "Fisher scoring without step halving cycles",
    "far-row-logit": "binomial()$linkinv floors probabilities at 2.2e-16: the tail's row is not fitted as it is",
    "far-row-probit": "the same for the probit link",
    "far-row-cloglog": "the same for the complementary log-log link",
    "far-rows-grouped-logit": "the same, grouped, at both ends",
    "far-rows-grouped-probit": "the same for the probit link",
    "far-row-low-cloglog": "the same at the lower end",
}

#: R refuses these, though they have an estimate: one start, one way of cutting a step short, and it gives up.
R_REFUSES = ("gamma-identity-hard-start", "nb-sqrt-overshoots")
