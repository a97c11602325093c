"""`rrmq status`: how far a job is."""

from datetime import UTC, datetime

import click

from rrm_queue.actions.app import connect, local_stack, open_broker, open_store, read_settings
from rrm_queue.actions.health import held_up
from rrm_queue.actions.no_verdict import no_verdict_notes
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.actions.watch import watch
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.tables import card
from rrm_queue.cli.render.terminal import screen
from rrm_queue.store.views.jobs import find_job, first_error, view_job
from rrm_queue.text import printable


@click.command("status")
@job_argument
@click.option("--watch", "watching", is_flag=True, help="Stay until the job ends.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str, watching: bool, as_json: bool) -> int:
    """Show how far JOB is, named by any unique prefix of its id.

    With --watch the exit code is 0 when the job succeeded, 3 when it ended otherwise.
    """
    settings = read_settings()
    addresses = connect(settings)
    local = local_stack(settings) is not None
    with open_store(addresses) as database:
        with database.begin() as tx:
            view = view_job(tx, find_job(tx, job))
            error = first_error(tx, view.id) if view.tournaments_failed else None
            silent = [] if as_json or watching else no_verdict_notes(tx, view)
        if watching:
            return watch(settings, addresses, view.id, as_json=as_json)
        note = None if as_json else held_up(open_broker(addresses), database, view, local=local)
    if as_json:
        problem = f"{error.tournament}: {error.error}" if error else None
        click.echo(json_line({**status_shape(view), "problem": problem}))
        return 0
    console = screen()
    ascii_only = console.options.ascii_only
    console.print(card(view, datetime.now(UTC), error, ascii_only=ascii_only))
    for line in [*silent, *([note] if note else [])]:
        console.print(printable(line), style="yellow", soft_wrap=True)
    return 0
