"""A tournament's matches as a table of all against all."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.domain import CandidateNumber
from rrm_queue.reports.contents import Tournament
from rrm_queue.text import printable
from rrm_queue.views.matches import TalliedMatch

MOST = 24
"""Larger tables cannot be read."""


class Cell(NamedTuple):
    """How one candidate fared against another.

    `ending` is won, lost, drawn or open; empty where they did not meet. `match` names the last
    match of the two, `label` says it in words.
    """

    ending: str
    score: str
    match: str
    label: str


class CrossRow(NamedTuple):
    """A candidate with its cells, in the order of the rows."""

    name: str
    cells: Sequence[Cell | None]


def cross_table(held: Tournament) -> list[CrossRow] | None:
    """The table by rank; None for a bracket, and where it would be too large to read."""
    if held.bracket is not None or not 2 <= len(held.answers) <= MOST:
        return None
    if len(held.answers) < held.view.size or len(held.matches) < held.planned:
        return None
    met: defaultdict[tuple[CandidateNumber, CandidateNumber], list[TalliedMatch]]
    met = defaultdict(list)
    for match in held.matches:
        met[match.first, match.second].append(match)
        met[match.second, match.first].append(match)
    order = [answer.number for answer in held.answers]
    names = [printable(name) for name in held.names]
    return [
        CrossRow(
            names[one],
            [None if one == two else _cell(met[one, two], one, two, names) for two in order],
        )
        for one in order
    ]


def _cell(
    matches: Sequence[TalliedMatch],
    one: CandidateNumber,
    two: CandidateNumber,
    names: Sequence[str],
) -> Cell:
    pair = f"{names[one]} against {names[two]}"
    if not matches:
        return Cell("", "", "", f"{pair}: no match")
    last = matches[-1]
    mine = sum(m.for_first if m.first == one else m.for_second for m in matches)
    theirs = sum(m.for_second if m.first == one else m.for_first for m in matches)
    score = f"{mine}:{theirs}" if any(match.done for match in matches) else ""
    if not last.done:
        ending = "failed" if last.failed else "open"
    elif last.winner is None:
        ending = "drawn"
    else:
        ending = "won" if last.winner == one else "lost"
    coin = ", by a coin" if last.by_coin else ""
    return Cell(ending, score, last.name, f"{pair}: {ending} {score}{coin}".rstrip())
