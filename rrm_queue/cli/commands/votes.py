"""`rrmq votes`: why a match went as it did."""

from collections.abc import Iterable, Sequence
from itertools import islice

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.vote_schemas import match_details_shape, match_shape
from rrm_queue.actions.votes import TournamentMatches, check_match, explain_match, open_matches
from rrm_queue.cli.options.arguments import (
    complete_tournament,
    viewed_job,
    viewed_job_argument,
)
from rrm_queue.cli.render.terminal import screen
from rrm_queue.cli.render.votes import match_view, matches_table
from rrm_queue.views.matches import MatchDetails

PAGE = 500  # matches in one table


@click.command("votes")
@viewed_job_argument
@click.argument(
    "tournament", metavar="[TOURNAMENT]", required=False, shell_complete=complete_tournament
)
@click.argument("match", metavar="[ROUND.PLACE | CANDIDATE CANDIDATE]", nargs=-1)
@click.option(
    "--full",
    is_flag=True,
    help="Show each vote's whole reasoning, not only its end; without a match, of all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, a match.")
def command(
    job: str | None, tournament: str | None, match: Sequence[str], full: bool, as_json: bool
) -> None:
    """List the matches of JOB's TOURNAMENT, or show the votes of one match.

    By default JOB is the newest job and TOURNAMENT its first. With --full and without a match, all
    matches are shown with all of their votes.

    Name a match by its round and its place in the round (from 0), such as 1.0, or by the ids of its
    two candidates; they may have met more than once. It shows the prompt, both answers, and for
    each vote the order in which it saw the answers, its verdict, its cost and the end of its
    reasoning. JSON always holds the whole texts; `shown_first` is the answer in slot 1 of the vote.
    """
    if match:
        check_match(match)
    with App() as app:
        job = viewed_job(app, job)
        if match and tournament is not None:
            _explain(explain_match(app, job, tournament, match), full=full, as_json=as_json)
            return
        with open_matches(app, job, tournament) as listed:
            if full:
                _explain(listed.details, full=True, as_json=as_json)
            else:
                _list(listed, as_json=as_json)
        if tournament is None and listed.of > 1:
            others = f"`rrmq votes {listed.job} TOURNAMENT` shows another"
            click.echo(f"\nthe first of {listed.of:,} tournaments; {others}", err=True)


def _list(listed: TournamentMatches, *, as_json: bool) -> None:
    if as_json:
        for match in listed.matches:
            click.echo(json_line(match_shape(match, listed.candidates)))
        return
    console, empty = screen(), True
    while page := list(islice(listed.matches, PAGE)):
        console.print(matches_table(page, listed.candidates, console.width))
        empty = False
    if empty:
        console.print("no match is planned yet")


def _explain(found: Iterable[MatchDetails], *, full: bool, as_json: bool) -> None:
    console = screen()
    for place, details in enumerate(found):
        if as_json:
            click.echo(json_line(match_details_shape(details)))
            continue
        shown = match_view(details, console.width, full=full)
        console.print(*([""] if place else []), shown, sep="\n")
