## GNU Octave as an implementation under test: it speaks the JSON Lines protocol of glm-conformance (docs/protocol.md).
##
##     glm-conformance gate --command "octave-cli --quiet --no-init-file adapter.m"
##
## The Gaussian with the identity link is fitted by lscov, Octave's own; 0/1 responses with the logit link by
## logistic_regression of its package statistics, whose version 1.5 has no other generalized linear model.
1; # a script, not a function

# ------------------------------------------------------------------ JSON, where jsondecode and jsonencode are inexact

function x = numbers (line, key) # of one key of a request; [] for null
  line = line(regexp (line, ['"' key '":'], "end", "once") + 1 : end);
  if (regexp (line, '^\s*null', "once"))
    x = [];
    return;
  endif
  nested = ! isempty (regexp (line, '^\s*\[\s*\[', "once"));
  text = line(1 : regexp (line, merge (nested, '\]\s*\]', '\]'), "end", "once"));
  rows = sum (text == "[") - nested;
  text = regexprep (strrep (text, "Infinity", "Inf"), '[\[\],"]', " ");
  x = reshape (sscanf (text, "%f"), [], rows)';
  x = merge (nested, x, x');
endfunction

function text = number (x) # 17 digits restore every double
  text = regexprep (strjoin (cellstr (num2str (x(:), "%.17g"))', ", "), {'NaN', '(-?)Inf'}, {'"NaN"', '"$1Infinity"'});
endfunction

function text = vector (x)
  text = ["[" number(x) "]"];
endfunction

function text = matrix (x)
  text = ["[" strjoin(arrayfun (@(i) vector (x(i,:)), 1 : rows (x), "UniformOutput", false), ", ") "]"];
endfunction

function text = words (said) # an array of strings
  text = ["[" strjoin(cellfun (@jsonencode, said, "UniformOutput", false), ", ") "]"];
endfunction

function say (varargin) # one object of keys and encoded values
  fields = cellfun (@(key, value) [jsonencode(key) ": " value], varargin(1:2:end), varargin(2:2:end), ...
                    "UniformOutput", false);
  puts (["{" strjoin(fields, ", ") "}\n"]);
  fflush (stdout);
endfunction

# ------------------------------------------------------------------ the implementation

function why = not_offered (request, X, y, weights, offset)
  why = "";
  pair = [request.family " " request.link];
  if (! any (strcmp (pair, {"gaussian identity", "binomial logit"})))
    why = ["no " request.family " family with the " request.link " link"];
  elseif (! isempty (offset))
    why = "no offset";
  elseif (! isempty (request.max_iterations))
    why = "no limit of the iterations";
  elseif (strcmp (request.family, "gaussian"))
    if (! isempty (request.start))
      why = "no starting values";
    elseif (any (weights == 0))
      why = "lscov takes positive weights";
    endif
  elseif (! isempty (weights))
    why = "logistic_regression takes no weights";
  elseif (! request.intercept)
    why = "logistic_regression fits no model without an intercept";
  elseif (any (y > 0 & y < 1))
    why = "no grouped binomial data: the response is 0 or 1";
  endif
endfunction

function answer = least_squares (X, y, weights)
  [b, se, mse, covariance] = lscov (X, y, weights);
  if (iscomplex (b) || iscomplex (se))
    error ("lscov answers with complex numbers");
  endif
  answer = {"coefficients", vector(b), "standard_errors", vector(se), "covariance", matrix(covariance), ...
            "dispersion", number(mse)};
endfunction

## logistic_regression models the odds of the first category, 0: its coefficients are ours with the other sign.
function answer = logistic (X, y, start)
  if (any (y != 0 & y != 1))
    error ("the response must be 0 or 1");
  endif
  arguments = {y, X(:,2:end), false};
  if (! isempty (start))
    arguments = {arguments{:}, -start(1), -start(2:end)};
  endif
  # evalc, because logistic_regression prints "epsilon" where it shortens a step
  evalc ("[~, ~, deviance, ~, ~, ~, stats] = logistic_regression (arguments{:});");
  mu = y - stats.resid;
  answer = {"coefficients", vector(-stats.coeff), "standard_errors", vector(stats.se), ...
            "covariance", matrix(stats.cov), "dispersion", number(stats.s), "deviance", number(deviance), ...
            "log_likelihood", number(-deviance / 2), "df_residual", number(stats.dfe), ...
            "response_residuals", vector(stats.resid)};
endfunction

function fit (line)
  request = jsondecode (line);
  [X, y, weights, offset, start] = deal (cellfun (@(key) numbers (line, key), ...
    {"X", "y", "weights", "offset", "start"}, "UniformOutput", false){:});
  id = {"id", jsonencode(request.id)};
  why = not_offered (request, X, y, weights, offset);
  if (! isempty (why))
    say (id{:}, "unsupported", jsonencode (why));
    return;
  endif
  try
    if (! all (isfinite ([X(:); y; weights])) || rows (X) != rows (y))
      error ("NaN or infinity in the data, or arrays of other lengths");
    endif
    lastwarn ("");
    if (strcmp (request.family, "gaussian"))
      answer = least_squares (X, y, weights);
    else
      answer = logistic (X, y, start);
    endif
    said = lastwarn ();
    said = merge (isempty (said), {{}}, {{said}}){1};
    say (id{:}, answer{:}, "warnings", words (said));
  catch failure
    say (id{:}, "refused", jsonencode (failure.message));
  end_try_catch
endfunction

warning ("off", "Octave:shadowed-function", "local");
pkg load statistics
while (true)
  try
    line = input ("", "s"); # fgetl would wait for the character after the line
  catch
    break; # the end of standard input
  end_try_catch
  switch (jsondecode (line).cmd)
    case "start"
      version_of = pkg ("list", "statistics"){1}.version;
      say ("name", '"octave"', "version", jsonencode ([OCTAVE_VERSION ", statistics " version_of]), ...
           "language", jsonencode (["GNU Octave " OCTAVE_VERSION]), ...
           # lscov: "pinv_A * b" (https://docs.octave.org/v7.3.0/Linear-Least-Squares.html; pinv has the minimum norm)
           "conventions", '{"aliased": "minimum_norm"}');
    case "fit"
      fit (line);
    case "stop"
      exit;
  endswitch
endwhile
