"""Dispatch: open tournaments as the fleet needs them, claim ready matches, publish batches."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex

from msgspec import structs

from rrm_queue.coordinator.batching import batch_size, batches
from rrm_queue.coordinator.byte_budget import (
    budget,
    fitting_matches,
    fitting_messages,
    free_bytes,
)
from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.judge_batch import judge_batch, read_texts
from rrm_queue.coordinator.observer import Observer, QueueLoad
from rrm_queue.coordinator.plan import check_judge, open_tournaments
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import decide_group
from rrm_queue.coordinator.reuse import bring_votes
from rrm_queue.coordinator.spending import affordable, note
from rrm_queue.coordinator.window import (
    MOST_READY,
    Claim,
    free_places,
    shares,
    to_open,
    window,
)
from rrm_queue.domain import BatchId, JobId, JudgeSpec, MatchId
from rrm_queue.errors import BrokerUnavailable, ForeignJob, StoreUnavailable
from rrm_queue.judging.kinds import QUEUES_OF_PEOPLE, kind_of
from rrm_queue.judging.voting import wave
from rrm_queue.log_once import log_once, tell
from rrm_queue.messages import JudgeBatch, encode
from rrm_queue.store.database import Database, Transaction, savepoint
from rrm_queue.store.queue import counters, dispatching, money, planning
from rrm_queue.store.queue.control import pause_job
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.dispatching import ActiveJob
from rrm_queue.store.queue.job_options import FOREIGN
from rrm_queue.store.queue.money import LimitedJob

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Window:
    """A queue to be filled: its broker's epoch, its places, and the most matches in a message.

    `tokens`: whether its batches get tokens, which workers of the version before do not send back.
    `models`: what each of its live workers judges with, empty where it is not known.
    `bytes`: how many bytes of messages may be out of it.
    """

    queue: str
    epoch: str
    places: int
    most: int
    tokens: bool
    models: Sequence[str]
    bytes: int
    floors: Floors

    def answering(self, judge: JudgeSpec) -> Set[str] | None:
        """What the live workers judge with; None where no worker lives or knows it beforehand.

        Nothing while a worker does not say it yet.
        """
        if not self.models or not kind_of(judge).needs_server:
            return None
        return set(self.models) if all(self.models) else set()


@dataclass(slots=True)
class _Turn:
    """What a turn sends of one queue, and the matches that are decided without being sent."""

    batches: list[JudgeBatch] = field(default_factory=list)
    decided: dict[JobId, list[MatchId]] = field(default_factory=dict)
    load: QueueLoad = field(default_factory=QueueLoad)
    bytes: int = 0

    @property
    def sent(self) -> int:
        """How many matches it sends."""
        return sum(len(batch.matches) for batch in self.batches)

    @property
    def matches(self) -> int:
        """How many matches it takes care of."""
        return self.sent + sum(map(len, self.decided.values()))


def dispatch(
    database: Database,
    broker: Broker,
    observer: Observer | None = None,
    floors: dict[str, Floors] | None = None,
) -> int:
    """Fills every queue's window; how many matches were sent or decided.

    `floors`, by queue, are kept from turn to turn. Raises StoreUnavailable, and BrokerUnavailable:
    recover finds what was not published.
    """
    observer, floors = observer or Observer(), {} if floors is None else floors
    began = time.monotonic()
    with database.begin() as tx:
        queues = dispatching.active_queues(tx)
    # A broker that loses its data from here on makes these batches look lost: they are sent again.
    epoch = broker.epoch().word if queues else ""
    matches, loads = 0, {}
    for queue in queues.keys() - set(QUEUES_OF_PEOPLE):
        of_queue = floors.setdefault(queue, Floors())
        turn = _fill_safely(database, broker, queue, epoch, observer, of_queue)
        if turn is not None:
            matches, loads[queue] = matches + turn.matches, turn.load
    tell(observer.dispatched, loads, time.monotonic() - began)
    return matches


def _fill_safely(
    database: Database, broker: Broker, queue: str, epoch: str, observer: Observer, floors: Floors
) -> _Turn | None:
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
) -> _Turn:
    """Claims and commits first, publishes second: recover finds what is lost in between."""
    workers, models = broker.capacities(queue), broker.models(queue)
    capacities = workers.values()
    window_ = _Window(
        queue,
        epoch,
        window(capacities),
        batch_size(capacities),
        tokens=workers.keys() <= models.keys(),
        models=[models.get(worker, "") for worker in workers],
        bytes=budget(broker.maxmemory()),
        floors=floors,
    )
    with database.begin() as tx:
        dispatching.lock_queue(tx, queue)
        turn = _claim(tx, window_)
    broker.publish(queue, turn.batches)
    for job, matches in turn.decided.items():
        began = time.monotonic()
        counts = decide_group(database, job, matches)
        tell(observer.recorded, counts, time.monotonic() - began)
    return turn


def _claim(tx: Transaction, queue: _Window) -> _Turn:
    """Claims matches of the queue's jobs for all its free places, shared by their weights."""
    turn = _Turn()
    floors = queue.floors
    floors.look(tx, queue.queue)
    jobs = dispatching.active_jobs(tx, queue.queue, MOST_READY, floors.of_jobs(), floors.first_out)
    floors.keep({job.id for job in jobs})
    out = sum(job.out for job in jobs)
    room = free_bytes(queue.bytes, dispatching.out_bytes(tx, queue.queue, floors.first_out))
    if room and (free := free_places(queue.places, out)):
        jobs = [_supply(tx, job, free, floors) for job in jobs]
        claims = [Claim(job.id, job.out, job.ready, job.priority) for job in jobs]
        given = shares(free, claims)
        limits = money.limited_jobs(tx, queue.queue)
        given = {job.id: _within(limits.get(job.id), given[job.id]) for job in jobs}
        claimed: dict[JobId, Counts] = {}
        left = sum(given.values())
        for job in jobs:
            share = (room - turn.bytes) * given[job.id] // max(1, left)
            left -= given[job.id]
            if share > 0:
                with _apart(tx, job):
                    claimed[job.id] = _send(tx, job, queue, given[job.id], share, turn)
        planning.start_jobs(tx, sorted(claimed))
        for job_id in sorted(claimed):
            if claimed[job_id] != Counts():
                counters.count_for_job(tx, job_id, claimed[job_id])
        _pause_spent(tx, jobs, limits)
    ready = sum(job.ready for job in jobs)
    turn.load = QueueLoad(max(0, ready - turn.matches), out + turn.sent)
    return turn


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


