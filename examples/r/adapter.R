# R's glm as an implementation under test, in base R: Rscript adapter.R speaks the JSON Lines protocol of
# glm-conformance (docs/protocol.md).  To test another R package, change `fit_problem`, `introduction`, nothing else.
#
#     glm-conformance gate --command "Rscript adapter.R"

# ------------------------------------------------------------------ JSON, as much of it as the protocol needs

TOKEN <- '\\[[^]["{}]*\\]|"(?:[^"\\\\]|\\\\.)*"|[][{}:,]|[^][{}:,"\\s]+' # an array of plain numbers is one token
WORDS <- c("NaN" = NaN, "Infinity" = Inf, "-Infinity" = -Inf)

# Arrays of numbers become vectors, arrays of those become matrices, objects become lists, null becomes NULL.
from_json <- function(text) {
  tokens <- regmatches(text, gregexpr(TOKEN, text, perl = TRUE))[[1]]
  at <- 0
  take <- function() tokens[at <<- at + 1]
  read <- function() {
    token <- take()
    switch(substr(token, 1, 1),
      "{" = read_all("}", function() { key <- unquote(take()); take(); value <- read(); setNames(list(value), key) }),
      "[" = if (token == "[") as_array(read_all("]", function() list(read()))) else numbers(token),
      "\"" = unquote(token),
      switch(token, "null" = NULL, "true" = TRUE, "false" = FALSE, as.numeric(token)))
  }
  read_all <- function(end, one) { # up to `end`, with a comma between
    if (tokens[at + 1] == end) { take(); return(list()) }
    parts <- list()
    repeat {
      parts[[length(parts) + 1]] <- one()
      if (take() == end) return(do.call(c, parts))
    }
  }
  read()
}

numbers <- function(token) as.numeric(strsplit(gsub("[][[:space:]]", "", token), ",", fixed = TRUE)[[1]])

unquote <- function(token) {
  if (grepl("\\", token, fixed = TRUE)) eval(str2lang(token)) # R's escapes contain JSON's; a literal runs no code
  else substr(token, 2, nchar(token) - 1)
}

as_array <- function(parts) {
  is_text <- vapply(parts, is.character, NA)
  if (!any(is_text)) return(do.call(rbind, parts))
  if (all(is_text) && !all(unlist(parts) %in% names(WORDS))) return(unlist(parts))
  parts[is_text] <- WORDS[unlist(parts[is_text])] # "NaN" among numbers
  as.numeric(unlist(parts))
}

number <- function(x) { # elementwise, with the 17 digits that restore every double
  words <- c("\"NaN\"", "\"Infinity\"", "\"-Infinity\"")
  ifelse(is.nan(x) | is.na(x), words[1], ifelse(is.finite(x), sprintf("%.17g", x), words[2 + (x < 0)]))
}
array <- function(encoded) paste0("[", paste(encoded, collapse = ", "), "]")
vector_ <- function(x) array(number(as.numeric(x)))
matrix_ <- function(x) array(apply(x, 1, vector_))
string <- function(x) {
  if (length(x) == 0) return(character())
  x <- gsub("[[:cntrl:]]+", " ", enc2utf8(x))
  paste0("\"", gsub("\"", "\\\"", gsub("\\", "\\\\", x, fixed = TRUE), fixed = TRUE), "\"")
}
object <- function(...) { # what is NULL is left out
  parts <- Filter(Negate(is.null), list(...))
  paste0("{", paste0("\"", names(parts), "\": ", unlist(parts), collapse = ", "), "}")
}

# ------------------------------------------------------------------ the implementation

introduction <- function() {
  object(name = string("R glm (examples/r)"), version = string(as.character(getRversion())),
    language = string(R.version.string), conventions = "{}") # every convention's default is R's
}

unsupported <- function(why) structure(class = c("unsupported", "error", "condition"), list(message = why, call = NULL))

family_of <- function(family, link) {
  r_link <- if (link == "inverse_squared") "1/mu^2" else link
  make <- list(gaussian = gaussian, binomial = binomial, poisson = poisson, gamma = Gamma,
    inverse_gaussian = inverse.gaussian)[[family]]
  if (is.null(make)) stop(unsupported(paste("base R has no family", family)))
  tryCatch(do.call(make, list(link = r_link)), error = function(e) stop(unsupported(conditionMessage(e))))
}

quiet <- function(expression) tryCatch(suppressWarnings(expression), error = function(e) NULL)

# The value and the distinct warnings of an expression.
heard <- function(expression) {
  said <- character()
  value <- withCallingHandlers(expression, warning = function(w) {
    said <<- unique(c(said, conditionMessage(w)))
    invokeRestart("muffleWarning")
  })
  list(value = value, warnings = said)
}

