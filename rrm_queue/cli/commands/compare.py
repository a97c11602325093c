"""`rrmq compare`: two jobs on the matches that they share."""

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.compare import MOST_SHOWN, SHOWN, compare
from rrm_queue.actions.comparison_schema import comparison_shape
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.arguments import complete_job
from rrm_queue.cli.options.ranges import WholeNumbers
from rrm_queue.cli.render.comparison import comparison_view
from rrm_queue.cli.render.terminal import screen


@click.command("compare")
@click.argument("one", metavar="A", shell_complete=complete_job)
@click.argument("two", metavar="B", shell_complete=complete_job)
@click.option(
    "--disagreements",
    type=WholeNumbers(0, MOST_SHOWN),
    default=SHOWN,
    help="How many of the most telling disagreements to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(one: str, two: str, disagreements: int, as_json: bool) -> None:
    """Compare the jobs A and B on the matches that they share, by their votes so far.

    A match is shared if both jobs compared the same two answers to the same prompt. Texts decide
    this, not ids or order. Shows how often the judges agree (also beyond chance: Cohen's kappa),
    how the ranks of the generators change, what the shared matches cost, and where the judges
    disagree although each is sure. docs/compare.md explains every figure.
    """
    with App() as app:
        found = compare(app, one, two, disagreements)
    if as_json:
        click.echo(json_line(comparison_shape(found)))
        return
    console = screen()
    for renderable in comparison_view(found, console.width):
        console.print(renderable)
