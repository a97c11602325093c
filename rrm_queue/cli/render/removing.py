"""What `rrmq delete` and `rrmq prune` show: how far they are, and the jobs that are left over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rrm_queue.cli.render.terminal import screen
from rrm_queue.coordinator.removing import Tell
from rrm_queue.text import byte_size, count
from rrm_queue.views.jobs import LeftOver

if TYPE_CHECKING:
    from rich.table import Table


@contextmanager
def removal_bar(tournaments: int) -> Iterator[Tell]:
    """A bar on stderr, where that is a terminal; it is told how many tournaments are gone."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = screen(stderr=True)
    columns = TextColumn("tournaments removed"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=tournaments)
        yield lambda removed: bar.update(task, completed=removed)


def left_over_table(jobs: Sequence[LeftOver]) -> "Table":
    """The jobs, one a line."""
    from rrm_queue.cli.render.ruled import ruled

    table = ruled()
    table.add_column("job", no_wrap=True)
    table.add_column("made by", no_wrap=True)
    for title in ("tournaments", "votes", "disk"):
        table.add_column(title, justify="right", no_wrap=True)
    for job in jobs:
        made_by = "rewards" if job.ephemeral else "submission"
        figures = f"{job.tournaments:,}", f"{job.votes:,}", byte_size(job.bytes)
        table.add_row(job.job, made_by, *figures)
    return table


def summed(jobs: Sequence[LeftOver]) -> str:
    """Such as `2 jobs with 40 votes, about 9 kB`."""
    votes = count(sum(job.votes for job in jobs), "vote")
    size = byte_size(sum(job.bytes for job in jobs))
    return f"{count(len(jobs), 'job')} with {votes}" + (f", about {size}" if jobs else "")
