"""People as judges from Python: for a program that shows matches to people in its own way."""

from rrm_queue.actions import people
from rrm_queue.actions.people import Cast, Turn
from rrm_queue.api.app import shared_app
from rrm_queue.api.job import Job


def take_match(job: Job | str, person: str) -> Turn:
    """The match that the person judges next, shown blind; its `match` is None where none is left.

    The same match until it is voted on, skipped or returned. Raises JobNotFound, and UsageFault for
    a bad name, for a job that people do not judge and for one that is paused.
    """
    return people.take_match(shared_app(), job.id if isinstance(job, Job) else job, person)


def cast_vote(lease: str, verdict: str, *, hold: bool = False) -> Cast:
    """Casts a person's vote: `first`, `second` or `tie`, by the order that the person was shown.

    The same vote again changes nothing. With `hold` it may be taken back for a minute, until the
    person's next vote, or until nothing else is left; only then it counts. Raises LeaseNotFound,
    and UsageFault where another vote stands or another person has the match by now.
    """
    return people.cast_vote(shared_app(), lease, verdict, hold=hold)


def undo_vote(lease: str) -> None:
    """Takes a held vote back: the person is given the match again.

    Raises LeaseNotFound, and UsageFault where the vote counts by now.
    """
    people.undo_vote(shared_app(), lease)


def skip_match(lease: str) -> None:
    """Leaves a match to others; the person is not shown it again. Raises LeaseNotFound."""
    people.skip_match(shared_app(), lease)


def return_match(lease: str) -> bool:
    """Gives a match back, to anybody; whether the lease still held. Raises LeaseNotFound."""
    return people.return_match(shared_app(), lease)
