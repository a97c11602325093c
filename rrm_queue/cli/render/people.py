"""People who judge as tables: what each did, with each other, and each with labels."""

from collections.abc import Iterator
from math import isnan

from rich.console import RenderableType
from rich.text import Text

from rrm_queue.cli.render.jury import accuracy_table, pair_table
from rrm_queue.cli.render.ruled import ruled
from rrm_queue.diagnostics.people import PeopleReport
from rrm_queue.text import count, percent, printable


def people_view(found: PeopleReport | None) -> Iterator[RenderableType]:
    """How far people agree; nothing where a model judges."""
    if found is None or not found.people:
        return
    yield ""
    table = ruled(title=Text("the people who judge", "bold"))
    for heading in ("person", "votes", "ties %", "median s"):
        left = heading == "person"
        table.add_column(heading, justify="left" if left else "right", overflow="fold")
    for one in found.people:
        share = percent(one.ties.estimate)
        table.add_row(printable(one.person), f"{one.votes:,}", share, f"{one.median_seconds:,.1f}")
    yield table
    if not found.pairs:
        return
    yield ""
    yield pair_table("agreement of the people", "person", found.pairs)
    yield Text(said(found))
    if found.labels:
        yield ""
        yield accuracy_table("each person and the file's labels", "person", found.labels)


def said(found: PeopleReport) -> str:
    """The agreement of all people together in a sentence."""
    rate, alpha = found.agreement, found.alpha
    within = f"{percent(rate.low)} to {percent(rate.high)} %"
    words = f"two votes of a match agree in {percent(rate.estimate)} % ({within})"
    if not isnan(alpha.estimate):
        words += f"; Krippendorff's alpha {alpha.estimate:.2f}"
        words += f" ({alpha.low:.2f} to {alpha.high:.2f}), {count(alpha.n, 'match')}"
    return words
