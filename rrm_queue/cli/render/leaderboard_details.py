"""What can be asked for beside a leaderboard, as tables for terminals of any width."""

from collections.abc import Iterator, Sequence
from math import exp
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.leaderboard_details import LeaderboardDetails
from rrm_queue.cli.render.leaderboard import leaderboard_table
from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import MEDIUM, NARROW
from rrm_queue.ratings.leaderboard import LeaderboardRow
from rrm_queue.ratings.win_matrix import Meeting
from rrm_queue.text import count, percent, printable, shortened

if TYPE_CHECKING:
    from rrm_queue.ratings.controlled import ControlledRatings

NAME, CELL = 20, 6  # columns of a generator's name and of a cell of the win matrix


def details_view(details: LeaderboardDetails, width: int) -> Iterator[RenderableType]:
    """What was asked for, below the leaderboard."""
    rows = details.found.board.rows
    if details.controlled is not None and rows:
        yield ""
        yield _controlled_table(rows, details.controlled, f"with control for {details.control}")
        yield from _effect_lines(details.controlled)
    for subset, board in details.subsets or ():
        yield ""
        held = f"{count(board.matches, 'match')} in {count(board.tournaments, 'tournament')}"
        yield Text(f"subset {printable(subset)}: {held}", "bold")
        if board.rows:
            yield leaderboard_table(board, width)
    if details.meetings and rows:
        yield ""
        yield from _matrix(rows, details.meetings, width)


def _controlled_table(
    rows: Sequence[LeaderboardRow], controlled: "ControlledRatings", title: str
) -> Table:
    """The raw rating of each generator beside the corrected one, by the corrected rank."""
    raw = {row.generator: row for row in rows}
    table = ruled(title=Text(title, "bold"))
    table.add_column("generator", overflow="fold")
    for heading in ("rank", "BT", "95 %", "raw rank", "raw BT", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in controlled.rows:
        before = raw[row.generator]
        cells = [str(row.rank), f"{row.bt:.0f}", f"{row.low:.0f} to {row.high:.0f}"]
        cells += [str(before.rank), f"{before.bt:.0f}", f"{row.bt - before.bt:+.0f}"]
        table.add_row(printable(row.generator), *cells)
    return table


def _effect_lines(controlled: "ControlledRatings") -> Iterator[str]:
    for effect in controlled.effects:
        low, high = exp(effect.low), exp(effect.high)
        yield (
            f"more {effect.feature}: a standard deviation multiplies the odds of winning by "
            f"{exp(effect.coefficient):.2f} ({low:.2f} to {high:.2f})"
        )


def _matrix(
    rows: Sequence[LeaderboardRow], meetings: Sequence[Meeting], width: int
) -> Iterator[RenderableType]:
    """How often the generator of the row beat that of the column, by rank; as many as fit."""
    name = NAME if width >= MEDIUM else NAME // 2
    most = max(2, (width - name - 4) // (CELL + 1))
    shown = [row.generator for row in rows[:most]]
    rates = {(one.first, one.second): one.win_rate for one in meetings}
    rates |= {(one.second, one.first): 1 - one.win_rate for one in meetings}
    title = "won % of the row's generator against the column's" if width >= NARROW else "won %"
    table = ruled(title=Text(title, "bold"))
    table.add_column("")
    table.add_column("generator", no_wrap=True, max_width=name)
    for number in range(1, len(shown) + 1):
        table.add_column(str(number), justify="right", no_wrap=True, max_width=CELL)
    for number, one in enumerate(shown, start=1):
        cells = [percent(rates[one, other]) if (one, other) in rates else "" for other in shown]
        table.add_row(str(number), shortened(printable(one), name), *cells)
    yield table
    if len(rows) > len(shown):
        yield f"the first {len(shown)} of {len(rows)} generators; --json has all of them"
