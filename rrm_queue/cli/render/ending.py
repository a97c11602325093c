"""The summary that is printed when a watched job has ended."""

from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from rrm_queue.actions.formatting import STYLES, elapsed, tokens
from rrm_queue.actions.jobs import Ending
from rrm_queue.cli.render.tables import champions_table
from rrm_queue.strategies import bracket_of
from rrm_queue.text import count, printable
from rrm_queue.views.jobs import JobView

FEW = 20
"""The champions of up to so many tournaments are shown."""


def print_ending(console: Console, view: JobView, ending: Ending | None) -> None:
    """Prints how the job ended, its champions when they are few, and how to see more.

    A job that was paused with a note has no `ending`.
    """
    console.print(_headline(view), soft_wrap=True)
    if ending is None:
        console.print(printable(view.note or ""), style="red", soft_wrap=True)
        console.print(f"`rrmq resume {view.id}` lets it go on when that is fixed")
        return
    if error := ending.error:
        failed = f"{count(view.tournaments_failed, 'tournament')} failed, the first one"
        why = f"{printable(error.tournament)}: {printable(error.error)}"
        console.print(f"{failed} {why}", style="red", soft_wrap=True)
    for line in ending.notes:
        console.print(line, style="yellow", soft_wrap=True)
    if any(result.standings for result in ending.results):
        console.print(champions_table(ending.results))
    console.print(f"`rrmq results {view.id}` prints the standings")
    console.print(
        f"`rrmq export {view.id} --as KIND -o FILE` writes best answers, preference pairs, rewards…"
    )
    if bracket_of(view.strategy):
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
