# R 4.2.2, MASS: digits lost in formulas whose terms cancel.  Rscript repro_r_cancellation.R

# 112. the negative binomial's deviance and likelihood at a theta that is large: what a Poisson says is the limit
x <- round(seq(-1, 1, length.out = 24), 3)
y <- c(3, 4, 4, 5, 4, 4, 5, 5, 5, 6, 5, 6, 6, 6, 7, 6, 7, 7, 8, 7, 8, 8, 9, 8)
p <- glm(y ~ x, poisson, control = list(epsilon = 1e-14))
cat(sprintf("Poisson: deviance %.17g logLik %.17g\n", deviance(p), as.numeric(logLik(p))))
for (theta in c(1e6, 1e9, 1e12, 1e15)) {
  f <- glm(y ~ x, MASS::negative.binomial(theta), control = list(epsilon = 1e-14))
  cat(sprintf("theta %g: deviance %.17g, its residuals' squares %.17g, logLik %.17g; dnbinom's %.17g\n", theta, deviance(f),
    sum(residuals(f)^2), as.numeric(logLik(f)), sum(dnbinom(y, size = theta, mu = fitted(f), log = TRUE))))
}

# and in the other families: trials of 1e12, a gamma response next to its mean
m <- rep(1e12, 6); k <- c(1, 4, 6, 15, 33, 70); d <- 1:6
f <- glm(cbind(k, m - k) ~ d, binomial, control = list(epsilon = 1e-14))
g <- glm(k ~ d, poisson, offset = log(m), control = list(epsilon = 1e-14))
cat(sprintf("binomial of 1e12 trials: deviance %.17g, null %.17g; the Poisson's %.17g, %.17g\n", deviance(f), f$null.deviance,
  deviance(g), g$null.deviance))
cat(sprintf("Gamma()$dev.resids(1, 1 + 1e-9, 1): %.17g; exactly 1e-18 to nine digits\n", Gamma()$dev.resids(1, 1 + 1e-9, 1)))
