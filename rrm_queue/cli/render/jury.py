"""The judges of a jury as tables: with each other, and each with labels."""

from collections.abc import Iterator, Sequence
from math import isnan

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.diagnostics.diagnosis import JuryReport
from rrm_queue.diagnostics.jury import JudgePair, JurorAccuracy
from rrm_queue.diagnostics.kappa import Kappa
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.text import percent, printable


def jury_view(found: JuryReport | None) -> Iterator[RenderableType]:
    """How often every two judges agree, and how often each is right; nothing for one judge."""
    if found is None:
        return
    yield ""
    yield pair_table("agreement of the judges", "judge", found.pairs)
    if not found.judges:
        return
    yield ""
    yield accuracy_table("each judge and the file's labels", "judge", found.judges)


def pair_table(title: str, who: str, pairs: Sequence[JudgePair]) -> Table:
    """How often every two of them agree; `who` heads the columns of names."""
    table = ruled(title=Text(title, "bold"))
    for heading in (who, who, "agree %", "95 %", "kappa", "matches"):
        table.add_column(heading, justify="left" if heading == who else "right", overflow="fold")
    for pair in pairs:
        table.add_row(
            printable(pair.one), printable(pair.other), *_figures(pair.agreement, pair.kappa)
        )
    return table


def accuracy_table(title: str, who: str, judges: Sequence[JurorAccuracy]) -> Table:
    """How often each is right by the labels."""
    table = ruled(title=Text(title, "bold"))
    for heading in (who, "right %", "95 %", "kappa", "pairs"):
        table.add_column(heading, justify="left" if heading == who else "right")
    for one in judges:
        table.add_row(printable(one.judge), *_figures(one.accuracy, one.kappa))
    return table


def _figures(rate: Rate, kappa: Kappa) -> list[str]:
    share = percent(rate.estimate) if rate.n else ""
    within = f"{percent(rate.low)} to {percent(rate.high)}" if rate.n else ""
    beyond = "" if isnan(kappa.estimate) else f"{kappa.estimate:.2f}"
    return [share, within, beyond, f"{rate.n:,}"]
