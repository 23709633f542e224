# GNU Octave and its package statistics: octave-cli --quiet --no-init-file repro_octave_2.m 2>/dev/null
pkg load statistics
# 1. exp(x) / (1 + exp(x)) is NaN from 710, which max and min leave out: a row far out has probability 0
printf ("1. exp (710) / (1 + exp (710)): %.17g; max (0, NaN): %g\n", exp (710) / (1 + exp (710)), max (0, NaN));
x = [-3 -2 -1 -0.5 0 0.5 1 1.5 2 3 40 2000]'; y = [0 0 1 0 0 1 0 1 1 1 1 1]';
for turned = [false true]
  if (turned) response = 1 - y; else response = y; endif
  said = evalc ("try, [a, b] = logistic_regression (response, x, false); catch e, a = b = NaN; disp (e.message); end");
  lines = strsplit (strtrim (said), "\n");
  printf ("   responses turned round: %d; intercept %.17g, slope %.17g %s\n", turned, a, b, lines{end});
endfor
# 2. lscov is pinv (A) * b: singular values below max (size (A)) * norm (A) * eps are dropped, columns not scaled
x = 1e6 + (0:5)'; y = [1 3 2 5 4 6]';
for unit = [1 1e3 1e6]
  A = [ones(6, 1), unit * x]; b = lscov (A, y); c = A \ y; [Q, R] = qr (A, 0); q = R \ (Q' * y);
  printf ("2. a column of 1e6 + 0..5 times %g: lscov %.17g, residual sum of squares %.17g; by QR %.17g\n", unit, b(1), sumsq (y - A * b), sumsq (y - A * q));
endfor
