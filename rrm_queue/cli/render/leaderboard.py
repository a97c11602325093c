"""The leaderboard as a table, and in lines below it what the table cannot say."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from rrm_queue.actions.formatting import count, interval
from rrm_queue.cli.render.tables import MEDIUM, WIDE, ruled
from rrm_queue.ratings.leaderboard import FEW, Leaderboard, Line
from rrm_queue.text import printable
from rrm_queue.views import JobView

if TYPE_CHECKING:
    from rich.console import JustifyMethod

MOST_NAMES = 5
"""So many generators are named in a note; the rest are counted."""

Cell = Callable[[Line], str]


def leaderboard_table(board: Leaderboard, width: int) -> Table:
    """The generators, a line each; a narrow terminal gets fewer columns."""
    columns: dict[str, Cell] = {
        "rank": lambda line: str(line.rank),
        "ranks": lambda line: _span(line.best, line.worst),
        "generator": lambda line: printable(line.generator),
        "BT": lambda line: f"{line.bt:.0f}",
        "95 %": lambda line: interval(line.low, line.high, line.undefeated, line.winless),
        "won %": lambda line: f"{100 * line.win_rate:.1f}",
        "matches": lambda line: f"{line.matches:,}",
    }
    if width >= MEDIUM:
        columns["won"] = lambda line: f"{line.wins:,}"
        if any(line.draws for line in board.lines):
            columns["drawn"] = lambda line: f"{line.draws:,}"
        columns["lost"] = lambda line: f"{line.losses:,}"
    if width >= WIDE:
        columns["Elo"] = lambda line: f"{line.elo:.1f}"
        columns["by order"] = lambda line: f"± {line.elo_sd:.1f}"
    shown = ruled()
    for heading in columns:
        justify: JustifyMethod = "left" if heading == "generator" else "right"
        if heading == "generator":
            shown.add_column(heading, overflow="fold")
        else:
            shown.add_column(heading, justify=justify, no_wrap=True)
    for line in board.lines:
        shown.add_row(*(cell(line) for cell in columns.values()))
    return shown


def leaderboard_notes(view: JobView, board: Leaderboard) -> Iterator[str]:
    """What was counted and left out, and what the figures do not compare; a line each."""
    so_far = "" if view.state.ended else " so far"
    yield f"{count(board.matches, 'match')} in {count(board.tournaments, 'tournament')}{so_far}"
    left_out = [
        f"{count(board.own, 'match')} between two answers of one generator" if board.own else "",
        f"{count(board.unnamed, 'match')} with an answer of no named generator"
        if board.unnamed
        else "",
    ]
    if any(left_out):
        yield f"left out: {', '.join(filter(None, left_out))}"
    if board.lines and not board.clustered:
        yield (
            f"fewer than {FEW} tournaments: the intervals take matches for independent, "
            "and are the narrower for it"
        )
    if board.lines and not any(line.wins for line in board.lines):
        yield "no match was won: equal ratings here say nothing of how equal the answers are"
    yield from _incomparable(board.lines)
    yield from _one_sided(board.lines)


def _incomparable(lines: Iterable[Line]) -> Iterator[str]:
    parts: dict[int, list[str]] = {}
    for line in lines:
        parts.setdefault(line.component, []).append(line.generator)
    if len(parts) > 1:
        named = "; ".join(_names(names) for names in parts.values())
        yield f"not comparable, as no chain of matches joins them: {named}"


def _one_sided(lines: Iterable[Line]) -> Iterator[str]:
    held = list(lines)
    if names := [line.generator for line in held if line.undefeated]:
        yield f"undefeated, so that their rating has no upper end: {_names(names)}"
    if names := [line.generator for line in held if line.winless]:
        yield f"winless, so that their rating has no lower end: {_names(names)}"


def _names(names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _span(best: int, worst: int) -> str:
    return str(best) if best == worst else f"{best}-{worst}"
