"""What the votes of a match say of the judge: which answer it prefers, and how sure that is."""

from bisect import bisect_left
from functools import lru_cache

BEFORE = 3
"""What is assumed before the first vote, as if each answer had so many votes already.

The judge's share of votes for an answer has the prior Beta(3, 3). With less than this, a judge that
is right in 65 % of its votes reaches the stated probability too early (benchmarks/evidence.py).
"""

MOST_LEAD = 100
"""More than any evidence below 1 that can be asked for needs."""


@lru_cache(maxsize=4096)
def sureness(ahead: int, behind: int) -> float:
    """The probability that a judge with these votes prefers the answer that is ahead.

    The posterior of its share of votes p is Beta(BEFORE + ahead, BEFORE + behind). Its part above
    one half is a sum of binomial coefficients, as both parameters are whole numbers.
    """
    tosses = 2 * BEFORE + ahead + behind - 1
    ways, term = 0, 1
    for heads in range(BEFORE + ahead):
        ways += term
        term = term * (tosses - heads) // (heads + 1)
    return float(ways / 2**tosses)


def least_lead(evidence: float) -> int:
    """The least lead that reaches this probability: that of an answer that has all votes."""
    return more_votes(0, 0, evidence, MOST_LEAD)


def more_votes(ahead: int, behind: int, evidence: float, most: int) -> int:
    """How many votes more the answer that is ahead needs to reach this probability; or `most`."""
    return bisect_left(range(most), evidence, key=lambda more: sureness(ahead + more, behind))
