# What random problems showed of R's own glm.  Needs R alone.  Numbers of docs/findings.md: R 4.2.2.
options(digits = 17, warn = 1)

# 63. A step across eta = 0, where the inverse link's mean is infinite, and no way back: converged = TRUE, no warning
f <- glm(c(12000, 12000) ~ 1, gaussian("inverse"), offset = log(c(100, 101)))
print(c(coefficient = unname(coef(f)), deviance = deviance(f), converged = f$converged))
print(c(deviance.at.the.estimate = sum((12000 - 1 / (-4.61503718950093 + log(c(100, 101))))^2)))

# 64. A first step that overflows is not halved
y <- c(0.000281, 1650000, 0.000296, 581, 0.000179)
x <- c(-6.8, 7.6, -9.9, 1.4, -9.9)
cat(try(glm(y ~ x, inverse.gaussian("log")), silent = TRUE))
cat(try(glm(c(0.2, 0.2) ~ 1, inverse.gaussian("identity"), offset = c(0, 0.4)), silent = TRUE))

# 65. No start of its own, though a constant is one: eta = b + offset > 0 for any b > 0.32
y <- c(1040, 1010, 2910)
cat(try(glm(y ~ 1, Gamma("inverse"), offset = c(-0.32, 0, 0)), silent = TRUE))
print(coef(glm(y ~ 1, Gamma("inverse"), offset = c(-0.32, 0, 0), start = 0.33)))

# 68. The log link's mean is kept above 2.2e-16
f <- glm(c(1, 1e-20) ~ c(1, 2), Gamma("log"), start = c(46.051701859880914, -46.051701859880914))
print(cbind(eta = f$linear.predictors, mean = fitted(f), mean.of.eta = exp(f$linear.predictors), working = residuals(f, "working")))
print(f$converged)
