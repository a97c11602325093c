"""A job's results by the subsets of its file: who leads in each, and how often each one wins."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rrm_queue.columns import GeneratorMatches
from rrm_queue.ratings.leaderboard import Leaderboard, leaderboard
from rrm_queue.reports.win_matrix import MOST, HeatCell, heat_cell
from rrm_queue.text import chance, count, printable

MOST_SUBSETS = 100
"""Subsets of a table, by name; the others are counted."""


class SubsetRow(NamedTuple):
    """A subset; `lead` is the probability that its first generator is above its second.

    `cells` are the generators' win rates in the order of the table; None where one has no match.
    """

    name: str
    tournaments: int
    matches: int
    leader: str
    lead: str
    cells: Sequence[HeatCell | None]


class SubsetTable(NamedTuple):
    """A row for each subset and a column for each generator; `more` subsets are left out."""

    generators: Sequence[str]
    rows: Sequence[SubsetRow]
    more: int


def subset_table(
    generators: Sequence[str],
    matches: GeneratorMatches,
    subsets: Mapping[int, str],
    order: Sequence[str],
    seed: int,
) -> SubsetTable | None:
    """The results of each subset, the generators in this order; None without subsets.

    `subsets` are those of the tournaments, by the tournament's id.
    """
    names = sorted(set(subsets.values()))
    if not names or not order:
        return None
    of_match = np.array([subsets.get(number, "") for number in matches.tournaments.tolist()])
    rows = []
    for name in names[:MOST_SUBSETS]:
        board = leaderboard(generators, matches.where(of_match == name), seed)
        rows.append(_row(name, board, order[:MOST]))
    shown = [printable(one) for one in order[:MOST]]
    return SubsetTable(shown, rows, len(names) - len(rows))


def _row(name: str, board: Leaderboard, order: Sequence[str]) -> SubsetRow:
    leader = board.rows[0].generator if board.rows else ""
    lead = "" if board.lead is None else chance(board.lead)
    cells = list(_cells(board, order))
    return SubsetRow(
        printable(name), board.tournaments, board.matches, printable(leader), lead, cells
    )


def _cells(board: Leaderboard, order: Sequence[str]) -> Iterator[HeatCell | None]:
    lines = {line.generator: line for line in board.rows}
    for one in order:
        line = lines.get(one)
        if line is None:
            yield None
        else:
            yield heat_cell(line.win_rate, printable(one), count(line.matches, "match"))
