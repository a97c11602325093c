"""`rrmq results`: a job's standings, streamed tournament by tournament."""

import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

import click

from rrm_queue.cli.composition import connect, open_store, read_settings
from rrm_queue.cli.shapes import json_line, result_shape
from rrm_queue.cli.tables import champions_table, standings_table
from rrm_queue.cli.terminal import lenient, printable, screen
from rrm_queue.cli.wording import tokens
from rrm_queue.errors import UsageFault
from rrm_queue.store.jobs import find_job, view_job
from rrm_queue.store.results import TournamentResult, find_tournament, job_results

IN_FULL = 20
"""Up to so many tournaments are shown with all standings, more with their champions alone."""

PAGE = 500  # champions that stand in one table

HEADER = (
    "tournament", "champion", "rank", "candidate", "generator",
    "wins", "losses", "draws", "elo", "bt",
)  # fmt: skip


@click.command("results")
@click.argument("job", metavar="JOB")
@click.option("--tournament", metavar="KEY", help="Only this tournament, by its id in the file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each tournament.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header, one row a standing.")
def command(job: str, tournament: str | None, as_json: bool, as_csv: bool) -> None:
    """Print the standings of JOB, named by any unique prefix of its id.

    Tables show all standings of up to 20 tournaments; of a larger job they show the champions, and
    one tournament in full with --tournament. JSON and CSV always hold everything. A tournament
    without a result has no champion and no standings: JSON says in `state` and `error` why.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv exclude each other")
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if tournament is not None:
            find_tournament(tx, view.id, tournament)
        results = job_results(tx, view.id, tournament)
        if as_json:
            for result in results:
                click.echo(json_line(result_shape(result)))
        elif as_csv:
            _write_csv(results)
        else:
            _print(results, in_full=tournament is not None or view.tournaments <= IN_FULL)
            if view.prompt_tokens:
                click.echo(f"the job's tokens: {tokens(view)}")


def _write_csv(results: Iterable[TournamentResult]) -> None:
    stream = lenient(sys.stdout)
    # A file gets every id as it is, a terminal only what it can show.
    shown = printable if stream.isatty() else str
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    for result in results:
        ids = [shown(result.key), shown(result.champion or "")]
        for key, generator, line in result.standings:
            who = [line.rank, shown(key), shown(generator or "")]
            writer.writerow([*ids, *who, line.wins, line.losses, line.draws, line.elo, line.bt])


def _print(results: Iterator[TournamentResult], *, in_full: bool) -> None:
    console = screen()
    if in_full:
        for number, result in enumerate(results):
            console.print(*([""] if number else []), standings_table(result), sep="\n")
        return
    while page := list(islice(results, PAGE)):
        console.print(champions_table(page))
