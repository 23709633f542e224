"""The likelihood written from the link side in mpmath, sharing nothing with the package: log-density of eta, differentiated numerically."""

import mpmath as mp

MEAN = {
    "identity": lambda e: e,
    "log": mp.exp,
    "logit": lambda e: 1 / (1 + mp.exp(-e)),
    "probit": mp.ncdf,
    "cauchit": lambda e: mp.atan(e) / mp.pi + mp.mpf(1) / 2,
    "cloglog": lambda e: 1 - mp.exp(-mp.exp(e)),
    "inverse": lambda e: 1 / e,
    "inverse_squared": lambda e: 1 / mp.sqrt(e),
    "sqrt": lambda e: e**2,
}


def log_density(family, y, mu, theta, power):
    """Up to terms without mu, with dispersion 1."""
    if family == "gaussian":
        return -((y - mu) ** 2) / 2
    if family == "binomial":
        return (y * mp.log(mu) if y else 0) + ((1 - y) * mp.log(1 - mu) if y != 1 else 0)
    if family == "poisson":
        return (y * mp.log(mu) if y else 0) - mu
    if family == "gamma":
        return -y / mu - mp.log(mu)
    if family == "inverse_gaussian":
        return -((y - mu) ** 2) / (2 * mu**2 * y)
    if family == "negative_binomial":
        theta = mp.mpf(theta)
        return theta * mp.log(theta / (theta + mu)) + (y * mp.log(mu / (theta + mu)) if y else 0)
    p = mp.mpf(power)
    return y * mu ** (1 - p) / (1 - p) - mu ** (2 - p) / (2 - p)


def maximum_likelihood(problem, near, digits=50):
    """(p,) mpmath coefficients from the root of the numerically differentiated log-likelihood, starting at ``near``."""
    with mp.workdps(digits + 15):
        x = [[mp.mpf(v) for v in row] for row in problem.X.tolist()]
        w = [mp.mpf(v) for v in problem.prior_weights.tolist()]
        if problem.successes is None:
            y = [mp.mpf(v) for v in problem.y.tolist()]
        else:
            y = [mp.mpf(k) / m for k, m in zip(problem.successes.tolist(), w)]
        o = [mp.mpf(v) for v in problem.offsets.tolist()]
        patterns = {}
        for i, row in enumerate(x):
            patterns.setdefault((*row, o[i], y[i]), [0, i])[0] += w[i]

        def score(*beta):
            found = [mp.mpf(0)] * len(beta)
            for weight, i in patterns.values():
                eta = mp.fdot(x[i], beta) + o[i]
                slope = mp.diff(
                    lambda e: log_density(problem.family, y[i], MEAN[problem.link](e), problem.theta, problem.power),
                    eta,
                    h=mp.mpf(10) ** -(digits // 2 + 5),
                )
                found = [f + weight * slope * v for f, v in zip(found, x[i])]
            return found

        beta = mp.matrix([mp.mpf(float(f"{b:.6g}")) for b in near])
        jacobian = None
        for _ in range(60):  # a secant method with a Jacobian of differences taken once
            here = mp.matrix(score(*beta))
            if jacobian is None:
                h = mp.mpf(10) ** -18
                columns = []
                for j in range(len(beta)):
                    moved = beta.copy()
                    moved[j] += h * (abs(beta[j]) + mp.mpf(10) ** -6)
                    columns.append(
                        [(a - b) / (h * (abs(beta[j]) + mp.mpf(10) ** -6)) for a, b in zip(score(*moved), here)]
                    )
                jacobian = mp.matrix(columns).T
            step = mp.lu_solve(jacobian, -here)
            beta += step
            if mp.norm(step) < mp.mpf(10) ** -(digits - 12) * mp.norm(beta):
                return [b for b in beta]
    raise AssertionError("mpmath did not settle")
