"""Draws a bracket as a tree: the places of its labels, and the lines between them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from rrm_queue.cli.render.canvas import DOWN, LEFT, RIGHT, UP, Canvas, Line
from rrm_queue.domain import CandidateNumber, Position
from rrm_queue.strategies.bracket import Node

GAP = 5  # columns between two labels: a space, a line, the junction, a line, a space


class Labels(NamedTuple):
    """The tree's texts: `candidates` by number for the first column, then each match's winner."""

    candidates: Sequence[str]
    winners: Mapping[Position, str]

    def columns(self) -> list[int]:
        """The first column of each round's labels, round 0 for the candidates; then the width."""
        widths = [max(map(cell_len, self.candidates))]
        for position in sorted(self.winners):
            if position.round == len(widths):
                widths.append(0)
            widths[-1] = max(widths[-1], cell_len(self.winners[position]))
        columns = [0]
        for width in widths:
            columns.append(columns[-1] + width + GAP)
        return [*columns[:-1], columns[-1] - GAP]


class _Place(NamedTuple):
    """A label on the canvas and its candidate; None for a winner that is not known."""

    row: int
    column: int
    text: str
    who: CandidateNumber | None


def tree(
    first_line: Sequence[CandidateNumber | None],
    bracket: Sequence[Node],
    labels: Labels,
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """The tree, one row for each candidate; a bye is a straight line into the second round.

    The champion's path is bold and has heavy lines, so that it shows without colours too.
    """
    drawing = _Drawing(labels.columns(), bracket[-1].winner if bracket else first_line[0])
    places: dict[Position, _Place] = {}
    for slot, number in enumerate(first_line):
        if number is not None:
            row = len(places)
            place = _Place(row, 0, labels.candidates[number], number)
            places[Position(0, slot)] = drawing.put(place)
    for node in bracket:
        turn, slot = node.position
        above = places[Position(turn - 1, 2 * slot)]
        if node.bye:
            places[node.position] = above
            continue
        below = places[Position(turn - 1, 2 * slot + 1)]
        column = drawing.columns[turn]
        place = _Place(
            (above.row + below.row) // 2, column, labels.winners[node.position], node.winner
        )
        drawing.join(above, below, place)
        places[node.position] = drawing.put(place)
    return drawing.canvas.lines(ascii_only=ascii_only)


class _Drawing:
    """The tree while it is drawn."""

    def __init__(self, columns: list[int], champion: CandidateNumber | None) -> None:
        self.canvas = Canvas()
        self.columns = columns
        self._champion = champion

    def put(self, place: _Place) -> _Place:
        """Writes the label and returns it."""
        self.canvas.write(place.row, place.column, place.text, strong=self._strong(place))
        return place

    def join(self, above: _Place, below: _Place, winner: _Place) -> None:
        """Draws the lines from both entrants' labels to their match's winner."""
        junction = winner.column - 3
        for entrant, vertical in ((above, DOWN), (below, UP)):
            strong = self._strong(entrant)
            for column in range(entrant.column + cell_len(entrant.text) + 1, junction):
                self.canvas.stroke(entrant.row, column, LEFT, RIGHT, strong=strong)
            self.canvas.stroke(entrant.row, junction, LEFT, strong=strong)
            if entrant.row != winner.row:
                self.canvas.stroke(entrant.row, junction, vertical, strong=strong)
                self.canvas.stroke(winner.row, junction, UP + DOWN - vertical, strong=strong)
            low, high = sorted((entrant.row, winner.row))
            for row in range(low + 1, high):
                self.canvas.stroke(row, junction, UP, DOWN, strong=strong)
        strong = self._strong(winner)
        self.canvas.stroke(winner.row, junction, RIGHT, strong=strong)
        self.canvas.stroke(winner.row, junction + 1, LEFT, RIGHT, strong=strong)

    def _strong(self, place: _Place) -> bool:
        return place.who is not None and place.who == self._champion
