"""The outbox: a batch's reports are sent in small flushes, as its matches are decided."""

import asyncio
import logging
from collections.abc import Callable, Sequence

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
"""How long a report waits for others: longer saves messages and delays the next round."""

FLUSH_TEXT = 4_000_000
"""The most characters in a flush: it bounds messages, and the memory of the coordinator."""


class Outbox:
    """Gathers one batch's reports and sends them.

    `send` may block and may raise BrokerUnavailable. Votes are paid for, so a flush is tried again
    until the broker accepts it.
    """

    def __init__(self, batch: JudgeBatch, worker: str, send: Callable[[Outcomes], None]) -> None:
        self._batch = batch
        self._worker = worker
        self._send = send
        self._reports: list[MatchReport] = []
        self._flushes: list[asyncio.Task[None]] = []

    async def add(self, report: MatchReport) -> None:
        """Takes a report; it is sent with those that come within FLUSH_SECONDS."""
        self._reports.append(report)
        if len(self._reports) == 1:
            self._flushes.append(asyncio.create_task(self._flush_later()))

    async def drain(self) -> None:
        """Returns when everything is sent; raises what kept a flush from being sent."""
        await self._flush()
        await asyncio.gather(*self._flushes)

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        await self._flush()

    async def _flush(self) -> None:
        reports, self._reports = self._reports, []
        for part in parts(reports):
            await self._send_part(part)

    async def _send_part(self, part: Sequence[MatchReport]) -> None:
        """Sends reports; one that cannot be encoded is sent as a failure and delays no other."""
        try:
            await self._send_until_taken(self._batch.outcomes(self._worker, list(part)))
        except (ValueError, TypeError, OverflowError) as error:
            if len(part) > 1:
                for report in part:
                    await self._send_part([report])
            elif part[0].votes:
                log.error("match %s cannot be sent: %s", part[0].match, first_line(error))
                failure = Failure(f"its votes cannot be sent: {first_line(error)}", transient=False)
                await self._send_part([MatchReport(part[0].match, [], failure)])
            else:
                raise

    async def _send_until_taken(self, outcomes: Outcomes) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(BrokerUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            before_sleep=_say,
        ):
            with attempt:
                await asyncio.to_thread(self._send, outcomes)


def _say(state: RetryCallState) -> None:
    why = state.outcome.exception() if state.outcome else None
    log.warning("outcomes wait to be sent: %s", why)


def parts(reports: Sequence[MatchReport]) -> list[list[MatchReport]]:
    """The reports in flushes of at most FLUSH_TEXT, unless a single report has more."""
    formed: list[list[MatchReport]] = []
    text = 0
    for report in reports:
        more = sum(len(vote.text) for vote in report.votes)
        if formed and text + more <= FLUSH_TEXT:
            formed[-1].append(report)
            text += more
        else:
            formed.append([report])
            text = more
    return formed
