"""The calibration of a judge's probabilities as a table and lines."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.diagnostics.calibration import FEW, Calibration
from rrm_queue.text import count, percent


def calibration_view(found: Calibration | None) -> Iterator[RenderableType]:
    """The reliability table and its two figures; nothing without probabilities and labels."""
    if found is None:
        return
    yield ""
    table = ruled(title=Text("calibration: the answer shown first is better", "bold"))
    for heading in ("said %", "mean %", "by the labels %", "95 %", "votes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.bins:
        table.add_row(
            f"{100 * one.low:.0f} to {100 * one.high:.0f}",
            percent(one.mean),
            percent(one.right.estimate),
            f"{percent(one.right.low)} to {percent(one.right.high)}",
            f"{one.right.n:,}",
        )
    yield table
    of = f"{count(found.votes, 'vote')} on {count(found.pairs, 'labelled pair')}"
    yield Text(
        f"Brier score {found.brier:.3f} (always 50 %: 0.250); calibration error {found.ece:.3f} "
        f"(by chance alone {found.ece_by_chance:.3f}); over {of}",
        "dim",
    )
    if found.few:
        yield Text(f"fewer than {FEW} pairs: too few to tell how well it is calibrated", "dim")
