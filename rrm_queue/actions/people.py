"""What a person who judges does: take a match, vote on it, skip it, give it back."""

import hmac
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.domain import BatchId, JobState, Verdict
from rrm_queue.errors import Conflict, LeaseNotFound, UsageFault
from rrm_queue.judging.kinds import kind_of
from rrm_queue.store.queue import people
from rrm_queue.store.queue.people import Lease
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.people import match_texts, votes_of_person
from rrm_queue.views.jobs import JobView
from rrm_queue.views.people import MatchTexts

if TYPE_CHECKING:
    from rrm_queue.store.database import Transaction

LONGEST_PERSON = 64
"""The most characters of a person's name."""

VERDICTS = (Verdict.FIRST, Verdict.SECOND, Verdict.TIE)
"""What a person may say of the answers as they are shown."""

_LEASE = re.compile(r"([0-9]{1,18})-([0-9a-f]{32})")


class ShownMatch(NamedTuple):
    """A match as one person sees it: `one` is shown first. `lease` is the right to vote on it."""

    lease: str
    prompt: str
    criteria: str | None
    one: str
    two: str


class Turn(NamedTuple):
    """What a person is given next: a match, or None where there is none for them now.

    `mine` counts the person's votes in the job. `undo` is the lease of the last vote while it may
    be taken back.
    """

    view: JobView
    person: str
    mine: int
    match: ShownMatch | None
    undo: str | None = None


class Cast(NamedTuple):
    """A person's vote as it is stored; `verdict` is by the order in which the person saw them.

    `held`: it may still be taken back.
    """

    job: str
    person: str
    verdict: Verdict
    held: bool = False


def page_of(job: str) -> str:
    """The path of the page on which people judge the job."""
    return f"/judge/{job}"


def person_named(name: str) -> str:
    """The person's name as votes carry it. Raises UsageFault for what is no name."""
    person = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(person) <= LONGEST_PERSON or not person.isprintable():
        raise UsageFault(f"a person's name has 1 to {LONGEST_PERSON} printable characters")
    return person


def take_match(app: App, job: str, name: str) -> Turn:
    """The match that the person judges next; the same until it is voted on, skipped or returned.

    Where nothing else is left, a vote that could be taken back is recorded: it may be what the next
    match waits for. Raises JobNotFound, UsageFault for a bad name, and Conflict for a job that
    people do not judge and for one that is paused.
    """
    from rrm_queue.coordinator.held_votes import record_held
    from rrm_queue.coordinator.people import take

    person = person_named(name)
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
    check_people_judge(view)
    if view.state is JobState.PAUSED:
        raise Conflict(f"job {view.id} is paused: `rrmq resume {view.id}` lets it go on")
    lease = None if view.state.ended else take(app.database, view.id, person)
    if lease is None and record_held(app.database, view.id, person):
        lease = take(app.database, view.id, person)
    with app.begin() as tx:
        shown = None if lease is None else _shown(lease, match_texts(tx, lease.match), view)
        undo = [_word(tx, batch) for batch in people.held_verdicts(tx, view.id, person)]
        mine = votes_of_person(tx, view.id, person) + len(undo)
        return Turn(view_job(tx, view.id), person, mine, shown, undo[-1] if undo else None)


def check_people_judge(view: JobView) -> None:
    """Raises Conflict for a job that people do not judge."""
    if not kind_of(view.judge).by_people:
        audit = f"`rrmq audit {view.id}` makes a job for people"
        raise Conflict(f"job {view.id} is judged by {view.judge}, not by people; {audit}")


