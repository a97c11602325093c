"""A gate that lets one request compute a shared prefix before the others that begin with it.

SGLang shares a prefix only with requests that arrive after it was computed. Requests that are sent
together each compute it (SGLang's own remedy is off once 32 tokens match, which a judge's system
prompt always does). So of all requests that share an uncached prefix one leads. The others wait
for its first token, when the prefix is in the radix tree; they do not wait for its end.
"""

from asyncio import Future, get_running_loop
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

Prefix = bytes
"""A stable name of a prefix: it stands for all of the text up to its end."""

_REMEMBERED = 16_384
"""Cached prefixes remembered; one that the engine has dropped costs one more computation."""


class Turn:
    """A request at the gate; it leads the prefixes of its path that were not cached on admission.

    `path` names its prefixes, the shortest first.
    """

    def __init__(self, path: Sequence[Prefix]) -> None:
        self.path = path
        self.led: list[Prefix] = []
        self.admitted: Future[None] = get_running_loop().create_future()


class PrefixGate:
    """Which prefixes are cached, which are being computed, and which requests wait for those.

    Belongs to one event loop. Requests that wait for the same prefix go on in order of arrival.
    """

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        self._capacity = capacity
        self._cached: OrderedDict[Prefix, None] = OrderedDict()
        self._waiting: dict[Prefix, deque[Turn]] = {}

    @asynccontextmanager
    async def turn(self, path: Sequence[Prefix]) -> AsyncIterator[Turn]:
        """A turn for the request, once no other request is computing a prefix of its path.

        When the block ends before `arrived` was called, the first request that waits leads instead.
        """
        turn = Turn(path)
        self._admit(turn)
        try:
            await turn.admitted
            yield turn
        finally:
            self._settle(turn, cached=False)

    def arrived(self, turn: Turn) -> None:
        """The request's first token has come: what it led is cached. Later calls do nothing."""
        self._settle(turn, cached=True)

    def _admit(self, turn: Turn) -> None:
        """Lets the request in, or makes it wait for the shortest prefix that is being computed."""
        for prefix in turn.path:
            if prefix in self._waiting:
                self._waiting[prefix].append(turn)
                return
        for prefix in turn.path:
            if prefix in self._cached:
                self._cached.move_to_end(prefix)
            else:
                turn.led.append(prefix)
                self._waiting[prefix] = deque()
        turn.admitted.set_result(None)

    def _settle(self, turn: Turn, *, cached: bool) -> None:
        """Ends the request's lead and admits the requests that waited for it, in their order."""
        led, turn.led = turn.led, []
        waiting = [self._waiting.pop(prefix) for prefix in led]
        if cached:
            self._remember(led)
        for queue in waiting:
            for other in queue:
                if not other.admitted.done():  # a cancelled request waits for nothing
                    self._admit(other)

    def _remember(self, prefixes: Sequence[Prefix]) -> None:
        self._cached.update(dict.fromkeys(prefixes))
        while len(self._cached) > self._capacity:
            self._cached.popitem(last=False)
