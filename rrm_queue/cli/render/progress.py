"""A watched job's progress on stderr: a bar on a terminal, else a plain line now and then."""

import time
from datetime import UTC, datetime
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column

from rrm_queue.actions.formatting import STYLES, Progress, elapsed, progress
from rrm_queue.actions.pace import Pace, Speedometer
from rrm_queue.domain import JobState
from rrm_queue.text import count, duration
from rrm_queue.views.jobs import JobView

EVERY = 10.0  # seconds between two plain lines

ROOMY = 72
"""Columns from which on a bar has room for tournaments and the time spent."""


class Display(Protocol):
    """Where a watcher shows what it sees."""

    def show(self, view: JobView, total: int | None) -> None:
        """Shows how far the job is; it takes `total` matches at most, None if that is not known."""

    def say(self, note: str) -> None:
        """Shows a note that is to stay."""


_WHOLE = Column(no_wrap=True, min_width=max(map(len, JobState)))


class BarDisplay:
    """One bar, drawn anew in place; notes scroll above it."""

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.fields[state]}", markup=False, table_column=_WHOLE),
            BarColumn(bar_width=None),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self.bars.add_task("", total=None, state=JobState.QUEUED)
        self._speed = Speedometer()

    def show(self, view: JobView, total: int | None) -> None:
        """Moves the bar."""
        goal = _goal(view, total)
        pace = self._speed.pace(view, total, time.monotonic(), datetime.now(UTC))
        self.bars.update(
            self._task,
            completed=goal.over,
            total=goal.total or None,
            state=view.state,
            description=_figures(view, goal, pace, brief=self.bars.console.width < ROOMY),
        )

    def say(self, note: str) -> None:
        """Prints the note above the bar."""
        self.bars.console.print(note, style=STYLES[JobState.QUEUED])


class LineDisplay:
    """A line every EVERY seconds and at every change of state."""

    def __init__(self) -> None:
        self._speed = Speedometer()
        self._shown: tuple[float, JobState] | None = None

    def show(self, view: JobView, total: int | None) -> None:
        """Prints a line if it is time for one."""
        now = time.monotonic()
        pace = self._speed.pace(view, total, now, datetime.now(UTC))
        if self._shown and now - self._shown[0] < EVERY and self._shown[1] is view.state:
            return
        self._shown = now, view.state
        click.echo(f"{view.state}: {_figures(view, _goal(view, total), pace)}", err=True)

    def say(self, note: str) -> None:
        """Prints the note."""
        click.echo(note, err=True)


def _goal(view: JobView, total: int | None) -> Progress:
    """The matches that are over; the tournaments where nobody knows how many matches it takes."""
    over = view.matches_done + view.matches_failed
    if view.state.ended and view.tournaments_done + view.tournaments_failed == view.tournaments:
        return Progress(over, over, "matches")  # some strategies need fewer than they may
    if total is None:
        return progress(view)
    return Progress(over, max(over, total), "matches")


def _figures(view: JobView, goal: Progress, pace: Pace, *, brief: bool = False) -> str:
    """Such as `310/3,100 matches, 1/10 tournaments, 45/s, 0:00:07, 1 min left`."""
    said = [f"{goal.over:,}/{goal.total:,} {goal.unit}"]
    if goal.unit != "matches" and not brief:
        said.append(count(view.matches_done, "match"))
    elif view.tournaments > 1 and not brief:
        ended = view.tournaments_done + view.tournaments_failed
        said.append(f"{ended:,}/{view.tournaments:,} tournaments")
    if not brief:
        said += [f"{pace.rate or 0:,.0f}/s", str(elapsed(view, datetime.now(UTC)))]
    if pace.left and not view.state.ended:
        said.append(f"{duration(pace.left)} left")
    return ", ".join(said)
