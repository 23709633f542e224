"""The checks that need one fit of each case: all but the twins of the invariances and the second fit."""

from conformance.judging.checks import CHECKS
from conformance.judging.checks.invariance import INVARIANCE_CHECKS

ONE_FIT = [name for name in CHECKS if name not in INVARIANCE_CHECKS and name != "same_answer_twice"]
