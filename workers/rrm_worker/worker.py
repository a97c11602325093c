"""The worker: holds batches under leases and judges all of them on one event loop."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Thread
from time import monotonic

from redis.exceptions import RedisError

from rrm_queue.broker.leases import LEASE_SECONDS, RENEW_SECONDS, WorkerLeases
from rrm_queue.broker.troubles import TELL_SECONDS, tell
from rrm_queue.errors import MessageRefused, UnknownVersion
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.kinds import queue_of
from rrm_queue.messages import JudgeBatch, MatchReport, decode_batches
from rrm_worker.held_batches import HeldBatches, ref, split
from rrm_worker.metrics import Metrics
from rrm_worker.outbox import Outbox, most_waiting
from rrm_worker.repeating import Answer, repeat, until_answered
from rrm_worker.running_batch import Ending, RunningBatch
from rrm_worker.served_model import Served
from rrm_worker.unacked import ResendBuffer

log = logging.getLogger(__name__)

RELEASE_SECONDS = 3.0
"""How long the outcomes of released batches may take to be sent."""

REFUSED_SECONDS = 1.0
"""How long a batch of another version is kept before it goes back to its queue."""

_CHECK_SECONDS = 0.2
"""How often a thread that waits for the engine checks whether the worker stops."""


class Worker:
    """Judges batches with `runner` and sends their outcomes with `send`.

    `capacities` says for each queue how many matches this worker can hold at once; the numbers may
    change. Batches are taken only while `ready` is set. `take` is called by the queue's threads, as
    many at once as batches may be held. `made_room` is called when there may be room for another.
    """

    def __init__(
        self,
        runner: BatchRunner,
        leases: WorkerLeases,
        send: Callable[..., None],
        capacities: Mapping[str, int],
        *,
        ready: Event,
        metrics: Metrics,
        served: Callable[[], Served] = Served,
        made_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._runner = runner
        self._leases = leases
        self._unacked = ResendBuffer(leases, send)
        self._capacities = capacities
        most = most_waiting(min(capacities.values()))
        self._outbox = Outbox(leases.worker, self._unacked.send, most)
        self._made_room = made_room
        self._ready = ready
        self._metrics = metrics
        self._served = served
        self._held = HeldBatches(self._capacity)
        self._engine_losses = 0
        self._draining = Event()
        self._stopped = Event()
        self._loop: asyncio.AbstractEventLoop
        self._threads: list[Thread]

    def start(self) -> None:
        """Announces the worker and makes it ready for batches; raises RedisError."""
        self._announce()
        self._unacked.check()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            Thread(target=self._loop.run_forever, name="judging", daemon=True),
            Thread(target=self._renew_forever, name="leases", daemon=True),
            Thread(target=self._announce_forever, name="presence", daemon=True),
            Thread(target=self._check_unacked, name="unacked", daemon=True),
            Thread(target=self._tell_troubles, name="troubles", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def take(self, body: bytes) -> bool:
        """Judges a message's batches to their end, unless another worker has them or they are over.

        False for a message that was not begun: this worker stops, or knows another version.
        """
        try:
            batches = decode_batches(body)
        except UnknownVersion as error:
            return self._refuse(error)
        except MessageRefused as error:
            log.error("batch refused: %s", error)
            return True
        while not self._ready.wait(_CHECK_SECONDS) and not self._draining.is_set():
            pass
        if self._draining.is_set():
            return False
        room = self._held.room(batches[0]) if batches else 0
        kept = split([len(batch.matches) for batch in batches], room)
        running = [self._running(batch, keep) for batch, keep in zip(batches, kept, strict=True)]
        try:
            with self._held.holding(running) as ours:
                self._made_room()  # it counted as the largest message until it was read
                return self._judge(ours)
        finally:
            self._made_room()

    def _running(self, batch: JudgeBatch, kept: int) -> RunningBatch:
        return RunningBatch(batch, self._loop, self._outbox.of(batch), self._count, kept)

    def _refuse(self, error: UnknownVersion) -> bool:
        """Leaves a batch to a worker that can read it, after a wait, as it may come back here."""
        log.error("batch refused: %s; upgrade this worker", error)
        self._draining.wait(REFUSED_SECONDS)
        return False

    def has_room(self, taken: int) -> bool:
        """Whether to take another message beside so many that were taken and are not done.

        Until there is a match for each place at the engine, and no longer: another worker may need
        what this one holds in reserve. A message that is not read yet counts as the largest
        possible one that is kept. A match counts as its share of what can be held of its judge.
        While the engine is not ready nothing is taken: another worker's may be ready.
        """
        if not self._ready.is_set():
            return False
        unread = max(0, taken - self._held.messages)
        return self._held.load() + unread / 2 < 1

    def _count(self, batch: JudgeBatch, report: MatchReport) -> None:
        """A match of the batch was reported: another may take its place."""
        self._made_room()
        self._metrics.count(batch, report)

    def _capacity(self, batch: JudgeBatch) -> int:
        """How many matches of its judge to hold at once; few of a judge that is not served here."""
        return self._capacities.get(queue_of(batch.judge), min(self._capacities.values()))

    def release(self, ending: Ending, waiting: int | None = None) -> None:
        """Stops judging and releases all batches; finished votes are sent.

        `waiting` is how many requests were in the engine's own queue when it broke, None if that is
        not known: those matches did not break it.
        """
        self._engine_losses += ending is Ending.BROKEN
        computed = self._runner.computed(waiting)
        for held, running in self._held.now().items():
            running.stop(ending, computed.get(held, set()))

    def drain(self, seconds: float) -> None:
        """Takes nothing more, and returns when nothing is held.

        Batches that are not judged after `seconds` are released; outcomes that no broker accepts
        for RELEASE_SECONDS more are dropped.
        """
        self._draining.set()
        self._withdraw()
        if self._held.wait_until_idle(seconds):
            return
        log.info("returning %s batches", len(self._held.now()))
        self.release(Ending.RETURNED)
        if not self._held.wait_until_idle(RELEASE_SECONDS):
            for running in self._held.now().values():
                running.abandon()

    def stop(self) -> None:
        """Ends the engines' clients, the threads and the presence; no batch may be held then."""
        self._draining.set()
        self._stopped.set()
        for closing in (self._runner.close(), self._outbox.close()):
            asyncio.run_coroutine_threadsafe(closing, self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join()
        self._loop.close()
        self._withdraw()

    def _judge(self, message: Sequence[RunningBatch]) -> bool:
        """Judges batches under their leases; False when Redis gave no lease in time."""
        refs = {ref(one.batch): one for one in message}
        try:
            lost = self._until_answered(lambda: self._leases.renew(refs))
            stopped = self._until_answered(lambda: self._leases.stopped(job for job, _ in refs))
        except RedisError as error:
            log.warning("no lease on batches %s: %s", [batch for _, batch in refs], error)
            return False
        going = []
        for held, one in refs.items():
            if held in lost:
                log.info("batch %s: another worker has it, or it is over", one.batch.batch)
            elif held[0] in stopped:
                self._settle(one.batch, Ending.STOPPED)
            else:
                going.append(one)
        began = monotonic()
        for one in going:
            self._start(one)
        judged = [one.batch for one in going if self._ended(one, began)]
        self._finish(judged)
        return True

    def _start(self, running: RunningBatch) -> None:
        self._metrics.batches_held.inc()
        self._metrics.matches_held.inc(running.undecided)
        if not self._ready.is_set():  # it went down in the meantime
            running.stop(Ending.BROKEN)
        elif self._draining.is_set():
            running.stop(Ending.RETURNED)
        running.start(self._runner)

    def _ended(self, running: RunningBatch, began: float) -> bool:
        """Waits for the batch's end; whether it was judged."""
        ending = running.ended()
        self._metrics.matches_held.dec(running.undecided)
        self._metrics.batches_held.dec()
        self._metrics.batch_seconds.observe(monotonic() - began)
        self._settle(running.batch, ending)
        return ending is Ending.JUDGED

    def _finish(self, judged: Sequence[JudgeBatch]) -> None:
        """Marks batches as over in place of their leases; without Redis these expire."""
        try:
            if judged:
                self._until_answered(lambda: self._leases.finish(map(ref, judged)))
        except RedisError as error:
            log.warning("the end of %s batches could not be marked: %s", len(judged), error)

    def _settle(self, batch: JudgeBatch, ending: Ending) -> None:
        """Marks how the batch ended in place of its lease; without Redis the lease expires."""
        if ending is not Ending.JUDGED:
            log.info("batch %s: %s", batch.batch, ending.value)
        try:
            match ending:
                case Ending.JUDGED:
                    pass  # all of a message's together, see `_judge`
                case Ending.STOPPED | Ending.RETURNED | Ending.BROKEN:
                    broken = ending is Ending.BROKEN
                    self._until_answered(
                        lambda: self._leases.release(batch.job, batch.batch, broken=broken)
                    )
                case Ending.LOST:
                    pass
        except RedisError as error:
            log.warning("the end of batch %s could not be marked: %s", batch.batch, error)

    def _until_answered(self, call: Callable[[], Answer]) -> Answer:
        """Redis's answer, asked again for as long as a lease lasts; less when the worker stops."""
        return until_answered(call, LEASE_SECONDS, self._draining)

    def _renew_forever(self) -> None:
        repeat(self._stopped, RENEW_SECONDS, self._renew, "the leases could not be renewed")

    def _announce_forever(self) -> None:
        """In a thread of its own: it may ask the engine, which may be busy."""
        repeat(self._stopped, RENEW_SECONDS, self._announce, "presence could not be renewed")

    def _check_unacked(self) -> None:
        """In a thread of its own: sending much again takes longer than a lease lasts."""
        repeat(self._stopped, RENEW_SECONDS, self._unacked.check, "outcomes could not be checked")

    def _tell_troubles(self) -> None:
        """Says what is held, and why requests wait while they are still tried again."""

        def tell_all() -> None:
            tell(self._leases.client, self._leases.worker, *self._runner.news())
            held = sum(running.undecided for running in self._held.now().values())
            self._leases.tell_work(held, self._engine_losses)

        repeat(self._stopped, TELL_SECONDS, tell_all, "troubles could not be told", logging.DEBUG)

    def _renew(self) -> None:
        held = self._held.now()
        lost = self._leases.renew(held)
        stopped = self._leases.stopped(job for job, _ in held)
        for key, running in held.items():
            if key[0] in stopped:
                running.stop(Ending.STOPPED)
            elif key in lost:
                running.stop(Ending.LOST)

    def _announce(self) -> None:
        """Shows that the worker is present, or ends that while it can judge nothing."""
        if self._ready.is_set() and not self._draining.is_set():
            model, ignores_seeds = self._served()
            self._leases.announce(self._capacities, model, ignores_seeds=ignores_seeds)
        else:
            self._withdraw()

    def _withdraw(self) -> None:
        try:
            self._leases.withdraw(self._capacities)
        except RedisError as error:
            log.warning("the worker's presence could not be ended, it will expire: %s", error)
