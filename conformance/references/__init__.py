"""Where reference values come from (r.py, statsmodels.py, certified.py) and how they are kept (store.py)."""
