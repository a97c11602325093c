"""A bracket as a picture: where its boxes stand and which lines join them.

The strategies' own `nodes` and `meetings` say who meets whom; this module only does the geometry.
A box stands at the mean height of the two that feed it. A bye has no box: the line goes past it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.domain import CandidateNumber, Outcome, Position
from rrm_queue.reports.contents import Tournament
from rrm_queue.strategies.bracket import leaves, nodes
from rrm_queue.strategies.double_elimination import NOBODY, meetings
from rrm_queue.text import printable, shortened
from rrm_queue.views.matches import TalliedMatch

MOST = 512
"""Larger brackets are not drawn: they cannot be read, and they would fill most of the file."""

WIDTH, ROW, GAP, BETWEEN = 176, 20, 14, 36
"""A box's width, the height of each of its two lines, and the room below and beside it; in px."""

CELLS = 19  # of a name that fit into a box beside the votes
TOP = 26  # px for the headings of the rounds


class Side(NamedTuple):
    """One of a box's two lines; `votes` is empty without votes and where one vote decides."""

    name: str
    full: str
    votes: str
    won: bool


class Box(NamedTuple):
    """A match on the picture; `x` and `y` are its upper left corner in px."""

    match: str
    x: float
    y: float
    sides: tuple[Side, Side]
    label: str
    champion: bool


class Heading(NamedTuple):
    """The text above a column of boxes, or above a part of the picture."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The boxes and the lines between them; the lines of the champion's path are `strong`."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    strong: tuple[str, ...]
    headings: tuple[Heading, ...]


class _Node(NamedTuple):
    """A place in the bracket: a box, or a bye where `second` is None and `winner` known."""

    position: Position
    first: CandidateNumber | None
    second: CandidateNumber | None
    winner: CandidateNumber | None
    bye: bool


class _Anchor(NamedTuple):
    """Where a line leaves a place to the right, and whose line it is; None if unknown.

    Without an `x` no line leaves: a candidate with a bye appears in the next box only.
    """

    x: float | None
    y: float
    who: CandidateNumber | None


def picture(held: Tournament) -> Picture | None:
    """The tournament's bracket; None where there is none, or where it is too large to read."""
    if held.bracket is None or not 2 <= held.view.size <= MOST or not held.names:
        return None
    played = {match.position: match for match in held.matches}
    ends = {place: Outcome(match.winner) for place, match in played.items() if match.done}
    first_line = leaves(held.view.size, held.view.seed, held.bracket.seeding)
    drawing = _Drawing(held, played)
    if held.bracket.double:
        drawing.double(_meetings(first_line, ends))
    else:
        drawing.single(_nodes(first_line, ends))
    return drawing.finished()


def _nodes(
    first_line: Sequence[CandidateNumber | None], ends: Mapping[Position, Outcome]
) -> list[list[_Node]]:
    found = [_Node(n.position, n.first, n.second, n.winner, n.bye) for n in nodes(first_line, ends)]
    return _rounds(found)


def _meetings(
    first_line: Sequence[CandidateNumber | None], ends: Mapping[Position, Outcome]
) -> list[list[_Node]]:
    found = []
    for one in meetings(first_line, ends):
        bye = NOBODY in (one.first, one.second)
        found.append(_Node(one.position, one.first, one.second, one.winner, bye))
    return _rounds(found)


def _rounds(found: Sequence[_Node]) -> list[list[_Node]]:
    rounds: dict[int, list[_Node]] = {}
    for node in found:
        rounds.setdefault(node.position.round, []).append(node)
    return [rounds[turn] for turn in sorted(rounds)]


