"""What is said of a judge that gives no verdicts, or whose votes decide little."""

from collections.abc import Iterator

from rrm_queue.store.database import Transaction
from rrm_queue.store.views.no_verdict import no_verdict_sample
from rrm_queue.text import count
from rrm_queue.views import JobView, NoVerdictSample

FEW_VOTES = 0.01
"""A smaller share of votes without a verdict is not mentioned."""

FEW_MATCHES = 0.05
"""A smaller share of matches that were settled by a coin, or drawn, is not mentioned."""


def no_verdict_notes(tx: Transaction, view: JobView) -> list[str]:
    """The notes on the job; none before its first match is decided."""
    if not view.matches_done:
        return []
    sample = no_verdict_sample(tx, view.id, view.tournaments, view.matches_done)
    return list(notes(view, sample))


def notes(view: JobView, sample: NoVerdictSample) -> Iterator[str]:
    """A line for each share that is not small."""
    if sample.no_verdict > FEW_VOTES * sample.votes:
        share = _share(sample.no_verdict, sample.votes, "vote", sample.whole)
        yield f"{share} gave no verdict: `rrmq diagnose {view.id}` says why"
    if sample.coins > FEW_MATCHES * sample.matches:
        share = _share(sample.coins, sample.matches, "match", sample.whole)
        verb = "was" if share.startswith("1 of") else "were"
        yield f"{share} {verb} tied and settled by a coin"
    if sample.draws > FEW_MATCHES * sample.matches:
        yield f"{_share(sample.draws, sample.matches, 'match', sample.whole)} ended in a draw"


def _share(some: int, total: int, noun: str, whole: bool) -> str:
    """Such as `3 of 7 matches`, or a rounded share where the sample is not the whole job."""
    if whole:
        return f"{some:,} of {count(total, noun)}"
    plural = count(total, noun).partition(" ")[2]
    return f"about {some / total:.0%} of the {plural}"
