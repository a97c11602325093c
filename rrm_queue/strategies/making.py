"""How each strategy is made: one is loaded only when it is made, as most commands need none."""

from typing import NamedTuple

from rrm_queue.domain import CandidateNumber, Seeding
from rrm_queue.strategies.base import Strategy


class Options(NamedTuple):
    """What a strategy is made from: what follows its name, the seeding, the file's pairs.

    `number` is the same as `argument` where that is a number.
    """

    number: int | None
    argument: str | None
    seeding: Seeding
    pairs: tuple[tuple[CandidateNumber, CandidateNumber], ...]


def elo(_: Options) -> Strategy:
    """Every pair once."""
    from rrm_queue.strategies.elo import Elo

    return Elo()


def knockout(given: Options) -> Strategy:
    """A bracket of single elimination."""
    from rrm_queue.strategies.knockout import Knockout

    return Knockout(given.seeding)


def sampled(given: Options) -> Strategy:
    """A few opponents for each candidate."""
    from rrm_queue.strategies.sampled import OTHERS, Sampled

    return Sampled(given.number or OTHERS)


def swiss(given: Options) -> Strategy:
    """Rounds of pairs with about the same score."""
    from rrm_queue.strategies.swiss import Swiss

    return Swiss(given.number)


def double_elimination(given: Options) -> Strategy:
    """A bracket in which a candidate is out after two losses."""
    from rrm_queue.strategies.double_elimination import DoubleElimination

    return DoubleElimination(given.seeding)


def pivot(given: Options) -> Strategy:
    """Every candidate against a few pivots."""
    from rrm_queue.strategies.pivot import PIVOTS, Pivot

    return Pivot(given.number or PIVOTS)


def pairs(given: Options) -> Strategy:
    """The pairs that the file names."""
    from rrm_queue.strategies.pairs import Pairs

    return Pairs(given.pairs)


def adaptive(given: Options) -> Strategy:
    """The most informative pairs, until it is known well enough who is best."""
    from rrm_queue.strategies.adaptive_settings import parse_settings

    return parse_settings(given.argument)
