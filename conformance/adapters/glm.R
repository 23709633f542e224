# R's glm asked for everything it reports.  R's own functions answer (vcov, residuals, logLik, AIC, hatvalues ...);
# nothing here computes a statistic that R has a function for.

family_of <- function(family, link, theta, power) {
  r_link <- if (link == "inverse_squared") "1/mu^2" else link
  switch(family,
    gaussian = gaussian(r_link), binomial = binomial(r_link), poisson = poisson(r_link), gamma = Gamma(r_link),
    inverse_gaussian = inverse.gaussian(r_link),
    # negative.binomial takes its link unevaluated, so the name is put into the call
    negative_binomial = eval(call("negative.binomial", theta = theta, link = r_link), asNamespace("MASS")),
    tweedie = statmod::tweedie(var.power = power, link.power = 0),
    stop("no family ", family, " in R"))
}

# The value and the distinct warnings of an expression.
heard <- function(expression) {
  warnings <- character()
  value <- withCallingHandlers(expression, warning = function(w) {
    warnings <<- unique(c(warnings, conditionMessage(w)))
    invokeRestart("muffleWarning")
  })
  list(value = value, warnings = warnings)
}

# A function that calls `fitter` (quote(glm), or another with its arguments) on the columns of X, by a formula whose
# right-hand side is `rhs`.
caller <- function(fitter, X, y, weights, offset, intercept) {
  covariates <- if (intercept) X[, -1, drop = FALSE] else X
  whole <- if (!intercept) ".X - 1" else if (ncol(covariates) > 0) ".X" else "1"
  frame <- list(.y = y)
  if (ncol(covariates) > 0) frame$.X <- covariates
  frame$.w <- if (is.null(weights)) rep(1, length(y)) else weights
  frame$.o <- if (is.null(offset)) rep(0, length(y)) else offset
  function(..., rhs = whole) {
    call <- list(fitter, formula = as.formula(paste(".y ~", rhs)), ..., data = quote(frame),
      na.action = na.fail) # a NaN is to be refused, not dropped
    if (!is.null(weights)) call$weights <- quote(.w)
    if (!is.null(offset)) call$offset <- quote(.o)
    eval(as.call(call))
  }
}

# mode: "as_shipped" (glm's own defaults), "tight" (epsilon 1e-14, 200 iterations), or "polished" (single steps from
# the last coefficients until they stop moving; its epsilon stays R's own, for epsilon / 1000 is also the tolerance by
# which glm.fit finds aliased columns, and 1e-17 finds none).
fit_glm <- function(X, y, weights, offset, family, link, theta, power, start, max_iterations, intercept, mode) {
  control <- if (mode == "tight") glm.control(epsilon = 1e-14, maxit = 200) else glm.control()
  if (mode == "polished") control$maxit <- 200
  if (!is.null(max_iterations)) control$maxit <- max_iterations
  distribution <- family_of(family, link, theta, power)
  call <- caller(quote(glm), X, y, weights, offset, intercept)
  ask <- function(...) call(family = distribution, ...)
  first <- heard(ask(start = start, control = control))
  if (mode == "polished") {
    polished <- function(fit, ...) polish(fit, function(start) ask(..., start = start, control = glm.control(maxit = 1)))
    first$value <- polished(first$value)
    if (intercept && !is.null(offset)) { # the null model has a fit of its own, to be polished too
      average <- weighted.mean(y, if (is.null(weights)) rep(1, length(y)) else weights)
      link_of_mean <- distribution$linkfun(average)
      null <- quiet(ask(rhs = "1", mustart = fitted(first$value), control = control)) # as glm itself does
      if (is.null(null)) null <- quiet(ask(rhs = "1", start = link_of_mean - mean(offset), control = control))
      null <- quiet(polished(null, rhs = "1"))
      if (!is.null(null)) first$value$null.deviance <- deviance(null)
    }
  }
  first
}

