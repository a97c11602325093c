"""Watching a job until it ends, and keeping the local stack up meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

import click

from rrm_queue.actions.app import local_stack, open_broker, open_store
from rrm_queue.actions.health import held_up
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.actions.settings import daemon_environment
from rrm_queue.cli.render.ending import print_ending
from rrm_queue.cli.render.progress import BarDisplay, Display, LineDisplay
from rrm_queue.cli.render.terminal import screen
from rrm_queue.config import Settings
from rrm_queue.domain import JobId, JobState
from rrm_queue.errors import StackFault, StillRunning, StoreUnavailable
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import view_job
from rrm_queue.text import printable
from rrm_queue.views import JobView

if TYPE_CHECKING:
    from rrm_queue.local.stack import Addresses

POLL = 0.3  # seconds between two looks at the job
REST = 5  # times as long as a look took before the next: a slow database is left in peace
CARE = 5.0  # seconds between two looks at the stack and the workers
PATIENCE = 120.0  # seconds of trouble without a break before it is given up

EXIT_JOB_FAILED, EXIT_INTERRUPTED = 3, 130


def watch(settings: Settings, addresses: "Addresses", job: JobId, *, as_json: bool) -> int:
    """The exit code when the job has ended: 0 when it succeeded, 3 when not, 130 for Ctrl-C.

    A job that was paused because it cannot go on as things are counts as one that did not succeed.

    Shows the progress on stderr and at the end a summary, or the status as JSON, on stdout.
    A store or stack that is away is waited for; raises StoreUnavailable or StackFault in the end.
    """
    with open_store(addresses) as database:
        try:
            with _display() as display:
                view = Watcher(settings, addresses, database, display).follow(job)
        except KeyboardInterrupt:
            click.echo(f"job {job} goes on; `rrmq status {job} --watch` shows it again", err=True)
            return EXIT_INTERRUPTED
        if as_json:
            click.echo(json_line(status_shape(view)))
        else:
            print_ending(screen(), database, view)
    return 0 if view.state is JobState.SUCCEEDED else EXIT_JOB_FAILED


@contextmanager
def _display() -> Iterator[Display]:
    console = screen(stderr=True)
    if not console.is_terminal:
        yield LineDisplay()
        return
    display = BarDisplay(console)
    with display.bars:
        yield display


class Watcher:
    """Looks at a job again and again."""

    def __init__(
        self, settings: Settings, addresses: "Addresses", database: Database, display: Display
    ) -> None:
        self._environment = daemon_environment(settings)
        self._stack = local_stack(settings)
        self._link = open_broker(addresses)
        self._database = database
        self._display = display
        self._note: str | None = None

    def follow(self, job: JobId, limit: float = inf) -> JobView:
        """The job when it has ended, or when it was paused with a note.

        Raises StillRunning when neither happens within `limit` seconds.
        """
        well = time.monotonic()
        end = well + limit
        care_at = well + CARE
        while True:
            start = time.monotonic()
            caring = start >= care_at
            try:
                if caring:
                    self._keep_stack_up()
                    care_at = start + CARE
                view = self._look(job)
                if view.state.ended or view.note:
                    return view
                if caring:
                    local = self._stack is not None
                    self._say(held_up(self._link, self._database, view, local=local))
                well = start
            except (StoreUnavailable, StackFault) as error:
                if start - well > PATIENCE:
                    raise
                care_at = start  # at once: what is away may be ours to start
                self._say(f"{error}; trying again")
            now = time.monotonic()
            if (left := end - now) <= 0:
                raise StillRunning(f"job {job}, {limit:g} s")
            time.sleep(min(left, max(POLL, REST * (now - start))))

    def _keep_stack_up(self) -> None:
        if self._stack is not None:
            self._stack.ensure_services()
            self._stack.ensure_processes(self._environment)

    def _look(self, job: JobId) -> JobView:
        with self._database.begin() as tx:
            view = view_job(tx, job)
        self._display.show(view)
        return view

    def _say(self, note: str | None) -> None:
        """Says what is new; the same trouble is worth one line."""
        if note and note != self._note:
            self._display.say(printable(note))
        self._note = note
