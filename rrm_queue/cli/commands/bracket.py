"""`rrmq bracket`: a knockout's tree, drawn in the terminal."""

import click
from rich.text import Text

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.cli.options.arguments import job_argument, offered_tournaments
from rrm_queue.cli.render.bracket import COIN, draw
from rrm_queue.cli.render.canvas import Line
from rrm_queue.cli.render.terminal import screen
from rrm_queue.domain import DecidedBy, TournamentState
from rrm_queue.errors import UsageFault
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.results import find_tournament, tournament_matches
from rrm_queue.strategies import Bracket, bracket_of
from rrm_queue.strategies.bracket import leaves
from rrm_queue.text import printable
from rrm_queue.views import JobView, TournamentView


@click.command("bracket")
@job_argument
@click.argument(
    "tournament", metavar="[TOURNAMENT]", required=False, shell_complete=offered_tournaments
)
def command(job: str, tournament: str | None) -> None:
    """Draw the bracket of TOURNAMENT (by default the first) of JOB, a knockout.

    The champion's path is drawn with heavy lines. With several votes a match the winner's and the
    loser's stand behind the name; `*` marks what a coin decided; `…` is not decided yet.
    """
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if bracket_of(view.strategy) is not Bracket.SINGLE:
            raise UsageFault(
                f"job {view.id} is no knockout but {view.strategy}: "
                f"`rrmq results {view.id}` prints its standings"
            )
        shown = find_tournament(tx, view.id, tournament)
        matches = tournament_matches(tx, shown.id)
    console = screen()
    lines = draw(
        leaves(len(shown.candidates), shown.seed, view.seeding),
        shown.candidates,
        matches,
        console.width,
        ascii_only=console.options.ascii_only,
    )
    for line in [_heading(shown), [], *map(_styled, lines)]:
        console.print(line or "", soft_wrap=True)
    if any(match.decided_by == DecidedBy.COIN for match in matches):
        console.print(f"\n{COIN} decided by a coin")
    _mention_others(view, asked=tournament is not None)


def _heading(shown: TournamentView) -> Text:
    """The tournament and its champion, or what it is doing instead of having one."""
    key = (printable(shown.key), "bold")
    if shown.champion is not None:
        champion = printable(shown.candidates[shown.champion])
        return Text.assemble(key, ": ", (champion, "bold green"))
    if shown.state is TournamentState.FAILED:
        return Text.assemble(key, (f": failed: {printable(shown.error or '')}", "red"))
    return Text.assemble(key, f": {shown.state}")


def _styled(line: Line) -> Text:
    return Text.assemble(*((text, "bold green" if strong else "") for text, strong in line))


def _mention_others(view: JobView, *, asked: bool) -> None:
    if not asked and view.tournaments > 1:
        click.echo(
            f"\nthe first of {view.tournaments:,} tournaments; "
            f"`rrmq bracket {view.id} TOURNAMENT` draws another",
            err=True,
        )