def _supply(tx: Transaction, job: ActiveJob, wanted: int, floors: Floors) -> ActiveJob:
    """The job with `wanted` matches ready, if opening tournaments can bring them about."""
    opened = brought = 0
    while job.ready < wanted:
        more = 0
        with _apart(tx, job):
            more = open_tournaments(tx, job.id, to_open(wanted - job.ready, opened, brought))
        if not more:
            floors.short(job.id)
            return job
        ready = dispatching.count_ready(tx, job.id, MOST_READY, floors.of(job.id))
        opened, brought = opened + more, brought + ready - job.ready
        job = job._replace(ready=ready)
    return job


@contextmanager
def _apart(tx: Transaction, job: ActiveJob) -> Iterator[None]:
    """What is done for one job: a fault takes it back, and keeps no other job waiting."""
    try:
        with savepoint(tx):
            yield
    except ForeignJob as fault:
        log_once(log, logging.ERROR, FOREIGN, job.id, str(fault))
    except Exception:
        log.exception("job %s cannot go on", job.id)


def _send(
    tx: Transaction, job: ActiveJob, queue: _Window, count: int, room: int, turn: _Turn
) -> Counts:
    """Claims matches of a job and adds them to the turn; what that adds to the job's counters.

    At most `count` matches and `room` bytes; of a job with nothing out one message at least, as a
    single match may be larger than any room. What does not fit stays ready.
    """
    check_judge(job.judge)
    alone = not job.out
    matches = dispatching.claim_matches(tx, job.id, count, queue.floors.of(job.id))
    queue.floors.claimed(tx, job.id, job.strategy, len(matches))
    matches = fitting_matches(matches, dispatching.text_bytes(tx, matches), room, alone=alone)
    texts = read_texts(tx, job.judge, matches)
    votes, reused = bring_votes(tx, job, matches, texts, queue.answering(job.judge))
    going = [
        match for match in matches if not texts.equal(match) and wave(votes[match.id], job.voting)
    ]
    sent = {match.id for match in going}
    if decided := [match.id for match in matches if match.id not in sent]:
        turn.decided[job.id] = decided
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
        tx, job.id, queue.queue, queue.epoch, matches_of, tokens[:fit], sizes[:fit]
    )
    turn.batches += [
        structs.replace(message, batch=id_)
        for id_, message in zip(ids, messages[:fit], strict=True)
    ]
    turn.bytes += sum(sizes[:fit])
    return Counts(votes=reused, votes_reused=reused)
