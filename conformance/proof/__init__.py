"""Proofs of maximum likelihood estimates: intervals that provably contain the exact answer."""

from .certify import prove
from .decimal_data import decimal_least_squares
from .result import Claim, Invalid, Proof, Undecided, Uniqueness
from .store import as_json, from_json, verify

__all__ = [
    "Claim",
    "Invalid",
    "Proof",
    "Undecided",
    "Uniqueness",
    "as_json",
    "decimal_least_squares",
    "from_json",
    "prove",
    "verify",
]
