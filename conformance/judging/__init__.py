"""One case, one answer: the comparison with the reference, check by check, and the cause of what differs."""
