# R alone: an offset that holds a far row's column; glm from its own start, and from 0
options(digits = 17, warn = 1)
x <- c(-3, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 40, 2000); y <- c(0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1)
o <- 1.00615744 * x
for (start in list(NULL, 0)) { f <- glm(y ~ 1, binomial, offset = o, start = start); cat("start", format(start), ": coefficient", coef(f), "deviance", deviance(f), "converged", f$converged, "\n") }
