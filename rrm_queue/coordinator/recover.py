"""Recover: find batches that nobody runs and nobody will, and make their matches ready again."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import ATTEMPTS, fail_tournaments
from rrm_queue.coordinator.rules import Loss, OutFacts, losses
from rrm_queue.domain import BatchId, JobId
from rrm_queue.store import recording, recovery
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.recording import Counts
from rrm_queue.store.recovery import OutBatch, SpentMatch


def recover(database: Database, broker: Broker) -> dict[BatchId, Loss]:
    """Gives up what is lost; which batches, and why.

    Raises StoreUnavailable and BrokerUnavailable.
    """
    with database.begin() as tx:
        out = recovery.out_batches(tx)
    if not out:
        return {}
    holders = broker.holders([(batch.job, batch.id) for batch in out])
    unseen = [batch.id for batch in out if batch.held is None and holders[batch.id] is not None]
    lost = _losses(broker, out, holders)
    broker.give_up([(batch.job, batch.id) for batch in out if batch.id in lost])
    with database.begin() as tx:
        if unseen:
            recovery.hold_batches(tx, unseen)
        for loss, batches in _by_loss(lost).items():
            _give_up(tx, batches, loss)
    return lost


def _losses(
    broker: Broker, out: Sequence[OutBatch], holders: dict[BatchId, str | None]
) -> dict[BatchId, Loss]:
    epoch = broker.epoch()
    lost: dict[BatchId, Loss] = {}
    for queue, batches in groupby(out, key=lambda batch: batch.queue):
        facts = [OutFacts(b.id, b.epoch, b.age, b.held, holders[b.id]) for b in batches]
        found = losses(facts, epoch=epoch, waiting=broker.waiting(queue))
        lost |= {BatchId(batch): loss for batch, loss in found.items()}
    return lost


def _by_loss(lost: dict[BatchId, Loss]) -> dict[Loss, list[BatchId]]:
    grouped: dict[Loss, list[BatchId]] = defaultdict(list)
    for batch, loss in lost.items():
        grouped[loss].append(batch)
    return grouped


def _give_up(tx: Transaction, batches: Sequence[BatchId], loss: Loss) -> None:
    ours = recovery.lose_batches(tx, batches)
    # These may have died of the batch, or its outcomes may be what cannot be recorded.
    counted = loss in (Loss.WORKER, Loss.ENGINE, Loss.OUTCOMES)
    spent = recovery.spent_matches(tx, ours, ATTEMPTS) if counted else []
    _fail(tx, spent, f"given up after {ATTEMPTS} attempts: {loss}")
    recovery.free_matches(tx, ours, str(loss), attempt=counted)


def _fail(tx: Transaction, spent: Sequence[SpentMatch], error: str) -> None:
    recording.fail_matches(tx, {match.id: error for match in spent})
    for job, matches in groupby(spent, key=lambda match: match.job):
        of_job = list(matches)
        failed = fail_tournaments(tx, [(m.tournament, m.position, error) for m in of_job])
        counts = Counts(matches_failed=len(of_job), tournaments_failed=len(failed))
        recording.count_for_job(tx, JobId(job), counts)
