"""`rrmq pause`: holds a job, so that others have the fleet."""

import click

from rrm_queue.actions.control import change, show, stop
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.domain import JobState
from rrm_queue.store.queue.control import pause_job


@click.command("pause")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Hold JOB until `rrmq resume`: workers hand back what they have of it, votes included."""
    changed = change(
        job,
        pause_job,
        stop,
        otherwise="workers stop when it is back",
    )
    view = changed.view
    if view.state is JobState.PAUSED:
        sentence = f"job {view.id} is paused; `rrmq resume {view.id}` lets it go on"
    else:
        sentence = f"job {view.id} has ended: {view.state}"
    show(changed, sentence, as_json=as_json)
