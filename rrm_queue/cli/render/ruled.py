"""Tables in which names keep their room however narrow the terminal is."""

from copy import copy
from dataclasses import replace

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

from rrm_queue.cli.render.plain_rows import plain_rows

LEAST = 7  # columns of a name below which it says too little
GAP = 2  # columns between two columns
SHARE = 3  # names get at least the third part of a terminal, if they need it


class RuledTable(Table):
    """A table that leaves out its last figures where its names would have no room.

    Columns of names are those that stand left and fold what is too long.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table in the console's width."""
        fitting = copy(self)
        while fitting._too_wide(options.max_width) and (figures := fitting._figures()):
            kept = [column for column in fitting.columns if column is not figures[-1]]
            fitting.columns = [replace(column, _index=i) for i, column in enumerate(kept)]
        plain = plain_rows(fitting, console, options)
        yield from plain or super(RuledTable, fitting).__rich_console__(console, options)

    def _figures(self) -> list[Column]:
        """The columns that can be left out, if there is one of names."""
        figures = [column for column in self.columns if not _is_name(column)]
        return figures if len(figures) < len(self.columns) else []

    def _too_wide(self, width: int) -> bool:
        names = [_natural(column) for column in self.columns if _is_name(column)]
        figures = [_natural(column) for column in self.columns if not _is_name(column)]
        least = max(sum(min(name, LEAST) for name in names), min(sum(names), width // SHARE))
        return least + sum(figures) + GAP * (len(self.columns) - 1) > width


def ruled(title: Text | None = None) -> Table:
    """An empty table with a rule below its heading."""
    return RuledTable(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def _is_name(column: Column) -> bool:
    return column.justify == "left" and column.overflow == "fold" and not column.no_wrap


def _natural(column: Column) -> int:
    """The width of the column's longest cell."""
    return max(cell_len(str(cell)) for cell in (column.header, *column.cells))
