"""A cache whose concurrent callers share one computation for each key."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlightCache(Generic[Key, Value]):
    """The newest `capacity` results by key; concurrent callers wait for one computation.

    A failure reaches all waiting callers and is forgotten. Cancelling a caller does not cancel it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._tasks: OrderedDict[Key, asyncio.Task[Value]] = OrderedDict()

    async def get(self, key: Key, work: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The key's result; `work` computes it when it is not known."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work())
            task.add_done_callback(partial(self._forget_failure, key))
            if len(self._tasks) > self._capacity:
                self._tasks.popitem(last=False)
        else:
            self._tasks.move_to_end(key)
        return task.result() if task.done() else await asyncio.shield(task)

    def _forget_failure(self, key: Key, task: asyncio.Task[Value]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._tasks.get(key) is task:
            del self._tasks[key]
