"""Many tournaments of `adaptive` at once, for `choosing.py` and `stopping.py`.

The posterior and the rules are the strategy's own; the loop over rounds is that of its `Rounds` for
tournaments that stand side by side. tests/unit/test_choosing.py holds both to the same matches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import CandidateNumber
from rrm_queue.judging.orientation import Orientation
from rrm_queue.strategies.adaptive_confidence import sure
from rrm_queue.strategies.adaptive_posterior import (
    Counts,
    Floats,
    Posterior,
    Whole,
    differences,
    entry,
    posterior_of,
    with_waiting,
)
from rrm_queue.strategies.adaptive_rounds import in_flight, most_telling, round_length
from rrm_queue.strategies.adaptive_rule import Rule
from rrm_queue.strategies.circle import circle

Flags = NDArray[np.bool_]


@dataclass
class Stack:
    """Tournaments of the same size: strengths and matches in rows, one for each tournament."""

    truth: Floats
    """Strengths in logits, by tournament and candidate."""

    bias: float
    """The judge's preference for slot 1, in logits."""

    seeds: Sequence[int]
    chance: np.random.Generator
    slots: list[tuple[Whole, Whole]] = field(default_factory=list)
    """For each match in order: the candidates in slots 1 and 2 of each tournament."""

    wins: list[Floats] = field(default_factory=list)
    """For each match in order: whether slot 1 won, as 0 or 1."""

    def __post_init__(self) -> None:
        """Who is shown first, by tournament and pair, and how often each pair has met."""
        count, self.size = self.truth.shape
        self.rows = np.arange(count)
        self.places = np.array([circle(self.size, seed) for seed in self.seeds])
        self.met = np.zeros((count, self.size, self.size), np.intp)
        self.first = np.array([_first(self.size, seed) for seed in self.seeds])

    def judge(self, pairs: Whole) -> None:
        """One match of each tournament: the pairs, a row each, meet and are judged by a vote."""
        low, high = pairs.min(-1), pairs.max(-1)
        self.met[self.rows, low, high] += 1
        turned = self.met[self.rows, low, high] % 2 == 0
        one = np.where(self.first[self.rows, low, high] ^ turned, low, high)
        two = low + high - one
        logit = entry(self.truth, one) - entry(self.truth, two) + self.bias
        self.slots.append((one, two))
        self.wins.append((self.chance.random(len(one)) * (1 + np.exp(-logit)) < 1).astype(float))

    def state(self, known: int, asked: int | None = None) -> Posterior:
        """The posterior by the first matches; the others, up to `asked`, are waited for."""
        return posterior_of(self.counts(known, asked))

    def counts(self, known: int, asked: int | None = None) -> Counts:
        """What is known of the first matches; the others, up to `asked`, are waited for."""
        decided, wins, waiting = np.zeros((3, *self.met.shape))
        matches = zip(self.slots[:asked], self.wins[:asked], strict=True)
        for number, ((one, two), won) in enumerate(matches):
            where = (self.rows, one, two)
            if number < known:
                decided[where] += 1
                wins[where] += won
            else:
                waiting[where] += 1
        return Counts(decided, wins, waiting)

    def sure(self, rule: Rule, known: int, confidence: float) -> tuple[Posterior, Flags]:
        """The posterior by the first matches, and which tournaments it is enough for."""
        counts = self.counts(known)
        state = posterior_of(counts)
        reached = np.asarray(rule.confidence(state) >= confidence)
        if reached.any():
            few = Counts(*(each[reached] for each in counts))
            reached[reached] = sure(rule, few, posterior_of(few), confidence)
        return state, reached

    def play(self, rule: Rule, most: int, confidence: float = 1.0) -> tuple[Whole, Flags]:
        """Plays all tournaments to the end.

        The matches that each takes when it stops at this confidence, and whether it did. All of
        them are played on to `most` matches; what follows a stop does not count.
        """
        length, flying = round_length(self.size), in_flight(self.size)
        stopped = np.zeros(len(self.rows), bool)
        taken = np.full(len(self.rows), most)
        while (asked := len(self.slots)) < most:
            known = max(asked + length - flying, 0)
            state, settled = self.sure(rule, known, confidence)
            if settled.any():
                whole, ends = self.sure(rule, asked, confidence)
                ends &= settled & ~stopped
                taken[ends], stopped = asked, stopped | ends
                state = _instead(state, whole, settled)
            for slot in range(min(length, most - asked)):
                number = asked + slot
                if number < flying:
                    pairs = self.places[:, 2 * number : 2 * number + 2]
                else:
                    pairs = most_telling(rule.worth(state), self.places)
                self.judge(pairs)
                state = with_waiting(state, pairs[:, 0], pairs[:, 1])
        return taken, stopped | self.sure(rule, most, confidence)[1]


def _instead(state: Posterior, other: Posterior, where: Flags) -> Posterior:
    """The posteriors, with the others in these rows."""
    return Posterior(
        np.where(where[:, None], other.means, state.means),
        np.where(where[:, None, None], other.covariance, state.covariance),
        state.fit,
    )


def _first(size: int, seed: int) -> Flags:
    """Whether the lower candidate of each pair (row below column) is shown first when it meets."""
    shown, orientation = np.zeros((size, size), bool), Orientation(size, seed)
    for low, high in combinations(map(CandidateNumber, range(size)), 2):
        shown[low, high] = orientation.slot_one(low, high) == low
    return shown


def taus(truth: Floats, means: Floats) -> Floats:
    """Kendall's tau-a of each tournament; means that are equal to 6 digits share a rank."""
    agree = np.sign(differences(truth)) * np.sign(differences(np.round(means, 6)))
    size = truth.shape[1]
    found: Floats = agree.sum((-1, -2)) / (size * (size - 1))
    return found
