"""Dispatch: open tournaments as the fleet needs them, claim ready matches, publish batches."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from secrets import token_hex

from msgspec import structs

from rrm_queue.coordinator.batching import batches
from rrm_queue.coordinator.byte_budget import (
    ONLINE_SHARE,
    fitting_matches,
    fitting_messages,
    free_bytes,
)
from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.judge_batch import judge_batch, read_texts
from rrm_queue.coordinator.observer import Observer, QueueLoad
from rrm_queue.coordinator.plan import check_judge
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import decide_group
from rrm_queue.coordinator.reuse import bring_votes
from rrm_queue.coordinator.spending import affordable, note
from rrm_queue.coordinator.supply import apart, supply
from rrm_queue.coordinator.turn import Turn, Window
from rrm_queue.coordinator.window import MOST_READY, Claim, free_places, shares
from rrm_queue.domain import BatchId, JobId
from rrm_queue.domain.queues import is_online_queue, online_queue
from rrm_queue.errors import BrokerUnavailable, StoreUnavailable
from rrm_queue.judging.kinds import QUEUES_OF_PEOPLE
from rrm_queue.judging.voting import wave
from rrm_queue.log_once import tell
from rrm_queue.messages import encode
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import active_jobs, counters, dispatching, money, planning
from rrm_queue.store.queue.active_jobs import ActiveJob
from rrm_queue.store.queue.control import pause_job
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.money import LimitedJob

log = logging.getLogger(__name__)


def dispatch(
    database: Database,
    broker: Broker,
    observer: Observer | None = None,
    floors: dict[str, Floors] | None = None,
    again: Callable[[], None] = lambda: None,
) -> int:
    """Fills every queue's window; how many matches were sent or decided.

    `floors`, by queue, are kept from turn to turn. `again` is called when another turn would find
    more to do at once. Raises StoreUnavailable, and BrokerUnavailable: recover finds what was not
    published.
    """
    observer, floors = observer or Observer(), {} if floors is None else floors
    began = time.monotonic()
    known = {job: floor for of in floors.values() for job, floor in of.of_jobs().items()}
    with database.look() as looking:
        going_on = active_jobs.queues_going(looking, known)
    queues = {queue: going for queue, going in going_on.items() if queue not in QUEUES_OF_PEOPLE}
    # A broker that loses its data from here on makes these batches look lost: they are sent again.
    epoch = broker.epoch().word if any(queues.values()) else ""
    matches, loads = 0, {}
    for queue, going in queues.items():
        of_queue = floors.setdefault(queue, Floors())
        if not going and of_queue.is_known:
            loads[queue] = of_queue.load
            continue
        turn = _fill_safely(database, broker, queue, epoch, observer, of_queue)
        if turn is not None:
            matches, loads[queue] = matches + turn.matches, turn.load
            of_queue.load = turn.load
            if turn.more:
                again()
    tell(observer.dispatched, loads, time.monotonic() - began)
    return matches


def _fill_safely(
    database: Database, broker: Broker, queue: str, epoch: str, observer: Observer, floors: Floors
) -> Turn | None:
    """`_fill`; a fault in one queue keeps no other queue from being filled."""
    try:
        return _fill(database, broker, queue, epoch, observer, floors)
    except (StoreUnavailable, BrokerUnavailable):
        raise
    except Exception:
        log.exception("queue %s cannot be filled", queue)
        return None


def _fill(
    database: Database, broker: Broker, queue: str, epoch: str, observer: Observer, floors: Floors
) -> Turn:
    """Claims and commits first, publishes second: recover finds what is lost in between."""
    facts = broker.facts(queue)
    with database.begin() as tx:
        dispatching.lock_queue(tx, queue)
        turn = _claim(tx, Window.of(queue, epoch, facts, floors))
    for part, messages in turn.batches.items():
        broker.publish(part, messages)
    for decided in turn.decided_groups():
        began = time.monotonic()
        counts = decide_group(database, decided)
        tell(observer.recorded, counts, time.monotonic() - began)
    return turn


def _claim(tx: Transaction, queue: Window) -> Turn:
    """Claims matches of the queue's jobs for all its free places, first those of online jobs.

    Online jobs have as many places as the others, so that none of these is in their way.
    """
    turn = Turn()
    floors = queue.floors
    parts = [queue.queue, online_queue(queue.queue)]
    floors.look(tx, parts)
    jobs = active_jobs.active_jobs(tx, queue.queue, MOST_READY, floors.of_jobs(), floors.first_out)
    floors.keep({job.id for job in jobs})
    turn.load = QueueLoad(sum(job.ready for job in jobs), sum(job.out for job in jobs))
    if not any(job.ready or job.waiting for job in jobs):
        for job in jobs:
            floors.short(job.id)
        return turn
    bytes_out = dispatching.out_bytes(tx, parts, floors.first_out)
    limits = money.limited_jobs(tx, queue.queue) if any(job.limited for job in jobs) else {}
    for part, of_part in queue.parts(jobs).items():
        out = bytes_out.get(part, 0) if is_online_queue(part) else sum(bytes_out.values())
        room = free_bytes(
            queue.bytes // ONLINE_SHARE if is_online_queue(part) else queue.bytes, out
        )
        _fill_part(tx, queue, part, of_part, room, limits, turn)
    return turn


def _fill_part(
    tx: Transaction,
    queue: Window,
    part: str,
    jobs: Sequence[ActiveJob],
    room: int,
    limits: Mapping[JobId, LimitedJob],
    turn: Turn,
) -> None:
    """Claims matches of these jobs, shared by their weights, and adds them to the turn.

    At most as many as there are free places, and `room` bytes.
    """
    free = free_places(queue.places, sum(job.out for job in jobs))
    if not (free and room and any(job.ready or job.waiting for job in jobs)):
        return
    before, began = turn.matches, turn.bytes
    ready = sum(job.ready for job in jobs)
    jobs = [supply(tx, job, free, queue.floors) for job in jobs]
    opened = sum(job.ready for job in jobs) - ready
    given = shares(free, [Claim(job.id, job.out, job.ready, job.priority) for job in jobs])
    given = {job.id: _within(limits.get(job.id), given[job.id]) for job in jobs}
    claimed: dict[JobId, Counts] = {}
    left = sum(given.values())
    for job in jobs:
        share = (room - (turn.bytes - began)) * given[job.id] // max(1, left)
        left -= given[job.id]
        if share > 0:
            with apart(tx, job):
                claimed[job.id] = _send(tx, job, queue, part, given[job.id], share, turn)
    planning.start_jobs(tx, sorted(job.id for job in jobs if job.queued and job.id in claimed))
    for job_id in sorted(claimed):
        if claimed[job_id] != Counts():
            counters.count_for_job(tx, job_id, claimed[job_id])
    _pause_spent(tx, jobs, limits)
    sent = turn.matches - before
    turn.load = QueueLoad(turn.load.ready + opened - sent, turn.load.out + sent)


def _within(job: LimitedJob | None, number: int) -> int:
    """So many of the matches that the job's limit pays for."""
    most = None if job is None else affordable(job)
    return number if most is None else min(number, most)


