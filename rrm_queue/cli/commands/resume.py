"""`rrmq resume`: lets a paused job go on."""

import click

from rrm_queue.actions.control import change, go_on, show
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.store.queue.control import resume_job


@click.command("resume")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Let JOB go on where it was paused; one that was not paused is left as it is."""
    changed = change(job, resume_job, go_on, otherwise="it goes on when it is back", processes=True)
    view = changed.view
    goes_on = f"job {view.id} goes on" if changed.done else f"job {view.id} was not paused"
    show(changed, f"{goes_on}: {view.state}", as_json=as_json)
