"""How many votes `adaptive` needs to be as good as another strategy."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from choosing_line import Line

ACCURACIES = (0.7, 0.8, 0.9)
GOALS = {"best": ("found", "the best answer found"), "order": ("tau", "Kendall's tau")}


def saved_tables(lines: Sequence[Line], sizes: Sequence[int]) -> Iterator[str]:
    """A table for each goal; `lines` are those of graded answers without slot bias."""
    for goal, (attribute, measure) in GOALS.items():
        mine = [line for line in lines if line.strategy.startswith(f"adaptive:{goal} ")]
        others = [line for line in lines if not line.strategy.startswith("adaptive")]
        yield f"`adaptive:{goal}` by {measure}:"
        yield ""
        at = " / ".join(f"{100 * accuracy:.0f}" for accuracy in ACCURACIES)
        heads = " | ".join(f"{size} candidates, %, at {at}" for size in sizes)
        yield f"| beside | votes a match | {heads} |"
        yield "|---" * (2 + len(sizes)) + "|"
        for name, votes in dict.fromkeys((_named(line), line.votes) for line in others):
            row = [line for line in others if (_named(line), line.votes) == (name, votes)]
            cells = (
                " / ".join(_cell(row, mine, size, accuracy, attribute) for accuracy in ACCURACIES)
                for size in sizes
            )
            yield f"| `{name}` | {votes} | {' | '.join(cells)} |"
        yield ""


def _named(line: Line) -> str:
    """Pairsort's most votes stand for all of its lines."""
    return line.strategy.partition(",")[0]


def _cell(
    others: Sequence[Line], mine: Sequence[Line], size: int, accuracy: float, attribute: str
) -> str:
    """The share of votes saved beside the other's line with the most votes of a world.

    `-` where the other casts fewer votes than the smallest budget.
    """

    def here(lines: Sequence[Line]) -> list[Line]:
        found = [line for line in lines if (line.size, line.accuracy) == (size, accuracy)]
        return sorted(found, key=lambda line: line.cast)

    beside, budgets = here(others), here(mine)
    if not beside or beside[-1].cast < budgets[0].cast:
        return "-"
    other = beside[-1]
    reached = np.maximum.accumulate([getattr(line, attribute) for line in budgets])
    costs = [math.log(line.cast) for line in budgets]
    wanted = getattr(other, attribute)
    if wanted > reached[-1]:
        return "not reached"
    need = math.exp(float(np.interp(wanted, reached, costs)))
    few = "at least " if wanted <= reached[0] else ""
    return f"{few}{100 * (1 - need / other.cast):.0f}"
