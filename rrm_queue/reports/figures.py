"""The leaderboard, the findings and the agreement with labels as rows with their drawings."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import NamedTuple

from rrm_queue.diagnostics.label_report import LabelReport
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.reading import Finding
from rrm_queue.ratings.leaderboard import LeaderboardRow
from rrm_queue.reports.bands import Band, bands
from rrm_queue.reports.contents import Board, Judge
from rrm_queue.reports.whiskers import Axis, Interval, Tick, Whisker
from rrm_queue.text import chance, percent, rank_range, rating_interval

MOST_LINES = 300
"""So many generators stand on a leaderboard; nobody reads on, and a file must not grow with it."""

PERCENT = Axis(0.0, 1.0, (Tick(0.0, "0"), Tick(50.0, "50"), Tick(100.0, "100")))
"""From 0 to 100 %, with a line at 50 %."""


class BoardRow(NamedTuple):
    """A generator with its whisker; `within` is its interval in words."""

    line: LeaderboardRow
    ranks: str
    above_next: str
    within: str
    whisker: Whisker


@dataclass(frozen=True, slots=True)
class BoardFigure:
    """A leaderboard on its axis; `more` generators are left out."""

    rows: tuple[BoardRow, ...]
    axis: Axis
    draws: bool
    more: int


class FindingRow(NamedTuple):
    """A figure of the judge; `whisker` is None where there is nothing to draw.

    `bands` say where an estimate is fine, worth a look or a worry.
    """

    name: str
    finding: Finding
    share: str
    within: str
    whisker: Whisker | None
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class FindingsFigure:
    """The judge's figures, all in percent of an axis from 0 to 100."""

    rows: tuple[FindingRow, ...]
    axis: Axis


class LabelsTable(NamedTuple):
    """The agreement with labels, a row a subset, below these headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def board_figure(held: Board | None) -> BoardFigure | None:
    """The leaderboard; None where no two generators met."""
    if held is None or not held.board.rows:
        return None
    lines = held.board.rows[:MOST_LINES]
    intervals = [
        Interval(line.bt, line.low, line.high, line.winless, line.undefeated) for line in lines
    ]
    axis = Axis.of(intervals)
    rows = [
        BoardRow(
            line,
            rank_range(line.rank_low, line.rank_high),
            "" if line.above_next is None else chance(line.above_next),
            rating_interval(line.low, line.high, line.undefeated, line.winless),
            axis.whisker(interval),
        )
        for line, interval in zip(lines, intervals, strict=True)
    ]
    draws = any(line.draws for line in lines)
    return BoardFigure(tuple(rows), axis, draws, len(held.board.rows) - len(lines))


def findings_figure(judge: Judge) -> FindingsFigure:
    """The findings of the judge, in their own order."""
    return FindingsFigure(tuple(map(_finding, judge.diagnosis.judge.findings)), PERCENT)


def labels_table(reports: Sequence[LabelReport]) -> LabelsTable | None:
    """The agreement; None without labels."""
    if not reports:
        return None
    voting = [f"right % @{held.votes}" for held in reports[0].voting]
    orders = any(report.orders for report in reports)
    both = ["both orders right %", "consistent %"] if orders else []
    headings = ["subset", "pairs", "right %", "95 %", "kappa", *voting, *both]
    return LabelsTable(headings, [_label_row(report, orders=orders) for report in reports])


def _finding(finding: Finding) -> FindingRow:
    rate = finding.rate
    drawn = PERCENT.whisker(Interval(rate.estimate, rate.low, rate.high)) if rate.n else None
    return FindingRow(finding.title, finding, *_percents(rate), drawn, bands(finding.name))


def _label_row(report: LabelReport, *, orders: bool) -> list[str]:
    kappa = report.kappa
    cells = [report.subset, f"{report.accuracy.n:,}", *_percents(report.accuracy)]
    cells.append("" if isnan(kappa.estimate) else f"{kappa.estimate:.2f}")
    cells += [percent(held.estimate) for held in report.voting]
    if orders:
        held = report.orders
        cells += [percent(held.both.estimate), percent(held.consistency.estimate)] if held else []
    return cells


def _percents(rate: Rate) -> tuple[str, str]:
    """The rate and its interval in percent; empty without trials."""
    if not rate.n:
        return "", ""
    return percent(rate.estimate), f"{percent(rate.low)} to {percent(rate.high)}"
