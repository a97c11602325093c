"""What the verbs that change a job share: find it, change it, say it to the workers, show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import click

from rrm_queue.broker.link import BrokerLink
from rrm_queue.cli.composition import connect, open_link, open_store, read_settings
from rrm_queue.cli.shapes import json_line, status_shape
from rrm_queue.domain import JobId
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.store.database import Transaction
from rrm_queue.store.jobs import JobView, find_job, view_job

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Changed(Generic[Done]):
    """What was done to a job, and the job afterwards."""

    done: Done
    view: JobView


def change(
    prefix: str,
    act: Callable[[Transaction, JobId], Done],
    tell: Callable[[BrokerLink, JobId], None],
    *,
    otherwise: str,
    processes: bool = False,
) -> Changed[Done]:
    """Acts on the job in one transaction, then tells the workers.

    A broker that is away is no fault, as the coordinator sees to it: a line says what `otherwise`
    happens. `processes` asks for a local coordinator and worker as well.
    """
    addresses = connect(read_settings(), processes=processes)
    with open_store(addresses) as database:
        with database.begin() as tx:
            job = find_job(tx, prefix)
            done = act(tx, job)
            view = view_job(tx, job)
        try:
            tell(open_link(addresses), job)
        except BrokerUnavailable as error:
            click.echo(f"rrmq: {error}; {otherwise}", err=True)
    return Changed(done, view)


def show(changed: Changed[Done], sentence: str, *, as_json: bool) -> None:
    """Prints the job's status as JSON, or a sentence."""
    click.echo(json_line(status_shape(changed.view)) if as_json else sentence)
