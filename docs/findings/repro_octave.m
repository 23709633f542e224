# GNU Octave and its package statistics: octave-cli --quiet --no-init-file repro_octave.m 2>/dev/null
pkg load statistics

# 1. lscov divides by n - p though the rank is less: columns 1, x, 2x
x = [0 1 2 3 4 5]'; y = [1 3 2 5 4 6]'; X = [ones(6, 1), x, 2 * x];
[b, se, mse] = lscov (X, y);
printf ("1. lscov, rank 2 of 3 columns: mse %.17g, RSS / (n - rank) %.17g\n", mse, sumsq (y - X * b) / (6 - rank (X)));

# 2. logistic_regression of completely separated data
x = (1:10)'; y = double (x > 5);
lastwarn ("");
[intercept, slope, dev] = logistic_regression (y, x, false);
printf ("2. separated: intercept %.17g, slope %.17g, deviance %.17g, warning '%s'\n", intercept, slope, dev, lastwarn ());

# 3. it prints what it does where it shortens a step, though not asked to (print = false)
x = [-2 -1 0 1 2 40]'; y = [0 1 0 1 1 0]';
said = evalc ("try, logistic_regression (y, x, false, 0, 5); catch e, disp (e.message); end");
printf ("3. print = false, and it prints: %s\n", strtrim (strrep (said, "\n", " ")));

# 4. an intercept alone, from a start whose step must be shortened: epsilon = std (vec (d2l)) / 1000 of one number is 0,
#    and 10 * 0 is 0: it never ends.  (Marschner 2011's data and start.)  Run it in a process that can be killed:
#    timeout 5 octave-cli --quiet --no-init-file --eval "pkg load statistics; logistic_regression ([1;1;1;0], zeros (4, 0), false, 1.81, zeros (0, 1))"

# 5. jsondecode and jsonencode: the last digit of a double
text = "0.93660846352577209";
printf ("5. jsondecode (\"%s\"): %.17g; jsonencode (0.1 + 0.2): %s, it is %.17g\n", text, jsondecode (text), jsonencode (0.1 + 0.2), 0.1 + 0.2);
