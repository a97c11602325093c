"""Votes and waves of a match, against casting one vote at a time and casting all of them.

Each match is simulated twice with the same verdicts, through rrmq's own stop rule: in waves as a
worker does, and one vote at a time until the rule holds. A wave takes as long as its slowest vote,
so waves are what a match waits for, votes are what is paid.
"""

import sys
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import NamedTuple

from figures import Figure, arguments, report

from rrm_queue.domain import Verdict, Vote, Voting
from rrm_queue.judging.voting import decide, needed, tally, wave
from rrm_queue.seeds import derive

VOTES = (3, 5, 33)
AGREEMENT = (0.6, 0.8, 0.95)
MATCHES = 20_000


class Played(NamedTuple):
    """What one match took in waves and one at a time; `same` when all of its votes say so too."""

    waves: int
    votes: int
    one_at_a_time: int
    same: bool


def main() -> int:
    """Exit code 0 when no vote more than one at a time was cast, and no verdict was another."""
    given = arguments(__doc__)
    count = MATCHES // 10 if given.quick else MATCHES
    return report("votes and waves", list(_figures(count)), given)


def _figures(count: int) -> Iterator[Figure]:
    agreed = 0
    total = 0
    for most, agreement in product(VOTES, AGREEMENT):
        chance = Random(derive("waves", most, str(agreement)))
        played = [_play(most, agreement, chance) for _ in range(count)]
        votes = sum(match.votes for match in played) / count
        single = sum(match.one_at_a_time for match in played) / count
        waves = sum(match.waves for match in played) / count
        agreed += sum(match.same for match in played)
        total += count
        name = f"{most} votes, {100 * agreement:.0f} % agree"
        beside = "one at a time"
        yield Figure(f"votes, {name}", votes, "", single, beside, 1.0, at_most=True)
        yield Figure(f"votes, {name}", votes, "", most, "all of them")
        yield Figure(f"waves, {name}", waves, "", single, beside)
    yield Figure("outcomes", agreed, "matches", total, "of all votes", 1.0)


def _play(most: int, agreement: float, chance: Random) -> Played:
    voting = Voting(votes=most)
    said = [_said(number, chance.random() < agreement) for number in range(1, most + 1)]
    votes: list[Vote] = []
    waves = 0
    while numbers := wave(votes, voting):
        votes += [said[number - 1] for number in numbers]
        waves += 1
    single = 0
    while needed(tally(said[:single], voting), voting):
        single += 1
    same = decide(votes, 0, 1, voting) == decide(said, 0, 1, voting)
    return Played(waves, len(votes), single, same)


def _said(number: int, first: bool) -> Vote:
    return Vote(number, Verdict.FIRST if first else Verdict.SECOND, swapped=False)


if __name__ == "__main__":
    sys.exit(main())
