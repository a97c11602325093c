"""A job's votes, matches and labels as NumPy columns, filled by the store for the statistics."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from rrm_queue.domain import NoVerdict

Whole = NDArray[np.int64]
Numbers = NDArray[np.float64]

NONE, TIE, FIRST, SECOND = -1, 0, 1, 2
"""What a vote or a label says: nothing, a tie, the first answer or the second."""

Verdicts = NDArray[np.int8]
"""Verdicts or labels, each NONE, TIE, FIRST or SECOND."""

REASONS = tuple(map(str, NoVerdict))
"""Why votes gave no verdict; `Votes.reasons` are places in it."""

UNNAMED = -1
"""Stands for the generator of an answer that names none."""


class Votes(Struct, frozen=True):
    """A job's votes; a row is a vote.

    `matches` are any numbers that tell matches apart, `numbers` the votes' numbers in their match,
    `swapped` whether the match's second candidate was shown first. `verdicts` are by the order of
    presentation: FIRST is for the answer that was shown first. `reasons` are places in REASONS, -1
    for a vote with a verdict. `probabilities` are those of the answer shown first, NaN where they
    are not known; None where none is.
    """

    matches: Whole
    numbers: Whole
    swapped: NDArray[np.bool_]
    verdicts: Verdicts
    reasons: Whole
    probabilities: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.verdicts)

    def first(self, count: int) -> "Votes":
        """The first `count` votes of each match, by number.

        Where a match stops as soon as it is decided, it has more votes the less they agree, so that
        rates over all votes lean towards disagreement. The first two votes are cast in every match
        that takes more than one.
        """
        order = np.lexsort((self.numbers, self.matches))
        starts = np.unique(self.matches[order], return_index=True)[1]
        places = np.arange(len(self)) - np.repeat(starts, np.diff(np.append(starts, len(self))))
        return self.where(order[places < count])

    def where(self, rows: Whole | NDArray[np.bool_]) -> "Votes":
        """These rows."""
        return Votes(
            self.matches[rows],
            self.numbers[rows],
            self.swapped[rows],
            self.verdicts[rows],
            self.reasons[rows],
            None if self.probabilities is None else self.probabilities[rows],
        )

    def by_judge(self, judges: int, each: int) -> "Votes":
        """The votes as if each judge of a jury had matches of its own, with its own numbers.

        A judge's match is the match's number times `judges`, plus the judge's place from 0; `each`
        is how many votes a judge has on a match at most.
        """
        if judges == 1:
            return self
        places = np.minimum((self.numbers - 1) // each, judges - 1)
        return replace(
            self,
            matches=self.matches * judges + places,
            numbers=self.numbers - places * each,
        )

    def parts(self) -> tuple[Whole, int]:
        """The number of each row's match, from 0, and how many matches there are."""
        ids, parts = np.unique(self.matches, return_inverse=True)
        return parts, len(ids)

    def winners(self) -> Verdicts:
        """The verdicts by candidate: FIRST is for the match's first candidate."""
        decided = self.verdicts > TIE
        return np.where(decided & self.swapped, 3 - self.verdicts, self.verdicts)


class PeopleVotes(Struct, frozen=True):
    """The votes of people in a job; a row is a vote.

    `matches` are ids, `people` places in `names`. `verdicts` are by candidate: FIRST is for the
    match's first. `seconds` is how long the person had the match.
    """

    names: Sequence[str]
    matches: Whole
    people: Whole
    verdicts: Verdicts
    seconds: NDArray[np.float64]


class DecidedMatches(Struct, frozen=True):
    """A job's decided matches; a row is a match.

    `matches` are ids, `tournaments` any numbers that tell tournaments apart, `firsts` and `seconds`
    the candidates' numbers. `winners` is 1 for the first, 2 for the second, 0 for a draw and where
    a coin settled a tie, which `coins` says. `lengths` and `others` are the lengths of the first
    and the second answer in characters.
    """

    matches: Whole
    tournaments: Whole
    firsts: Whole
    seconds: Whole
    winners: NDArray[np.uint8]
    coins: NDArray[np.bool_]
    lengths: NDArray[np.float64]
    others: NDArray[np.float64]


class LabelledMatches(Struct, frozen=True):
    """The file's labelled pairs whose match is decided; a row is a pair.

    `matches` are ids. `labels` are by the pair's own order; `turned` where the match has the pair's
    second candidate first; `parts` are places in `subsets`, -1 for none.
    """

    subsets: Sequence[str]
    matches: Whole
    labels: Verdicts
    turned: NDArray[np.bool_]
    parts: Whole

    def __len__(self) -> int:
        return len(self.labels)


class SoftVotes(NamedTuple):
    """How many votes with a verdict were counted, and how many of them carry a probability."""

    votes: int
    probable: int


class GeneratorMatches(Struct, frozen=True):
    """A job's decided matches by generator; a row is a match.

    `tournaments` are any numbers that tell tournaments apart, `firsts` and `seconds` places in a
    list of generators or UNNAMED. `winners` is 1 for the first, 2 for the second, 0 for a draw and
    where a coin settled a tie. `scores` are what the first scored, 0 to 1: without them a win is 1
    and a draw is 0.5. `soft` counts the votes that they come from.
    """

    tournaments: Whole
    firsts: Whole
    seconds: Whole
    winners: NDArray[np.uint8]
    scores: NDArray[np.float64] | None = None
    soft: SoftVotes | None = None

    def __len__(self) -> int:
        return len(self.winners)

    def where(self, rows: Whole | NDArray[np.bool_]) -> "GeneratorMatches":
        """These rows."""
        return GeneratorMatches(
            self.tournaments[rows],
            self.firsts[rows],
            self.seconds[rows],
            self.winners[rows],
            None if self.scores is None else self.scores[rows],
            self.soft,
        )


class MatchesByContent(Struct, frozen=True):
    """A job's matches that its judge decided, by what they compare; a row is a match.

    `matches` are ids. `prompts`, `firsts` and `seconds` are hashes of the texts, the same in every
    job. `turned`: the match's second answer stands before its first one in the job's file.
    `first_generators` and `second_generators` are places in a list of generators or UNNAMED.
    `winners` is 1 for the first, 2 for the second, 0 for a draw and where a coin settled a tie.
    The others are sums over the match's votes: votes with a verdict for the first, for the second
    and for a tie, all votes, tokens, and seconds.
    """

    matches: Whole
    prompts: Whole
    firsts: Whole
    seconds: Whole
    turned: NDArray[np.bool_]
    first_generators: Whole
    second_generators: Whole
    winners: NDArray[np.uint8]
    for_first: Whole
    for_second: Whole
    ties: Whole
    votes: Whole
    prompt_tokens: Whole
    cached_tokens: Whole
    completion_tokens: Whole
    judge_seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.winners)
