"""Waiting is not failing: endpoints on loopback that limit their callers, and a judge in front."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from kit import leaping_clock
from kit.endpoints import Handler, batch_for, completion, endpoint
from kit.waiting import PATIENCE

from rrm_queue.domain import Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.sampler import RetryPolicy
from rrm_queue.messages import MatchReport


def now() -> float:
    """The moment by the clock of the running loop, which is the judge's."""
    return asyncio.get_running_loop().time()


Judging = Callable[[BatchRunner, str], Awaitable[None]]


def good() -> web.Response:
    return completion("\\boxed{Assistant 1}", usage={"prompt_tokens": 100, "completion_tokens": 50})


def busy(status: int = 429, **headers: str) -> web.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": {"message": "slow down"}}, status=status, headers=given)


TICK = 0.01
"""Seconds of the limited endpoint's clock."""


class RateLimited:
    """Takes `burst` requests at once, then `rate` a second, and counts what it was asked.

    Its seconds are ticks of its event loop, on which the judge runs as well.
    """

    def __init__(self, rate: float, burst: int = 1) -> None:
        self.rate, self.burst = rate, burst
        self.level = self.offered = float(burst)
        self.requests = self.answers = 0
        self.used = 0.0
        self.clock: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.level = min(self.burst, self.level + self.rate * TICK)
            self.offered += self.rate * TICK

    async def __call__(self, request: web.Request) -> web.Response:
        self.clock = self.clock or asyncio.create_task(self.tick())
        await request.read()
        self.requests += 1
        if self.level < 1:
            return busy()
        self.level -= 1
        self.answers += 1
        self.used = self.answers / self.offered
        await asyncio.sleep(0.05)
        return good()


