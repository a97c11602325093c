"""The diagnostics of a judge as tables and lines, for terminals of any width."""

from collections.abc import Iterator, Sequence
from math import isinf, isnan

from rich.console import RenderableType
from rich.text import Text

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import MEDIUM, NARROW, WIDE
from rrm_queue.diagnostics.kappa import Kappa
from rrm_queue.diagnostics.label_report import LabelReport
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.reading import FEW, Level
from rrm_queue.diagnostics.report import JudgeReport
from rrm_queue.judging.kinds import titled
from rrm_queue.text import count, percent, printable
from rrm_queue.views.jobs import JobView

STYLES = {
    Level.FINE: "green",
    Level.LOOK: "yellow",
    Level.WORRY: "bold red",
    Level.OPEN: "dim",
}


def findings_view(view: JobView, report: JudgeReport, width: int) -> Iterator[RenderableType]:
    """The findings; their meaning stands beside them, or below them where there is no room."""
    beside = width >= WIDE
    table = ruled(title=Text(f"{printable(titled(view.judge))} in job {view.id}", "bold"))
    table.add_column("figure", no_wrap=True)
    intervals = ["95 %"] if width >= NARROW else []
    for heading in ["%", *intervals, "of"]:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    if beside:
        table.add_column("what it says", overflow="fold")
    for finding in report.findings:
        share, within = _percents(finding.rate)
        cells: list[str | Text] = [finding.title, share, *([within] if intervals else [])]
        cells.append(finding.trials if intervals else f"{finding.n:,}")
        cells.append(Text(finding.level, STYLES[finding.level]))
        table.add_row(*cells, *([finding.words] if beside else []))
    yield table
    if not beside:
        yield ""
        yield from (Text(f"{f.title}: {f.words}") for f in report.findings)
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
    intervals = width >= NARROW
    headings = ["pairs", "right %", *(["95 %"] if intervals else []), "kappa"]
    voting = [f"@{held.votes}" for held in reports[0].voting] if width >= MEDIUM else []
    orders = any(report.orders for report in reports)
    wide = ["both orders %", "consistent %"] if orders and width >= WIDE else []
    for heading in [*headings, *voting, *wide]:
        table.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        share, within = _percents(report.accuracy)
        cells = [printable(report.subset), f"{report.accuracy.n:,}", share]
        cells += [within] if intervals else []
        cells.append(_kappa(report.kappa, interval=intervals))
        cells += [percent(held.estimate) for held in report.voting] if voting else []
        if wide:
            held = report.orders
            if held:
                cells += [percent(held.both.estimate), percent(held.consistency.estimate)]
        table.add_row(*cells)
    yield table
    yield from _below_labels(reports[0], longer)


def _below_labels(everything: LabelReport, longer: Rate | None) -> Iterator[Text]:
    if longer and longer.n:
        share, within = _percents(longer)
        yield Text(f"by the labels, the longer answer wins {share} % ({within})", "dim")
    counted = everything.accuracy.n
    if 0 < counted < FEW:
        yield Text(f"a small sample: {count(counted, 'pair')}; the figures may be far off", "dim")
    if left_out := everything.pairs - counted:
        yield Text(f"left out: {count(left_out, 'pair')} whose label is a tie; see --ties", "dim")


def _below(view: JobView, report: JudgeReport) -> Iterator[Text]:
    if length := _length(report):
        yield Text(length, "dim")
    if report.taken is not None:
        first = "first vote" if report.taken == 1 else f"first {report.taken} votes"
        yield Text(
            f"rates of votes count only each match's {first}: later votes are cast only where "
            "the first ones differ",
            "dim",
        )
    if not view.state.ended:
        yield Text(f"the job is {view.state}: these are its figures so far", "dim")


def _length(report: JudgeReport) -> str | None:
    """What length is worth to a winner; None where no two lengths differ."""
    slope, few = report.slope, ""
    if slope.n < FEW:
        few = f": {count(slope.n, 'match')} are too few to tell what length is worth"
    if isinf(slope.estimate):
        side = "longer" if slope.estimate > 0 else "shorter"
        return f"the {side} answer won whenever the lengths differed{few}"
    if isnan(slope.estimate):
        return None
    within = "" if isinf(slope.low) else f" ({slope.low:.2f} to {slope.high:.2f})"
    return f"twice the length adds {slope.estimate:.2f}{within} to the log odds of winning{few}"


def _percents(rate: Rate) -> tuple[str, str]:
    """The rate and its interval in percent; empty without trials."""
    if not rate.n:
        return "", ""
    return percent(rate.estimate), f"{percent(rate.low)} to {percent(rate.high)}"


def _kappa(kappa: Kappa, *, interval: bool) -> str:
    if isnan(kappa.estimate):
        return ""
    if not interval:
        return f"{kappa.estimate:.2f}"
    return f"{kappa.estimate:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
