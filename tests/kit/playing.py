"""Where strategies are played to the end: planned at any moment, decided in any order."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position
from rrm_queue.judging.orientation import Orientation
from rrm_queue.strategies import Finished, Pairings, Strategy
from rrm_queue.strategies.base import History
from rrm_queue.strategies.slices import SLICE

Judge = Callable[[Pairing], CandidateNumber | None]


orientation = lru_cache(maxsize=8)(Orientation)


@dataclass
class Table:
    """A tournament under way: what is planned, what is decided."""

    strategy: Strategy
    size: int
    seed: int
    judge: Judge
    pairings: dict[Position, Pairing] = field(default_factory=dict)
    outcomes: dict[Position, Outcome | None] = field(default_factory=dict)
    waiting: list[Position] = field(default_factory=list)
    slots: dict[Position, tuple[CandidateNumber, CandidateNumber]] = field(default_factory=dict)
    """Each pair as its first vote shows it, where the strategy looks back."""

    def history(self) -> History:
        decided = len(self.outcomes) - len(self.waiting)
        if not self.strategy.looks_back:
            return History(len(self.outcomes), decided)
        return History(len(self.outcomes), decided, self.outcomes, self.slots)

    def in_slots(self, pairing: Pairing) -> tuple[CandidateNumber, CandidateNumber]:
        """The pair as its first vote shows it: in every other meeting the other way round."""
        one = orientation(self.size, self.seed).slot_one(pairing.first, pairing.second)
        two = pairing.second if one == pairing.first else pairing.first
        return (one, two) if pairing.meeting % 2 else (two, one)

    def plan(self) -> Pairings | Finished:
        decision = self.strategy.plan(self.size, self.history(), self.seed)
        assert self.strategy.plan(self.size, self.history(), self.seed) == decision
        return decision

    def insert(self, decision: Pairings) -> None:
        known = set(range(self.size))
        for pairing in decision.new:
            assert pairing.position not in self.pairings
            assert pairing.position.round >= 1
            assert pairing.position.slot >= 0
            assert pairing.first != pairing.second
            assert {pairing.first, pairing.second} <= known
            self.pairings[pairing.position] = pairing
            self.outcomes[pairing.position] = None
            if self.strategy.looks_back:
                self.slots[pairing.position] = self.in_slots(pairing)
            self.waiting.append(pairing.position)

    def decide(self, position: Position) -> None:
        self.waiting.remove(position)
        self.outcomes[position] = Outcome(self.judge(self.pairings[position]))

    def played(self, chance: random.Random) -> Finished:
        """Plays to the end; planning again before anything is decided adds nothing."""
        while True:
            decision = self.plan()
            if isinstance(decision, Finished):
                assert not self.waiting
                return decision
            self.insert(decision)
            assert self.plan() == Pairings(())
            assert 0 < len(self.waiting) <= SLICE
            for position in chance.sample(self.waiting, chance.randint(1, len(self.waiting))):
                self.decide(position)

    def pairs(self) -> list[tuple[int, int]]:
        return [
            (min(pairing.first, pairing.second), max(pairing.first, pairing.second))
            for pairing in self.pairings.values()
        ]

    def met(self) -> dict[int, set[int]]:
        met: dict[int, set[int]] = {number: set() for number in range(self.size)}
        for one, two in self.pairs():
            met[one].add(two)
            met[two].add(one)
        return met


def coin(chance: random.Random, *, draws: bool = False) -> Judge:
    def judge(pairing: Pairing) -> CandidateNumber | None:
        return chance.choice((pairing.first, pairing.second, *(None,) * draws))

    return judge


def of_the_pair(salt: int, *, draws: bool = False) -> Judge:
    """The same outcome for the same pair, in whatever order matches are decided."""

    def judge(pairing: Pairing) -> CandidateNumber | None:
        low, high = sorted((pairing.first, pairing.second))
        return random.Random(f"{salt} {low} {high}").choice((low, high, *(None,) * draws))

    return judge
