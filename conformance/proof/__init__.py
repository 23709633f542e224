"""Proofs of maximum likelihood estimates: intervals that provably contain the exact answer."""

from .certify import prove
from .decimal_data import decimal_least_squares
from .result import Invalid, Proof, Undecided
from .store import as_json, from_json, verify

__all__ = [
    "Invalid",
    "Proof",
    "Undecided",
    "as_json",
    "decimal_least_squares",
    "from_json",
    "prove",
    "verify",
]
