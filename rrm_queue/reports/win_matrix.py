"""How often each generator wins against each other: a heat map of win rates."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rrm_queue.columns import GeneratorMatches
from rrm_queue.text import count, printable

MOST = 24
"""Generators of a heat map, the best ones; larger maps cannot be read."""

STEPS = 10
"""Shades from always lost to always won."""


class HeatCell(NamedTuple):
    """A win rate in percent with its shade from 0 to STEPS; `label` says it in words."""

    percent: str
    shade: int
    label: str


class HeatRow(NamedTuple):
    """A generator with its win rates against the others; None where they did not meet."""

    name: str
    cells: Sequence[HeatCell | None]


def win_matrix(
    generators: Sequence[str], matches: GeneratorMatches, order: Sequence[str]
) -> list[HeatRow]:
    """The win rates of the generators in this order, a draw as half a win."""
    names = list(order[:MOST])
    places = np.full(len(generators) + 1, -1)  # the last stands for unnamed
    for place, name in enumerate(names):
        places[generators.index(name)] = place
    firsts, seconds = places[matches.firsts], places[matches.seconds]
    held = (firsts >= 0) & (seconds >= 0) & (firsts != seconds)
    firsts, seconds, winners = firsts[held], seconds[held], matches.winners[held]
    score = np.choose(winners, (0.5, 1.0, 0.0))
    won, met = np.zeros((2, len(names), len(names)))
    np.add.at(won, (firsts, seconds), score)
    np.add.at(won, (seconds, firsts), 1 - score)
    np.add.at(met, (firsts, seconds), 1)
    np.add.at(met, (seconds, firsts), 1)
    return [
        HeatRow(
            printable(name),
            [_cell(name, other, won[i, j], met[i, j]) for j, other in enumerate(names)],
        )
        for i, name in enumerate(names)
    ]


def _cell(name: str, other: str, won: float, met: float) -> HeatCell | None:
    if not met:
        return None
    pair = f"{printable(name)} against {printable(other)}"
    return heat_cell(won / met, pair, count(int(met), "match"))


def heat_cell(rate: float, who: str, matches: str) -> HeatCell:
    """A win rate of `who` in so many `matches`, in words."""
    label = f"{who}: wins {100 * rate:.0f} % of {matches}"
    return HeatCell(f"{100 * rate:.0f}", round(STEPS * rate), label)
