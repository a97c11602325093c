"""`rrmq bracket`: a knockout's tree, drawn in the terminal."""

import click
from rich.text import Text

from rrm_queue.actions.app import App
from rrm_queue.actions.bracket import JobBracket, read_bracket
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.vote_schemas import bracket_shape
from rrm_queue.cli.options.arguments import (
    complete_tournament,
    viewed_job,
    viewed_job_argument,
)
from rrm_queue.cli.render.bracket import COIN, draw, draw_double
from rrm_queue.cli.render.canvas import Line
from rrm_queue.cli.render.terminal import screen
from rrm_queue.domain import TournamentState
from rrm_queue.strategies import Bracket
from rrm_queue.strategies.bracket import leaves
from rrm_queue.text import printable
from rrm_queue.views.jobs import JobView


@click.command("bracket")
@viewed_job_argument
@click.argument(
    "tournament", metavar="[TOURNAMENT]", required=False, shell_complete=complete_tournament
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str | None, tournament: str | None, as_json: bool) -> None:
    """Draw the bracket of JOB's TOURNAMENT, by default the newest job and its first tournament.

    The champion's path has heavy lines. With several votes a match, the votes for the winner and
    for the loser follow the winner's name. `*` marks a tie that a coin settled, `…` a match that is
    not decided yet. Of a double elimination the winners' bracket is drawn, and below it the rounds
    of the losers' bracket and the final are listed.
    """
    with App() as app:
        found = read_bracket(app, viewed_job(app, job), tournament)
    if as_json:
        click.echo(json_line(bracket_shape(found)))
        return
    console = screen()
    drawing = draw if found.kind is Bracket.SINGLE else draw_double
    lines = drawing(
        leaves(len(found.candidates), found.tournament.seed, found.view.seeding),
        found.candidates,
        found.matches,
        console.width,
        ascii_only=console.options.ascii_only,
    )
    for line in [_heading(found), [], *map(_styled, lines)]:
        console.print(line or "", soft_wrap=True)
    if any(match.by_coin for match in found.matches):
        console.print(f"\n{COIN} tied and settled by a coin")
    if tournament is None:
        _mention_others(found.view)


def _heading(found: JobBracket) -> Text:
    """The tournament and its champion, or its state before it has one."""
    tournament = found.tournament
    key = (printable(tournament.key), "bold")
    if tournament.champion is not None:
        champion = printable(found.candidates[tournament.champion])
        return Text.assemble(key, ": ", (champion, "bold green"))
    if tournament.state is TournamentState.FAILED:
        return Text.assemble(key, (f": failed: {printable(tournament.error or '')}", "red"))
    return Text.assemble(key, f": {tournament.state}")


def _styled(line: Line) -> Text:
    return Text.assemble(*((text, "bold green" if strong else "") for text, strong in line))


def _mention_others(view: JobView) -> None:
    if view.tournaments > 1:
        click.echo(
            f"\nthe first of {view.tournaments:,} tournaments; "
            f"`rrmq bracket {view.id} TOURNAMENT` draws another",
            err=True,
        )
