"""`rrmq results`: a job's standings, streamed tournament by tournament."""

import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

import click

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.formatting import tokens
from rrm_queue.actions.schemas import UNCERTAINTY, json_line, result_shape
from rrm_queue.cli.options.arguments import job_argument, offered_tournaments
from rrm_queue.cli.render.tables import Ratings, champions_table, standings_table
from rrm_queue.cli.render.terminal import lenient, screen
from rrm_queue.domain import JobId
from rrm_queue.errors import UsageFault
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.outcomes import tournament_outcomes
from rrm_queue.store.views.results import find_tournament, job_results
from rrm_queue.text import printable
from rrm_queue.views import TournamentResult

IN_FULL = 20
"""Up to so many tournaments are shown with all standings, more with their champions alone."""

FEW_MATCHES = 20_000
"""Intervals stand by default in a job of up to so many matches: about five seconds."""

PAGE = 500  # champions that stand in one table

Rated = tuple[TournamentResult, Ratings | None]

HEADER = (
    "tournament", "champion", "rank", "candidate", "generator",
    "wins", "losses", "draws", "elo", "bt", *UNCERTAINTY,
)  # fmt: skip


@click.command("results")
@job_argument
@click.argument(
    "tournament", metavar="[TOURNAMENT]", required=False, shell_complete=offered_tournaments
)
@click.option("--tournament", "named", metavar="KEY", help="The same as TOURNAMENT.")
@click.option(
    "--intervals/--no-intervals",
    default=None,
    help="With the ratings' uncertainty; by default where there are few tournaments and matches.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each tournament.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header, one row a standing.")
def command(
    job: str,
    tournament: str | None,
    named: str | None,
    intervals: bool | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print the standings of JOB, or of its TOURNAMENT alone, by its id in the file.

    Tables show all standings of up to 20 tournaments; of a larger job they show the champions, and
    one tournament in full when it is named. JSON and CSV always hold everything; what stands on
    intervals is null without them. A tournament without a result has no champion and no standings:
    JSON says in `state` and `error` why. `95 %` is the interval of the Bradley-Terry rating BT,
    `by order` how much the order of the matches alone moves Elo.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv exclude each other")
    tournament = named if named is not None else tournament
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if tournament is not None:
            find_tournament(tx, view.id, tournament)
        in_full = tournament is not None or view.tournaments <= IN_FULL
        if intervals is None:
            few = in_full and view.matches_done <= FEW_MATCHES
            intervals = tournament is not None or few
        results = _rated(tx, view.id, job_results(tx, view.id, tournament), intervals)
        if as_json:
            for result, ratings in results:
                click.echo(json_line(result_shape(result, ratings)))
        elif as_csv:
            _write_csv(results)
        else:
            _print(results, in_full=in_full or intervals)
            if view.prompt_tokens:
                click.echo(f"the job's tokens: {tokens(view)}")


def _rated(
    tx: Transaction, job: JobId, results: Iterable[TournamentResult], intervals: bool
) -> Iterator[Rated]:
    """The results, with the ratings of those that have an end when intervals are asked for."""
    if not intervals:
        yield from ((result, None) for result in results)
        return
    from rrm_queue.ratings import rating_table

    for result in results:
        if not result.standings:
            yield result, None
            continue
        size, seed, matches = tournament_outcomes(tx, job, result.key)
        yield result, {line.candidate: line for line in rating_table(size, matches, seed)}


def _write_csv(results: Iterable[Rated]) -> None:
    stream = lenient(sys.stdout)
    # A file gets every id as it is, a terminal only what it can show.
    shown = printable if stream.isatty() else str
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    for result, ratings in results:
        for line in result_shape(result, ratings)["standings"]:
            who = [shown(result.key), shown(result.champion or ""), line["rank"]]
            names = [shown(line["candidate"]), shown(line["generator"] or "")]
            writer.writerow([*who, *names, *(line[key] for key in HEADER[5:])])


def _print(results: Iterator[Rated], *, in_full: bool) -> None:
    console = screen()
    if in_full:
        for number, (result, ratings) in enumerate(results):
            shown = standings_table(result, ratings, width=console.width)
            console.print(*([""] if number else []), shown, sep="\n")
        return
    while page := [result for result, _ in islice(results, PAGE)]:
        console.print(champions_table(page))
