"""A job's voting, progress, times and tokens in words; pure: the current time is an argument."""

from datetime import datetime, timedelta
from typing import NamedTuple

from rrm_queue.domain import JobState, Stop, Voting
from rrm_queue.errors import UsageFault
from rrm_queue.strategies import named
from rrm_queue.text import magnitude
from rrm_queue.views.jobs import JobView

BAR = 24  # columns
EVIDENCE = "evidence"


class Progress(NamedTuple):
    """How much of a job is over, counted in `unit`."""

    over: int
    total: int
    unit: str


def progress(view: JobView) -> Progress:
    """The job's tournaments that are over; of a job of one tournament, its matches."""
    total = _matches(view) if view.tournaments == 1 else 0
    if total:
        return Progress(min(view.matches_done, total), total, "matches")
    return Progress(
        view.tournaments_done + view.tournaments_failed, view.tournaments, "tournaments"
    )


def _matches(view: JobView) -> int:
    """How many matches a job of one tournament takes at most; 0 where this is not known.

    As many as it took if it is done: some strategies need fewer.
    """
    if view.tournaments_done:
        return view.matches_done
    try:
        return named(view.strategy, seeding=view.seeding).matches(view.candidates)
    except UsageFault:  # a strategy of another version
        return 0


def bar(done: int, total: int, *, ascii_only: bool) -> str:
    """A bar of BAR columns; full only when all is done."""
    filled = BAR * done // total if total else 0
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    return full * filled + empty * (BAR - filled)


def elapsed(view: JobView, now: datetime) -> timedelta:
    """How long the job has run, in whole seconds; zero before it starts."""
    if view.started_at is None:
        return timedelta()
    spent = (view.finished_at or now) - view.started_at
    return timedelta(seconds=max(0, int(spent.total_seconds())))


def moment(when: datetime) -> str:
    """A moment in the reader's time zone."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def tokens(view: JobView) -> str:
    """The tokens spent, and how much of the prompts came from the engine's cache.

    The share of what the cache could have given is that of the finished tournaments alone.
    """
    cached = (
        f" ({view.cached_tokens / view.prompt_tokens:.1%} cached{_of_bound(view)})"
        if view.prompt_tokens
        else ""
    )
    return (
        f"{magnitude(view.prompt_tokens)} prompt{cached}, "
        f"{magnitude(view.completion_tokens)} completion"
    )


def _of_bound(view: JobView) -> str:
    share = cache_share(view)
    return "" if share is None else f", {share:.1%} of what can be"


def cache_share(view: JobView) -> float | None:
    """The share of the prompt tokens that could come from a cache which did; None where none could.

    An older coordinator counted more tokens as shared than could be.
    """
    if not view.shareable_tokens:
        return None
    return min(1.0, view.shared_tokens / view.shareable_tokens)


def matches(view: JobView) -> str:
    """The matches by state."""
    failed = f", {view.matches_failed:,} failed" if view.matches_failed else ""
    return f"{view.matches_done:,} decided, {view.out:,} out, {view.ready:,} ready{failed}"


STYLES = {
    JobState.QUEUED: "yellow",
    JobState.RUNNING: "cyan",
    JobState.PAUSED: "yellow",
    JobState.SUCCEEDED: "green",
    JobState.PARTIAL: "magenta",
    JobState.FAILED: "red",
    JobState.CANCELLED: "magenta",
}
"""The colour of each state."""


def spelled_stop(voting: Voting) -> str:
    """When a match has enough votes, as the option is written."""
    if voting.evidence:
        return f"{EVIDENCE}:{voting.evidence:g}"
    return f"{voting.stop}:{voting.lead}" if voting.stop is Stop.LEAD else voting.stop
