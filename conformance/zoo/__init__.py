"""The zoo: faulty fitters that the gate must refuse, and correct ones that it must let through."""

from conformance.zoo import (  # noqa: F401  (importing them enters them into the register)
    correct_conventions,
    correct_reports,
    correct_solvers,
    faulty_coding,
    faulty_convergence,
    faulty_dispersion,
    faulty_errors,
    faulty_family,
    faulty_input,
    faulty_likelihood,
    faulty_link,
    faulty_missing_rows,
    faulty_null_model_df_aic,
    faulty_numerics,
    faulty_objective,
    faulty_rank,
    faulty_residuals,
    faulty_separation,
    faulty_weights_and_offset,
    undeclared,
)
from conformance.zoo.registry import CORRECT, FAULTS

__all__ = ["CORRECT", "FAULTS"]
