"""A knockout's bracket as lines of text: a tree where it fits, else its rounds one by one."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len

from rrm_queue.cli.render.canvas import Line, Segment
from rrm_queue.cli.render.tree import Labels, tree
from rrm_queue.domain import CandidateNumber, Outcome, Position
from rrm_queue.strategies.bracket import Node, nodes
from rrm_queue.strategies.double_elimination import NOBODY, meetings
from rrm_queue.text import printable, shortened
from rrm_queue.views.matches import TalliedMatch

SHORTEST = 8  # columns; less of a name says too little
COIN = "*"


class _Bracket(NamedTuple):
    """What there is to draw; `marks` follow a winner's name: its votes, and the mark of a coin."""

    first_line: Sequence[CandidateNumber | None]
    nodes: Sequence[Node]
    names: Sequence[str]
    marks: Mapping[Position, str]
    failed: frozenset[Position]
    dots: str

    def labels(self, first_column: Sequence[str], names: Sequence[str]) -> Labels:
        """The tree's labels: a first column of candidates, then the winners by these names."""
        return Labels(
            first_column,
            {node.position: self._label(node, names) for node in self.nodes if not node.bye},
        )

    def _label(self, node: Node, names: Sequence[str]) -> str:
        if node.winner is not None:
            return names[node.winner] + self.marks[node.position]
        return "failed" if node.position in self.failed else self.dots


def draw(
    first_line: Sequence[CandidateNumber | None],
    names: Sequence[str],
    matches: Sequence[TalliedMatch],
    width: int,
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """The bracket over `first_line` (see `strategies.bracket.leaves`) in `width` columns.

    `names` are the candidates' ids by number. Names that are too long are cut in the middle, as
    long as they stay distinct; else the candidates are numbered and the winners given by number. A
    bracket that still does not fit is listed by rounds, in lines that may be longer than `width`.
    """
    played = nodes(first_line, decided(matches))
    bracket = _bracket(first_line, tuple(played), names, matches, ascii_only=ascii_only)
    for labels in _ways(bracket):
        if labels.columns()[-1] <= width:
            return tree(first_line, bracket.nodes, labels, ascii_only=ascii_only)
    return list(_rounds(bracket))


def draw_double(
    first_line: Sequence[CandidateNumber | None],
    names: Sequence[str],
    matches: Sequence[TalliedMatch],
    width: int,
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """A double elimination: the winners' bracket as `draw` does it, then the other rounds listed.

    Those are the rounds of the losers' bracket and the final, in lines that may be longer than
    `width`.
    """
    lines = draw(first_line, names, matches, width, ascii_only=ascii_only)
    if len(first_line) == 1:
        return lines
    upper = (len(first_line) - 1).bit_length()
    lower = [
        Node(meeting.position, meeting.first, meeting.second, meeting.winner)
        for meeting in meetings(first_line, decided(matches))
        if meeting.position.round > upper and NOBODY not in (meeting.first, meeting.second)
    ]
    bracket = _bracket(first_line, lower, names, matches, ascii_only=ascii_only)
    lines = [[Segment("winners' bracket")], *lines]
    for turn, held in groupby(lower, key=lambda node: node.position.round):
        lines += [[], [Segment(_round_name(turn, upper))]]
        lines += [_sentence_line(bracket, node) for node in held]
    return lines


def _round_name(turn: int, upper: int) -> str:
    """The name of a round after the winners' bracket, which has `upper` rounds."""
    final = 3 * upper - 1
    if turn < final:
        return f"losers' bracket, round {turn - upper} of {final - upper - 1}"
    return "final" if turn == final else "second final: both have lost once"


def decided(matches: Sequence[TalliedMatch]) -> dict[Position, Outcome | None]:
    """The outcomes of the matches that are decided."""
    return {match.position: Outcome(match.winner) for match in matches if match.done}


def _bracket(
    first_line: Sequence[CandidateNumber | None],
    played: Sequence[Node],
    names: Sequence[str],
    matches: Sequence[TalliedMatch],
    *,
    ascii_only: bool,
) -> _Bracket:
    return _Bracket(
        first_line,
        played,
        [_shown(name, ascii_only=ascii_only) for name in names],
        _marks({match.position: match for match in matches if match.done}),
        frozenset(match.position for match in matches if match.failed),
        "..." if ascii_only else "…",
    )


def _shown(name: str, *, ascii_only: bool) -> str:
    shown = printable(name)
    return shown.encode("ascii", "backslashreplace").decode() if ascii_only else shown


def _marks(done: Mapping[Position, TalliedMatch]) -> dict[Position, str]:
    """The votes for and against the winner, where matches have several; and the mark of a coin."""
    several = any(match.votes > 1 for match in done.values())
    marks = {}
    for position, match in done.items():
        scores = (match.for_first, match.for_second)
        mine, theirs = scores if match.winner == match.first else scores[::-1]
        votes = f" {mine}:{theirs}" if several else ""
        marks[position] = votes + (COIN if match.by_coin else "")
    return marks


def _ways(bracket: _Bracket) -> Iterator[Labels]:
    """The ways to label the tree, each narrower than the one before."""
    full = bracket.names
    longest = max(map(cell_len, full))
    yield bracket.labels(full, full)
    for width in range(min(longest, 10 * SHORTEST) - 1, SHORTEST - 1, -1):
        cut = [shortened(name, width, bracket.dots, cell_len) for name in full]
        if len(set(cut)) == len(full):
            yield bracket.labels(full, cut)
    numbers = _numbers(bracket.first_line)
    for width in range(min(longest, 10 * SHORTEST), SHORTEST - 1, -1):
        cut = [shortened(name, width, bracket.dots, cell_len) for name in full]
        numbered = [f"{number} {name}" for number, name in zip(numbers, cut, strict=True)]
        yield bracket.labels(numbered, [number.strip() for number in numbers])


def _numbers(first_line: Sequence[CandidateNumber | None]) -> list[str]:
    """Each candidate's number in the drawing, from the top, all equally wide."""
    order = [candidate for candidate in first_line if candidate is not None]
    digits = len(str(len(order)))
    rows = {candidate: row for row, candidate in enumerate(order, start=1)}
    return [f"{rows[CandidateNumber(number)]:{digits}}" for number in range(len(order))]


def _rounds(bracket: _Bracket) -> Iterator[Line]:
    final = bracket.nodes[-1].position.round
    for node in bracket.nodes:
        turn, slot = node.position
        if slot == 0:
            yield [Segment("final" if turn == final else f"round {turn} of {final}")]
        yield _sentence_line(bracket, node)


def _sentence_line(bracket: _Bracket, node: Node) -> Line:
    champion = bracket.nodes[-1].winner
    strong = champion is not None and node.winner == champion
    return [Segment("  " + _sentence(bracket, node), strong)]


def _sentence(bracket: _Bracket, node: Node) -> str:
    first, second = (
        bracket.dots if entrant is None else bracket.names[entrant]
        for entrant in (node.first, node.second)
    )
    if node.bye:
        return f"{first} has a bye"
    if node.winner is None:
        return f"{first} - {second}: {'failed' if node.position in bracket.failed else 'undecided'}"
    winner, loser = (first, second) if node.winner == node.first else (second, first)
    return f"{winner} beats {loser}{bracket.marks[node.position]}"
