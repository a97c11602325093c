"""How views put numbers, times and progress into words; pure, the moment is an argument."""

from datetime import datetime, timedelta
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from rrm_queue.domain import JobState
from rrm_queue.errors import UsageFault
from rrm_queue.strategies import named
from rrm_queue.views import CastVote, JobView

BAR = 24  # columns


class Progress(NamedTuple):
    """How much of a job is over, in what it is counted by."""

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
    """How many matches a job of one tournament takes at most; 0 where nobody can tell."""
    try:
        return named(view.strategy, seeding=view.seeding).matches(view.candidates)
    except UsageFault:  # of another version's making
        return 0


def bar(done: int, total: int, *, ascii_only: bool) -> str:
    """A bar of BAR columns; full only when all is done."""
    filled = BAR * done // total if total else 0
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    return full * filled + empty * (BAR - filled)


def count(number: int, noun: str) -> str:
    """Such as `1,240 matches` and `1 match`."""
    plural = noun + ("es" if noun.endswith("ch") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def magnitude(number: int) -> str:
    """A count in at most five characters, such as `950`, `12.3k`, `4.6M`."""
    if number < 1000:
        return str(number)
    scaled, units = number / 1000, iter("kMGT")
    unit = next(units)
    while scaled >= 999.5 and (larger := next(units, "")):
        scaled, unit = scaled / 1000, larger
    return f"{scaled:.1f}{unit}" if scaled < 99.95 else f"{scaled:.0f}{unit}"


def interval(low: float, high: float, undefeated: bool, winless: bool) -> str:
    """A rating's interval, open on the side where only the prior ends it."""
    if undefeated:
        return f"> {low:.0f}"
    if winless:
        return f"< {high:.0f}"
    return f"{low:.0f} to {high:.0f}"


def shortened(name: str, width: int, dots: str) -> str:
    """`name` in at most `width` columns, its middle left out: the ends tell names apart best."""
    if cell_len(name) <= width:
        return name
    room = width - cell_len(dots)
    head = chop_cells(name, (room + 1) // 2)[0]
    tail = chop_cells(name[::-1], room - cell_len(head))[0][::-1]
    return head + dots + tail


def elapsed(view: JobView, now: datetime) -> timedelta:
    """How long the job has been under way, in whole seconds; zero before it starts."""
    if view.started_at is None:
        return timedelta()
    spent = (view.finished_at or now) - view.started_at
    return timedelta(seconds=max(0, int(spent.total_seconds())))


def moment(when: datetime) -> str:
    """A moment in the reader's time zone."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def tokens(view: JobView) -> str:
    """The tokens spent, and how much of the prompts came from the engine's cache.

    The share of what could have come from it is of the finished tournaments alone.
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
    if not view.shareable_tokens:
        return ""
    return f", {view.shared_tokens / view.shareable_tokens:.1%} of what can be"


def matches(view: JobView) -> str:
    """The matches by state."""
    failed = f", {view.matches_failed:,} failed" if view.matches_failed else ""
    return f"{view.matches_done:,} done, {view.out:,} out, {view.ready:,} ready{failed}"


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


def vote_facts(vote: CastVote) -> list[str]:
    """What the vote took, and what is unusual about it."""
    notes = []
    if vote.prompt_tokens or vote.completion_tokens:
        cached = f" ({vote.cached_tokens:,} cached)" if vote.cached_tokens else ""
        notes.append(f"{vote.prompt_tokens:,}{cached} + {vote.completion_tokens:,} tokens")
    if vote.seconds:
        notes.append(f"{vote.seconds:.1f} s")
    if vote.samples > 1:
        notes.append(count(vote.samples, "sample"))
    if vote.reused:
        notes.append("reused")
    if vote.neutralised:
        notes.append("neutralised")
    return notes
