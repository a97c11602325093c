"""Recover: find batches that no worker runs or will run, and make their matches ready again.

It also repeats that a job is stopped, for workers that missed it or took a batch since.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from typing import NamedTuple

from rrm_queue.coordinator.losses import (
    ATTEMPTS,
    COUNTED,
    LONGEST_BACK_OFF,
    WAITING,
    BrokerFacts,
    Loss,
    OutFacts,
    losses,
)
from rrm_queue.coordinator.plan import fail_tournaments
from rrm_queue.coordinator.ports import Broker
from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.domain.queues import is_online_queue, judge_queue
from rrm_queue.judging.kinds import QUEUES_OF_PEOPLE
from rrm_queue.messages import Holder
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import counters, recording, recovery
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.recovery import OutBatch, SpentMatch


class Recovery(NamedTuple):
    """What recover found: batches given up, each with its reason, and those of which outcomes wait.

    `messages` says how many messages wait in each queue that has batches out.
    """

    lost: Mapping[BatchId, Loss]
    unrecorded: frozenset[BatchRef]
    messages: Mapping[str, int]


def recover(database: Database, broker: Broker, *, settled: bool) -> Recovery:
    """Gives up what is lost.

    `settled` is False while live workers may not have renewed their leases yet. Raises
    StoreUnavailable and BrokerUnavailable.
    """
    with database.begin() as tx:
        out = recovery.out_batches(tx, QUEUES_OF_PEOPLE)
    if not out:
        return Recovery({}, frozenset(), {})
    broker.stop({batch.job for batch in out if batch.stopped})
    jobs = {batch.id: batch.job for batch in out}
    # In this order: a message that is taken in between is seen in the queue or under a lease.
    facts = BrokerFacts(broker.epoch(), settled)
    messages = {queue: _waiting(broker, queue) for queue in {batch.queue for batch in out}}
    places = [(batch.job, batch.id) for batch in out]
    holders = broker.holders(places)
    unrecorded = broker.unrecorded(places)
    _note_seen(database, [batch for batch in out if holders[batch.id] is not None])
    given_up: dict[BatchId, Loss] = {}
    for loss, batches in _losses(out, facts, messages, holders, unrecorded).items():
        with database.begin() as tx:
            ours = _give_up(tx, batches, loss)
        # A worker may take one of their messages before this mark: its votes are absorbed.
        broker.give_up([(jobs[batch], batch) for batch in ours])
        given_up |= dict.fromkeys(ours, loss)
    return Recovery(given_up, frozenset((jobs[batch], batch) for batch in unrecorded), messages)


def _waiting(broker: Broker, queue: str) -> int:
    """How many messages of the queue a worker may still take.

    None of a queue of online jobs when only workers of the version before are left, which do not
    know it: those messages are lost.
    """
    waiting = broker.waiting(queue)
    if waiting and is_online_queue(queue):
        facts = broker.facts(judge_queue(queue))
        return waiting if facts.online or not facts.capacities else 0
    return waiting


def _note_seen(database: Database, held: Sequence[OutBatch]) -> None:
    """Notes which batches a worker has been seen to hold."""
    unseen = [batch.id for batch in held if batch.seen is None]
    if unseen:
        with database.begin() as tx:
            recovery.note_seen(tx, unseen)


def _losses(
    out: Sequence[OutBatch],
    broker: BrokerFacts,
    messages: Mapping[str, int],
    holders: Mapping[BatchId, Holder | None],
    unrecorded: Set[BatchId],
) -> Mapping[Loss, list[BatchId]]:
    """The batches that are lost, by reason."""
    lost: dict[Loss, list[BatchId]] = defaultdict(list)
    for queue, batches in groupby(out, key=lambda batch: batch.queue):
        of_queue = [
            OutFacts(b.id, b.epoch, b.age, b.seen, holders[b.id], b.id in unrecorded)
            for b in batches
        ]
        for batch, loss in losses(of_queue, broker, waiting=messages[queue]).items():
            lost[loss].append(BatchId(batch))
    return lost


def _give_up(tx: Transaction, batches: Sequence[BatchId], loss: Loss) -> list[BatchId]:
    """Gives batches up, unless another coordinator has; locks as `record` does, jobs last."""
    recovery.lock_tournaments(tx, batches)
    ours = recovery.lose_batches(tx, batches)
    counted = loss in COUNTED
    spent = recovery.spent_matches(tx, ours, ATTEMPTS) if counted else []
    counts = _fail(tx, spent, f"given up after {ATTEMPTS} attempts: {loss}")
    wait = LONGEST_BACK_OFF if loss in WAITING else 0.0
    recovery.requeue_matches(tx, ours, str(loss), attempt=counted, longest_wait=wait)
    if counts:
        counters.count_for_jobs(tx, counts)
    return ours


def _fail(tx: Transaction, spent: Sequence[SpentMatch], error: str) -> dict[JobId, Counts]:
    """Fails matches and their tournaments; what that adds to the counters of each job."""
    recording.fail_matches(tx, {match.id: error for match in spent})
    by_job: dict[JobId, list[SpentMatch]] = defaultdict(list)
    for match in spent:
        by_job[match.job].append(match)
    counts = {}
    for job, matches in by_job.items():
        failed = fail_tournaments(tx, [(m.tournament, m.position, error) for m in matches])
        counts[job] = Counts(matches_failed=len(matches), tournaments_failed=len(failed))
    return counts
