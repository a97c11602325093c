"""Lines and labels on a grid of characters."""

from collections import defaultdict
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len

LIGHT, HEAVY = 1, 2
LEFT, UP, RIGHT, DOWN = range(4)

BOX = {
    (1, 0, 1, 0): "─", (2, 0, 2, 0): "━", (0, 1, 0, 1): "│", (0, 2, 0, 2): "┃",
    (1, 0, 0, 1): "┐", (2, 0, 0, 2): "┓", (1, 1, 0, 0): "┘", (2, 2, 0, 0): "┛",
    (0, 1, 1, 1): "├", (0, 2, 2, 1): "┡", (0, 1, 2, 2): "┢",
    (1, 0, 1, 1): "┬", (2, 0, 2, 1): "┯", (1, 0, 2, 2): "┲",
}  # fmt: skip
"""The characters by the weights of their arms: left, up, right, down."""


class Segment(NamedTuple):
    """A part of a line of text; `strong` parts are emphasised."""

    text: str
    strong: bool = False


Line = list[Segment]


class Canvas:
    """A grid in which strokes that meet become one character; rows and columns count from 0."""

    def __init__(self) -> None:
        self._labels: dict[int, dict[int, Segment]] = defaultdict(dict)
        self._arms: dict[int, dict[int, list[int]]] = defaultdict(dict)

    def write(self, row: int, column: int, text: str, *, strong: bool) -> None:
        """Writes a label; its first character is in `column`."""
        self._labels[row][column] = Segment(text, strong)

    def stroke(self, row: int, column: int, *sides: int, strong: bool) -> None:
        """Draws arms of one character. An arm that is drawn twice keeps the heavier weight."""
        arms = self._arms[row].setdefault(column, [0, 0, 0, 0])
        for side in sides:
            arms[side] = max(arms[side], HEAVY if strong else LIGHT)

    def lines(self, *, ascii_only: bool) -> list[Line]:
        """The rows from top to bottom, without blanks at their ends."""
        rows = sorted({*self._labels, *self._arms})
        return [self._line(row, ascii_only=ascii_only) for row in rows]

    def _line(self, row: int, *, ascii_only: bool) -> Line:
        cells = dict(self._labels[row])
        for column, arms in self._arms[row].items():
            cells[column] = Segment(_character(arms, ascii_only=ascii_only), HEAVY in arms)
        line: Line = []
        end = 0
        for column, segment in sorted(cells.items()):
            if column > end:
                line.append(Segment(" " * (column - end)))
            line.append(segment)
            end = column + cell_len(segment.text)
        return [
            Segment("".join(part.text for part in parts), strong)
            for strong, parts in groupby(line, key=lambda part: part.strong)
        ]


def _character(arms: list[int], *, ascii_only: bool) -> str:
    left, up, right, down = arms
    if not ascii_only:
        return BOX[left, up, right, down]
    if not (up or down):
        return "=" if HEAVY in arms else "-"
    return "+" if left or right else "|"
