"""Dispatch: open tournaments as the fleet needs them, claim ready matches, publish batches."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from rrm_queue.coordinator.careful import record_carefully
from rrm_queue.coordinator.plan import open_tournaments
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.reuse import bring_votes
from rrm_queue.coordinator.rules import (
    MOST_READY,
    Claim,
    batch_size,
    batches,
    free_places,
    shares,
    to_open,
    window,
)
from rrm_queue.domain import BatchId, CandidateNumber, MatchId, TournamentId
from rrm_queue.errors import BrokerUnavailable, ForeignJob, StoreUnavailable
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.voting import wave
from rrm_queue.log_once import log_once
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport, Outcomes, Question
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import dispatching, planning, recording
from rrm_queue.store.queue.dispatching import ActiveJob, ReadyMatch
from rrm_queue.store.queue.recording import Counts

log = logging.getLogger(__name__)

UNSENT = BatchId(0)
"""The batch of matches that are decided before they were sent: the store has their votes."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A queue to be filled: its broker's epoch, its window, and the most matches in a message."""

    queue: str
    epoch: str
    places: int
    most: int


@dataclass(slots=True)
class _Sending:
    """What one turn sends, and what it need not send."""

    batches: list[JudgeBatch] = field(default_factory=list)
    settled: list[Outcomes] = field(default_factory=list)

    @property
    def matches(self) -> int:
        """How many matches it takes care of."""
        sent = sum(len(batch.matches) for batch in self.batches)
        return sent + sum(len(outcomes.matches) for outcomes in self.settled)


def dispatch(database: Database, broker: Broker) -> int:
    """Fills every queue's window; how many matches were sent or decided.

    Raises StoreUnavailable, and BrokerUnavailable: recover finds what was not published.
    """
    with database.begin() as tx:
        queues = dispatching.active_queues(tx)
    return sum(_filled(database, broker, queue) for queue in queues)


def _filled(database: Database, broker: Broker, queue: str) -> int:
    """`_fill`, whose faults keep no other queue from being filled."""
    try:
        return _fill(database, broker, queue)
    except (StoreUnavailable, BrokerUnavailable):
        raise
    except Exception:
        log.exception("queue %s cannot be filled", queue)
        return 0


def _fill(database: Database, broker: Broker, queue: str) -> int:
    """Claims and commits first, publishes second: what is lost between, recover finds."""
    capacities = broker.capacities(queue).values()
    line = _Line(queue, broker.epoch().word, window(capacities), batch_size(capacities))
    with database.begin() as tx:
        dispatching.lock_queue(tx, queue)
        sending = _claim(tx, line)
    broker.publish(queue, sending.batches)
    record_carefully(database, sending.settled)
    return sending.matches


def _claim(tx: Transaction, line: _Line) -> _Sending:
    jobs = dispatching.active_jobs(tx, line.queue, MOST_READY)
    sending = _Sending()
    free = free_places(line.places, sum(job.out for job in jobs))
    if not free:
        return sending
    supplied = [_supply(tx, job, free) for job in jobs]
    claims = [Claim(job.id, job.out, job.ready, job.priority) for job in supplied]
    given = shares(free, claims)
    counts = {
        job.id: _send(tx, job, line, given[job.id], sending) for job in supplied if given[job.id]
    }
    planning.start_jobs(tx, sorted(counts))
    for job_id in sorted(counts):
        if counts[job_id] != Counts():
            recording.count_for_job(tx, job_id, counts[job_id])
    return sending


def _supply(tx: Transaction, job: ActiveJob, wanted: int) -> ActiveJob:
    """The job with `wanted` matches ready, if opening tournaments can bring them about."""
    opened = brought = 0
    while job.ready < wanted:
        try:
            more = open_tournaments(tx, job.id, to_open(wanted - job.ready, opened, brought))
        except ForeignJob as fault:
            log_once(log, logging.ERROR, "job %s is left to others: %s", job.id, str(fault))
            return job
        if not more:
            return job
        ready = dispatching.count_ready(tx, job.id, MOST_READY)
        opened, brought = opened + more, brought + ready - job.ready
        job = job._replace(ready=ready)
    return job


def _send(tx: Transaction, job: ActiveJob, line: _Line, count: int, sending: _Sending) -> Counts:
    """Claims matches of a job and adds them to what is sent; what that adds to its counters."""
    matches = dispatching.claim_matches(tx, job.id, count)
    texts = dispatching.tournament_texts(tx, {match.tournament for match in matches})
    answers = dispatching.answers(
        tx,
        {(m.tournament, number) for m in matches for number in (m.first, m.second)},
        gold=kind_of(job.judge).needs_gold,
    )

    def size(match: ReadyMatch) -> int:
        about = texts[match.tournament]
        one, two = (answers[match.tournament, n].text for n in (match.first, match.second))
        return len(about.prompt) + len(about.reference or "") + len(one) + len(two)

    formed = [_message(job, batch, texts, answers) for batch in batches(matches, size, line.most)]
    formed, reused = bring_votes(tx, formed)
    for message in formed:
        if decided := [m.match for m in message.matches if not wave(m.votes, job.voting)]:
            reports = [MatchReport(match, []) for match in decided]
            sending.settled.append(Outcomes(UNSENT, job.id, "", reports))
    going = [message for message in map(_undecided, formed) if message.matches]
    ids = dispatching.send_batches(
        tx,
        job.id,
        line.queue,
        line.epoch,
        [[MatchId(m.match) for m in message.matches] for message in going],
    )
    sending.batches += [
        structs.replace(message, batch=id_) for id_, message in zip(ids, going, strict=True)
    ]
    return Counts(votes=reused, votes_reused=reused)


def _message(
    job: ActiveJob,
    matches: Sequence[ReadyMatch],
    texts: Mapping[TournamentId, dispatching.TournamentTexts],
    answers: dispatching.Answers,
) -> JudgeBatch:
    places = {t: place for place, t in enumerate(dict.fromkeys(m.tournament for m in matches))}
    numbers: dict[TournamentId, set[CandidateNumber]] = defaultdict(set)
    for match in matches:
        numbers[match.tournament] |= {match.first, match.second}
    questions = [
        Question(
            texts[tournament].key,
            texts[tournament].prompt,
            texts[tournament].reference,
            [answers[tournament, number] for number in sorted(numbers[tournament])],
        )
        for tournament in places
    ]
    return JudgeBatch(
        batch=UNSENT,
        job=job.id,
        judge=job.judge,
        questions=questions,
        matches=[BatchMatch(m.id, m.first, m.second, places[m.tournament]) for m in matches],
        voting=job.voting,
        seed=job.seed,
    )


def _undecided(message: JudgeBatch) -> JudgeBatch:
    """The message without the matches whose votes suffice."""
    matches = [match for match in message.matches if wave(match.votes, message.voting)]
    return structs.replace(message, matches=matches)
