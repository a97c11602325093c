"""A tournament's matches and one match's votes, as rich renderables."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import MEDIUM, NARROW
from rrm_queue.cli.render.terminal import UNBOUNDED
from rrm_queue.domain import Candidate, CandidateNumber, DecidedBy, Verdict
from rrm_queue.text import printable
from rrm_queue.views.matches import MatchDetails, RecordedVote, TalliedMatch

SIDE_BY_SIDE = MEDIUM
"""Terminals of at least so many columns show the two answers side by side."""

END_LINES, END_CHARACTERS = 6, 800
"""How much of the end of a reasoning is shown by default."""

INDENT = 2  # columns


def matches_table(page: Sequence[TalliedMatch], candidates: Sequence[str], width: int) -> Table:
    """Some matches, one row each; `candidates` are keys by number.

    A narrow terminal needs the room for the keys: it does not show what decided a match, and of the
    votes only those for either candidate.
    """
    table = ruled()
    table.add_column("match", no_wrap=True)
    table.add_column("first", overflow="fold")
    table.add_column("second", overflow="fold")
    table.add_column("votes", justify="right", no_wrap=True)
    table.add_column("winner", overflow="fold")
    if width >= MEDIUM:
        table.add_column("decided by", no_wrap=True)
    for match in page:
        first, second = (printable(candidates[n]) for n in (match.first, match.second))
        winner = _winner(match, candidates)
        score = _score(match) if width >= NARROW else f"{match.for_first}:{match.for_second}"
        cells: list[RenderableType] = [match.name, first, second, score, winner]
        cells.append(_decided_by(match))
        table.add_row(*cells[: len(table.columns)])
    return table


def match_view(details: MatchDetails, width: int, *, full: bool) -> RenderableType:
    """A match: its prompt, both answers, and each vote with the end or all of its reasoning."""
    prompt = body(details.prompt)
    parts: list[RenderableType] = [_heading(details), "", Text("prompt", "dim"), prompt, ""]
    parts += [_answers(details, width), ""]
    if not details.match.cast:
        parts.append("no vote is recorded yet")
    for vote in details.match.cast:
        parts += [_vote_line(vote, details), *_reasoning(vote, full=full)]
    return Group(*parts)


def _heading(details: MatchDetails) -> Text:
    match = details.match
    keys = {number: candidate.key for number, candidate in details.candidates.items()}
    first, second = printable(keys[match.first]), printable(keys[match.second])
    how = _decided_by(match)
    return Text.assemble(
        (f"match {match.name}", "bold"),
        f": {first} against {second}, {_score(match)}; ",
        "winner " if match.winner is not None else "",
        _winner(match, keys),
        f", decided by {how}" if how and match.winner is not None else "",
        overflow="fold",
    )


def _winner(match: TalliedMatch, candidates: Sequence[str] | Mapping[CandidateNumber, str]) -> Text:
    """The winner's key, or what there is instead of one."""
    if match.winner is not None:
        return Text(printable(candidates[match.winner]), "bold green")
    if match.failed:
        return Text(match.ending, "red")
    return Text(match.ending, "" if match.done else "dim")


def _decided_by(match: TalliedMatch) -> str:
    if match.decided_by is None:
        return ""
    return _DECIDED_BY[match.decided_by]


_DECIDED_BY = {
    DecidedBy.VOTES: "votes",
    DecidedBy.COIN: "a coin",
    DecidedBy.EQUAL: "equal texts",
    DecidedBy.REFUSED: "a refusal",
}


def _score(match: TalliedMatch) -> str:
    """Such as `3:1`, and how many votes are for neither."""
    others = match.votes - match.for_first - match.for_second
    return f"{match.for_first}:{match.for_second}" + (f" ({others} neither)" if others else "")


def _answers(details: MatchDetails, width: int) -> RenderableType:
    sides = (details.match.first, details.match.second)
    one, two = (_answer(details.candidates[number]) for number in sides)
    if not SIDE_BY_SIDE <= width < UNBOUNDED:
        return Group(one, "", two)
    grid = Table.grid(padding=(0, INDENT), expand=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(one, two)
    return grid


def _answer(candidate: Candidate) -> RenderableType:
    generator = candidate.generator if candidate.generator != candidate.key else None
    by = f" by {printable(generator)}" if generator else ""
    heading = Text.assemble((printable(candidate.key), "bold"), (by, "dim"), overflow="fold")
    return Group(heading, body(candidate.text))


def _vote_line(vote: RecordedVote, details: MatchDetails) -> Text:
    match, candidates = details.match, details.candidates
    chosen = match.chosen(vote)
    if chosen is not None:
        says = Text(printable(candidates[chosen].key), "bold green")
    elif vote.verdict is Verdict.TIE:
        says = Text("a tie", "yellow")
    else:
        says = Text(f"no verdict ({vote.no_verdict or 'no reason given'})", "yellow")
    shown_first = printable(candidates[match.shown(vote)[0]].key)
    by = [f"by {printable(details.judge_of(vote))}"] if details.judge.jury else []
    facts = ", ".join([*by, f"{shown_first} shown first", *vote.facts])
    return Text.assemble((f"vote {vote.number}", "bold"), ": ", says, f"; {facts}", overflow="fold")


def _reasoning(vote: RecordedVote, *, full: bool) -> list[RenderableType]:
    if not vote.text.strip():
        return []
    return [
        Padding(body(vote.text if full else end_of(vote.text)), (0, 0, 1, INDENT), expand=False)
    ]


def end_of(text: str) -> str:
    """The last lines of a reasoning, with an ellipsis where text before them is left out."""
    whole = text.strip()
    end = "\n".join(whole.split("\n")[-END_LINES:])[-END_CHARACTERS:]
    return end if len(end) == len(whole) else f"... {end.lstrip()}"


def body(text: str) -> Text:
    """Text of many lines, safe to show in a terminal."""
    lines = text.expandtabs(4).split("\n")
    return Text("\n".join(map(printable, lines)), overflow="fold")
