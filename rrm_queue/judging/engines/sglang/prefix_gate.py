"""A gate that lets one request warm a shared prefix before the others that begin with it.

SGLang shares a prefix only with requests that come after it was computed: of requests that are
sent together each computes it anew (its own remedy is off once 32 tokens match, which a judge's
system prompt always does). So of all requests that share a cold prefix one leads; the rest wait
until its first token, when the prefix is in the radix tree, and not until it has ended.
"""

from asyncio import Future, get_running_loop
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

Prefix = bytes
"""A stable name of a prefix: it stands for all of the text up to its end."""

_REMEMBERED = 16_384
"""Warm prefixes remembered; one that the engine has dropped meanwhile costs one computation."""


class Turn:
    """A request at the gate; it leads the prefixes on its path that were cold when it was let in.

    `path` names its prefixes, the shortest first.
    """

    def __init__(self, path: Sequence[Prefix]) -> None:
        self.path = path
        self.led: list[Prefix] = []
        self.admitted: Future[None] = get_running_loop().create_future()


class PrefixGate:
    """Which prefixes are warm, which are being warmed, and who waits for those.

    Belongs to one event loop. Those who wait for the same prefix go on in the order they came.
    """

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        self._capacity = capacity
        self._warm: OrderedDict[Prefix, None] = OrderedDict()
        self._waiting: dict[Prefix, deque[Turn]] = {}

    @asynccontextmanager
    async def turn(self, path: Sequence[Prefix]) -> AsyncIterator[Turn]:
        """A turn for the request, once nobody is warming a prefix on its path.

        A block that ends before `arrived` was called gives its prefixes up, and the first of those
        who wait leads in its place.
        """
        turn = Turn(path)
        self._admit(turn)
        try:
            await turn.admitted
            yield turn
        finally:
            self._settle(turn, warm=False)

    def arrived(self, turn: Turn) -> None:
        """The request's first token is there: what it led is warm. Said again, it does nothing."""
        self._settle(turn, warm=True)

    def _admit(self, turn: Turn) -> None:
        """Lets the request in, or has it wait for the shortest prefix that is being warmed."""
        for prefix in turn.path:
            if prefix in self._waiting:
                self._waiting[prefix].append(turn)
                return
        for prefix in turn.path:
            if prefix in self._warm:
                self._warm.move_to_end(prefix)
            else:
                turn.led.append(prefix)
                self._waiting[prefix] = deque()
        turn.admitted.set_result(None)

    def _settle(self, turn: Turn, *, warm: bool) -> None:
        """Ends the request's lead and admits those who waited for it, in their order."""
        led, turn.led = turn.led, []
        waiting = [self._waiting.pop(prefix) for prefix in led]
        if warm:
            self._remember(led)
        for queue in waiting:
            for other in queue:
                if not other.admitted.done():  # a cancelled request waits for nothing
                    self._admit(other)

    def _remember(self, prefixes: Sequence[Prefix]) -> None:
        self._warm.update(dict.fromkeys(prefixes))
        while len(self._warm) > self._capacity:
            self._warm.popitem(last=False)
