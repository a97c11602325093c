"""Binomial and Student's distributions of small counts, in Python.

SciPy, which knows all of them, takes as long to load as nine empty Pythons: it is loaded for large
counts only. `tests/unit/diagnostics/test_small_counts.py` holds both equal.
"""

from math import atan, comb, cos, exp, fsum, lgamma, log1p, pi, sin, sqrt

FEW_TOSSES, FEW_TRIALS, FEW_DEGREES = 2_000, 200, 2_000
"""Up to these counts the sums take less time than loading SciPy, and floats hold their terms."""

_NORMAL = 1.95  # below each of Student's quantiles of 97.5 %


def heads_at_most(heads: int, tosses: int) -> float:
    """The probability of at most so many heads in the tosses of a fair coin."""
    if tosses > FEW_TOSSES:
        from scipy.special import bdtr

        return float(bdtr(heads, tosses, 0.5))
    ways = term = 1
    for number in range(heads):
        term = term * (tosses - number) // (number + 1)
        ways += term
    return ways / (1 << tosses)


def more_than(count: int, trials: int, chance: float) -> float:
    """The probability of more than `count` successes in trials that each succeed by chance."""
    if trials > FEW_TRIALS:
        from scipy.special import bdtrc

        return float(bdtrc(count, trials, chance))
    return fsum(_exactly(number, trials, chance) for number in range(count + 1, trials + 1))


def _exactly(count: int, trials: int, chance: float) -> float:
    return comb(trials, count) * chance**count * (1 - chance) ** (trials - count)


def student(degrees: int) -> float:
    """The quantile of 97.5 % of Student's distribution, of a whole number of degrees of freedom.

    By Newton's method, which comes from below as the distribution is concave there.
    """
    if degrees > FEW_DEGREES:
        from scipy.special import stdtrit

        return float(stdtrit(degrees, 0.975))
    found, step = _NORMAL, 1.0
    while step > 1e-14 * found:
        step = (0.95 - _within(found, degrees)) / (2 * _density(found, degrees))
        found += step
    return found


def _within(t: float, degrees: int) -> float:
    """The probability of -t to t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(degrees))
    odd = degrees % 2
    terms, term = [], cos(angle) if odd else 1.0
    for power in range(2 + odd, degrees + 1, 2):
        terms.append(term)
        term *= cos(angle) ** 2 * (power - 1) / power
    found = sin(angle) * fsum(terms)
    return 2 / pi * (angle + found) if odd else found


def _density(t: float, degrees: int) -> float:
    half = (degrees + 1) / 2
    height = exp(lgamma(half) - lgamma(degrees / 2)) / sqrt(degrees * pi)
    return height * exp(-half * log1p(t * t / degrees))
