"""The table of judges that have a name."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from rrm_queue.actions.judges import JudgeShape
from rrm_queue.text import printable


def judges_table(judges: Iterable[JudgeShape]) -> Table:
    """A judge a line; what its file does not say is left empty."""
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False)
    for title in ("judge", "dialect", "model", "from"):
        table.add_column(title, overflow="fold")
    for judge in judges:
        table.add_row(
            judge["name"],
            printable(judge["dialect"] or ""),
            printable(judge["model"] or ""),
            printable(
                f"{judge['source']}: {judge['error']}" if judge["error"] else judge["source"]
            ),
        )
    return table
