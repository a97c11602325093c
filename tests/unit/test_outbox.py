"""The outbox: what is sent at once, what is sent together, and what is never lost."""

import asyncio

from kit.waiting import PATIENCE
from rrm_worker.outbox import Outbox

from rrm_queue.domain import JudgeSpec, Verdict, Vote, Voting
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.messages import JudgeBatch, MatchReport, Outcomes

LONG = 3600.0
"""Seconds that no test waits for."""


class Sent:
    """What was sent, call by call; the first `away` calls find no broker."""

    def __init__(self, away: int = 0) -> None:
        self.calls: list[list[tuple[int, int]]] = []
        self._away = away

    def __call__(self, *outcomes: Outcomes) -> None:
        if self._away:
            self._away -= 1
            raise BrokerUnavailable("it is away")
        self.calls.append([(one.batch, r.match) for one in outcomes for r in one.matches])

    async def until(self, calls: int) -> None:
        """Returns when so many calls were made."""
        async with asyncio.timeout(PATIENCE):
            while len(self.calls) < calls:
                await asyncio.sleep(0.001)


def batch(number: int, linger: float) -> JudgeBatch:
    spec = JudgeSpec("openai", "m")
    return JudgeBatch(number, "job", spec, [], [], Voting(), 0, linger=linger)


def report(match: int) -> MatchReport:
    return MatchReport(match, [Vote(1, Verdict.FIRST)])


def test_a_lone_report_is_sent_at_once_and_later_ones_of_all_batches_together() -> None:
    sent = Sent()

    async def test() -> None:
        outbox = Outbox("me", sent, most=3)
        one, two = outbox.of(batch(1, LONG)), outbox.of(batch(2, LONG))
        one.add(report(10))
        await sent.until(1)
        one.add(report(11))
        two.add(report(20))
        await asyncio.sleep(0)
        assert len(sent.calls) == 1, "they wait for others"
        one.add(report(12))  # as many as may be waited for
        await sent.until(2)

    asyncio.run(test())
    assert sent.calls == [[(1, 10)], [(1, 11), (1, 12), (2, 20)]]


def test_a_batch_that_does_not_linger_hurries_the_others() -> None:
    sent = Sent()

    async def test() -> None:
        outbox = Outbox("me", sent, most=100)
        patient, urgent = outbox.of(batch(1, LONG)), outbox.of(batch(2, 0.0))
        patient.add(report(10))
        await sent.until(1)
        patient.add(report(11))
        urgent.add(report(20))
        await sent.until(2)

    asyncio.run(test())
    assert sent.calls[1:] == [[(1, 11), (2, 20)]]


def test_the_end_of_a_batch_waits_for_nobody_and_a_broker_that_is_away_loses_nothing() -> None:
    sent = Sent(away=1)

    async def test() -> None:
        outbox = Outbox("me", sent, most=100)
        one = outbox.of(batch(1, LONG))
        one.add(report(10))
        await sent.until(1)
        one.add(report(11))
        await asyncio.wait_for(one.drain(), PATIENCE)

    asyncio.run(test())
    assert sent.calls == [[(1, 10)], [(1, 11)]]
