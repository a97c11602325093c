"""Which kind of reward follows the true quality of answers best, in simulated groups.

Each answer has a quality; the judge prefers the better of two with the given accuracy on average,
and more often the further they are apart (Bradley-Terry in the difference of qualities). A line
tells, for a kind of reward, the mean correlation with the quality within a group, by accuracy of
the judge. `elo of one order` is the Elo of a single shuffled order of the matches.
"""

import sys
from collections.abc import Callable
from itertools import product

import numpy as np
from figures import Figure, arguments, report
from numpy.typing import NDArray

from rrm_queue.domain import Result
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import elo
from rrm_queue.ratings.rewards import rewards
from rrm_queue.strategies import Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.views.rewards import RewardFormula, RewardKind

SETUPS = ((8, "elo"), (32, "sampled:8"))
"""Sizes of groups with the strategy of each: all pairs of 8, and 8 matches for each of 32."""

ACCURACIES = (0.6, 0.7, 0.8, 0.9)
GROUPS, QUICK_GROUPS = 2000, 200

Numbers = NDArray[np.float64]
Reward = Callable[[int, list[Result], int], Numbers]


def main() -> int:
    """Prints a line for each kind and accuracy; the baseline is Bradley-Terry."""
    given = arguments(__doc__)
    groups = QUICK_GROUPS if given.quick else GROUPS
    kinds: dict[str, Reward] = {kind.value: _kind(kind) for kind in RewardKind}
    kinds["elo of one order"] = _one_order
    figures = []
    for (size, strategy), accuracy in product(SETUPS, ACCURACIES):
        found = correlations(kinds, size, strategy, accuracy, groups)
        where = f"{size} answers, {strategy}, judge right in {accuracy:.0%}"
        figures += [
            Figure(f"{where}: {name}", value, "correlation", found["bt"], "bt")
            for name, value in found.items()
        ]
    return report("rewards and true quality within a group", figures, given)


def correlations(
    kinds: dict[str, Reward], size: int, strategy: str, accuracy: float, groups: int
) -> dict[str, float]:
    """The mean correlation of each kind of reward with quality, over simulated groups."""
    chance = np.random.RandomState(int(1000 * accuracy))
    slope = _slope(accuracy)
    sums = dict.fromkeys(kinds, 0.0)
    for seed in range(groups):
        quality = chance.normal(size=size)
        results = _judged(quality, strategy, seed, slope, chance)
        for name, reward in kinds.items():
            sums[name] += _correlation(reward(size, results, seed), quality)
    return {name: total / groups for name, total in sums.items()}


def _judged(
    quality: Numbers, strategy: str, seed: int, slope: float, chance: np.random.RandomState
) -> list[Result]:
    planned = named(strategy).plan(len(quality), History(0, 0, {}), seed)
    results = []
    for pairing in planned.new if isinstance(planned, Pairings) else ():
        one, two = pairing.first, pairing.second
        wins = chance.random_sample() < 1 / (1 + np.exp(-slope * (quality[one] - quality[two])))
        results.append(Result(one, two, one if wins else two))
    return results


def _slope(accuracy: float) -> float:
    """The slope at which the judge prefers the better of two random answers so often."""
    gaps = np.abs(np.random.RandomState(0).normal(scale=np.sqrt(2), size=20_000))
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        right = float((1 / (1 + np.exp(-middle * gaps))).mean())
        low, high = (middle, high) if right < accuracy else (low, middle)
    return low


def _correlation(reward: Numbers, quality: Numbers) -> float:
    return float(np.corrcoef(reward, quality)[0, 1]) if reward.std() > 0 else 0.0


def _kind(kind: RewardKind) -> Reward:
    formula = RewardFormula(kind)
    return lambda size, results, seed: np.array(
        rewards(range(size), results, seed, formula).rewards
    )


def _one_order(size: int, results: list[Result], seed: int) -> Numbers:
    return elo(Columns.of(size, results), seed)


if __name__ == "__main__":
    sys.exit(main())
