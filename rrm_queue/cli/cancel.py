"""`rrmq cancel`: ends a job before its time."""

import click

from rrm_queue.cli.composition import connect, open_link, open_store, read_settings
from rrm_queue.cli.shapes import json_line, status_shape
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.store.jobs import cancel_job, find_job, view_job


@click.command("cancel")
@click.argument("job", metavar="JOB")
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Stop JOB; what is decided stays. A job that has ended is left as it is."""
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database:
        with database.begin() as tx:
            found = find_job(tx, job)
            stopped = cancel_job(tx, found)
            view = view_job(tx, found)
        if stopped:
            try:
                open_link(addresses).cancel(found)
            except BrokerUnavailable as error:
                click.echo(f"rrmq: {error}; workers finish the batches they hold", err=True)
    if as_json:
        click.echo(json_line(status_shape(view)))
    elif stopped:
        click.echo(f"job {found} is cancelled; {view.matches_done:,} matches were done")
    else:
        click.echo(f"job {found} had ended before: {view.state}")