def cast_vote(app: App, word: str, verdict: str, *, hold: bool = False) -> Cast:
    """Casts the vote of a lease. The same vote again changes nothing.

    With `hold` it may be taken back for a minute, until the person's next vote, or until nothing
    else is left for the person; then it is recorded. Raises LeaseNotFound, UsageFault for a verdict
    that there is not, and Conflict when another vote stands or another person has the match by now.
    """
    from rrm_queue.coordinator import held_votes
    from rrm_queue.coordinator.people import vote

    said = _verdict(verdict)
    with app.begin() as tx:
        lease = _lease(tx, word)
        before = people.vote_of(tx, lease.match, lease.person)
    if lease.verdict is not None:
        if lease.verdict is said and hold:
            return Cast(lease.job, lease.person, said, held=True)
        held_votes.record_held(app.database, lease.job, lease.person)
        with app.begin() as tx:
            before = people.vote_of(tx, lease.match, lease.person)
    if before is None and hold and held_votes.hold(app.database, lease, said):
        return Cast(lease.job, lease.person, said, held=True)
    if before is None:
        if lease.taken_by_another:
            raise Conflict("another person judges this match by now; take the next one")
        vote(app.database, lease, said)
        with app.begin() as tx:
            before = people.vote_of(tx, lease.match, lease.person)
    if before is None:
        raise Conflict("this match was decided meanwhile; take the next one")
    if (before.number, before.verdict) != (lease.number, said):
        raise Conflict(f"you have voted on this match before: {before.verdict}")
    return Cast(lease.job, lease.person, said)


def skip_match(app: App, word: str) -> None:
    """Gives the match of a lease to others; the person is not shown it again.

    Raises LeaseNotFound.
    """
    from rrm_queue.coordinator.people import give_back

    with app.begin() as tx:
        lease = _lease(tx, word)
        if lease.verdict is None:
            people.skip_match(tx, lease.match, lease.person)
            give_back(tx, [lease.batch])


def return_match(app: App, word: str) -> bool:
    """Ends a lease: the match may go to anybody; whether the lease had not ended before.

    A vote ends its lease, also one that may be taken back. Raises LeaseNotFound.
    """
    from rrm_queue.coordinator.people import give_back

    with app.begin() as tx:
        lease = _lease(tx, word)
        return lease.verdict is None and bool(give_back(tx, [lease.batch]))


def undo_vote(app: App, word: str) -> None:
    """Takes a held vote back: the person is given the match again.

    Raises LeaseNotFound, and Conflict where the vote counts by now.
    """
    from rrm_queue.coordinator import held_votes

    with app.begin() as tx:
        lease = _lease(tx, word)
    if not held_votes.take_back(app.database, lease):
        raise Conflict("this vote cannot be taken back: it counts by now")


def stop_judging(app: App, job: str, name: str, word: str | None = None) -> None:
    """Ends a person's work for now: the match of the lease goes back, and a held vote is recorded.

    Raises JobNotFound and LeaseNotFound.
    """
    from rrm_queue.coordinator.held_votes import record_held

    person = person_named(name)
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
    if word is not None:
        return_match(app, word)
    record_held(app.database, view.id, person)


def _word(tx: "Transaction", batch: BatchId) -> str:
    """The lease of this batch as a person is given it."""
    lease = people.find_lease(tx, batch)
    assert lease is not None  # noqa: S101  # the batch was found by its lease
    return _lease_word(lease)


def _lease_word(lease: Lease) -> str:
    return f"{lease.batch}-{lease.token}"


def _lease(tx: "Transaction", word: str) -> Lease:
    found = _LEASE.fullmatch(word)
    lease = people.find_lease(tx, int(found[1])) if found else None
    if found is None or lease is None or not hmac.compare_digest(lease.token, found[2]):
        raise LeaseNotFound("take a match first; the lease is part of what is answered")
    return lease


def _shown(lease: Lease, texts: MatchTexts, view: JobView) -> ShownMatch:
    answers = (texts.second, texts.first) if lease.swapped else (texts.first, texts.second)
    criteria = view.judge.criteria if texts.criteria is None else texts.criteria
    return ShownMatch(_lease_word(lease), texts.prompt, criteria, *answers)


def _verdict(word: str) -> Verdict:
    if word not in VERDICTS:
        raise UsageFault(f"a verdict is {', '.join(VERDICTS)}, not {word!r}")
    return Verdict(word)
