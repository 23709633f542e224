"""Textbook formulas: links, families, deviances, and the response at a linear predictor; nothing here knows of X."""
