"""`rrmq results`: a job's standings, streamed tournament by tournament."""

import csv
import sys
from collections.abc import Iterable
from itertools import islice

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.formatting import tokens
from rrm_queue.actions.results import JobResults, RatedResult, open_results
from rrm_queue.cli.options.arguments import (
    complete_tournament,
    viewed_job,
    viewed_job_argument,
)
from rrm_queue.cli.render.tables import champions_table, standings_table
from rrm_queue.cli.render.terminal import lenient, screen
from rrm_queue.errors import UsageFault
from rrm_queue.text import printable

PAGE = 500  # champions in one table

NAMES = ("tournament", "champion", "rank", "candidate", "generator")
COUNTS = ("wins", "losses", "draws", "elo", "bt")


@click.command("results")
@viewed_job_argument
@click.argument(
    "tournament", metavar="[TOURNAMENT]", required=False, shell_complete=complete_tournament
)
@click.option("--tournament", "named", metavar="KEY", help="The same as TOURNAMENT.")
@click.option(
    "--intervals/--no-intervals",
    default=None,
    help="Show the uncertainty of ratings; by default where tournaments and matches are few.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, a tournament.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header, one row a standing.")
def command(
    job: str | None,
    tournament: str | None,
    named: str | None,
    intervals: bool | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print the standings of JOB (by default the newest), or only of its TOURNAMENT.

    A tournament is named by its id in the file.

    Tables show all standings of up to 20 tournaments. Of a larger job they show the champions; name
    a tournament to see all of its standings. JSON and CSV always hold everything; without intervals
    the values that need them are null. A tournament without a result has no champion and no
    standings: in JSON, `state` and `error` say why. `95 %` is the interval of the Bradley-Terry
    rating BT. `by order` is how much Elo depends on the order of the matches alone.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv exclude each other")
    tournament = named if named is not None else tournament
    with (
        App() as app,
        open_results(app, viewed_job(app, job), tournament, intervals=intervals) as results,
    ):
        if as_json:
            from rrm_queue.actions.schemas import json_line, result_shape  # only where asked for

            for result, ratings in results.tournaments:
                click.echo(json_line(result_shape(result, ratings)))
        elif as_csv:
            _write_csv(results.tournaments)
        else:
            _print(results)


def _write_csv(results: Iterable[RatedResult]) -> None:
    from rrm_queue.actions.schemas import UNCERTAINTY, result_shape  # only where asked for

    figures = (*COUNTS, *UNCERTAINTY, "decided_by", "tied")
    stream = lenient(sys.stdout)
    # A file gets every id unchanged, a terminal only what it can show.
    shown = printable if stream.isatty() else str
    writer = csv.writer(stream)
    writer.writerow([*NAMES, *figures])
    for result, ratings in results:
        shape = result_shape(result, ratings)
        for line in shape["standings"]:
            cells = {**line, "decided_by": shape["decided_by"], "tied": shape["tied"]}
            names = [shown(result.key), shown(result.champion or ""), line["rank"]]
            names += [shown(line["candidate"]), shown(line["generator"] or "")]
            writer.writerow([*names, *(cells[key] for key in figures)])


def _print(results: JobResults) -> None:
    console = screen()
    if results.in_full:
        for number, (result, ratings) in enumerate(results.tournaments):
            shown = standings_table(result, ratings, width=console.width)
            console.print(*([""] if number else []), shown, sep="\n")
    else:
        while page := [result for result, _ in islice(results.tournaments, PAGE)]:
            console.print(champions_table(page))
    if results.view.prompt_tokens:
        click.echo(f"the job's tokens: {tokens(results.view)}")
