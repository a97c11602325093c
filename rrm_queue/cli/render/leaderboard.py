"""The leaderboard as a table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.table import Table

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import MEDIUM, NARROW, WIDE
from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow
from rrm_queue.text import chance, percent, printable, rank_range, rating_interval

if TYPE_CHECKING:
    from rich.console import JustifyMethod

Cell = Callable[[LeaderboardRow], str]

# The columns from left to right, and the least width of a terminal that has them.
COLUMNS: tuple[tuple[str, int, Cell], ...] = (
    ("rank", 0, lambda row: str(row.rank)),
    ("ranks", 0, lambda row: rank_range(row.rank_low, row.rank_high)),
    ("generator", 0, lambda row: printable(row.generator)),
    ("BT", 0, lambda row: f"{row.bt:.0f}"),
    ("95 %", NARROW, lambda row: rating_interval(row.low, row.high, row.undefeated, row.winless)),
    ("> next", MEDIUM, lambda row: "" if row.above_next is None else chance(row.above_next)),
    ("won %", 0, lambda row: percent(row.win_rate)),
    ("matches", NARROW, lambda row: f"{row.matches:,}"),
    ("won", MEDIUM, lambda row: f"{row.wins:,}"),
    ("drawn", MEDIUM, lambda row: f"{row.draws:,}"),
    ("lost", MEDIUM, lambda row: f"{row.losses:,}"),
    ("Elo", WIDE, lambda row: f"{row.elo:.1f}"),
    ("by order", WIDE, lambda row: f"± {row.elo_sd:.1f}"),
)


def leaderboard_table(board: Leaderboard, width: int) -> Table:
    """The generators, one row each; a narrow terminal gets fewer columns."""
    columns = {heading: cell for heading, least, cell in COLUMNS if width >= least}
    if not any(row.draws for row in board.rows):
        columns.pop("drawn", None)
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
