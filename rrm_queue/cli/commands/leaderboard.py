"""`rrmq leaderboard`: the generators of a job, compared over all of its tournaments."""

import csv
import sys
from dataclasses import fields

import click
import numpy as np

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.schemas import json_line, leaderboard_line, leaderboard_shape
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.leaderboard import leaderboard_notes, leaderboard_table
from rrm_queue.cli.render.terminal import lenient, screen
from rrm_queue.columns import JobOutcomes
from rrm_queue.errors import UsageFault
from rrm_queue.ratings import Leaderboard, Matches, Method, leaderboard
from rrm_queue.ratings.leaderboard import Line
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.outcomes import job_outcomes
from rrm_queue.text import printable
from rrm_queue.views import JobView


@click.command("leaderboard")
@job_argument
@click.option(
    "--bootstrap", is_flag=True, help="Intervals by resampling tournaments, which takes longer."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header, one row a generator.")
def command(job: str, bootstrap: bool, as_json: bool, as_csv: bool) -> None:
    """Compare the models (`generator`) that wrote the answers of JOB, over all decided matches.

    Ranked by Bradley-Terry with 95 % intervals; `ranks` are those that the intervals leave open.
    A match that a coin decided counts as a draw. docs/statistics.md says what each figure means.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv exclude each other")
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        outcomes = job_outcomes(tx, view.id)
    method = Method.BOOTSTRAP if bootstrap else Method.SANDWICH
    board = leaderboard(outcomes.generators, rated_matches(outcomes), view.seed, method)
    if as_json:
        click.echo(json_line(leaderboard_shape(view, board)))
    elif as_csv:
        _write_csv(board)
    else:
        _print(view, board)


def rated_matches(outcomes: JobOutcomes) -> Matches:
    """The job's matches as the ratings take them."""
    return Matches(
        outcomes.tournaments,
        outcomes.firsts,
        outcomes.seconds,
        outcomes.winners.astype(np.uint8),
    )


def _write_csv(board: Leaderboard) -> None:
    stream = lenient(sys.stdout)
    # A file gets every name as it is, a terminal only what it can show.
    shown = printable if stream.isatty() else str
    writer = csv.writer(stream)
    writer.writerow(field.name for field in fields(Line))
    for line in board.lines:
        cells = leaderboard_line(line)
        writer.writerow([shown(cells.pop("generator")), *cells.values()])


def _print(view: JobView, board: Leaderboard) -> None:
    console = screen()
    if board.lines:
        console.print(leaderboard_table(board, console.width))
    for note in leaderboard_notes(view, board):
        console.print(note, soft_wrap=not console.is_terminal)
