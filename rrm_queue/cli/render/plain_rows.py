"""Tables of plain texts that need no folding: what rich prints of them, in a tenth of its time.

rich wraps and pads each cell as if it had styles, links and many lines, which takes an eighth of a
millisecond. Most tables of a command are short texts, and most terminals wide enough.
`tests/unit/cli/test_plain_rows.py` holds both equal.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text

_MARKED = "[b]:+1:[/b]"
"""A text that is changed by a console that reads markup or emoji."""


def plain_rows(table: Table, console: Console, options: ConsoleOptions) -> Iterator[Segment] | None:
    """What rich prints of a table made by `ruled`; None where that takes rich itself."""
    if not (_is_literal(console, options) and _is_plain(table)):
        return None
    *widths, last = map(_width, table.columns)
    widths = [*(width + 1 for width in widths), last or 1]  # with rich's padding
    whole = sum(widths) + len(widths) - 1
    if whole > options.max_width:
        return None
    return _printed(table, console, options.update(width=whole, height=None), widths)


def _is_literal(console: Console, options: ConsoleOptions) -> bool:
    """Whether the console prints `[b]` as `[b]`."""
    return str(console.render_str(_MARKED, markup=options.markup, highlight=False)) == _MARKED


def _is_plain(table: Table) -> bool:
    return (
        bool(table.columns)
        and table.show_header
        and all(isinstance(beside, Text | None) for beside in (table.title, table.caption))
        and all(column.justify in ("left", "right") for column in table.columns)
        and all(_is_line(cell) for column in table.columns for cell in _cells(column))
    )


def _is_line(cell: object) -> bool:
    """Whether it is a line of which rich keeps everything: no space at an end, no lone accent."""
    return (
        isinstance(cell, str)
        and cell.isprintable()
        and cell == cell.strip()
        and (cell_len(cell) > 0 or not cell)
    )


def _cells(column: Column) -> Iterable[object]:
    return (column.header, *column.cells)


def _width(column: Column) -> int:
    return max(cell_len(str(cell)) for cell in _cells(column))


def _printed(
    table: Table, console: Console, options: ConsoleOptions, widths: Sequence[int]
) -> Iterator[Segment]:
    frame = box.SIMPLE_HEAD.substitute(options, safe=console.safe_box)
    border, heading = _style(console, table.border_style), _style(console, table.header_style)
    if table.title:
        yield from console.render(table.title, options.update(justify=table.title_justify))
    heads = [Segment(str(column.header), heading) for column in table.columns]
    yield from _line(heads, table.columns, widths, Segment(frame.head_vertical, border))
    yield Segment(frame.get_row(widths, "head", edge=False), border)
    yield Segment.line()
    styles = [_style(console, column.style) for column in table.columns]
    for number, cells in enumerate(zip(*(c.cells for c in table.columns), strict=True), start=1):
        row = _style(console, table.get_row_style(console, number - 1))
        between = frame.foot_vertical if number == table.row_count else frame.mid_vertical
        line = [Segment(str(cell), own + row) for cell, own in zip(cells, styles, strict=True)]
        # A divider that is a space has the row's background, as the cells beside it have.
        kind = border if between.strip() else row.background_style + border
        yield from _line(line, table.columns, widths, Segment(between, kind))
    if table.caption:
        yield from console.render(table.caption, options.update(justify=table.caption_justify))


def _style(console: Console, named: Style | str | None) -> Style:
    return console.get_style(named or "")


def _line(
    cells: Sequence[Segment], columns: Sequence[Column], widths: Sequence[int], between: Segment
) -> Iterator[Segment]:
    """One row: each cell in its column's width, of which the last character is padding."""
    *others, final = zip(cells, columns, widths, strict=True)
    for (text, style, _), column, width in others:
        yield Segment(_justified(text, column, width - 1), style)
        yield Segment(" ", style)
        yield between
    (text, style, _), column, width = final
    yield Segment(_justified(text, column, width), style)
    yield Segment.line()


def _justified(text: str, column: Column, width: int) -> str:
    room = " " * (width - cell_len(text))
    return room + text if column.justify == "right" else text + room
