* GNU PSPP: pspp repro_pspp.sps -O format=csv -o - (16 digits are the most that it writes).
SET FORMAT=E40.16.
* 1. A row far out: -2 log likelihood is NaN where 0 * log 0 is taken.
DATA LIST LIST NOTABLE /y x.
BEGIN DATA.
0 -2
1 -1
0 0
1 1
0 2
1 3
1 1000
END DATA.
LOGISTIC REGRESSION y WITH x /CRITERIA=BCON(1E-15) LCON(0) ITERATE(100).
* 2. A column that is the double of another: numbers, and no word.
COMPUTE x2 = 2 * x.
SELECT IF x < 100.
LOGISTIC REGRESSION y WITH x x2 /CRITERIA=BCON(1E-15) LCON(0) ITERATE(100).
REGRESSION /VARIABLES=y x x2 /STATISTICS=COEFF ANOVA /DEPENDENT=y /METHOD=ENTER.
* 3. Fractional weights: the degrees of freedom are truncated.
COMPUTE w = 1.3.
WEIGHT BY w.
REGRESSION /VARIABLES=y x /STATISTICS=COEFF ANOVA /DEPENDENT=y /METHOD=ENTER.
* 4. Complete separation.
WEIGHT OFF.
COMPUTE s = x > 0.
LOGISTIC REGRESSION s WITH x /CRITERIA=BCON(1E-15) LCON(0) ITERATE(100).