class FewAtOnce:
    """Answers up to `most` requests at once, each in half a second, and refuses more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.busy = self.requests = self.answers = 0
        self.taken = self.offered = 0
        """Places that were taken, and places that there were, summed over the ticks of a clock."""
        self.clock: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.taken += self.busy
            self.offered += self.most

    async def __call__(self, request: web.Request) -> web.Response:
        self.clock = self.clock or asyncio.create_task(self.tick())
        self.requests += 1
        if self.busy >= self.most:
            return busy()
        self.busy += 1
        await asyncio.sleep(0.5)
        self.busy -= 1
        self.answers += 1
        return good()


def run(
    handler: Handler,
    judging: Judging,
    *,
    settings: EngineSettings | None = None,
    retries: RetryPolicy | None = None,
) -> None:
    async def judged() -> None:
        async with endpoint(handler) as base_url:
            runner = BatchRunner(settings or EngineSettings(), concurrency=64, retries=retries)
            try:
                await judging(runner, base_url)
            finally:
                await runner.close()

    leaping_clock.run(judged())


def reports_of(
    handler: Handler,
    matches: int,
    *,
    settings: EngineSettings | None = None,
    retries: RetryPolicy | None = None,
) -> list[MatchReport]:
    reports: list[MatchReport] = []

    async def report(one: MatchReport) -> None:
        reports.append(one)

    async def judging(runner: BatchRunner, base_url: str) -> None:
        await runner.judge(batch_for(base_url, Voting(), matches), report)

    run(handler, judging, settings=settings, retries=retries)
    return sorted(reports, key=lambda one: one.match)


def test_a_rate_limit_fails_no_match_and_is_used_with_few_requests() -> None:
    limited = RateLimited(10, burst=5)
    assert_all_judged(limited, 300)
    assert well_used(limited.used, limited.requests / limited.answers)


def test_a_limit_of_requests_in_flight_fails_no_match_and_is_used_with_few_requests() -> None:
    limited = FewAtOnce(8)
    assert_all_judged(limited, 400)
    assert well_used(limited.taken / limited.offered, limited.requests / limited.answers)


def assert_all_judged(handler: Handler, matches: int) -> None:
    reports = reports_of(handler, matches)
    assert [report.failure for report in reports] == [None] * matches


def well_used(used: float, asked: float) -> bool:
    print(f"used {used:.3f}, asked {asked:.3f}")
    return used >= 0.9 and asked <= 1.1


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_busy_endpoint_costs_no_attempt(status: int) -> None:
    refusals = 5

    async def handler(request: web.Request) -> web.Response:
        nonlocal refusals
        refusals -= 1
        return busy(status) if refusals >= 0 else good()

    [report] = reports_of(handler, 1, retries=RetryPolicy(attempts=1, least=0.0))
    assert report.failure is None
    assert len(report.votes) == 1


def test_a_short_outage_costs_no_attempt_however_fast_it_refuses() -> None:
    """An engine that was killed refuses connections until its end is noticed."""
    refusals = 20

    async def handler(request: web.Request) -> web.Response:
        nonlocal refusals
        refusals -= 1
        return web.Response(status=500) if refusals >= 0 else good()

    quick = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.05, least=PATIENCE)
    [report] = reports_of(handler, 1, retries=quick)
    assert report.failure is None


def test_an_endpoint_that_refuses_for_good_is_given_up_when_the_least_time_is_over() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=500)

    quick = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.05, least=0.2)
    [report] = reports_of(handler, 1, retries=quick)
    assert report.failure is not None
    assert report.failure.transient


def test_retry_after_is_kept_by_every_request() -> None:
    refused_at = 0.0
    waits: list[float] = []

    async def handler(request: web.Request) -> web.Response:
        nonlocal refused_at
        if not refused_at:
            refused_at = now()
            return busy(Retry_After="3")
        waits.append(now() - refused_at)
        return good()

    reports = reports_of(handler, 4)
    assert all(report.failure is None for report in reports)
    after = [waited for waited in waits if waited > 1.5]  # others had left before the refusal
    assert after
    assert min(after) >= 3


def test_a_match_that_waits_longer_than_patience_goes_back_without_an_attempt() -> None:
    async def handler(request: web.Request) -> web.Response:
        return busy(Retry_After="3600")

    reports = reports_of(handler, 3, retries=RetryPolicy(total=5))
    assert len(reports) == 3
    for report in reports:
        assert report.failure is not None
        assert report.failure.transient
        assert 3500 < report.failure.wait < 4000
        assert "asks to wait" in report.failure.reason
        assert "answered 429: slow down" in report.failure.reason


async def until_waiting(runner: BatchRunner, requests: int) -> None:
    """Returns once so many requests wait for an endpoint that asked them to."""
    async with asyncio.timeout(PATIENCE):
        while [waiting for _, waiting in runner.troubles().values()] != [requests]:
            await asyncio.sleep(0.01)


TURNS = 100
"""Turns of the event loop within which something happens at once, on a slow machine too."""


def test_stopping_ends_the_waiting_at_once() -> None:
    async def handler(request: web.Request) -> web.Response:
        return busy(Retry_After="600")

    async def report(one: MatchReport) -> None:
        raise AssertionError(one)

    async def judging(runner: BatchRunner, base_url: str) -> None:
        task = asyncio.create_task(runner.judge(batch_for(base_url, Voting(), 20), report))
        await until_waiting(runner, 20)
        task.cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert task.done()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(handler, judging)


def test_an_endpoint_that_waits_does_not_hold_up_another() -> None:
    async def closed(request: web.Request) -> web.Response:
        return busy(Retry_After="600")

    async def handler(request: web.Request) -> web.Response:
        return good()

    async def run_both() -> int:
        done = 0

        async def report(one: MatchReport) -> None:
            nonlocal done
            done += 1

        async with endpoint(closed) as waits, endpoint(handler) as answers:
            runner = BatchRunner(EngineSettings(), concurrency=2)
            waiting = asyncio.create_task(runner.judge(batch_for(waits, Voting(), 20), report))
            await until_waiting(runner, 20)
            judging = runner.judge(batch_for(answers, Voting(), 20), report)
            await asyncio.wait_for(judging, PATIENCE)
            waiting.cancel()
            await asyncio.wait({waiting})
            await runner.close()
        return done

    assert asyncio.run(run_both()) == 20


@pytest.mark.parametrize(
    "settings", [EngineSettings(openai_rpm=1200), EngineSettings(openai_tpm=180_000)]
)
def test_known_limits_are_kept_without_a_refusal(settings: EngineSettings) -> None:
    asked: list[float] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(now())
        return good()

    reports_of(handler, 30, settings=settings)
    # 20 a second; before the first answer the cost of a request in tokens is a guess
    assert asked[-1] - asked[5] >= 24 / 20 * 0.9


def test_a_runner_knows_why_requests_wait_while_they_do() -> None:
    async def handler(request: web.Request) -> web.Response:
        return busy(Retry_After="600")

    async def report(one: MatchReport) -> None:
        raise AssertionError(one)

    async def judging(runner: BatchRunner, base_url: str) -> None:
        task = asyncio.create_task(runner.judge(batch_for(base_url, Voting(), 20), report))
        await until_waiting(runner, 20)
        [(job, (reason, _))] = runner.troubles().items()
        assert job == "job"
        assert reason.startswith("The judge asks to wait: http://127.0.0.1:")
        assert reason.endswith(" answered 429: slow down")
        task.cancel()
        await asyncio.wait({task})
        assert runner.troubles() == {}

    run(handler, judging)
