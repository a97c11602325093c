"""What the verbs that change a job share: find it, change it, say it to the workers, show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import click

from rrm_queue.actions.app import connect, open_broker, open_store, read_settings
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobId
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.views import JobView

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Changed(Generic[Done]):
    """What was done to a job, and the job afterwards."""

    done: Done
    view: JobView


def to_stderr(line: str) -> None:
    """Says a line to whoever typed the command."""
    click.echo(f"rrmq: {line}", err=True)


def change(
    prefix: str,
    act: Callable[[Transaction, JobId], Done],
    tell: Callable[[BrokerClient, JobId], None],
    *,
    otherwise: str,
    processes: bool = False,
    say: Callable[[str], None] = to_stderr,
) -> Changed[Done]:
    """Acts on the job in one transaction, then tells the workers.

    A broker that is away is no fault, as the coordinator sees to it: `say` is given a line of what
    `otherwise` happens. `processes` asks for a local coordinator and worker as well.
    """
    addresses = connect(read_settings(), processes=processes)
    with open_store(addresses) as database:
        with database.begin() as tx:
            job = find_job(tx, prefix)
            done = act(tx, job)
            view = view_job(tx, job)
        try:
            tell(open_broker(addresses), job)
        except BrokerUnavailable as error:
            say(f"{error}; {otherwise}")
    return Changed(done, view)


def show(changed: Changed[Done], sentence: str, *, as_json: bool) -> None:
    """Prints the job's status as JSON, or a sentence."""
    click.echo(json_line(status_shape(changed.view)) if as_json else sentence)


def stop(link: BrokerClient, job: JobId) -> None:
    """Tells the workers to hand back what they have of the job."""
    link.stop({job})


def go_on(link: BrokerClient, job: JobId) -> None:
    """Lets the workers take the job up again."""
    link.unstop(job)
    link.wake()


def wake(link: BrokerClient, _job: JobId) -> None:
    """Tells the coordinator that there is something to do."""
    link.wake()
