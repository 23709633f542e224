"""The suite's own iteratively reweighted least squares; nothing here knows of references or checks."""
