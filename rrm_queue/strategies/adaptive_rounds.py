"""The rounds of `adaptive`: which matches follow from those that are decided."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from rrm_queue.domain import CandidateNumber, DecidedBy, Outcome, Pairing, Position
from rrm_queue.strategies.adaptive_confidence import sure
from rrm_queue.strategies.adaptive_posterior import (
    Asked,
    Floats,
    Posterior,
    Whole,
    counts,
    posterior,
    posterior_of,
    with_waiting,
)
from rrm_queue.strategies.adaptive_rule import Rule
from rrm_queue.strategies.base import Finished, History, Pair, Pairings
from rrm_queue.strategies.circle import circle

SAME = 1e-9
"""Pairs whose worth differs by less than this share of it are told apart by the seed alone."""


class Rounds(Struct, frozen=True):
    """A tournament of `adaptive`: its rule, its confidence, and the most matches it may take."""

    size: int
    seed: int
    rule: Rule
    confidence: float
    most: int

    def plan(self, history: History) -> Pairings | Finished:
        """The rounds that can start, or the end: the candidates ranked by their strengths."""
        asked = _asked(history)
        new: list[Pairing] = []
        while (room := self.most - len(asked)) > 0:
            state = self._basis(asked)
            if state is None:
                break
            added = self._round(asked, state)[:room]
            new += added
            asked += [Asked(pairing.first, pairing.second, None) for pairing in added]
        if new or history.decided < len(asked):
            return Pairings(tuple(new))
        return Finished(_places(posterior(self.size, asked).means))

    def _basis(self, asked: Sequence[Asked]) -> Posterior | None:
        """What the next round is chosen by; None when it cannot start yet, or nothing follows."""
        known = max(len(asked) + round_length(self.size) - in_flight(self.size), 0)
        if any(match.score is None for match in asked[:known]):
            return None
        waiting = [match._replace(score=None) for match in asked[known:]]
        state, settled = self._state([*asked[:known], *waiting])
        if not settled:
            return state
        if any(match.score is None for match in asked):
            return None
        state, settled = self._state(asked)
        return None if settled else state

    def _state(self, asked: Sequence[Asked]) -> tuple[Posterior, bool]:
        """What these matches say, and whether that is enough."""
        counted = counts(self.size, asked)
        state = posterior_of(counted)
        return state, bool(sure(self.rule, counted, state, self.confidence))

    def _round(self, asked: Sequence[Asked], state: Posterior) -> list[Pairing]:
        """The next round: at first pairs from the circle, then those that tell most."""
        length, places = round_length(self.size), np.array(circle(self.size, self.seed))
        turn = len(asked) // length + 1
        met = Counter(frozenset(match[:2]) for match in asked)
        pairings: list[Pairing] = []
        for slot in range(length):
            number = len(asked) + slot
            if number < in_flight(self.size):
                chosen = places[2 * number : 2 * number + 2]
            else:
                chosen = most_telling(self.rule.worth(state), places)
            first, second = map(CandidateNumber, chosen.tolist())
            pair = frozenset((first, second))
            met[pair] += 1
            pairings.append(Pairing(Position(turn, slot), first, second, met[pair]))
            state = with_waiting(state, *chosen)
        return pairings


def in_flight(size: int) -> int:
    """How many matches of a tournament may be out at once."""
    return size // 2


def round_length(size: int) -> int:
    """How many matches are chosen together: a quarter of those in flight."""
    return max(in_flight(size) // 4, 1)


def _asked(history: History) -> list[Asked]:
    """The planned matches in order, as the posterior takes them."""
    return [_match(history.pairs[at], history.matches[at]) for at in sorted(history.matches)]


def _match(pair: Pair, outcome: Outcome | None) -> Asked:
    if outcome is None:
        return Asked(*pair, None)
    score = 0.5 if outcome.winner is None else float(outcome.winner == pair[0])
    return Asked(*pair, score, equal=outcome.decided_by is DecidedBy.EQUAL)


def most_telling(worth: Floats, places: Whole) -> Whole:
    """The pair with the highest worth; of equals the first in the order of the circle.

    Several tournaments may be stacked: the pair is in the last axis.
    """
    size = places.shape[-1]
    pairs = places[..., np.array(np.triu_indices(size, 1))]
    found = np.take_along_axis(
        worth.reshape(*worth.shape[:-2], -1), pairs[..., 0, :] * size + pairs[..., 1, :], -1
    )
    best = (found >= found.max(-1, keepdims=True) * (1 - SAME)).argmax(-1)
    return np.take_along_axis(pairs, best[..., None, None], -1)[..., 0]


def _places(means: Floats) -> dict[CandidateNumber, int]:
    """The rank of each candidate by its strength; those with equal strengths share it."""
    points = [round(float(mean), 6) for mean in means]
    return {
        CandidateNumber(number): 1 + sum(other > points[number] for other in points)
        for number in range(len(points))
    }