def _pause_spent(
    tx: Transaction, jobs: Iterable[ActiveJob], limits: Mapping[JobId, LimitedJob]
) -> None:
    """Pauses jobs that have nothing out and cannot pay for another match."""
    for job in jobs:
        limit = limits.get(job.id)
        if limit is not None and job.ready and not limit.out and affordable(limit) == 0:
            pause_job(tx, job.id, note(limit))


def _send(
    tx: Transaction, job: ActiveJob, queue: Window, part: str, count: int, room: int, turn: Turn
) -> Counts:
    """Claims matches of a job, for this part of the queue; what that adds to the job's counters.

    At most `count` matches and `room` bytes; of a job with nothing out one message at least, as a
    single match may be larger than any room. What does not fit stays ready.
    """
    check_judge(job.judge)
    alone = not job.out
    matches = dispatching.claim_matches(tx, job.id, count, queue.floors.of(job.id))
    queue.floors.claimed(tx, job.id, job.strategy, len(matches))
    matches = fitting_matches(matches, dispatching.text_bytes(tx, matches), room, alone=alone)
    texts = read_texts(tx, [job.judge], matches)
    votes, reused = bring_votes(tx, job, matches, texts, queue.answering(job.judge))
    going = [
        match for match in matches if not texts.equal(match) and wave(votes[match.id], job.voting)
    ]
    sent = {match.id for match in going}
    if decided := [match.id for match in matches if match.id not in sent]:
        turn.decided |= dict.fromkeys(decided, job.id)
    groups = batches(going, texts.size, queue.most)
    tokens = [token_hex(16) if queue.tokens else "" for _ in groups]
    messages = [
        judge_batch(BatchId(0), token, job, group, texts, votes)
        for token, group in zip(tokens, groups, strict=True)
    ]
    sizes = [len(encode(message)) for message in messages]
    fit = fitting_messages(sizes, room, alone=alone)
    matches_of = [[match.id for match in group] for group in groups[:fit]]
    ids = dispatching.send_batches(
        tx, job.id, part, queue.epoch, matches_of, tokens[:fit], sizes[:fit]
    )
    turn.batches.setdefault(part, []).extend(
        structs.replace(message, batch=id_)
        for id_, message in zip(ids, messages[:fit], strict=True)
    )
    turn.bytes += sum(sizes[:fit])
    return Counts(votes=reused, votes_reused=reused)
