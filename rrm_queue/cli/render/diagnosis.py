"""The diagnostics of a judge as tables and lines, for terminals of any width."""

from collections.abc import Iterator, Sequence
from math import isinf, isnan

from rich.console import RenderableType
from rich.text import Text

from rrm_queue.actions.formatting import count
from rrm_queue.cli.render.tables import MEDIUM, WIDE, ruled
from rrm_queue.diagnostics.kappa import Kappa
from rrm_queue.diagnostics.label_report import LabelReport
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.reading import Finding, Level
from rrm_queue.diagnostics.report import JudgeReport
from rrm_queue.text import printable
from rrm_queue.views import JobView

STYLES = {
    Level.FINE: "green",
    Level.LOOK: "yellow",
    Level.WORRY: "bold red",
    Level.OPEN: "dim",
}


def findings_view(view: JobView, report: JudgeReport, width: int) -> Iterator[RenderableType]:
    """The findings; what they mean stands beside them, or below where there is no room."""
    beside = width >= WIDE
    table = ruled(title=Text(f"{printable(str(view.judge))} in job {view.id}", "bold"))
    table.add_column("figure", no_wrap=True)
    for heading in ("%", "95 %", "of"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    if beside:
        table.add_column("what it says", overflow="fold")
    for finding in report.findings:
        figure = Rate(finding.estimate, finding.low, finding.high, finding.n)
        cells: list[str | Text] = [_name(finding), *_percent(figure), f"{finding.n:,}"]
        cells.append(Text(finding.level, STYLES[finding.level]))
        table.add_row(*cells, *([finding.words] if beside else []))
    yield table
    if not beside:
        yield ""
        yield from (Text(f"{_name(f)}: {f.words}") for f in report.findings)
    yield from _below(view, report)


def labels_view(
    reports: Sequence[LabelReport], longer: Rate | None, width: int
) -> Iterator[RenderableType]:
    """The agreement with labels, a line a subset; nothing without labels.

    `longer` is how often the longer answer wins by the labels.
    """
    if not reports:
        return
    yield ""
    table = ruled(title=Text("agreement with the file's labels", "bold"))
    table.add_column("subset", overflow="fold")
    headings = ["pairs", "right %", "95 %", "kappa"]
    voting = [f"@{held.votes}" for held in reports[0].voting] if width >= MEDIUM else []
    orders = any(report.orders for report in reports)
    wide = ["both orders %", "consistent %"] if orders and width >= WIDE else []
    for heading in [*headings, *voting, *wide]:
        table.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        cells = [printable(report.subset), f"{report.accuracy.n:,}", *_percent(report.accuracy)]
        cells.append(_kappa(report.kappa))
        cells += [_share(held.estimate) for held in report.voting] if voting else []
        if wide:
            held = report.orders
            cells += [_share(held.both.estimate), _share(held.consistency.estimate)] if held else []
        table.add_row(*cells)
    yield table
    if longer and longer.n:
        share, within = _percent(longer)
        yield Text(f"by the labels the longer answer wins {share} % ({within})", "dim")
    left_out = reports[0].pairs - reports[0].accuracy.n
    if left_out:
        yield Text(f"{count(left_out, 'pair')} whose label is a tie left out; see --ties", "dim")


def _below(view: JobView, report: JudgeReport) -> Iterator[Text]:
    slope = report.slope
    if isinf(slope.estimate):
        yield Text("length alone tells every winner", "dim")
    elif not isnan(slope.estimate):
        yield Text(
            f"a doubling of length adds {slope.estimate:.2f} ({slope.low:.2f} to {slope.high:.2f}) "
            "to the log odds of winning",
            "dim",
        )
    if report.taken is not None:
        first = "first vote" if report.taken == 1 else f"first {report.taken} votes"
        yield Text(
            f"rates of votes are of each match's {first}: later ones are cast where those differ",
            "dim",
        )
    if not view.state.ended:
        yield Text(f"the job is {view.state}: by what is recorded so far", "dim")


def _name(finding: Finding) -> str:
    return finding.name.replace("_", " ")


def _percent(rate: Rate) -> tuple[str, str]:
    if not rate.n:
        return "", ""
    return f"{100 * rate.estimate:.1f}", f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


def _share(estimate: float) -> str:
    return "" if isnan(estimate) else f"{100 * estimate:.1f}"


def _kappa(kappa: Kappa) -> str:
    if isnan(kappa.estimate):
        return ""
    return f"{kappa.estimate:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
