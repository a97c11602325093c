"""`rrmq diagnose`: how far a job's judge can be trusted, and how far it agrees with labels."""

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.diagnose import diagnose
from rrm_queue.actions.diagnosis_schema import diagnosis_shape
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.arguments import viewed_job, viewed_job_argument
from rrm_queue.cli.render.calibration import calibration_view
from rrm_queue.cli.render.diagnosis import findings_view, labels_view
from rrm_queue.cli.render.jury import jury_view
from rrm_queue.cli.render.people import people_view
from rrm_queue.cli.render.terminal import screen
from rrm_queue.diagnostics.labels import TieLabels


@click.command("diagnose")
@viewed_job_argument
@click.option(
    "--ties",
    type=click.Choice([ties.value for ties in TieLabels]),
    default=TieLabels.SKIP.value,
    show_default=True,
    help="How to score a pair whose label is a tie: skip it, count any verdict as half right, or "
    "count only a tie as right.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str | None, ties: str, as_json: bool) -> None:
    """Say how far the judge of JOB (by default the newest) can be trusted, by its votes so far.

    Shows slot bias, flips between the two orders, votes without a verdict, agreement of votes,
    coins and draws, cycles (A > B > C > A) and length. Each figure has a 95 % interval and a
    meaning: `fine`, `look`, `worry`, or `open` where there is too little data to tell. Where the
    file labels its pairs, it also shows the agreement with the labels and, if votes carry a
    probability, its calibration. docs/statistics.md has the definitions and bounds.
    """
    with App() as app:
        view, diagnosis = diagnose(app, viewed_job(app, job), TieLabels(ties))
    if as_json:
        click.echo(json_line(diagnosis_shape(view, diagnosis)))
        return
    console = screen()
    for renderable in findings_view(view, diagnosis.judge, console.width):
        console.print(renderable)
    for renderable in labels_view(diagnosis.labels, diagnosis.preferred_longer, console.width):
        console.print(renderable)
    for renderable in calibration_view(diagnosis.calibration):
        console.print(renderable)
    for renderable in jury_view(diagnosis.jury):
        console.print(renderable)
    for renderable in people_view(diagnosis.people):
        console.print(renderable)
