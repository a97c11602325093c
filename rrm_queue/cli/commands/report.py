"""`rrmq report`: a job as one HTML page."""

from collections.abc import Sequence
from pathlib import Path

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.report.write import ReportRequest, write_report
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.options.ranges import WholeNumbers
from rrm_queue.text import count, magnitude


@click.command("report")
@job_argument
@click.option(
    "-o", "--output", metavar="FILE.html", required=True, help="The file; - is standard output."
)
@click.option("--force", is_flag=True, help="Replace FILE.html if it exists.")
@click.option(
    "--tournaments",
    "most",
    type=WholeNumbers(0),
    default=200,
    show_default=True,
    help="How many tournaments to show; of a larger job, some that failed and an even spread.",
)
@click.option(
    "--tournament",
    "keys",
    metavar="KEY",
    multiple=True,
    help="A tournament to show in any case; may be given several times.",
)
@click.option(
    "--size",
    type=WholeNumbers(1, 1000),
    metavar="MB",
    default=20,
    show_default=True,
    help="About how large the tournaments' texts may become in total.",
)
@click.option("--no-texts", is_flag=True, help="Leave out prompts, answers and reasoning.")
def command(
    job: str,
    output: str,
    force: bool,
    most: int,
    keys: Sequence[str],
    size: int,
    no_texts: bool,
) -> None:
    """Write JOB as one HTML page that needs only a browser.

    It has a summary, the leaderboard with its intervals, the diagnosis of the judge, the costs, and
    tournaments that open to their bracket, answers, votes and reasoning. It loads nothing from
    elsewhere. The page holds prompts and answers: take care who gets it, or use --no-texts.
    """
    target = None if output == "-" else Path(output)
    request = ReportRequest(target, most, keys, size, texts=not no_texts, force=force)
    with App() as app:
        written = write_report(app, job, request)
    shown = f"{written.tournaments:,} of {count(written.view.tournaments, 'tournament')}"
    click.echo(f"{output}: {magnitude(written.size)}B, {shown}", err=True)
