# finding 91 in urine-missing-logit: what bossanova reports, and the proven estimate with a ridge of 1e-10 (first order)
import numpy as np
from conformance.adapters import find
from conformance.question.library import Library
from conformance.references.lookup import reference_of

library = Library.built_in()
case = library.case("urine-missing-logit")
proven, problem = reference_of(library, case).values, case.problem()
b, mu = proven["coefficients"], proven["fitted_values"]
H = problem.X.T @ ((problem.prior_weights * mu * (1 - mu))[:, None] * problem.X)
print("proven", b, "with a ridge", b - 1e-10 * np.linalg.solve(H, b))
print("bossanova", find("bossanova").function(problem)["coefficients"])