class _Drawing:
    """A picture that is being drawn."""

    def __init__(self, held: Tournament, played: Mapping[Position, TalliedMatch]) -> None:
        self._held = held
        self._played = played
        self._several = any(match.votes > 1 for match in played.values())
        self._boxes: list[Box] = []
        self._lines: dict[bool, list[str]] = {False: [], True: []}
        self._headings: list[Heading] = []
        self._size = [0.0, 0.0]

    def single(self, rounds: Sequence[Sequence[_Node]]) -> list[_Anchor]:
        """Draws a knockout from the top; the anchors of its last round."""
        below: list[_Anchor] = []
        for turn, column in enumerate(rounds):
            final = turn == len(rounds) - 1
            self._head(turn, TOP - 10, "final" if final else f"round {turn + 1}")
            below = [self._place(node, turn, self._feeders(node, below), TOP) for node in column]
        return below

    def double(self, rounds: Sequence[Sequence[_Node]]) -> None:
        """Draws the winners' bracket, the losers' bracket below it, the final to their right."""
        wins = (self._held.view.size - 1).bit_length()
        losing = 2 * (wins - 1)
        upper = self._part(rounds[:wins], 0.0, "winners' bracket")
        start = self._size[1] + TOP
        lower = upper
        if losing:
            lower = self._part(rounds[wins : wins + losing], start, "losers' bracket")
        column = max(wins, losing)
        for number, (final,) in enumerate(rounds[wins + losing :]):
            name = "final" if number == 0 else "final again"
            self._head(column + number, TOP - 10, name)
            lower_way = lower[:1] if losing else []
            upper = [self._place(final, column + number, [*upper[:1], *lower_way], TOP)]
            lower, losing = [], 0

    def _part(self, rounds: Sequence[Sequence[_Node]], top: float, name: str) -> list[_Anchor]:
        """Draws some rounds from `top` down; between rounds of one size the lines are straight."""
        below: list[_Anchor] = []
        for turn, column in enumerate(rounds):
            where = f"{name}, round {turn + 1}" if turn == 0 else f"round {turn + 1}"
            self._head(turn, top + TOP - 10, where)
            straight = len(column) == len(below)
            below = [
                self._place(
                    node,
                    turn,
                    [below[node.position.slot]] if straight else self._feeders(node, below),
                    top + TOP,
                )
                for node in column
            ]
        return below

    def _feeders(self, node: _Node, below: Sequence[_Anchor]) -> list[_Anchor]:
        slot = node.position.slot
        return list(below[2 * slot : 2 * slot + 2])

    def _place(self, node: _Node, column: int, feeders: Sequence[_Anchor], top: float) -> _Anchor:
        """Puts a box beside its feeders, joins them, and returns where its line starts."""
        if feeders:
            middle = sum(feeder.y for feeder in feeders) / len(feeders)
        else:
            middle = top + node.position.slot * (2 * ROW + GAP) + ROW
        x = column * (WIDTH + BETWEEN)
        if node.bye:
            return _Anchor(feeders[0].x if feeders else None, middle, node.winner)
        self._box(node, x, middle)
        for feeder in feeders:
            self._join(feeder, x, middle)
        return _Anchor(x + WIDTH, middle, node.winner)

    def _join(self, feeder: _Anchor, x: float, y: float) -> None:
        if feeder.x is None:
            return
        bend = x - BETWEEN / 2
        path = f"M{feeder.x:g} {feeder.y:g}H{bend:g}V{y:g}H{x:g}"
        champion = self._held.view.champion
        self._lines[champion is not None and feeder.who == champion].append(path)

    def _box(self, node: _Node, x: float, middle: float) -> None:
        match = self._played.get(node.position)
        first, second = self._side(node, node.first, match), self._side(node, node.second, match)
        champion = self._held.view.champion
        label = f"{first.full} against {second.full}: {self._ending(match)}"
        strong = champion is not None and node.winner == champion
        name = f"{node.position.round}.{node.position.slot}"
        self._boxes.append(Box(name, x, middle - ROW, (first, second), label, strong))
        self._size = [max(self._size[0], x + WIDTH), max(self._size[1], middle + ROW + GAP)]

    def _side(self, node: _Node, who: CandidateNumber | None, match: TalliedMatch | None) -> Side:
        if who is None:
            return Side("…", "not known yet", "", won=False)
        name = printable(self._held.names[who])
        votes = ""
        if match is not None and match.done and self._several:
            votes = str(match.for_first if who == match.first else match.for_second)
        mark = "*" if match is not None and match.by_coin and node.winner == who else ""
        return Side(shortened(name, CELLS), name, votes + mark, node.winner == who)

    def _ending(self, match: TalliedMatch | None) -> str:
        if match is None:
            return "not played yet"
        if match.winner is None:
            return match.ending
        score = f" {match.for_first}:{match.for_second}" if self._several else ""
        coin = ", settled by a coin" if match.by_coin else ""
        return f"{printable(self._held.names[match.winner])} wins{score}{coin}"

    def _head(self, column: int, y: float, text: str) -> None:
        self._headings.append(Heading(column * (WIDTH + BETWEEN), y, text))

    def finished(self) -> Picture:
        """The picture, in whole pixels."""
        width, height = self._size
        return Picture(
            width + 2,
            height,
            tuple(self._boxes),
            tuple(self._lines[False]),
            tuple(self._lines[True]),
            tuple(self._headings),
        )
