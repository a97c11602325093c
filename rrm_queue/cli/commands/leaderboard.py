"""`rrmq leaderboard`: the generators of a job, compared over all of its tournaments."""

import csv
import sys
from dataclasses import fields

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.leaderboard import leaderboard_notes
from rrm_queue.actions.leaderboard_details import (
    LeaderboardDetails,
    LeaderboardRequest,
    read_details,
)
from rrm_queue.actions.leaderboard_schema import details_shape
from rrm_queue.actions.schemas import json_line, leaderboard_row
from rrm_queue.cli.options.arguments import viewed_job, viewed_job_argument
from rrm_queue.cli.render.leaderboard import leaderboard_table
from rrm_queue.cli.render.leaderboard_details import details_view
from rrm_queue.cli.render.terminal import lenient, screen
from rrm_queue.errors import UsageFault
from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow, Method
from rrm_queue.text import printable
from rrm_queue.views.style import Control


@click.command("leaderboard")
@viewed_job_argument
@click.option(
    "--bootstrap", is_flag=True, help="Intervals by resampling tournaments, which takes longer."
)
@click.option(
    "--soft",
    is_flag=True,
    help="Count the probabilities of the votes instead of who won; needs a job with --logprobs.",
)
@click.option(
    "--prior/--no-prior",
    default=True,
    help="Rate with the prior, which keeps ratings of few matches moderate; on by default.",
)
@click.option(
    "--control",
    type=click.Choice([control.value for control in Control]),
    help="Also rate as if all answers were equally long (length), or had the same length and "
    "Markdown (style).",
)
@click.option("--by", type=click.Choice(["subset"]), help="Also show each subset of the file.")
@click.option("--matrix", is_flag=True, help="Also show how often each generator beat each other.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header, one row a generator.")
def command(
    job: str | None,
    bootstrap: bool,
    soft: bool,
    prior: bool,
    control: str | None,
    by: str | None,
    matrix: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Compare the models (`generator`) that wrote the answers of JOB, over all decided matches.

    By default JOB is the newest job.

    Ranked by Bradley-Terry ratings with 95 % intervals. `ranks` are the ranks that are possible by
    the differences between ratings; all of them hold at once, at 95 %. `> next` is the probability
    to be above the next row. A match that was tied and settled by a coin counts as a draw.
    docs/statistics.md defines every figure.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv exclude each other")
    if as_csv and (control or by or matrix):
        raise UsageFault("--csv has the leaderboard alone; use --json")
    request = LeaderboardRequest(
        Method.BOOTSTRAP if bootstrap else Method.SANDWICH,
        soft,
        prior,
        None if control is None else Control(control),
        by is not None,
        matrix,
    )
    with App() as app:
        details = read_details(app, viewed_job(app, job), request)
    if as_json:
        click.echo(json_line(details_shape(details)))
    elif as_csv:
        _write_csv(details.found.board)
    else:
        _print(details)


def _write_csv(board: Leaderboard) -> None:
    stream = lenient(sys.stdout)
    # A file gets every name unchanged, a terminal only what it can show.
    shown = printable if stream.isatty() else str
    writer = csv.writer(stream)
    writer.writerow(field.name for field in fields(LeaderboardRow))
    for row in board.rows:
        cells = leaderboard_row(row)
        writer.writerow([shown(cells.pop("generator")), *cells.values()])


def _print(details: LeaderboardDetails) -> None:
    console, found = screen(), details.found
    if found.board.rows:
        console.print(leaderboard_table(found.board, console.width))
    for note in leaderboard_notes(*found):
        console.print(note, soft_wrap=not console.is_terminal)
    for renderable in details_view(details, console.width):
        console.print(renderable)
