"""A tournament's matches and one match's votes, as rich renderables."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.formatting import vote_facts
from rrm_queue.actions.vote_schemas import chosen, shown
from rrm_queue.cli.render.tables import MEDIUM, ruled
from rrm_queue.domain import DecidedBy, MatchState, Verdict
from rrm_queue.text import printable
from rrm_queue.views import CastVote, GivenAnswer, Reasons, Tally

SIDE_BY_SIDE = MEDIUM
"""Terminals from so many columns on show the two answers beside each other."""

END_LINES, END_CHARACTERS = 6, 800
"""How much of the end of a reasoning is shown without `--full`."""

INDENT = 2  # columns


def matches_table(page: Sequence[Tally], candidates: Sequence[str], width: int) -> Table:
    """Some matches, a line each; `candidates` are keys by number.

    On narrow terminals the keys need the room of what decided it.
    """
    table = ruled()
    table.add_column("match", no_wrap=True)
    table.add_column("first", overflow="fold")
    table.add_column("second", overflow="fold")
    table.add_column("votes", justify="right", no_wrap=True)
    table.add_column("winner", overflow="fold")
    if width >= MEDIUM:
        table.add_column("decided by", no_wrap=True)
    for tally in page:
        first, second = (printable(candidates[n]) for n in (tally.first, tally.second))
        name = f"{tally.round}.{tally.slot}"
        end = _end(tally, first, second)
        cells: list[RenderableType] = [name, first, second, _score(tally), end, _decided_by(tally)]
        table.add_row(*cells[: len(table.columns)])
    return table


def match_view(why: Reasons, width: int, *, full: bool) -> RenderableType:
    """A match: what was asked, both answers, and each vote with the end or all of its reasoning."""
    parts: list[RenderableType] = [_heading(why), "", Text("prompt", "dim"), _body(why.prompt), ""]
    parts += [_answers(why, width), ""]
    if not why.votes:
        parts.append("no vote is recorded yet")
    for vote in why.votes:
        parts += [_vote_line(vote, why), *_reasoning(vote, full=full)]
    return Group(*parts)


def _heading(why: Reasons) -> Text:
    tally = why.tally
    first, second = printable(why.first.key), printable(why.second.key)
    ending = _end(tally, first, second)
    how = _decided_by(tally)
    return Text.assemble(
        (f"match {tally.round}.{tally.slot}", "bold"),
        f": {first} against {second}, {_score(tally)}; ",
        "winner " if tally.winner is not None else "",
        ending,
        f", decided by {how}" if how and tally.winner is not None else "",
        overflow="fold",
    )


def _end(tally: Tally, first: str, second: str) -> Text:
    """The winner's key, or what there is instead of one."""
    match tally.state:
        case MatchState.DONE if tally.winner is not None:
            return Text(first if tally.winner == tally.first else second, "bold green")
        case MatchState.DONE:
            return Text("a draw")
        case MatchState.FAILED:
            return Text(f"failed: {printable(tally.error or 'no reason given')}", "red")
        case _:
            return Text(tally.state, "dim")


def _decided_by(tally: Tally) -> str:
    if tally.decided_by is None:
        return ""
    return "a coin" if tally.decided_by == DecidedBy.COIN else str(tally.decided_by)


def _score(tally: Tally) -> str:
    """Such as `3:1`, and how many votes are for neither."""
    others = tally.votes - tally.for_first - tally.for_second
    return f"{tally.for_first}:{tally.for_second}" + (f" ({others} neither)" if others else "")


def _answers(why: Reasons, width: int) -> RenderableType:
    one, two = _answer(why.first), _answer(why.second)
    if width < SIDE_BY_SIDE:
        return Group(one, "", two)
    grid = Table.grid(padding=(0, INDENT), expand=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(one, two)
    return grid


def _answer(answer: GivenAnswer) -> RenderableType:
    by = f" by {printable(answer.generator)}" if answer.generator else ""
    heading = Text.assemble((printable(answer.key), "bold"), (by, "dim"), overflow="fold")
    return Group(heading, _body(answer.text))


def _vote_line(vote: CastVote, why: Reasons) -> Text:
    one, _ = shown(vote, why)
    side = chosen(vote, why)
    if side is not None:
        says = Text(printable(side.key), "bold green")
    elif vote.verdict is Verdict.TIE:
        says = Text("a tie", "yellow")
    else:
        says = Text(f"no verdict ({vote.no_verdict or 'no reason given'})", "yellow")
    facts = [f"{printable(one.key)} shown first", *vote_facts(vote)]
    return Text.assemble(
        (f"vote {vote.number}", "bold"), ": ", says, f"; {', '.join(facts)}", overflow="fold"
    )


def _reasoning(vote: CastVote, *, full: bool) -> list[RenderableType]:
    if not vote.text.strip():
        return []
    return [Padding(_body(vote.text if full else end_of(vote.text)), (0, 0, 1, INDENT))]


def end_of(text: str) -> str:
    """The last lines of a reasoning, marked by an ellipsis where something stands before them."""
    whole = text.strip()
    end = "\n".join(whole.split("\n")[-END_LINES:])[-END_CHARACTERS:]
    return end if len(end) == len(whole) else f"... {end.lstrip()}"


def _body(text: str) -> Text:
    """Text of many lines, as a terminal may show it."""
    lines = text.expandtabs(4).split("\n")
    return Text("\n".join(map(printable, lines)), overflow="fold")
