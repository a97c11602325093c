"""People as judges: a match is leased to one person at a time, and comes back with a vote or not.

A lease is a batch of one match that no message carries: the store alone knows of it. So a vote
takes the way of a worker's outcomes through `claims` and `record`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex

from rrm_queue.coordinator.judge_batch import Texts, read_texts
from rrm_queue.coordinator.plan import check_judge, open_tournaments
from rrm_queue.coordinator.record import decide_group, record
from rrm_queue.domain import BatchId, JobId, MatchId, Verdict, Vote
from rrm_queue.judging.orientation import swapped
from rrm_queue.judging.voting import wave
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import dispatching, paid_votes, people, planning, recovery
from rrm_queue.store.queue.dispatching import NewBatch, ReadyMatch
from rrm_queue.store.queue.people import Lease, PeoplesJob

LEASE_SECONDS = 900.0
"""How long a person may look at a match before another may be given it."""

LOOKED_AT = 16
"""Ready matches that are looked at together: some may need no question."""

MOST_OPENED = 64
"""Tournaments that are opened at once for a person who finds no match."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look at the ready matches found: a lease, and matches that need no question."""

    lease: Lease | None = None
    decided: Sequence[MatchId] = field(default=())


def take(database: Database, job: JobId, person: str) -> Lease | None:
    """The match that the person judges next; None when there is none at the moment.

    A person who holds a match is given the same again. Leases past their deadline come back first.
    Raises ForeignJob for a job of another version.
    """
    before: Sequence[MatchId] = ()
    while True:
        with database.begin() as tx:
            found = _look(tx, job, person)
        if not found.decided or found.decided == before:  # else they can never be decided
            return found.lease
        before = found.decided
        decide_group(database, dict.fromkeys(before, job))


def vote(database: Database, lease: Lease, verdict: Verdict) -> None:
    """Records the person's vote as a worker's outcome; a repeat changes nothing."""
    cast = Vote(
        number=lease.number,
        verdict=verdict,
        swapped=lease.swapped,
        seconds=lease.seconds,
        person=lease.person,
    )
    report = MatchReport(lease.match, [cast])
    record(database, Outcomes(lease.batch, lease.job, lease.person, [report], lease.token))


def give_back(tx: Transaction, batches: Sequence[BatchId]) -> list[BatchId]:
    """Makes the matches of leases ready again; the leases that had not ended before."""
    recovery.lock_tournaments(tx, batches)
    ours = recovery.lose_batches(tx, batches)
    recovery.requeue_matches(tx, ours, None)
    return ours


def _look(tx: Transaction, id_: JobId, person: str) -> _Found:
    people.lock_job(tx, id_)
    job = people.job_of_people(tx, id_)
    check_judge(job.judge)
    if expired := people.expired(tx, job):
        give_back(tx, expired)
    if lease := people.held(tx, job, person):
        people.extend_lease(tx, lease.batch, LEASE_SECONDS)
        return _Found(lease)
    matches = _ready(tx, job, person)
    texts = read_texts(tx, [job.judge], matches)
    votes = paid_votes.in_hand(tx, [match.id for match in matches])
    decided: list[MatchId] = []
    for match in matches:
        numbers = wave(votes.get(match.id, []), job.voting)
        if texts.equal(match) or not numbers:
            decided.append(match.id)
        else:
            return _Found(_lease(tx, job, match, texts, person, numbers[0]), decided)
    return _Found(decided=decided)


def _ready(tx: Transaction, job: PeoplesJob, person: str) -> list[ReadyMatch]:
    """Ready matches for the person; opens tournaments until there are some."""
    opening = 1
    while True:
        matches = people.claim_matches(tx, job.id, person, LOOKED_AT)
        if matches or not open_tournaments(tx, {job.id: opening}):
            return matches
        opening = min(2 * opening, MOST_OPENED)


def _lease(
    tx: Transaction, job: PeoplesJob, match: ReadyMatch, texts: Texts, person: str, number: int
) -> Lease | None:
    """Leases the match to the person for vote `number`."""
    prompt = texts.tournaments[match.tournament].prompt
    turned = swapped(job.voting.order, number, *texts.pair(match), seed=job.seed, prompt=prompt)
    (batch,) = dispatching.send_batches(
        tx, job.queue, "", [NewBatch(job.id, [match.id], token_hex(16), 0)]
    )
    people.insert_lease(
        tx, batch, match.id, person, number=number, swapped=turned, seconds=LEASE_SECONDS
    )
    planning.start_jobs(tx, [job.id])
    return people.find_lease(tx, batch)
