# mgcv alone (R 4.2.2): Rscript repro_mgcv.R
suppressMessages(library(mgcv)); options(digits = 17, warn = -1)
cat(R.version.string, "mgcv", as.character(packageVersion("mgcv")), "\n")

# 94. a fit that is done is thrown away, for glm refuses its null model
invisible(suppressMessages(trace("gam.outer", exit = quote(cat("94. gam.outer:", returnValue()$coefficients, "converged", returnValue()$converged, "\n")), print = FALSE, where = asNamespace("mgcv"))))
m <- try(gam(c(0.2, 0.2) ~ 1, family = inverse.gaussian("identity"), offset = c(0, 0.4)), silent = TRUE)
cat("     gam:", if (inherits(m, "try-error")) m else coef(m))
invisible(suppressMessages(untrace("gam.outer", where = asNamespace("mgcv"))))

# 95. the rank is decided before columns are scaled
y <- c(1, 3, 2, 5, 4, 6)
for (u in c(1, 1e-3, 1e-6)) for (tol in c(.Machine$double.eps^0.5, 100 * .Machine$double.eps)) {
  x <- (1e6 + 0:5) * u; m <- gam(y ~ x, control = gam.control(rank.tol = tol))
  cat("95. a column of 1e6 + 0..5 times", u, "rank.tol", tol, ": rank", m$rank, "deviance", deviance(m), "; lm", deviance(lm(y ~ x)), "\n")
}
for (u in c(1, 1e6, 1e8)) {
  x <- (0:5) * u; z <- c(2, 1, 4, 3, 6, 9) / u; m <- gam(y ~ x + z, poisson)
  cat("     Poisson, x times u, z over u,", u, ": rank", m$rank, "deviance", deviance(m), "; glm", deviance(glm(y ~ x + z, poisson)), "\n")
}

# 96. a saturated Gaussian model has a scale
x <- 1:3; y <- c(1, 3, 2); m <- gam(y ~ x + I(x^2))
cat("96. scale", m$sig2, "df.residual", m$df.residual, "; lm", summary(lm(y ~ x + I(x^2)))$sigma^2, "\n")

# 97. steps are halved towards coefficients outside the domain
y <- c(1040, 1010, 2910); o <- c(-0.32, 0, 0)
cat("97.", try(gam(y ~ 1, family = Gamma("inverse"), offset = o), silent = TRUE))
n <- mgcv:::get.null.coef(list(X = matrix(1, 3, 1), y = y, w = rep(1, 3), offset = o, family = Gamma("inverse"), n = 3))$null.coef
cat("     null coefficient", n, "its predictors", n + o, "its deviance", sum(Gamma()$dev.resids(y, 1 / (n + o), 1)), "; glm from 0.33:", coef(glm(y ~ 1, Gamma("inverse"), offset = o, start = 0.33)), "\n")

# 107. the first step has the deviance of its own null coefficients: converged, and one more step that no deviance is taken of
x1 <- c(-6.5, 0, 3.5, rep(0, 8)); x2 <- c(0, -2.2, rep(0, 9)); y <- rep(12000, 11)
m <- gam(y ~ x1 + x2 + 0, family = Gamma("log"))
n <- mgcv:::get.null.coef(list(X = cbind(x1, x2), y = y, w = rep(1, 11), offset = rep(0, 11), family = Gamma("log"), n = 11))$null.coef
D <- function(b) sum(Gamma()$dev.resids(y, exp(drop(cbind(x1, x2) %*% b)), 1))
cat("107. converged", m$converged, "after", m$iter, ":", coef(m), "; deviance", deviance(m), ", of its own means", D(coef(m)), "; null coefficients", n, ", deviance", D(n), "\n")
cat("     a deviance below both, at -0.0619, -4.2694:", D(c(-0.0619, -4.2694)), "\n")

# 108. steps are halved for the rounding of the deviance
x <- 0:5; events <- c(1, 4, 6, 15, 33, 70); N <- rep(1e12, 6); b <- binomial("probit")
said <- capture.output(m <- suppressWarnings(gam(cbind(events, N - events) ~ x, family = b, control = gam.control(epsilon = 1e-10, maxit = 60, trace = TRUE))), type = "message")
E <- function(a) sum(b$dev.resids(events / N, b$linkinv(a + 0.11547140614733703 * x), N))
near <- sapply(0:20, function(k) E(-6.99293819583602971 + k * 1e-9))
W <- N * b$mu.eta(m$linear.predictors)^2 / b$variance(b$linkinv(m$linear.predictors))
cat("108.", m$iter, "iterations,", sum(grepl("^Step halved", said)), "halvings; deviances within 2e-8 of the maximum", range(near), ", the threshold", 10 * (0.1 + near[1]) * sqrt(.Machine$double.eps), "\n     its weights over those at its own predictor, less 1:", m$weights / W - 1, "\n")
