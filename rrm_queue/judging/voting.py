"""Votes into outcomes: how many to cast, what they decide, and the seeds they are cast with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from rrm_queue.domain import CandidateNumber, Outcome, Verdict
from rrm_queue.messages import Vote
from rrm_queue.seeds import derive


@dataclass(frozen=True, slots=True)
class Tally:
    """How many votes were cast and how many of them each side has; ties and none are nobody's."""

    first: int = 0
    second: int = 0
    cast: int = 0

    def plus(self, vote: Vote) -> "Tally":
        """The tally with one more vote, its verdict turned back when it was swapped."""
        match vote.verdict:
            case Verdict.FIRST | Verdict.SECOND:
                for_first = (vote.verdict is Verdict.FIRST) is not vote.swapped
                return Tally(self.first + for_first, self.second + (not for_first), self.cast + 1)
            case Verdict.TIE | Verdict.NONE:
                return Tally(self.first, self.second, self.cast + 1)
            case _:
                assert_never(vote.verdict)


def tally(votes: Iterable[Vote]) -> Tally:
    """The tally of the votes."""
    total = Tally()
    for vote in votes:
        total = total.plus(vote)
    return total


def needed(so_far: Tally, votes: int) -> int:
    """How many votes to cast next, of `votes` in all; 0 when the match is decided.

    A waste-free wave: what the leading side still needs until nothing can change its lead, which
    is never more than casting one vote at a time would cast.
    """
    remaining = votes - so_far.cast
    lead = abs(so_far.first - so_far.second)
    return 0 if lead > remaining or remaining <= 0 else (remaining - lead) // 2 + 1


def decide(votes: Iterable[Vote], first: int, second: int) -> Outcome:
    """The outcome of a match between two candidates: most votes win, equal votes are a draw."""
    total = tally(votes)
    if total.first == total.second:
        return Outcome(None)
    return Outcome(CandidateNumber(first if total.first > total.second else second))


def coin(first: CandidateNumber, second: CandidateNumber, *parts: int | str) -> CandidateNumber:
    """The winner of a drawn match that must have one, by a coin that depends on the parts alone.

    The order in which the pair is named does not matter.
    """
    heads = derive("coin", *parts, min(first, second), max(first, second)) & 1
    return min(first, second) if heads else max(first, second)


def vote_seed(seed: int, prompt: str, one: str, two: str, number: int) -> int:
    """The seed of vote `number` on the answers in slots 1 and 2, under the job's seed.

    Below 2**31, which every endpoint accepts.
    """
    return derive(seed, "vote", prompt, one, two, number) >> 32
