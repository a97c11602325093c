"""`rrmq votes`: why a match went as it did."""

from collections.abc import Sequence
from itertools import islice

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.vote_schemas import match_details_shape, match_shape
from rrm_queue.actions.votes import TournamentMatches, check_match, explain_match, open_matches
from rrm_queue.cli.options.arguments import complete_tournament, job_argument
from rrm_queue.cli.render.terminal import screen
from rrm_queue.cli.render.votes import match_view, matches_table
from rrm_queue.views.matches import MatchDetails

PAGE = 500  # matches in one table


@click.command("votes")
@job_argument
@click.argument("tournament", metavar="TOURNAMENT", shell_complete=complete_tournament)
@click.argument("match", metavar="[ROUND.SLOT | CANDIDATE CANDIDATE]", nargs=-1)
@click.option("--full", is_flag=True, help="Show each vote's whole reasoning, not only its end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, a match.")
def command(job: str, tournament: str, match: Sequence[str], full: bool, as_json: bool) -> None:
    """List the matches of JOB's TOURNAMENT, or show the votes of one match.

    Name a match by its round and slot, such as 1.0, or by the ids of its two candidates; they may
    have met more than once. It shows the prompt, both answers, and for each vote the order in which
    it saw the answers, its verdict, its cost and the end of its reasoning. JSON always holds the
    whole texts; `shown_first` is the answer in slot 1 of the vote.
    """
    if not match:
        with App() as app, open_matches(app, job, tournament) as listed:
            _list(listed, as_json=as_json)
        return
    check_match(match)
    with App() as app:
        _explain(explain_match(app, job, tournament, match), full=full, as_json=as_json)


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


def _explain(found: Sequence[MatchDetails], *, full: bool, as_json: bool) -> None:
    console = screen()
    for place, details in enumerate(found):
        if as_json:
            click.echo(json_line(match_details_shape(details)))
            continue
        shown = match_view(details, console.width, full=full)
        console.print(*([""] if place else []), shown, sep="\n")
