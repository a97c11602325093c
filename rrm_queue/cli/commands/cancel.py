"""`rrmq cancel`: ends a job before its time."""

import click

from rrm_queue.actions.control import change, show, stop
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.store.queue.control import cancel_job


@click.command("cancel")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Stop JOB for good; what is decided stays. A job that has ended is left as it is."""
    changed = change(
        job,
        cancel_job,
        stop,
        otherwise="workers stop when it is back",
    )
    view = changed.view
    if changed.done:
        sentence = f"job {view.id} is cancelled; {view.matches_done:,} matches were done"
    else:
        sentence = f"job {view.id} had ended before: {view.state}"
    show(changed, sentence, as_json=as_json)