# glm.fit stops at a deviance that moves by less than 1e-8, and its weights are those of one step before.  Single steps
# from the last coefficients until they stop moving give all the digits that R's arithmetic has.  Where Fisher scoring
# creeps, a short step is no end yet; where short ones get no shorter, rounding has the say.  Where its steps grow,
# swing or fail it has no fixed point, and the fit stays as it was.
polish <- function(fit, again) {
  kept <- c("converged", "null.deviance")
  told <- unclass(fit)[c(kept, "iter")]
  first <- fit
  moved <- least <- Inf
  small <- since <- 0 # steps below 1e-6; steps since the least
  errors <- quiet(sqrt(diag(vcov(fit))))
  for (i in 1:2000) {
    beta <- coef(fit)
    one <- quiet(again(ifelse(is.na(beta), 0, beta)))
    if (is.null(one)) return(first)
    if (any(is.na(coef(one)) != is.na(beta))) break
    size <- pmax(abs(beta), if (length(errors) == length(beta)) errors else 0, na.rm = TRUE) # one of 0 is all rounding
    now <- max(abs(coef(one) - beta) / size, 0, na.rm = TRUE)
    fit <- one
    small <- small + (now < 1e-6)
    since <- if (now < least) 0 else since + 1
    creeps <- small > 20 && since < 40
    if (now == 0 || (now < 1e-12 && now >= moved && !creeps) || (now < 1e-8 && since >= 100)) break
    moved <- now
    least <- min(least, now)
    if (now > 1e-8 && (now > 100 * least || since >= 500)) return(first) # a way across a plain is long
  }
  fit[kept] <- told[kept]
  fit$iter <- told$iter + i
  fit
}

fit_problem <- function(X, y, weights, offset, family, link, start, max_iterations, names, intercept) {
  family <- family_of(family, link)
  if (!all(is.finite(X), is.finite(y), is.finite(weights), is.finite(offset))) stop("NaN or infinity in the data")
  w <- if (is.null(weights)) rep(1, length(y)) else weights
  o <- if (is.null(offset)) rep(0, length(y)) else offset
  if (any(w < 0)) stop("negative weights")
  if (length(w) != length(y) || length(o) != length(y)) stop("weights or offset of another length than the response")
  colnames(X) <- names
  steps <- function(X, start, maxit, mustart = NULL) {
    fit <- glm.fit(X, y, w, start = start, mustart = mustart, offset = o, family = family,
      intercept = intercept, control = glm.control(maxit = maxit))
    fit$offset <- if (!is.null(offset)) offset
    structure(fit, class = c("glm", "lm"))
  }
  done <- heard(steps(X, start, if (is.null(max_iterations)) 200 else max_iterations))
  fit <- polish(done$value, function(start) steps(X, start, 1))
  if (intercept && !is.null(offset)) { # the null model then has a fit of its own
    ones <- X[, 1, drop = FALSE]
    mean_link <- family$linkfun(weighted.mean(y, w))
    null <- quiet(steps(ones, NULL, 200, fitted(fit))) # as glm itself does
    if (is.null(null)) null <- quiet(steps(ones, mean_link - mean(o), 200))
    null <- quiet(polish(null, function(start) steps(ones, start, 1)))
    if (!is.null(null)) fit$null.deviance <- deviance(null)
  }
  list(fit = fit, warnings = done$warnings)
}

report <- function(done) {
  fit <- done$fit
  covariance <- quiet(vcov(fit, complete = TRUE))
  leverages <- numeric(length(fit$y))
  pulls <- quiet(hatvalues(fit)) # without the rows of weight 0
  leverages[fit$prior.weights != 0] <- pulls
  one <- function(x) if (!is.null(x)) number(as.numeric(x))
  many <- function(x) if (!is.null(x)) vector_(x)
  object(
    coefficients = many(coef(fit)),
    standard_errors = if (!is.null(covariance)) many(sqrt(diag(covariance))),
    covariance = if (!is.null(covariance)) matrix_(covariance),
    dispersion = one(quiet(summary(fit)$dispersion)),
    deviance = one(deviance(fit)),
    null_deviance = one(fit$null.deviance),
    log_likelihood = one(quiet(logLik(fit))),
    aic = one(quiet(AIC(fit))),
    bic = one(quiet(BIC(fit))),
    df_residual = one(df.residual(fit)),
    df_null = one(fit$df.null),
    rank = one(fit$rank),
    fitted_values = many(fitted(fit)),
    linear_predictors = many(fit$linear.predictors),
    response_residuals = many(residuals(fit, type = "response")),
    pearson_residuals = many(residuals(fit, type = "pearson")),
    deviance_residuals = many(quiet(residuals(fit, type = "deviance"))),
    working_residuals = many(residuals(fit, type = "working")),
    leverages = if (!is.null(pulls)) many(leverages),
    converged = if (fit$converged) "true" else "false",
    iterations = one(fit$iter),
    warnings = array(string(done$warnings)))
}

# ------------------------------------------------------------------ the protocol

answer_fit <- function(request) {
  said <- tryCatch(
    report(do.call(fit_problem, unname_null(request))),
    unsupported = function(e) object(unsupported = string(conditionMessage(e))),
    error = function(e) object(refused = string(conditionMessage(e))))
  sub("{", paste0("{\"id\": ", string(request$id), ", "), said, fixed = TRUE)
}

unname_null <- function(request) { # the arguments of fit_problem; what is null in JSON is NULL
  wanted <- names(formals(fit_problem))
  setNames(lapply(wanted, function(name) request[[name]]), wanted)
}

answers <- list(start = function(request) introduction(), fit = answer_fit)

say <- function(line) {
  writeLines(line, stdout(), useBytes = TRUE)
  flush(stdout())
}

main <- function() {
  options(warn = 1)
  input <- file("stdin", "r")
  while (length(line <- readLines(input, 1)) > 0) {
    request <- from_json(line)
    if (request$cmd == "stop") break
    say(answers[[request$cmd]](request))
  }
}

if (sys.nframe() == 0) main() # not where another program sources this file
