"""A knockout's bracket as lines of text: a tree where it fits, else its rounds one by one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from rrm_queue.actions.formatting import shortened
from rrm_queue.cli.render.canvas import Line, Segment
from rrm_queue.cli.render.tree import Labels, tree
from rrm_queue.domain import CandidateNumber, DecidedBy, MatchState, Outcome, Position
from rrm_queue.strategies.bracket import Node, nodes
from rrm_queue.text import printable
from rrm_queue.views import MatchView

SHORTEST = 8  # columns; less of a name says too little
COIN = "*"


class _Bracket(NamedTuple):
    """What there is to draw.

    `open` holds what stands in place of a winner, `marks` what stands behind one: votes and coin.
    """

    first_line: Sequence[CandidateNumber | None]
    nodes: Sequence[Node]
    names: Sequence[str]
    marks: Mapping[Position, str]
    failed: frozenset[Position]
    dots: str

    def labels(self, first_column: Sequence[str], names: Sequence[str]) -> Labels:
        """The tree's labels: winners by these names, behind a first column of the candidates."""
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
    matches: Sequence[MatchView],
    width: int,
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """The bracket over `first_line` (see `strategies.bracket.leaves`) in `width` columns.

    `names` are the candidates' ids by number. Too long names are cut in the middle where that
    keeps them apart; else the candidates are numbered and the winners given by number. What does
    not fit even so is listed by rounds, in lines that may be longer than `width`.
    """
    done = {
        Position(match.round, match.slot): match
        for match in matches
        if match.state is MatchState.DONE
    }
    bracket = _Bracket(
        first_line,
        tuple(nodes(first_line, {place: Outcome(match.winner) for place, match in done.items()})),
        [_shown(name, ascii_only=ascii_only) for name in names],
        _marks(done),
        frozenset(Position(m.round, m.slot) for m in matches if m.state is MatchState.FAILED),
        "..." if ascii_only else "…",
    )
    for labels in _ways(bracket):
        if labels.columns()[-1] <= width:
            return tree(first_line, bracket.nodes, labels, ascii_only=ascii_only)
    return list(_rounds(bracket))


def _shown(name: str, *, ascii_only: bool) -> str:
    shown = printable(name)
    return shown.encode("ascii", "backslashreplace").decode() if ascii_only else shown


def _marks(done: Mapping[Position, MatchView]) -> dict[Position, str]:
    """The votes for the winner and against, where matches take several, and the coin's mark."""
    several = any(match.votes > 1 for match in done.values())
    marks = {}
    for position, match in done.items():
        scores = (match.for_first, match.for_second)
        mine, theirs = scores if match.winner == match.first else scores[::-1]
        votes = f" {mine}:{theirs}" if several else ""
        marks[position] = votes + (COIN if match.decided_by == DecidedBy.COIN else "")
    return marks


def _ways(bracket: _Bracket) -> Iterator[Labels]:
    """The ways to label the tree, each narrower than the one before."""
    full = bracket.names
    longest = max(map(cell_len, full))
    yield bracket.labels(full, full)
    for width in range(min(longest, 10 * SHORTEST) - 1, SHORTEST - 1, -1):
        cut = [shortened(name, width, bracket.dots) for name in full]
        if len(set(cut)) == len(full):
            yield bracket.labels(full, cut)
    numbers = _numbers(bracket.first_line)
    for width in range(min(longest, 10 * SHORTEST), SHORTEST - 1, -1):
        cut = [shortened(name, width, bracket.dots) for name in full]
        numbered = [f"{number} {name}" for number, name in zip(numbers, cut, strict=True)]
        yield bracket.labels(numbered, [number.strip() for number in numbers])


def _numbers(first_line: Sequence[CandidateNumber | None]) -> list[str]:
    """Each candidate's number in the drawing, from the top, all equally wide."""
    order = [candidate for candidate in first_line if candidate is not None]
    digits = len(str(len(order)))
    rows = {candidate: row for row, candidate in enumerate(order, start=1)}
    return [f"{rows[CandidateNumber(number)]:{digits}}" for number in range(len(order))]


def _rounds(bracket: _Bracket) -> Iterator[Line]:
    champion, final = bracket.nodes[-1].winner, bracket.nodes[-1].position.round
    for node in bracket.nodes:
        turn, slot = node.position
        if slot == 0:
            yield [Segment("final" if turn == final else f"round {turn} of {final}")]
        strong = champion is not None and node.winner == champion
        yield [Segment("  " + _sentence(bracket, node), strong)]


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
