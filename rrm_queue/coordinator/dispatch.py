"""Dispatch: open tournaments as the fleet needs them, claim ready matches, publish batches."""

from collections import defaultdict
from collections.abc import Sequence

from rrm_queue.coordinator.plan import open_tournaments
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.rules import MOST_READY, Claim, batches, free_places, shares, window
from rrm_queue.domain import BatchId
from rrm_queue.messages import BatchMatch, JudgeBatch
from rrm_queue.store import dispatching
from rrm_queue.store.database import Database
from rrm_queue.store.dispatching import ActiveJob, ReadyMatch


def dispatch(database: Database, broker: Broker) -> int:
    """Fills every queue's window; how many matches were sent.

    Raises StoreUnavailable, and BrokerUnavailable: recover finds what was not published.
    """
    with database.begin() as tx:
        jobs = dispatching.active_jobs(tx, MOST_READY)
    queues: dict[str, list[ActiveJob]] = defaultdict(list)
    for job in jobs:
        queues[job.queue].append(job)
    return sum(_fill(database, broker, queue, of_queue) for queue, of_queue in queues.items())


def _fill(database: Database, broker: Broker, queue: str, jobs: Sequence[ActiveJob]) -> int:
    places = window(broker.capacities(queue).values())
    free = free_places(places, sum(job.out for job in jobs))
    if not free:
        return 0
    supplied = [_supply(database, job, free) for job in jobs]
    claims = [Claim(job.id, job.out, job.ready, job.priority) for job in supplied]
    given = shares(free, claims)
    return sum(_send(database, broker, job, given[job.id]) for job in supplied if given[job.id])


def _supply(database: Database, job: ActiveJob, wanted: int) -> ActiveJob:
    """The job with `wanted` matches ready, if opening tournaments can bring them about."""
    while job.ready < wanted:
        with database.begin() as tx:
            if not open_tournaments(tx, job.id):
                return job
            job = job._replace(ready=dispatching.count_ready(tx, job.id, MOST_READY))
    return job


def _send(database: Database, broker: Broker, job: ActiveJob, count: int) -> int:
    """Claims and commits first, publishes second: what is lost between, recover finds."""
    epoch = broker.epoch().word
    with database.begin() as tx:
        matches = dispatching.claim_matches(tx, job.id, count)
        if not matches:
            return 0
        formed = batches(matches)
        ids = dispatching.send_batches(
            tx, job.id, job.queue, epoch, [[match.id for match in batch] for batch in formed]
        )
        texts = dispatching.tournament_texts(tx, {match.tournament for match in matches})
        answers = dispatching.answers(
            tx, {(m.tournament, number) for m in matches for number in (m.first, m.second)}
        )
    messages = [
        _message(job, id_, batch, texts[batch[0].tournament], answers)
        for id_, batch in zip(ids, formed, strict=True)
    ]
    broker.publish(job.queue, messages)
    return len(matches)


def _message(
    job: ActiveJob,
    batch: BatchId,
    matches: Sequence[ReadyMatch],
    texts: dispatching.TournamentTexts,
    answers: dispatching.Answers,
) -> JudgeBatch:
    tournament = matches[0].tournament
    numbers = sorted({number for match in matches for number in (match.first, match.second)})
    return JudgeBatch(
        batch=batch,
        job=job.id,
        tournament=texts.key,
        judge=job.judge,
        prompt=texts.prompt,
        reference=texts.reference,
        answers=[answers[tournament, number] for number in numbers],
        matches=[BatchMatch(match.id, match.first, match.second) for match in matches],
        voting=job.voting,
        seed=job.seed,
    )
