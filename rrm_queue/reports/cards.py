"""The headline cards of a job: who leads, whether the judge can be trusted, what it cost."""

from collections.abc import Iterator
from typing import NamedTuple

from rrm_queue.diagnostics.reading import Finding, Level
from rrm_queue.reports.contents import Board, Judge, Summary
from rrm_queue.text import chance, count, printable

COSTS = ("cost", "completion tokens", "prompt tokens", "wall time", "votes")
"""The facts of the cost that a card shows, the first that there are; two of them."""


class Card(NamedTuple):
    """A figure with its name, some words below it, and how serious it is: a level or empty."""

    name: str
    figure: str
    words: str
    level: str = ""


def cards(summary: Summary, board: Board | None, judge: Judge) -> list[Card]:
    """The cards of the job; one without data is left out."""
    return [*_leader(board), *_health(judge), *_cost(summary)]


def _leader(held: Board | None) -> Iterator[Card]:
    if held is None or not held.board.rows:
        return
    first, *others = held.board.rows
    lead = held.board.lead
    if not others or lead is None:
        words = f"the only generator: {count(first.matches, 'match')}"
    else:
        words = f"above {printable(others[0].generator)} with probability {chance(lead)}"
    yield Card("leader", printable(first.generator), words)


def _health(judge: Judge) -> Iterator[Card]:
    findings = [one for one in judge.diagnosis.judge.findings if ":" not in one.name]
    worries = [one for one in findings if one.level is Level.WORRY]
    looks = [one for one in findings if one.level is Level.LOOK]
    if worries:
        yield Card("judge", count(len(worries), "problem"), _titles(worries), Level.WORRY)
    elif looks:
        yield Card("judge", f"{len(looks)} worth a look", _titles(looks), Level.LOOK)
    elif any(one.level is Level.FINE for one in findings):
        yield Card("judge", "fine", "no figure of the judge is a problem", Level.FINE)
    else:
        yield Card("judge", "open", "too little data to tell", Level.OPEN)


def _titles(findings: list[Finding]) -> str:
    return ", ".join(finding.title for finding in findings)


def _cost(summary: Summary) -> Iterator[Card]:
    known = {fact.name: fact.value for fact in summary.cost}
    first, *others = [name for name in COSTS if name in known] or [""]
    if first:
        figure, _, rest = known[first].partition(", ")
        more = [rest] if rest else []
        more += [f"{name} {known[name]}" for name in others[:1]]
        yield Card(first, figure, "; ".join(more))
