"""What a person who votes in a terminal sees: a match, shown blind, and what follows it."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.people import ShownMatch, Turn
from rrm_queue.cli.render.votes import SIDE_BY_SIDE, body
from rrm_queue.text import count, printable

KEYS = (
    ("1", "first"),
    ("2", "second"),
    ("t", "tie"),
    ("s", "skip"),
    ("u", "undo the last vote"),
    ("q", "quit"),
)
"""The keys and what they do."""


def turn_view(turn: Turn, shown: ShownMatch, width: int) -> Iterator[RenderableType]:
    """The match with the keys below it; nothing of it says who wrote an answer."""
    decided = f"{count(turn.view.matches_done, 'match')} decided"
    yield Rule(f"{printable(turn.person)}: {count(turn.mine, 'vote')}; {decided}", style="dim")
    if shown.criteria:
        yield Group(Text("criteria", "dim"), body(shown.criteria), "")
    yield Group(Text("prompt", "dim"), body(shown.prompt), "")
    yield _answers(shown, width)
    yield keys_line(undo=turn.undo is not None)


def keys_line(*, undo: bool) -> Text:
    """The keys; that of undoing only where there is a vote to take back."""
    parts: list[str | tuple[str, str]] = []
    for key, meaning in KEYS:
        if key != "u" or undo:
            parts += [(key, "bold"), f" {meaning}   "]
    return Text.assemble(*parts)


def rest_line(turn: Turn) -> str:
    """What there is to say when no match is left for the person."""
    cast = f"{printable(turn.person)}, you cast {count(turn.mine, 'vote')}."
    if turn.view.state.ended:
        return f"All matches are judged. {cast}"
    return f"Nothing for you now: what is left waits for other people. {cast}"


def _answers(shown: ShownMatch, width: int) -> RenderableType:
    panels = [
        Panel(body(text), title=title, title_align="left", border_style="dim")
        for title, text in (("first answer", shown.one), ("second answer", shown.two))
    ]
    if width < SIDE_BY_SIDE:
        return Group(*panels)
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(*panels)
    return grid
