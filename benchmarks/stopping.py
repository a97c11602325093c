"""How often `adaptive` is right where it stops by itself: stated confidence beside what is seen.

    python benchmarks/stopping.py    # prints a table; half an hour of CPU

The worlds are those of `choosing.py`, with the strategy's own posterior and rules.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np
from choosing import ACCURACIES, World, stacked

from rrm_queue.strategies.adaptive import Goal
from rrm_queue.strategies.adaptive_posterior import entry
from rrm_queue.strategies.adaptive_rule import MARGIN, RULES

TRIALS = {8: 1000, 16: 600, 32: 200}
EACH = 12
"""The budget, divided by the candidates."""

CONFIDENCES = (0.9, 0.95)


class Cell(NamedTuple):
    """A world and a stated confidence."""

    world: World
    confidence: float


class Seen(NamedTuple):
    """Tournaments, those that stopped, and how many of these are right: the leader is the best.

    To within MARGIN, which is what `adaptive` says. `matches`: the mean, divided by the candidates.
    """

    trials: int
    stopped: int
    right: int
    matches: float


def see(cell: Cell, share: float) -> Seen:
    """Plays a cell's tournaments."""
    size = cell.world.size
    count = max(8, round(TRIALS[size] * share))
    stack = stacked(cell.world, count)
    taken, stopped = stack.play(RULES[Goal.BEST], EACH * size, cell.confidence)
    right = 0
    for matches in np.unique(taken[stopped]):
        state = stack.state(int(matches), int(matches))
        near = entry(stack.truth, state.leader) >= stack.truth.max(-1) - MARGIN
        right += int((near & stopped & (taken == matches)).sum())
    return Seen(count, int(stopped.sum()), right, float(taken.mean()) / size)


KINDS = (
    ("graded", 0.0, "graded"),
    ("graded", 1.0, "graded, slot bias"),
    ("right", 0.0, "30 % right"),
)


def cells() -> Iterator[Cell]:
    """Large worlds first, as they take longest."""
    for size, confidence, (kind, bias, _) in product(reversed(TRIALS), CONFIDENCES, KINDS):
        for accuracy in ACCURACIES:
            yield Cell(World(kind, size, accuracy, 1, bias), confidence)


def table(seen: dict[Cell, Seen]) -> Iterator[str]:
    """The lines of the document."""
    at = " / ".join(f"{100 * accuracy:.0f}" for accuracy in ACCURACIES)
    yield (
        f"| answers | confidence | candidates | matches a candidate, at {at} | stopped, %, at {at} "
        f"| right of those that stopped, %, at {at} |"
    )
    yield "|---|---|---|---|---|---|"
    for (kind, bias, name), confidence in product(KINDS, CONFIDENCES):
        rows = [
            [
                seen[Cell(World(kind, size, accuracy, 1, bias), confidence)]
                for accuracy in ACCURACIES
            ]
            for size in TRIALS
        ]
        for size, row in zip(TRIALS, rows, strict=True):
            yield f"| {name} | {confidence:g} | {size} | {_cells(row)} |"
        together = [_together(column) for column in zip(*rows, strict=True)]
        yield f"| {name} | {confidence:g} | all | {_cells(together)} |"


def _together(seen: Sequence[Seen]) -> Seen:
    trials, stopped, right, matches = zip(*seen, strict=True)
    return Seen(sum(trials), sum(stopped), sum(right), sum(matches) / len(matches))


def _cells(row: Sequence[Seen]) -> str:
    matches = " / ".join(f"{each.matches:.1f}" for each in row)
    stopped = " / ".join(f"{100 * each.stopped / each.trials:.0f}" for each in row)
    right = " / ".join(
        f"{100 * each.right / each.stopped:.0f}" if each.stopped >= FEWEST else "-" for each in row
    )
    return f"{matches} | {stopped} | {right}"


FEWEST = 20
"""Of fewer tournaments that stopped no share is shown."""


def main() -> None:
    """Simulates and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=float, default=1.0, help="a share of the usual trials")
    parser.add_argument("--processes", type=int, help="as many as there are processors")
    asked = parser.parse_args()
    wanted = list(cells())
    with ProcessPoolExecutor(asked.processes) as pool:
        found = pool.map(see, wanted, [asked.trials] * len(wanted))
        seen = dict(zip(wanted, found, strict=True))
    lines = "\n".join(table(seen))
    print(lines)


if __name__ == "__main__":
    main()
