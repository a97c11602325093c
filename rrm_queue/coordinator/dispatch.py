"""Dispatch: open tournaments as the fleet needs them, claim ready matches, publish batches."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from rrm_queue.coordinator.byte_budget import ONLINE_SHARE, free_bytes
from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.observer import Observer, QueueLoad
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import decide_group
from rrm_queue.coordinator.sending import send
from rrm_queue.coordinator.spending import affordable, note
from rrm_queue.coordinator.supply import claim, supply, together
from rrm_queue.coordinator.turn import Sent, Turn, Window
from rrm_queue.coordinator.window import (
    LEAST_WINDOW,
    MOST_JOBS,
    MOST_READY,
    MOST_SENT,
    Claim,
    free_places,
    load,
    shares,
)
from rrm_queue.domain import JobId
from rrm_queue.domain.queues import is_online_queue, online_queue
from rrm_queue.errors import BrokerUnavailable, StoreUnavailable
from rrm_queue.judging.kinds import QUEUES_OF_PEOPLE
from rrm_queue.log_once import tell
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import active_jobs, counters, dispatching, money, planning
from rrm_queue.store.queue.active_jobs import ActiveJob, ListedJob
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
    for part, messages in turn.messages.items():
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
    turn, floors = Turn(), queue.floors
    parts = [queue.queue, online_queue(queue.queue)]
    floors.look(tx, parts)
    most = min(MOST_SENT, max(queue.places, LEAST_WINDOW))
    jobs = active_jobs.listed_jobs(tx, queue.queue, floors.first_out, most_queued=most)
    floors.keep({job.id for job in jobs})
    turn.load = QueueLoad(0, sum(job.out for job in jobs))
    bytes_out = dispatching.out_bytes(tx, parts, floors.first_out)
    for part, of_part in queue.parts(jobs).items():
        out = bytes_out.get(part, 0) if is_online_queue(part) else sum(bytes_out.values())
        room = free_bytes(
            queue.bytes // ONLINE_SHARE if is_online_queue(part) else queue.bytes, out
        )
        _fill_part(tx, queue, part, of_part, room, turn)
    return turn


def _fill_part(
    tx: Transaction,
    queue: Window,
    part: str,
    listed: Sequence[ListedJob],
    room: int,
    turn: Turn,
) -> None:
    """Claims matches of these jobs, shared by their weights, and adds them to the turn.

    At most as many as there are free places, and `room` bytes. While there is no room, what is
    ready is counted only now and then.
    """
    if not listed:
        return
    free, floors = free_places(queue.places, sum(job.out for job in listed)), queue.floors
    ready, cared = floors.counted_lately(part), 0
    if ready is None or (free and room):
        jobs = _sendable(tx, queue, listed, free)
        if free and room:
            jobs = supply(tx, jobs, free, floors)
            short = {job.id for job in listed} - {job.id for job in jobs if job.ready >= free}
            floors.short(short)
            cared = _send_part(tx, queue, part, jobs, (free, room), turn)
            turn.cut |= cared < free and len(jobs) == MOST_JOBS
        ready = sum(job.ready for job in jobs) - cared
        floors.counted(part, ready)
    turn.load = QueueLoad(turn.load.ready + ready, turn.load.out + cared)


def _sendable(
    tx: Transaction, queue: Window, listed: Sequence[ListedJob], free: int
) -> list[ActiveJob]:
    """Those of the jobs that have something to send.

    Only the jobs that have least out for their weight are looked at: with more jobs than places no
    other gets one.
    """
    return active_jobs.sendable_jobs(
        tx,
        sorted(listed, key=lambda job: load(job.out, job.priority)),
        queue.floors.of_jobs(),
        most=max(LEAST_WINDOW, MOST_READY // len(listed)),
        most_jobs=min(max(free, LEAST_WINDOW), MOST_JOBS),
    )


def _send_part(
    tx: Transaction,
    queue: Window,
    part: str,
    jobs: Sequence[ActiveJob],
    space: tuple[int, int],
    turn: Turn,
) -> int:
    """Sends as much as fits the space (places, bytes); how many matches that takes care of."""
    free, room = space
    limited = [job.id for job in jobs if job.limited]
    limits = money.limited_jobs(tx, limited) if limited else {}
    given = shares(free, [_payable(job, limits.get(job.id)) for job in jobs])
    sent: list[Sent] = []
    getting = [job for job in jobs if given[job.id]]
    for group in _of_one_judge(getting):
        fitting = room * _sum(given, group) // _sum(given, getting)
        sent += _send_group(tx, queue, part, group, given, fitting)
    for job in getting:
        matches = sum(done.claimed.get(job.id, 0) for done in sent)
        queue.floors.claimed(tx, job.id, job.strategy, matches)
    for done in sent:
        turn.add(part, done)
    _end(tx, jobs, sent, limits)
    return sum(done.matches + len(done.decided) for done in sent)


def _send_group(
    tx: Transaction,
    queue: Window,
    part: str,
    jobs: Sequence[ActiveJob],
    given: Mapping[JobId, int],
    room: int,
) -> list[Sent]:
    """`send` for jobs with one judge; where a job keeps it from being done, for each apart."""

    def send_some(some: Sequence[ActiveJob]) -> Sent:
        share = room * _sum(given, some) // _sum(given, jobs)
        return send(tx, queue, part, some, given, share)

    return together(tx, jobs, send_some)


def _sum(given: Mapping[JobId, int], jobs: Iterable[ActiveJob]) -> int:
    return sum(given[job.id] for job in jobs)


def _of_one_judge(jobs: Iterable[ActiveJob]) -> list[list[ActiveJob]]:
    """The jobs in groups that have the same judge."""
    groups: dict[str, list[ActiveJob]] = defaultdict(list)
    for job in jobs:
        groups[job.spec].append(job)
    return list(groups.values())


def _payable(job: ActiveJob, limit: LimitedJob | None) -> Claim:
    """The job's claim, with no more ready than its limit pays for."""
    most = None if limit is None else affordable(limit)
    return replace(claim(job), ready=job.ready if most is None else min(job.ready, most))


def _end(
    tx: Transaction,
    jobs: Sequence[ActiveJob],
    sent: Sequence[Sent],
    limits: Mapping[JobId, LimitedJob],
) -> None:
    """Starts, counts and pauses jobs; late, as every coordinator waits for their rows."""
    claimed = {job for done in sent for job in done.claimed}
    started = [job.id for job in jobs if job.queued and job.id in claimed]
    reused = sum((done.reused for done in sent), Counter[JobId]())
    spent = [job.id for job in jobs if job.ready and _is_spent(limits.get(job.id))]
    counters.lock_jobs(tx, list({*started, *reused, *spent}))
    planning.start_jobs(tx, started)
    if reused:
        counts = {job: Counts(votes=n, votes_reused=n) for job, n in reused.items()}
        counters.count_for_jobs(tx, counts)
    for job in spent:
        pause_job(tx, job, note(limits[job]))


def _is_spent(limit: LimitedJob | None) -> bool:
    """Whether a job has nothing out and cannot pay for another match."""
    return limit is not None and not limit.out and affordable(limit) == 0
