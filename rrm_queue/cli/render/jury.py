"""The judges of a jury as tables: with each other, and each with labels."""

from collections.abc import Iterator
from math import isnan

from rich.console import RenderableType
from rich.text import Text

from rrm_queue.cli.render.tables import ruled
from rrm_queue.diagnostics.diagnosis import JuryReport
from rrm_queue.diagnostics.kappa import Kappa
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.text import percent, printable


def jury_view(found: JuryReport | None) -> Iterator[RenderableType]:
    """How often every two judges agree, and how often each is right; nothing for one judge."""
    if found is None:
        return
    yield ""
    table = ruled(title=Text("agreement of the judges", "bold"))
    for heading in ("judge", "judge", "agree %", "95 %", "kappa", "matches"):
        text = heading == "judge"
        table.add_column(heading, justify="left" if text else "right", overflow="fold")
    for pair in found.pairs:
        table.add_row(
            printable(pair.one), printable(pair.other), *_figures(pair.agreement, pair.kappa)
        )
    yield table
    if not found.judges:
        return
    yield ""
    table = ruled(title=Text("each judge and the file's labels", "bold"))
    for heading in ("judge", "right %", "95 %", "kappa", "pairs"):
        table.add_column(heading, justify="left" if heading == "judge" else "right")
    for one in found.judges:
        table.add_row(printable(one.judge), *_figures(one.accuracy, one.kappa))
    yield table


def _figures(rate: Rate, kappa: Kappa) -> list[str]:
    share = percent(rate.estimate) if rate.n else ""
    within = f"{percent(rate.low)} to {percent(rate.high)}" if rate.n else ""
    beyond = "" if isnan(kappa.estimate) else f"{kappa.estimate:.2f}"
    return [share, within, beyond, f"{rate.n:,}"]
