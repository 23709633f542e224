"""The record of a run (record.py) and the views that are made from it; a view never computes."""
