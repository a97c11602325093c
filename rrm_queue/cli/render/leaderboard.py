"""The leaderboard as a table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.table import Table

from rrm_queue.cli.render.tables import MEDIUM, WIDE, ruled
from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow
from rrm_queue.text import percent, printable, rank_range, rating_interval

if TYPE_CHECKING:
    from rich.console import JustifyMethod

Cell = Callable[[LeaderboardRow], str]


def leaderboard_table(board: Leaderboard, width: int) -> Table:
    """The generators, one row each; a narrow terminal gets fewer columns."""
    columns: dict[str, Cell] = {
        "rank": lambda row: str(row.rank),
        "ranks": lambda row: rank_range(row.best, row.worst),
        "generator": lambda row: printable(row.generator),
        "BT": lambda row: f"{row.bt:.0f}",
        "95 %": lambda row: rating_interval(row.low, row.high, row.undefeated, row.winless),
        "won %": lambda row: percent(row.win_rate),
        "matches": lambda row: f"{row.matches:,}",
    }
    if width >= MEDIUM:
        columns["won"] = lambda row: f"{row.wins:,}"
        if any(row.draws for row in board.rows):
            columns["drawn"] = lambda row: f"{row.draws:,}"
        columns["lost"] = lambda row: f"{row.losses:,}"
    if width >= WIDE:
        columns["Elo"] = lambda row: f"{row.elo:.1f}"
        columns["by order"] = lambda row: f"± {row.elo_sd:.1f}"
    shown = ruled()
    for heading in columns:
        justify: JustifyMethod = "left" if heading == "generator" else "right"
        if heading == "generator":
            shown.add_column(heading, overflow="fold")
        else:
            shown.add_column(heading, justify=justify, no_wrap=True)
    for row in board.rows:
        shown.add_row(*(cell(row) for cell in columns.values()))
    return shown