# Single steps of glm.fit from the coefficients of the last, until they stop moving; `again` makes the glm of the last
# start.  Where Fisher scoring creeps, what is left is many steps, so that a step of rounding's size is no end yet; where
# small ones get no smaller, rounding has the say.  Where there is no fixed point to stop at, because steps grow,
# swing or fail, the fit as it was.
polish <- function(fit, again) {
  kept <- c("converged", "iter", "null.deviance")
  X <- model.matrix(fit)
  step <- function(start) glm.fit(X, fit$y, fit$prior.weights, start = start, offset = fit$offset, family = fit$family,
    control = glm.control(maxit = 1))
  moved <- least <- Inf
  small <- since <- 0 # steps below 1e-6; steps since the least
  errors <- quiet(sqrt(diag(vcov(fit))))
  beta <- coef(fit)
  last <- NULL # the start of the last step
  for (i in 1:2000) {
    start <- ifelse(is.na(beta), 0, beta)
    reached <- quiet(coef(step(start)))
    if (is.null(reached)) return(fit)
    if (any(is.na(reached) != is.na(beta))) break
    size <- pmax(abs(beta), if (length(errors) == length(beta)) errors else 0, na.rm = TRUE) # one of 0 is all rounding
    now <- max(abs(reached - beta) / size, 0, na.rm = TRUE)
    last <- start
    beta <- reached
    small <- small + (now < 1e-6)
    since <- if (now < least) 0 else since + 1
    creeps <- small > 20 && since < 40 # from 1e-6 to 1e-12 in as many steps: each is most of the last
    if (now == 0 || (now < 1e-12 && now >= moved && !creeps) || (now < 1e-8 && since >= 100)) break
    moved <- now
    least <- min(least, now)
    if (now > 1e-8 && (now > 100 * least || since >= 500)) return(fit) # a way across a plain is long
  }
  end <- if (!is.null(last)) quiet(again(last)) # its null model may fail where the model did not
  if (is.null(end)) return(fit)
  told <- unclass(fit)[kept]
  fit <- end
  fit[kept] <- told
  fit$iter <- told$iter + i
  fit
}

quiet <- function(expression) tryCatch(suppressWarnings(expression), error = function(e) NULL)

# hatvalues leaves out the rows of weight 0: they pull nothing.
leverages_of <- function(fit) {
  h <- quiet(hatvalues(fit))
  if (is.null(h)) return(NULL)
  all <- numeric(length(fit$y))
  all[fit$prior.weights != 0] <- h
  all
}

# What the fit `done$value` says of itself; `...` is for summary and vcov.
report_of <- function(done, ...) {
  fit <- done$value
  summary <- quiet(summary(fit, ...))
  covariance <- quiet(vcov(fit, complete = TRUE, ...))
  list(
    coefficients = unname(coef(fit)),
    standard_errors = if (!is.null(covariance)) unname(sqrt(diag(covariance))),
    covariance = unname(covariance),
    dispersion = summary$dispersion,
    deviance = deviance(fit),
    null_deviance = fit$null.deviance,
    log_likelihood = quiet(as.numeric(logLik(fit))),
    aic = quiet(AIC(fit)),
    bic = quiet(BIC(fit)),
    df_residual = df.residual(fit),
    df_null = fit$df.null,
    rank = fit$rank,
    fitted_values = as.numeric(fitted(fit)),
    linear_predictors = as.numeric(fit$linear.predictors),
    response_residuals = as.numeric(residuals(fit, type = "response")),
    pearson_residuals = as.numeric(residuals(fit, type = "pearson")),
    deviance_residuals = quiet(as.numeric(residuals(fit, type = "deviance"))),
    working_residuals = as.numeric(residuals(fit, type = "working")),
    leverages = leverages_of(fit),
    converged = fit$converged,
    iterations = fit$iter,
    warnings = done$warnings)
}

report_glm <- function(...) report_of(fit_glm(...))

describe_r <- function() {
  packages <- c("stats", "MASS", "statmod")
  present <- Filter(function(p) nzchar(system.file(package = p)), packages)
  for (p in present) loadNamespace(p)  # or sessionInfo() would tell which cases came before
  info <- sessionInfo()
  list(
    R = R.version.string, platform = info$platform, blas = basename(extSoftVersion()[["BLAS"]]),
    lapack = basename(info$LAPACK), packages = sapply(present, function(p) as.character(packageVersion(p))),
    session_info = capture.output(print(info)))
}
