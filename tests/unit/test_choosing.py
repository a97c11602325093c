"""The benchmark of strategies plays many tournaments at once, as the strategy plays one."""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rrm_queue.domain import Outcome, Position
from rrm_queue.judging.orientation import Orientation
from rrm_queue.strategies.adaptive import Adaptive, Goal
from rrm_queue.strategies.adaptive_rule import RULES
from rrm_queue.strategies.base import Finished, History, Pair

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from choosing_adaptive import Stack

SIZE = 8
TRUTH = np.random.default_rng(18).normal(0, 2, (6, SIZE))


@pytest.mark.parametrize(
    ("goal", "confidence"),
    [(Goal.BEST, 0.8), (Goal.BEST, 0.95), (Goal.ORDER, 0.7), (Goal.ORDER, 0.85)],
)
def test_tournaments_side_by_side_take_the_matches_of_the_strategy(
    goal: Goal, confidence: float
) -> None:
    stack = Stack(TRUTH, 0.5, range(len(TRUTH)), np.random.default_rng(1))
    taken, stopped = stack.play(RULES[goal], 40, confidence)
    assert stopped.any()
    for row in range(len(TRUTH)):
        alone = played(Adaptive(goal, confidence, 40), stack, row)
        beside = [(int(one[row]), int(two[row])) for one, two in stack.slots[: taken[row]]]
        assert alone == beside


def played(strategy: Adaptive, stack: Stack, row: int) -> list[Pair]:
    """The matches of the strategy's own tournament, with the same verdicts in the same order."""
    seed = stack.seeds[row]
    orientation = Orientation(SIZE, seed)
    slots: dict[Position, Pair] = {}
    matches: dict[Position, Outcome | None] = {}
    while True:
        decided = sum(outcome is not None for outcome in matches.values())
        decision = strategy.plan(SIZE, History(len(matches), decided, matches, slots), seed)
        if isinstance(decision, Finished):
            return list(slots.values())
        for pairing in decision.new:
            one = orientation.slot_one(pairing.first, pairing.second)
            two = pairing.second if one == pairing.first else pairing.first
            if pairing.meeting % 2 == 0:
                one, two = two, one
            won = stack.wins[len(matches)][row]
            slots[pairing.position] = (one, two)
            matches[pairing.position] = Outcome(one if won else two)
        assert all(early < late for early, late in pairwise(slots))
