"""The outbox: the reports of a worker's batches are sent together, soon after they are decided."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from rrm_queue.errors import BrokerUnavailable
from rrm_queue.messages import Failure, JudgeBatch, MatchReport, Outcomes
from rrm_queue.text import first_line

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.02
"""The least time between two sendings: less would cost more messages and gain little.

A report that comes after a longer pause is sent at once.
"""

FLUSH_TEXT = 4_000_000
"""The most characters in a flush: it bounds messages, and the memory of the coordinator."""


Item = TypeVar("Item")


class Send(Protocol):
    """Sends flushes, all at once. It may block, and may raise BrokerUnavailable."""

    def __call__(self, *outcomes: Outcomes) -> None:
        """Sends them."""


class Outbox:
    """Gathers the reports of all batches of a worker and sends them. It belongs to one event loop.

    A lone report is sent at once. Where they come close together they wait for each other: each
    sending costs this worker, the broker and the coordinator's transaction far more than another
    report in it. They wait for FLUSH_SECONDS, or for the batch's own `linger`, and no longer than
    until `most` have come. Votes are paid for, so a flush is tried again until the broker accepts.
    """

    def __init__(self, worker: str, send: Send, most: int) -> None:
        self._worker = worker
        self._send = send
        self._most = most
        self._batches: dict[int, BatchOutbox] = {}
        self._reports = 0
        self._sent_at = -1.0
        self._due: float | None = None
        self._wake = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None

    def of(self, batch: JudgeBatch) -> "BatchOutbox":
        """Where the reports of this batch go."""
        return BatchOutbox(self, batch)

    def add(self, batch: "BatchOutbox", linger: float) -> None:
        """A batch has one more report, which may wait for others for `linger` seconds."""
        self._batches[id(batch)] = batch
        self._reports += 1
        wait = FLUSH_SECONDS if self._reports >= self._most else max(linger, FLUSH_SECONDS)
        due = self._sent_at + wait
        if self._due is None or due < self._due:
            self._due = due
            self._wake.set()
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    def hurry(self) -> None:
        """Lets nothing wait any longer."""
        self._due = 0.0
        self._wake.set()

    async def close(self) -> None:
        """Sends nothing more."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})

    async def _send_all(self) -> None:
        """Sends whenever something is due, until nothing is left."""
        try:
            while self._batches:
                await self._until_due()
                batches = list(self._batches.values())
                self._batches, self._reports, self._due = {}, 0, None
                self._sent_at = asyncio.get_running_loop().time()
                await self._send_of(batches)
        finally:
            self._sending = None

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due is not None and (left := self._due - loop.time()) > 0:
            self._wake.clear()
            timer = loop.call_later(left, self._wake.set)
            await self._wake.wait()
            timer.cancel()

    async def _send_of(self, batches: Sequence["BatchOutbox"]) -> None:
        taken = [(batch, batch.take()) for batch in batches]
        flushes = [
            batch.batch.outcomes(self._worker, part)
            for batch, reports in taken
            for part in _packed(reports, _report_size)
        ]
        try:
            for together in _packed(flushes, _flush_size):
                await self._send_safely(together)
        except Exception as fault:
            for batch, _ in taken:
                batch.ended(fault)
        else:
            for batch, _ in taken:
                batch.ended(None)

    async def _send_safely(self, flushes: Sequence[Outcomes]) -> None:
        """Sends flushes; a report that cannot be encoded is sent as a failure and delays no other.

        Raises what kept such a failure from being sent.
        """
        try:
            await self._send_until_taken(flushes)
        except (ValueError, TypeError, OverflowError) as error:
            smaller = [part for flush in flushes for part in _split(flush)]
            if len(smaller) > 1:
                for part in smaller:
                    await self._send_safely([part])
            else:
                await self._send_safely([_unsendable(smaller[0], error)])

    async def _send_until_taken(self, flushes: Sequence[Outcomes]) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(BrokerUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            before_sleep=_say,
        ):
            with attempt:
                await asyncio.to_thread(self._send, *flushes)


class BatchOutbox:
    """One batch's reports on their way."""

    def __init__(self, outbox: Outbox, batch: JudgeBatch) -> None:
        self.batch = batch
        self._outbox = outbox
        self._reports: list[MatchReport] = []
        self._under_way = 0
        self._changed = asyncio.Event()
        self._fault: Exception | None = None

    def add(self, report: MatchReport) -> None:
        """Takes a report, to be sent soon."""
        self._reports.append(report)
        self._outbox.add(self, self.batch.linger)

    async def drain(self) -> None:
        """Returns when everything is sent; raises what kept a report from being sent."""
        while self._reports or self._under_way:
            self._outbox.hurry()
            self._changed.clear()
            await self._changed.wait()
        if self._fault is not None:
            raise self._fault

    def take(self) -> list[MatchReport]:
        """The reports that are sent now."""
        reports, self._reports = self._reports, []
        self._under_way += 1
        return reports

    def ended(self, fault: Exception | None) -> None:
        """What was taken is sent, or cannot be sent for this reason."""
        self._under_way -= 1
        self._fault = self._fault or fault
        self._changed.set()


def most_waiting(places: int) -> int:
    """How many outcomes may wait to be sent: half of the places.

    Half of the matches that a worker may have out are its reserve, so its engine stays full.
    """
    return max(1, places // 2)


def _split(flush: Outcomes) -> Iterator[Outcomes]:
    for report in flush.matches:
        yield Outcomes(flush.batch, flush.job, flush.worker, [report], flush.token)


def _unsendable(flush: Outcomes, error: Exception) -> Outcomes:
    """The flush of one report as a failure; raises the error where it is one already."""
    (report,) = flush.matches
    if not report.votes:
        raise error
    log.error("match %s cannot be sent: %s", report.match, first_line(error))
    failure = Failure(f"its votes cannot be sent: {first_line(error)}", transient=False)
    failed = [MatchReport(report.match, [], failure)]
    return Outcomes(flush.batch, flush.job, flush.worker, failed, flush.token)


def _say(state: RetryCallState) -> None:
    why = state.outcome.exception() if state.outcome else None
    log.warning("outcomes wait to be sent: %s", why)


def _packed(items: Sequence[Item], size: Callable[[Item], int]) -> list[list[Item]]:
    """The items in groups of at most FLUSH_TEXT characters, unless a single one has more."""
    groups: list[list[Item]] = []
    text = 0
    for item in items:
        more = size(item)
        if not groups or text + more > FLUSH_TEXT:
            groups.append([])
            text = 0
        groups[-1].append(item)
        text += more
    return groups


def _report_size(report: MatchReport) -> int:
    return sum(len(vote.text) for vote in report.votes)


def _flush_size(flush: Outcomes) -> int:
    return sum(map(_report_size, flush.matches))
