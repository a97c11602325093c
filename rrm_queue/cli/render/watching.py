"""A job followed on the screen until it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.pace import MatchTotal
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.actions.watch import watch
from rrm_queue.cli import exit_codes
from rrm_queue.cli.render.ending import FEW, print_ending
from rrm_queue.cli.render.progress import BarDisplay, Display, LineDisplay
from rrm_queue.cli.render.terminal import screen
from rrm_queue.domain import JobId, JobState
from rrm_queue.errors import StackStopped
from rrm_queue.text import printable
from rrm_queue.views.jobs import JobView


def show_until_end(app: App, job: JobId, *, as_json: bool) -> int:
    """Shows the progress on stderr; at the end a summary, or the status as JSON, on stdout.

    The exit code: 0 when the job succeeded, 3 when it ended otherwise, 4 when `rrmq down` stopped
    the local stack, 130 for Ctrl-C.
    """
    try:
        with _display() as display:
            view = _follow(app, job, display)
    except KeyboardInterrupt:
        click.echo(
            f"job {job} is not stopped; `rrmq status {job} --watch` watches it again", err=True
        )
        return exit_codes.INTERRUPTED
    except StackStopped as stopped:
        again = f"`rrmq status {job} --watch` goes on with job {job}"
        click.echo(f"rrmq: {stopped}, and {again}", err=True)
        return exit_codes.STOPPED
    if as_json:
        click.echo(json_line(status_shape(view)))
    else:
        ending = None if view.note else jobs.ending(app, view, most_results=FEW)
        print_ending(screen(), view, ending)
    return exit_codes.OK if view.state is JobState.SUCCEEDED else exit_codes.JOB_FAILED


def _follow(app: App, job: JobId, display: Display) -> JobView:
    """Shows all that is seen of the job; the job when it has ended."""
    view: JobView | None = None
    total = MatchTotal(app)
    for seen in watch(app, job):
        if isinstance(seen, str):
            display.say(printable(seen))
        else:
            display.show(view := seen, total.of(seen))
    assert view is not None  # noqa: S101  # watching ends with a view
    return view


@contextmanager
def _display() -> Iterator[Display]:
    console = screen(stderr=True)
    if not console.is_terminal:
        yield LineDisplay()
        return
    display = BarDisplay(console)
    with display.bars:
        yield display
