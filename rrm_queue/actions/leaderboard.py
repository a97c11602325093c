"""The generators of a job, compared over all of its tournaments."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.columns import SoftVotes
from rrm_queue.domain.jury import alone
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.ratings.leaderboard import FEW, Leaderboard, LeaderboardRow, Method, leaderboard
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.outcomes import generator_matches, soft_generator_matches
from rrm_queue.text import count, printable
from rrm_queue.views.jobs import JobView

MOST_NAMES = 5
"""How many generators a note names; the others are counted."""


class JobLeaderboard(NamedTuple):
    """A job and its leaderboard."""

    view: JobView
    board: Leaderboard


def read_leaderboard(
    app: App, job: str, method: Method = Method.SANDWICH, *, soft: bool = False
) -> JobLeaderboard:
    """The job's leaderboard over its decided matches so far.

    With `soft` a match counts by the mean probability of its votes. Raises JobNotFound, and
    UsageFault when `soft` is asked for and no vote carries a probability.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if soft:
            each = alone(view.voting).votes
            generators, matches = soft_generator_matches(tx, view.id, each)
        else:
            generators, matches = generator_matches(tx, view.id)
    if matches.soft is not None and not matches.soft.probable:
        raise UsageFault(
            Message(
                Option("soft"), " needs votes with a probability; submit with ", Option("logprobs")
            )
        )
    return JobLeaderboard(view, leaderboard(generators, matches, view.seed, method))


def leaderboard_of(tx: Transaction, view: JobView) -> Leaderboard | None:
    """The job's leaderboard; None where its file names no generators."""
    generators, matches = generator_matches(tx, view.id)
    return leaderboard(generators, matches, view.seed) if generators else None


def leaderboard_notes(view: JobView, board: Leaderboard) -> Iterator[str]:
    """What was counted, what was left out, and what cannot be compared; a line each."""
    so_far = "" if view.state.ended else " so far"
    yield f"{count(board.matches, 'match')} in {count(board.tournaments, 'tournament')}{so_far}"
    if board.soft is not None:
        yield _soft_note(board.soft)
    yield from _left_out(board)
    if board.rows and not board.clustered:
        yield (
            f"fewer than {FEW} tournaments: the intervals treat matches as independent, "
            "so they are too narrow"
        )
    if board.rows and not any(row.wins for row in board.rows):
        yield "no match was won: equal ratings do not show that the answers are equally good"
    yield from _incomparable(board.rows)
    if names := [row.generator for row in board.rows if row.undefeated]:
        yield f"undefeated, so their rating has no upper limit: {_names(names)}"
    if names := [row.generator for row in board.rows if row.winless]:
        yield f"winless, so their rating has no lower limit: {_names(names)}"


def _left_out(board: Leaderboard) -> Iterator[str]:
    parts = []
    if board.own:
        parts.append(f"{count(board.own, 'match')} between two answers of one generator")
    if board.unnamed:
        parts.append(f"{count(board.unnamed, 'match')} with an answer that names no generator")
    if parts:
        yield f"left out: {', '.join(parts)}"


def _soft_note(soft: SoftVotes) -> str:
    without = soft.votes - soft.probable
    rest = f"; {count(without, 'vote')} without one by the verdict" if without else ""
    return (
        f"BT and won % count the probability of {count(soft.probable, 'vote')}{rest}; "
        "Elo counts matches as won, drawn or lost"
    )


def _incomparable(rows: Iterable[LeaderboardRow]) -> Iterator[str]:
    parts: dict[int, list[str]] = {}
    for row in rows:
        parts.setdefault(row.component, []).append(row.generator)
    if len(parts) > 1:
        named = "; ".join(_names(names) for names in parts.values())
        yield f"not comparable, as no chain of matches joins them: {named}"


def _names(names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
