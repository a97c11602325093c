"""The generators of a job, compared over all of its tournaments."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.columns import SoftVotes
from rrm_queue.domain.jury import alone
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS
from rrm_queue.ratings.intervals import MANY
from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow, Method, leaderboard
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.outcomes import generator_matches, soft_generator_matches
from rrm_queue.text import chance, count, printable
from rrm_queue.views.jobs import JobView

MOST_NAMES = 5
"""How many generators a note names; the others are counted."""


class JobLeaderboard(NamedTuple):
    """A job and its leaderboard."""

    view: JobView
    board: Leaderboard


def read_leaderboard(
    app: App,
    job: str,
    method: Method = Method.SANDWICH,
    *,
    soft: bool = False,
    prior: bool = True,
) -> JobLeaderboard:
    """The job's leaderboard over its decided matches so far.

    With `soft` a match counts by the mean probability of its votes. Without `prior` the ratings are
    plain maximum likelihood. Raises JobNotFound, and UsageFault when `soft` is asked for and no
    vote carries a probability, or when only the prior makes the ratings finite.
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
    draws = PRIOR_DRAWS if prior else 0.0
    try:
        board = leaderboard(generators, matches, view.seed, method, prior_draws=draws)
    except ValueError as no_finite_rating:
        raise UsageFault(
            Message(
                "without the prior some generators have no finite rating, as no other beat them or "
                "they beat no other; rate them with ",
                Option("prior"),
            )
        ) from no_finite_rating
    return JobLeaderboard(view, board)


def leaderboard_notes(view: JobView, board: Leaderboard) -> Iterator[str]:
    """What was counted, what was left out, and what cannot be compared; a line each."""
    so_far = "" if view.state.ended else " so far"
    yield f"{count(board.matches, 'match')} in {count(board.tournaments, 'tournament')}{so_far}"
    if board.soft is not None:
        yield _soft_note(board.soft)
    yield from _left_out(board)
    if board.rows and not board.prior:
        yield "the ratings have no prior: those of few matches are less moderate"
    if len(board.rows) > 1:
        yield lead_words(board)
    if board.rows and not board.clustered:
        yield _few_tournaments(board.tournaments)
    if board.rows and not any(row.wins for row in board.rows):
        yield "no match was won: equal ratings do not show that the answers are equally good"
    yield from _incomparable(board.rows)
    if names := [row.generator for row in board.rows if row.undefeated]:
        yield f"undefeated, so their rating has no upper limit: {_names(names)}"
    if names := [row.generator for row in board.rows if row.winless]:
        yield f"winless, so their rating has no lower limit: {_names(names)}"


def _few_tournaments(tournaments: int) -> str:
    if tournaments == 1:
        return "one tournament: the intervals say nothing about other prompts"
    return (
        f"fewer than {MANY} tournaments: they show only roughly how much prompts differ, "
        "and the intervals with them"
    )


def lead_words(board: Leaderboard) -> str:
    """Who leads, as far as the differences between generators tell; of two rows or more."""
    first, second = (printable(row.generator) for row in board.rows[:2])
    if board.lead is None:
        return f"nothing compares {first} with {second}"
    maybe = sum(row.rank_low == 1 for row in board.rows)
    if maybe == 1:
        return f"{first} leads: it is above every other generator"
    return (
        f"{first} is above {second} with a probability of {chance(board.lead)}; "
        f"{maybe} of {len(board.rows)} generators may be the first"
    )


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
