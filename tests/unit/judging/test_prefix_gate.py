import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.judging.engines.sglang.prefix_gate import Prefix, PrefixGate, Turn


class Request:
    """A request that stays with the engine until the test says how it goes on."""

    def __init__(self, gate: PrefixGate, *path: bytes) -> None:
        self.turn: Turn | None = None
        self._gate = gate
        self._path = path
        self._goes_on = asyncio.Event()
        self._fails = False
        self._task = asyncio.create_task(self._run())

    @property
    def let_in(self) -> bool:
        return self.turn is not None

    async def arrive(self) -> None:
        assert self.turn is not None
        self._gate.arrived(self.turn)
        await settled()

    async def fail(self) -> None:
        self._fails = True
        self._goes_on.set()
        with pytest.raises(ConnectionError):
            await self._task
        await settled()

    async def cancel(self) -> None:
        self._task.cancel()
        await settled()

    async def end(self) -> None:
        self._goes_on.set()
        await self._task

    async def _run(self) -> None:
        async with self._gate.turn(self._path) as turn:
            self.turn = turn
            await self._goes_on.wait()
            if self._fails:
                raise ConnectionError


async def settled() -> None:
    """Lets every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_leads_and_the_rest_go_on_at_its_first_token() -> None:
    async def run() -> None:
        gate = PrefixGate()
        requests = [Request(gate, b"query", b"query/%d" % number) for number in range(4)]
        await settled()
        assert [request.let_in for request in requests] == [True, False, False, False]
        await requests[0].arrive()
        assert all(request.let_in for request in requests)
        for request in requests:
            await request.end()

    asyncio.run(run())


def test_a_prefix_leads_only_what_it_is_a_prefix_of() -> None:
    async def run() -> None:
        gate = PrefixGate()
        requests = [Request(gate, b"a"), Request(gate, b"b"), Request(gate, b"a", b"a/1")]
        await settled()
        assert [request.let_in for request in requests] == [True, True, False]
        await requests[1].arrive()
        assert [request.let_in for request in requests] == [True, True, False]
        await requests[0].arrive()
        assert [request.let_in for request in requests] == [True, True, True]
        for request in requests:
            await request.end()

    asyncio.run(run())


@pytest.mark.parametrize("way", ["fail", "cancel"])
def test_when_a_leader_ends_early_the_first_who_waits_leads(way: str) -> None:
    async def run() -> None:
        gate = PrefixGate()
        requests = [Request(gate, b"query") for _ in range(4)]
        await settled()
        await requests[1].cancel()
        await (requests[0].fail() if way == "fail" else requests[0].cancel())
        assert [request.let_in for request in requests[2:]] == [True, False]
        await requests[2].arrive()
        assert requests[3].let_in
        await requests[2].end()
        await requests[3].end()

    asyncio.run(run())


def test_a_leader_that_fails_after_its_first_token_leaves_the_prefix_warm() -> None:
    async def run() -> None:
        gate = PrefixGate()
        first, second = Request(gate, b"query"), Request(gate, b"query")
        await settled()
        await first.arrive()
        await first.fail()
        third = Request(gate, b"query")
        await settled()
        assert second.let_in
        assert third.let_in
        await second.end()
        await third.end()

    asyncio.run(run())


def test_the_longest_unused_prefix_is_cold_again() -> None:
    async def run() -> None:
        gate = PrefixGate(capacity=2)
        for path in (b"a", b"b", b"a", b"c"):
            request = Request(gate, path)
            await settled()
            await request.arrive()
            await request.end()
        again = [Request(gate, b"a"), Request(gate, b"a")]
        cold = [Request(gate, b"b"), Request(gate, b"b")]
        await settled()
        assert [request.let_in for request in again] == [True, True]
        assert [request.let_in for request in cold] == [True, False]
        await cold[0].arrive()
        for request in again + cold:
            await request.end()

    asyncio.run(run())


EXPECTED: dict[str, type[BaseException] | tuple[()]] = {
    "ends": (),
    "fails at once": ConnectionError,
    "fails later": ConnectionError,
    "is cancelled": asyncio.CancelledError,
}
FATES = st.sampled_from(sorted(EXPECTED))
PATHS = st.lists(st.integers(0, 1), min_size=0, max_size=4)


class Crowd:
    """Requests of all fates at one gate, which check that every prefix has one leader at most."""

    def __init__(self) -> None:
        self.gate = PrefixGate(capacity=8)
        self._leading: Counter[Prefix] = Counter()

    async def request(self, steps: list[int], fate: str, delay: int) -> None:
        path = [bytes(steps[: end + 1]) for end in range(len(steps))]
        async with self.gate.turn(path) as turn:
            await self._compute(path, list(turn.led), fate, delay)
            self.gate.arrived(turn)
            await asyncio.sleep(0)
            if fate == "fails later":
                raise ConnectionError

    async def _compute(self, path: list[Prefix], led: list[Prefix], fate: str, delay: int) -> None:
        assert not any(self._leading[prefix] for prefix in path)
        self._leading.update(led)
        try:
            for _ in range(delay):
                await asyncio.sleep(0)
            if fate == "fails at once":
                raise ConnectionError
        finally:
            self._leading.subtract(led)


@given(st.lists(st.tuples(PATHS, FATES, st.integers(0, 5)), max_size=25))
def test_whatever_fails_nobody_waits_for_ever_and_one_leads_at_a_time(
    requests: list[tuple[list[int], str, int]],
) -> None:
    async def run() -> None:
        crowd = Crowd()
        tasks = [asyncio.create_task(crowd.request(*request)) for request in requests]
        await asyncio.sleep(0)
        for task, (_, fate, _) in zip(tasks, requests, strict=True):
            if fate == "is cancelled":
                task.cancel()
        async with asyncio.timeout(30):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome, (_, fate, _) in zip(outcomes, requests, strict=True):
            assert outcome is None or isinstance(outcome, EXPECTED[fate])
        assert not crowd.gate._waiting

    asyncio.run(run())


@given(st.integers(2, 12))
def test_those_who_wait_for_a_prefix_go_on_in_the_order_they_came(count: int) -> None:
    async def run() -> None:
        gate = PrefixGate()
        order: list[int] = []

        async def request(number: int) -> None:
            async with gate.turn([b"query", b"query/%d" % (number % 3)]) as turn:
                order.append(number)
                gate.arrived(turn)

        leader = Request(gate, b"query")
        await settled()
        tasks = [asyncio.create_task(request(number)) for number in range(count)]
        await settled()
        assert order == []
        await leader.arrive()
        await asyncio.gather(*tasks)
        assert order[:3] == list(range(min(3, count)))
        for slot in range(3):
            of_slot = [number for number in order if number % 3 == slot]
            assert of_slot == sorted(of_slot)
        await leader.end()

    asyncio.run(run())
