suppressMessages({library(mgcv); library(brglm2)})
cat(R.version.string, "mgcv", as.character(packageVersion("mgcv")), "brglm2", as.character(packageVersion("brglm2")), "\n")
d <- data.frame(x = 1:8, y = c(1.2,.9,2.1,3.3,2.8,4.9,5.2,9.1)); m <- gam(y ~ x, family = inverse.gaussian("log"), data = d)
mu <- fitted(m); ll <- function(phi) sum(-.5*log(2*pi*phi*d$y^3) - (d$y-mu)^2/(2*phi*mu^2*d$y))
dv <- sum((d$y-mu)^2/(mu^2*d$y)); cat("logLik", format(logLik(m), digits=15), " maximum over phi", format(ll(dv/8), digits=15), " at sig2", format(ll(m$sig2), digits=15), "\n")
cat("max possible is ll(dev/n); claimed - maximum =", as.numeric(logLik(m)) - ll(dv/8), "\n")
x <- 0:7; print(tryCatch(glm(2*x+1 ~ x, method = "brglmFit", type = "ML"), error = conditionMessage))
y <- c(1,1,1,0); print(coef(suppressWarnings(f <- glm(y ~ 1, family=binomial("probit"), start=-8, method="brglmFit", type="ML")))); print(f$converged); 
# mgcv: a row of weight 0 counts in df.residual alone
x <- 0:5; y <- c(1, 3, 2, 5, 4, 6); w <- c(1, 2, 0, 1, 2, 1)
m <- gam(y ~ x, family = poisson, weights = w); g <- glm(y ~ x, family = poisson, weights = w)
cat("a weight of 0: gam df.residual", m$df.residual, "df.null", m$df.null, "BIC", format(BIC(m), digits = 17), "; glm", g$df.residual, g$df.null, format(BIC(g), digits = 17), "\n")
# mgcv: the null deviance without an intercept leaves the offset out
y <- c(1.2, 0.7, 3.1, 2.2, 5.9, 4.4); x <- 1:6; o <- log(c(1, 2, 3, 5, 8, 13))
for (f in list(y ~ x + offset(o), y ~ x - 1 + offset(o)))
  cat(deparse(f), "gam", format(gam(f, family = Gamma("log"))$null.deviance, digits = 17), "glm", format(glm(f, family = Gamma("log"))$null.deviance, digits = 17), "a constant mean, no offset", format(sum(Gamma()$dev.resids(y, rep(mean(y), 6), 1)), digits = 17), "\n")
