"""What is wrong with a job, as far as it can be told: its workers, its judge, its verdicts."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from rrm_queue.actions.app import App
from rrm_queue.domain import JobState
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.judging.kinds import SERVED_TOGETHER, kind_of, worker_name
from rrm_queue.store.views.jobs import trouble
from rrm_queue.store.views.no_verdict import no_verdict_sample
from rrm_queue.text import count, printable
from rrm_queue.views.jobs import JobView, NoVerdictSample

if TYPE_CHECKING:
    from rrm_queue.broker.client import BrokerClient
    from rrm_queue.store.database import Transaction

FEW_NO_VERDICT = 0.01
"""The share of votes without a verdict up to which nothing is said."""

FEW_UNDECIDED = 0.05
"""The share of matches settled by a coin, or drawn, up to which nothing is said."""


def notes(app: App, view: JobView) -> list[str]:
    """What a user should know of the job: votes that decide little, and why it does not move."""
    with app.begin() as tx:
        found = no_verdict_notes(tx, view)
    reason = held_up(app, view)
    return [*found, *_judge_note(app, view), *([reason] if reason else [])]


def _judge_note(app: App, view: JobView) -> Iterator[str]:
    """What workers found out about the job's judge, where they did and the broker answers."""
    with suppress(BrokerUnavailable):
        if kind_of(view.judge).costs and (note := app.broker.judge_note(view.id)):
            yield f"the judge: {printable(note)}"


def held_up(app: App, view: JobView, *, counted: bool = True) -> str | None:
    """Why a job that has not ended does not move; None when nothing is known to hold it up.

    `counted` adds how many requests wait, which is another number at each look.
    """
    if view.state.ended:
        return None
    if found := stalled(app, view, counted=counted):
        return found
    with app.begin() as tx:
        why = trouble(tx, view.id)
    return f"matches wait to be tried again: {why}" if why else None


def stalled(app: App, view: JobView, *, counted: bool = True) -> str | None:
    """The same as far as the broker tells it; the store is not asked."""
    if view.state.ended:
        return None
    missing = _missing_workers(app.broker, view, local=app.local)
    return missing or _told(app.broker, view, counted=counted)


def _missing_workers(broker: "BrokerClient", view: JobView, *, local: bool) -> str | None:
    """Why no worker serves the job's judge; None when one does.

    `local` when the worker is the local stack's. A broker that is away is a reason, not a fault.
    """
    if view.state is JobState.PAUSED:
        return None
    if kind_of(view.judge).by_people:
        from rrm_queue.actions.people import page_of  # it loads all that people need to judge

        return (
            f"people judge this job: open {page_of(view.id)} of the server that `rrmq serve` starts"
        )
    try:
        if broker.capacities(view.queue):
            return None
    except BrokerUnavailable as error:
        return f"{str(error).rstrip('.')}; the job goes on when it is back"
    if local and not kind_of(view.judge).needs_server:
        return "the local worker does not serve yet; if it stays so, `rrmq doctor` says why"
    name = worker_name(view.queue)
    return f"no live worker serves `{name}`: start one with `{worker_command(view.queue)}`"


def _told(broker: "BrokerClient", view: JobView, *, counted: bool) -> str | None:
    """Why workers wait or try again at this moment; None when they do not."""
    if view.state is JobState.PAUSED:
        return None
    try:
        found = broker.trouble(view.id)
    except BrokerUnavailable:
        return None
    if found is None or not counted:
        return found and found.reason
    requests = f"{count(found.waiting, 'request')} wait{'s' if found.waiting == 1 else ''}"
    return f"{found.reason} ({requests})"


def worker_command(queue: str) -> str:
    """The command that starts a worker for a judge's queue."""
    name = worker_name(queue)
    return f"rrmq worker --judge {name}{'' if name in SERVED_TOGETHER else ' --model MODEL'}"


def no_verdict_notes(tx: "Transaction", view: JobView) -> list[str]:
    """What to say of votes and matches that decided nothing; nothing before the first match."""
    if not view.matches_done:
        return []
    sample = no_verdict_sample(tx, view.id, view.tournaments, view.matches_done)
    return list(undecided(view, sample))


def undecided(view: JobView, seen: NoVerdictSample) -> Iterator[str]:
    """A line for each share of votes or matches that is more than a small one."""
    if seen.no_verdict > FEW_NO_VERDICT * seen.votes:
        share = _share(seen.no_verdict, seen.votes, "vote", seen.whole)
        yield f"{share} gave no verdict: `rrmq diagnose {view.id}` says why"
    if seen.coins > FEW_UNDECIDED * seen.matches:
        share = _share(seen.coins, seen.matches, "match", seen.whole)
        verb = "was" if seen.coins == 1 else "were"
        yield f"{share} {verb} tied and settled by a coin"
    if seen.draws > FEW_UNDECIDED * seen.matches:
        yield f"{_share(seen.draws, seen.matches, 'match', seen.whole)} ended in a draw"


def coin_notes(view: JobView, coins: int) -> Iterator[str]:
    """How many champions rest on a coin; nothing where none does."""
    if coins:
        of = count(view.tournaments_done, "champion")
        verb = "rests" if coins == 1 else "rest"
        how = f"`rrmq export {view.id} --as best --drop-tied` leaves them out"
        yield f"{coins:,} of {of} {verb} on a coin: {how}"


def _share(some: int, total: int, noun: str, whole: bool) -> str:
    """Such as `3 of 7 matches`; of a larger job, of which only a part was looked at, a share."""
    if whole:
        return f"{some:,} of {count(total, noun)}"
    plural = count(total, noun).partition(" ")[2]
    return f"about {some / total:.0%} of the {plural}"
