"""An endpoint whose requests leave at its pace, first come, first served."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf

from rrm_queue.domain import Vote
from rrm_queue.errors import JudgeBusy
from rrm_queue.judging.pace import Pace
from rrm_queue.judging.vote_request import VoteRequest

_CHARACTERS_A_TOKEN = 4
_MEMORY = 0.1
"""The share of the newest vote in the mean of tokens."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The known limits of an endpoint for this process, per minute; 0 if unknown.

    The tokens are those of prompts and completions together.
    """

    requests: int = 0
    tokens: int = 0


class PacedEndpoint:
    """One model at one address; belongs to one event loop.

    `cap` limits the requests in flight at all endpoints together; None for an engine that limits
    them itself. `patience` is how many seconds to wait for an endpoint that only refuses.
    """

    def __init__(
        self, cap: asyncio.Semaphore | None, limits: Limits, *, patience: float = inf
    ) -> None:
        self._cap = cap
        self._limits = limits
        self._patience = patience
        self._pace = Pace(known=cap is None)
        self._order = asyncio.Lock()
        self._returned = asyncio.Event()
        self._tokens: float | None = None
        self._refused_since: float | None = None
        self._said = ""

    @asynccontextmanager
    async def turn(self, request: VoteRequest) -> AsyncIterator[float]:
        """Holds a place among the requests in flight. Yields the moment at which this one leaves.

        Raises JudgeBusy when the endpoint asks to wait for longer than `patience`.
        """
        async with self._order:
            sent = await self._leave(self._spacing(request))
        try:
            yield sent
        finally:
            self._pace.concurrency.back(sent)
            self._returned.set()
            self._release()

    def answered(self, sent: float, vote: Vote) -> None:
        """The request that left at `sent` was answered; it still holds its place."""
        self._refused_since = None
        self._pace.answered(sent, _now())
        tokens = vote.prompt_tokens + vote.completion_tokens
        mean = tokens if self._tokens is None else self._tokens
        self._tokens = mean + _MEMORY * (tokens - mean)

    def refused(self, sent: float, busy: JudgeBusy) -> None:
        """The endpoint asked to wait; the request still holds its place."""
        self._said = busy.detail
        if self._refused_since is None:
            self._refused_since = _now()
        jitter = random.random()  # noqa: S311  # no secret
        self._pace.refused(sent, _now(), busy.retry_after, jitter)

    async def _leave(self, spacing: float) -> float:
        """Waits until a request may leave, and takes a place for it. Returns the moment.

        The place is taken last, so that requests to other endpoints can use it meanwhile.
        """
        while True:
            while (due := self._pace.due(_now())) > _now():
                self._check_patience()
                await self._wait(due - _now())
            if self._cap is not None:
                await self._cap.acquire()
            if self._pace.due(now := _now()) <= now:
                self._pace.left(now, spacing)
                return now
            self._release()

    async def _wait(self, seconds: float) -> None:
        """Waits for so long, or until a request came back: it may have freed a place."""
        self._returned.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == inf else seconds):
                await self._returned.wait()

    def _release(self) -> None:
        if self._cap is not None:
            self._cap.release()

    def _check_patience(self) -> None:
        """Raises JudgeBusy when the endpoint stays closed for longer than `patience`.

        An endpoint that is open again always gets one request.
        """
        now = _now()
        closed = self._pace.opens - now
        since = now if self._refused_since is None else self._refused_since
        if closed > 0 and self._pace.opens - since > self._patience:
            raise JudgeBusy(self._said, retry_after=closed)

    def _spacing(self, request: VoteRequest) -> float:
        """Seconds between this request and the next, by the known limits."""
        by_requests = 60 / self._limits.requests if self._limits.requests else 0.0
        by_tokens = 60 / self._limits.tokens * self._cost(request) if self._limits.tokens else 0.0
        return max(by_requests, by_tokens)

    def _cost(self, request: VoteRequest) -> float:
        """The expected tokens of a request: the mean of earlier requests, at first a guess."""
        if self._tokens is not None:
            return self._tokens
        texts = (request.prompt, request.one.text, request.two.text)
        return sum(map(len, texts)) / _CHARACTERS_A_TOKEN + request.budget


def _now() -> float:
    return asyncio.get_running_loop().time()
