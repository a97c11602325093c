"""Pages that are open in browsers: each is rendered once for all who look at it.

A page is rendered again after a change of its jobs, and never because time has passed, except where
the page itself asks for it. So an open page of a job that rests costs the store nothing.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.errors import RrmqError
from rrm_queue.web.changes import Changes

log = logging.getLogger(__name__)

CALM = 0.2
"""Seconds that a page waits after a change for further ones."""

REST = 5.0
"""How many times as long as a rendering took the store is left in peace."""

PULSE = 10.0
"""Seconds between two looks at what the store does not tell, such as workers that died."""


class Rendered(NamedTuple):
    """A page's content. It is rendered again after `again` seconds without a change, if given.

    `pulse` tells without the store what else the page shows: when it tells something new, the page
    is rendered again.
    """

    html: str
    again: float | None = None
    pulse: Callable[[], str] | None = None

    @property
    def revision(self) -> str:
        """What is made of the content, and tells it from other content."""
        return sha256(self.html.encode()).hexdigest()[:16]


class Page(NamedTuple):
    """A page: `render` makes it, in a thread. Pages of one `key` are the same for all readers.

    It shows the job, or any job where that is None.
    """

    key: str
    job: JobId | None
    render: Callable[[], Rendered]


@dataclass
class _Open:
    """A page that somebody looks at; `news` is set when there is another rendering."""

    page: Page
    latest: Rendered | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    readers: int = 0
    keeping: asyncio.Task[None] | None = None


class Reader:
    """One who looks at an open page."""

    def __init__(self, held: _Open) -> None:
        self._held = held

    async def after(self, seen: str, seconds: float) -> Rendered | None:
        """The page once it is another revision than `seen`; None where it still is the same."""
        news = self._held.news
        if (found := self._unseen(seen)) is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await news.wait()
            found = self._unseen(seen)
        return found

    def _unseen(self, seen: str) -> Rendered | None:
        latest = self._held.latest
        return None if latest is None or latest.revision == seen else latest


class Live:
    """The open pages."""

    def __init__(
        self,
        changes: Changes,
        render: Callable[[Callable[[], Rendered]], Awaitable[Rendered]],
        ask: Callable[[Callable[[], str]], Awaitable[str]],
    ) -> None:
        self.renderings = 0
        self._changes = changes
        self._render, self._ask = render, ask
        self._open: dict[str, _Open] = {}

    async def now(self, page: Page) -> Rendered:
        """The page as it is at this moment. Raises what rendering it raises."""
        self.renderings += 1
        return await self._render(page.render)

    @asynccontextmanager
    async def reading(self, page: Page) -> AsyncIterator["Reader"]:
        """A reader of the page, which is kept up to date meanwhile."""
        held = self._open.get(page.key)
        if held is None:
            held = self._open[page.key] = _Open(page)
            held.keeping = asyncio.create_task(self._keep(held))
        held.readers += 1
        try:
            yield Reader(held)
        finally:
            held.readers -= 1
            if not held.readers:
                self._open.pop(page.key, None)
                assert held.keeping is not None  # noqa: S101  # made above
                held.keeping.cancel()

    def wake_all(self) -> None:
        """Lets all readers return: the server stops."""
        for held in self._open.values():
            held.news.set()

    async def _keep(self, held: _Open) -> None:
        """Renders the page after each change, until nobody looks at it."""
        with self._changes.of(held.page.job) as changed:
            while True:
                changed.clear()
                began = time.monotonic()
                with suppress(RrmqError):  # a store that is away tells when it is back
                    self._publish(held, await self.now(held.page))
                took = time.monotonic() - began
                await asyncio.sleep(max(CALM, REST * took))
                await self._change(held, changed)

    def _publish(self, held: _Open, rendered: Rendered) -> None:
        old, held.latest = held.latest, rendered
        if old is None or old.revision != rendered.revision:
            held.news.set()
            held.news = asyncio.Event()

    async def _change(self, held: _Open, changed: asyncio.Event) -> None:
        """Returns when the page may have changed."""
        rendered, waited = held.latest, 0.0
        pulse = rendered.pulse if rendered else None
        again = rendered.again if rendered else None
        told = await self._told(pulse)
        while again is None or waited < again:
            patience = min(PULSE if pulse else again or PULSE, again or PULSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience if pulse or again else None):
                    await changed.wait()
                return
            waited += patience
            if pulse and await self._told(pulse) != told:
                return

    async def _told(self, pulse: Callable[[], str] | None) -> str:
        if pulse is None:
            return ""
        try:
            return await self._ask(pulse)
        except RrmqError as error:
            return str(error)
