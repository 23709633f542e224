# R's own glm, alone: what its convergence rule, rank tolerance and floors do.  Numbers of docs/findings.md: R 4.2.2.
options(digits = 17, warn = 1)

# 32. epsilon = 1e-14 turns rank detection off: min(1e-7, epsilon / 1000) is the tolerance of the QR
x <- c(1.1, 2.3, 3.7, 4.1, 5.9, 7.2); z <- c(0.3, 1.9, 0.7, 2.2, 1.1, 0.4); y <- c(2.1, 3.9, 5.2, 8.8, 9.1, 13.4)
for (epsilon in c(1e-8, 1e-14)) {
  f <- glm(y ~ x + z + I(x / 3 + z / 7), control = glm.control(epsilon = epsilon))
  cat("epsilon", epsilon, "df.residual", df.residual(f), "rank", f$rank, "coefficients", coef(f), "\n")
}

# 33. (Quasi-)separation without a word: events 0 of 5, then 2 of 5
n <- c(rep(0, 5), 0, 1, 0, 1, 0); g <- rep(0:1, each = 5)
for (link in c("logit", "probit", "cloglog", "cauchit")) {
  f <- glm(n ~ g, binomial(link))
  cat(link, "intercept", coef(f)[1], "converged", f$converged, "\n")
}
f <- glm(n ~ g, poisson); cat("poisson, counts of 0 in a group: intercept", coef(f)[1], "converged", f$converged, "\n")

# 34. Divergence called convergence (Marschner 2011): the estimate is log 3
f <- glm(c(1, 1, 1, 0) ~ 1, binomial, start = -1.81)
cat("coefficient", coef(f), "log 3", log(3), "deviance", deviance(f), "converged", f$converged, "\n")

# 35. Fisher scoring swings about the maximum
d <- data.frame(x = c(1, -5, 0, 2, -1, 5, -1), y = c(0, 1, 1, 1, 1, 1, 1))
for (limit in c(25, 26, 1000, 1001)) {
  f <- glm(y ~ x, binomial("cauchit"), d, control = glm.control(maxit = limit))
  cat("limit", limit, "slope", coef(f)[2], "deviance", deviance(f), "converged", f$converged, "\n")
}

# 36. binomial()$linkinv keeps probabilities 2.2e-16 off 0 and 1
for (link in c("logit", "probit", "cloglog")) cat(link, binomial(link)$linkinv(c(-2000, -40, 40)), "\n")

# 37. No start of its own, though a start of one's own gives the estimate
x <- c(-3, -2, -4, 2); y <- c(0.1, 1.2, 0.7, 0.9)
cat(try(glm(y ~ x, Gamma("identity")), silent = TRUE))
print(coef(glm(y ~ x, Gamma("identity"), start = c(mean(y), 0))))

# 38. BIC and logLik count the rows of weight 0 that df.residual and nobs leave out
x <- 0:5; y <- c(1, 3, 2, 5, 4, 6); w <- c(1, 2, 0, 1, 2, 1)
f <- glm(y ~ x, poisson, weights = w)
cat("BIC", BIC(f), "-2 logLik + 2 log nobs", -2 * as.numeric(logLik(f)) + 2 * log(nobs(f)),
  "with all rows", -2 * as.numeric(logLik(f)) + 2 * log(6), "nobs", nobs(f), "df.residual", df.residual(f), "\n")
cat("Gaussian with a weight of 0: logLik", as.numeric(logLik(glm(y ~ x, weights = w))), "\n")

# 111. glm.fit recycles an offset of another length
X <- cbind(1, 1:10); y <- c(1, 2, 2, 4, 3, 6, 7, 9, 12, 15)
for (offset in list(c(0, 1), rep(c(0, 1), 5)))
  cat(sprintf("%.17g", coef(glm.fit(X, y, family = poisson(), offset = offset))), "\n")
cat(try(glm(y ~ X - 1, poisson, offset = c(0, 1)), silent = TRUE))
