"""What a watcher is told when the job has ended."""

from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from rrm_queue.actions.formatting import STYLES, elapsed, tokens
from rrm_queue.actions.no_verdict import no_verdict_notes
from rrm_queue.cli.render.tables import champions_table
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import first_error
from rrm_queue.store.views.results import job_results
from rrm_queue.strategies.knockout import Knockout
from rrm_queue.text import count, printable
from rrm_queue.views import JobView

FEW = 20
"""Up to so many tournaments' champions are shown."""


def print_ending(console: Console, database: Database, view: JobView) -> None:
    """Prints how the job ended, its champions when they are few, and how to see more."""
    console.print(_headline(view), soft_wrap=True)
    if view.note:
        console.print(printable(view.note), style="red", soft_wrap=True)
        console.print(f"`rrmq resume {view.id}` lets it go on when that is mended")
        return
    with database.begin() as tx:
        error = first_error(tx, view.id) if view.tournaments_failed else None
        silent = no_verdict_notes(tx, view)
        results = list(job_results(tx, view.id)) if view.tournaments <= FEW else []
    if error:
        failed = f"{count(view.tournaments_failed, 'tournament')} failed, the first one"
        why = f"{printable(error.tournament)}: {printable(error.error)}"
        console.print(f"{failed} {why}", style="red", soft_wrap=True)
    for line in silent:
        console.print(line, style="yellow", soft_wrap=True)
    if any(result.standings for result in results):
        console.print(champions_table(results))
    console.print(f"`rrmq results {view.id}` prints the standings")
    console.print(
        f"`rrmq export {view.id} --as KIND -o FILE` writes best answers, preference pairs, rewards…"
    )
    if view.strategy == Knockout.name:
        which = " TOURNAMENT" if view.tournaments > 1 else ""
        console.print(f"`rrmq bracket {view.id}{which}` draws the bracket")


def _headline(view: JobView) -> Text:
    figures = [
        count(view.tournaments_done, "tournament"),
        count(view.matches_done, "match"),
        count(view.votes, "vote"),
    ]
    if view.prompt_tokens or view.completion_tokens:
        figures.append(f"tokens: {tokens(view)}")
    return Text.assemble(
        f"job {view.id} ",
        (view.state, f"bold {STYLES[view.state]}"),
        f": {', '.join(figures)} in {elapsed(view, datetime.now(UTC))}",
    )
