"""What is said of a judge that gives no verdicts, or whose votes decide little."""

from collections.abc import Iterator

from rrm_queue.actions.formatting import count
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.no_verdict import silence
from rrm_queue.views import JobView, Silence

FEW_SILENT = 0.01
"""The share of votes without a verdict that is not worth a word."""

FEW_UNDECIDED = 0.05
"""The share of matches decided by a coin, or drawn, that is not worth a word."""


def silence_notes(tx: Transaction, view: JobView) -> list[str]:
    """What is to be said of the job; nothing before its first match is decided."""
    if not view.matches_done:
        return []
    return list(notes(view, silence(tx, view.id, view.tournaments, view.matches_done)))


def notes(view: JobView, seen: Silence) -> Iterator[str]:
    """A line for each share that is more than a small one."""
    if seen.silent > FEW_SILENT * seen.votes:
        share = _share(seen.silent, seen.votes, "vote", seen.whole)
        yield f"{share} gave no verdict: `rrmq diagnose {view.id}` says why"
    if seen.coins > FEW_UNDECIDED * seen.matches:
        yield f"{_share(seen.coins, seen.matches, 'match', seen.whole)} a coin decided"
    if seen.draws > FEW_UNDECIDED * seen.matches:
        yield f"{_share(seen.draws, seen.matches, 'match', seen.whole)} ended in a draw"


def _share(some: int, total: int, noun: str, whole: bool) -> str:
    """Such as `3 of 7 matches`; of a larger job, of which only a part was looked at, a share."""
    if whole:
        return f"{some:,} of {count(total, noun)}"
    plural = count(total, noun).partition(" ")[2]
    return f"about {some / total:.0%} of the {plural}"
