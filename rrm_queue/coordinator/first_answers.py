"""Stop and say why: a judge that is of no use to a job shows it in its first answers.

A job whose judge rejects the first matches, or gives no verdict in nearly all of the first votes,
is paused with a note, before it has cost much. A job that is resumed after that goes on.
"""

import re

from rrm_queue.coordinator.changes import Before
from rrm_queue.domain import JobId
from rrm_queue.judging.kinds import kind_of
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import first_answers
from rrm_queue.store.queue.counters import Counts

FIRST_MATCHES = 5
"""Matches that must be rejected in the same words, while none was answered."""

FIRST_VOTES = 50
NO_VERDICT = 0.9
"""The share of the first votes without a verdict at which a job is paused."""

_OWN = re.compile(r"\b(?=\w*\d)[\w-]{6,}\b")
"""What differs from one error to the next: ids of requests."""


def is_unproven(tx: Transaction, job: JobId) -> bool:
    """Whether a rejected match may be the job's fault: no vote was cast yet.

    A job of few tournaments is not worth it: its matches fail at once.
    """
    return first_answers.is_unanswered(tx, job, FIRST_MATCHES)


def is_rejected(tx: Transaction, job: JobId, reason: str) -> bool:
    """Whether so many matches of the job were rejected for this reason that all would be."""
    same = _words(reason)
    errors = first_answers.waiting_errors(tx, job)
    return sum(_words(error) == same for error in errors) >= FIRST_MATCHES


def silence(
    tx: Transaction, job: JobId, before: Before, counts: Counts, cast: int | None
) -> str | None:
    """A note on a judge that gave no verdict in nearly all of its first votes.

    `cast` is how many votes it has cast, with those of this transaction. None where it gave
    verdicts, and in every transaction but the one that adds the last of the first votes.
    """
    if cast is None or not cast - (counts.votes - counts.votes_reused) < FIRST_VOTES <= cast:
        return None
    ours = [t for t in before.tournaments.values() if t.job == job]
    if any(t.voting.keep_going or not kind_of(t.judge).writes for t in ours):
        return None
    found = first_answers.no_verdicts(tx, job)
    if not found.votes or found.no_verdict < NO_VERDICT * found.votes:
        return None
    share = f"{found.no_verdict} of its first {found.votes} votes"
    return f"the judge gave no verdict in {share}, most often: {found.reason or 'no reason given'}"


def _words(error: str) -> str:
    """The error without what is one request's own."""
    return _OWN.sub("…", error)
