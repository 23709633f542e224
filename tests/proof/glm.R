# Reads problems (a folder of CSV with columns y, w, o, k, then X) named on a manifest, writes R's polished values.
suppressMessages({library(MASS); library(statmod)})
args <- commandArgs(TRUE)
manifest <- read.csv(args[1], stringsAsFactors = FALSE)
links <- c(inverse_squared = "1/mu^2")
for (i in seq_len(nrow(manifest))) {
  m <- manifest[i, ]
  d <- as.matrix(read.csv(m$file)); storage.mode(d) <- "double"
  y <- d[, "y"]; w <- d[, "w"]; o <- d[, "o"]; k <- d[, "k"]
  X <- d[, -(1:4), drop = FALSE]
  link <- if (m$link %in% names(links)) links[[m$link]] else m$link
  fam <- switch(m$family,
    gaussian = gaussian(link), binomial = binomial(link), poisson = poisson(link), gamma = Gamma(link),
    inverse_gaussian = inverse.gaussian(link), negative_binomial = do.call(negative.binomial, list(theta = m$theta, link = link)),
    tweedie = tweedie(var.power = m$power, link.power = 0))
  resp <- if (any(!is.na(k))) cbind(k, w - k) else y
  wt <- if (any(!is.na(k))) rep(1, length(y)) else w
  start <- if (m$start == "") NULL else as.numeric(strsplit(m$start, " ")[[1]])
  g <- suppressWarnings(glm(resp ~ X - 1, family = fam, weights = wt, offset = o, start = start, control = list(maxit = 200, epsilon = 1e-14)))
  b <- coef(g)
  for (s in 1:100) {
    f <- suppressWarnings(glm.fit(X[, !is.na(b), drop = FALSE], resp, weights = wt, offset = o, family = fam, start = b[!is.na(b)], control = list(maxit = 1)))
    nb <- b; nb[!is.na(b)] <- f$coefficients
    if (max(abs(nb - b) / (abs(b) + 1e-300), na.rm = TRUE) < 1e-15) { b <- nb; break }
    b <- nb
  }
  # attributes as in glm() with an intercept: the null deviance
  g <- suppressWarnings(glm(resp ~ X - 1, family = fam, weights = wt, offset = o, start = ifelse(is.na(b), 0, b), control = list(maxit = 1)))
  if (m$intercept == 1) g$null.deviance <- suppressWarnings(glm(resp ~ 1, family = fam, weights = wt, offset = if (any(o != 0)) o else NULL, start = if (m$link == "log" && m$family %in% c("gaussian", "binomial")) log(sum(wt * y) / sum(wt)) else NULL, control = list(epsilon = 1e-14, maxit = 100)))$deviance
  s <- suppressWarnings(summary(g))
  put <- function(name, v) cat(m$id, name, sprintf("%.17g", v), "\n")
  put("coefficients", coef(g)); put("standard_errors_summary", s$coefficients[, 2]); put("dispersion_summary", s$dispersion)
  put("deviance", deviance(g)); put("null_deviance", g$null.deviance); put("aic", AIC(g)); put("bic", BIC(g)); put("log_likelihood", as.numeric(logLik(g)))
  put("fitted_values", fitted(g)); put("linear_predictors", g$linear.predictors)
  for (t in c("response", "pearson", "deviance", "working")) put(paste0(t, "_residuals"), residuals(g, t))
  if (all(w > 0)) put("leverages", hatvalues(g))
  put("df_residual", df.residual(g)); put("df_null", g$df.null - m$intercept); put("rank", g$rank)
}
