"""What all requests of a server share, and how a route reaches it."""

import asyncio
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.judges import served_files
from rrm_queue.actions.rewards.service import RewardService
from rrm_queue.web.access import Access
from rrm_queue.web.changes import Changes
from rrm_queue.web.live import Live
from rrm_queue.web.looks import Looks
from rrm_queue.web.metrics import Metrics
from rrm_queue.web.pages.memory import Memories
from rrm_queue.web.pulse import Pulse
from rrm_queue.web.rate import Rate
from rrm_queue.web.rooms import Room

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 12
"""Calls of the store at once; with the heavy ones fewer than the store's pool has connections."""

HEAVY = 4
"""Submissions, exports and computations at once."""

HEAVY_WAITING = 12
"""Further ones that wait for their turn."""

STREAMS = 256
"""Streams of events at once."""

HELD_BYTES = 256_000_000
"""Bytes of bodies that are in memory at once."""


class Serving:
    """One server: its App, who may call, its bounds, and what it knows of changes.

    `hosts` are the names under which it may be called, empty for any. `stopping` is set as soon as
    the server is asked to stop: whatever waits then ends. It is made inside a running event loop.
    """

    def __init__(self, app: App, access: Access, hosts: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.access = access
        self.hosts = hosts
        self.stopping = asyncio.Event()
        self.changes = Changes(app)
        self.looks = Looks(lambda job: self.call(jobs.view, app, job))
        self.live = Live(self.changes, self.call, self.call)
        self.memories = Memories()
        self.pulse = Pulse(app)
        self.metrics = Metrics()
        self.rate = Rate(app.settings.api_rate)
        self.in_flight = Room("requests", app.settings.api_in_flight)
        self.streams = Room("streams of events", STREAMS, retry_after=5)
        self.held = Room("bytes of requests", HELD_BYTES)
        self._rewards: RewardService | None = None
        self._heavy = Room("large requests", HEAVY + HEAVY_WAITING, retry_after=5)
        self._heavy_threads = CapacityLimiter(HEAVY)
        self._threads = CapacityLimiter(THREADS)

    @property
    def rewards(self) -> RewardService:
        """Rewards for groups; its threads start with the first request for them."""
        if self._rewards is None:
            self._rewards = RewardService(self.app, served_files(self.app.settings.home))
        return self._rewards

    def close(self) -> None:
        """Ends the threads that serve requests; it is called when no request is left."""
        self.changes.stop()
        if self._rewards is not None:
            self._rewards.close()

    def stop(self) -> None:
        """Lets everything end that waits; it is called when the server is asked to stop."""
        self.stopping.set()
        self.changes.wake_all()
        self.live.wake_all()

    async def call(self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the action returns, which is called in one of a few threads."""
        return await to_thread.run_sync(
            lambda: action(*args, **kwargs), limiter=self._threads, abandon_on_cancel=True
        )

    async def call_heavy(self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for an action that takes long, so that short ones need not wait for it.

        Raises Overloaded when many wait already.
        """
        with self._heavy.place():
            return await to_thread.run_sync(
                lambda: action(*args, **kwargs), limiter=self._heavy_threads
            )


async def _serving(request: Request) -> Serving:  # a plain function would cost a thread
    found = request.app.state.serving
    assert isinstance(found, Serving)  # noqa: S101  # `create_api` puts it there
    return found


Served = Annotated[Serving, Depends(_serving)]
"""A route's parameter of this type is the server's `Serving`."""
