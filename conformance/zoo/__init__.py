"""The zoo: faulty fitters that the gate must refuse, and correct ones that it must let through."""

from conformance.zoo import (  # noqa: F401  (importing them enters them into the register)
    correct,
    faulty_convergence,
    faulty_dispersion_and_errors,
    faulty_family_and_link,
    faulty_input,
    faulty_null_model_df_aic,
    faulty_numerics,
    faulty_objective,
    faulty_rank_and_coding,
    faulty_residuals,
    faulty_weights_and_offset,
)
from conformance.zoo.registry import CORRECT, FAULTS

__all__ = ["CORRECT", "FAULTS"]
