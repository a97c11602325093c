"""A watched job's progress on stderr: a bar on a terminal, else a plain line now and then."""

import time
from collections import deque
from datetime import UTC, datetime
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars

from rrm_queue.actions.formatting import STYLES, elapsed, progress
from rrm_queue.domain import JobState
from rrm_queue.text import count
from rrm_queue.views.jobs import JobView

EVERY = 10.0  # seconds between two plain lines
WINDOW = 10.0  # seconds over which the rate is taken


class Display(Protocol):
    """Where a watcher shows what it sees."""

    def show(self, view: JobView) -> None:
        """Shows how far the job is."""

    def say(self, note: str) -> None:
        """Shows a note that is to stay."""


class Rate:
    """Matches a second over the last WINDOW seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def of(self, matches: int, now: float) -> float:
        """The rate, when so many matches are done at this moment."""
        self._seen.append((now, matches))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        return (matches - before) / (now - since) if now > since else 0.0


class BarDisplay:
    """One bar, drawn anew in place; notes scroll above it."""

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.fields[state]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self.bars.add_task("", total=None, state=JobState.QUEUED)
        self._rate = Rate()

    def show(self, view: JobView) -> None:
        """Moves the bar."""
        over, total, _ = progress(view)
        self.bars.update(
            self._task,
            completed=over,
            total=total or None,
            state=view.state,
            description=_figures(view, self._rate.of(view.matches_done, time.monotonic()), ""),
        )

    def say(self, note: str) -> None:
        """Prints the note above the bar."""
        self.bars.console.print(note, style=STYLES[JobState.QUEUED])


class LineDisplay:
    """A line every EVERY seconds and at every change of state."""

    def __init__(self) -> None:
        self._rate = Rate()
        self._shown: tuple[float, JobState] | None = None

    def show(self, view: JobView) -> None:
        """Prints a line if it is time for one."""
        now = time.monotonic()
        rate = self._rate.of(view.matches_done, now)
        if self._shown and now - self._shown[0] < EVERY and self._shown[1] is view.state:
            return
        self._shown = now, view.state
        click.echo(f"{view.state}: {_figures(view, rate, f' {progress(view).unit}')}", err=True)

    def say(self, note: str) -> None:
        """Prints the note."""
        click.echo(note, err=True)


def _figures(view: JobView, rate: float, unit: str) -> str:
    goal = progress(view)
    done = "" if goal.unit == "matches" else f", {count(view.matches_done, 'match')}"
    spent = elapsed(view, datetime.now(UTC))
    return f"{goal.over:,}/{goal.total:,}{unit}{done}, {rate:,.0f}/s, {spent}"
