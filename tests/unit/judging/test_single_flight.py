import asyncio
from functools import partial

import pytest

from rrm_queue.judging.engines.single_flight import SingleFlightCache


class Work:
    """Squares numbers once it may, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.may_end = asyncio.Event()

    async def square(self, number: int) -> int:
        self.begun.append(number)
        await self.may_end.wait()
        if number < 0:
            raise ValueError(number)
        return number * number


def test_those_who_ask_at_once_share_one_piece_of_work() -> None:
    async def run() -> None:
        work, shared = Work(), SingleFlightCache[int, int](capacity=2)
        asking = [asyncio.create_task(shared.get(3, lambda: work.square(3))) for _ in range(5)]
        await asyncio.sleep(0)
        asking[0].cancel()
        work.may_end.set()
        assert await asyncio.gather(*asking[1:]) == [9] * 4
        assert await shared.get(3, lambda: work.square(3)) == 9
        assert work.begun == [3]

    asyncio.run(run())


def test_the_longest_unused_result_is_dropped() -> None:
    async def run() -> None:
        work, shared = Work(), SingleFlightCache[int, int](capacity=2)
        work.may_end.set()
        for number in (1, 2, 1, 3, 1, 2):
            await shared.get(number, partial(work.square, number))
        assert work.begun == [1, 2, 3, 2]

    asyncio.run(run())


def test_a_failure_reaches_all_who_wait_and_is_forgotten() -> None:
    async def run() -> None:
        work, shared = Work(), SingleFlightCache[int, int](capacity=2)
        asking = [asyncio.create_task(shared.get(-1, lambda: work.square(-1))) for _ in range(2)]
        work.may_end.set()
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ValueError, ValueError]
        with pytest.raises(ValueError, match="-1"):
            await shared.get(-1, lambda: work.square(-1))
        assert work.begun == [-1, -1]

    asyncio.run(run())
