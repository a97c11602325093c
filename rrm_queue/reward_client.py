"""Asking `rrmq serve` for rewards, until it has them.

A judge may take longer than any connection lasts. So a request is repeated until the rewards are
there: the server joins it to what runs already, and nothing is judged twice.
"""

import asyncio
import json
import os
from collections.abc import Coroutine, Mapping, Sequence
from functools import cache
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay
from tenacity.wait import wait_base, wait_random_exponential

from rrm_queue.errors import (
    CohortRefused,
    Conflict,
    JobFailed,
    Overloaded,
    RewardMissing,
    RrmqError,
    StillRunning,
    UsageFault,
)

PATIENCE = 86_400.0
"""Seconds after which a request is given up, unless told otherwise."""

_WAIT = 60
"""Seconds for which one request waits at the server; then the next one goes on waiting."""

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LATE = "urn:rrmq:cohort-refused"
_BACKOFF = wait_random_exponential(multiplier=0.5, max=30)

Result = TypeVar("Result")
Prompt = str | Sequence[Mapping[str, Any]]
"""A prompt or an answer: a text or chat messages."""


class _Again(Exception):
    """The request is to be repeated, `after` so many seconds where the server says it.

    `joined` when the group is being judged.
    """

    def __init__(self, reason: str, after: float | None = None, *, joined: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.joined = joined


class _Wait(wait_base):
    """As long as the server asks for, else longer after each failure."""

    def __call__(self, retry_state: Any) -> float:
        error = retry_state.outcome.exception()
        after = getattr(error, "after", None)
        return _BACKOFF(retry_state) if after is None else after


class RewardClient:
    """Asks the server at `url` for rewards; `options` are sent with every request.

    Without `url` and `token` they are those of RRMQ_SERVER_URL and RRMQ_SERVER_TOKEN. The options
    are fields of `POST /v1/rewards`, such as judge, strategy, votes, kind and job; those given here
    go before those in RRMQ_REWARDS, a JSON object. Raises UsageFault when no address is known.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        patience: float = PATIENCE,
        **options: Any,
    ) -> None:
        url = url or os.environ.get("RRMQ_SERVER_URL", "")
        if not url:
            raise UsageFault("no server: set RRMQ_SERVER_URL to the address of `rrmq serve`")
        self._url = url.rstrip("/") + "/"
        self._patience = patience
        self._options = {**_options_of_environment(), **options}
        token = token or os.environ.get("RRMQ_SERVER_TOKEN")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def group(
        self, prompt: Prompt, completions: Sequence[Prompt], reference: str | None = None
    ) -> list[float | None]:
        """The rewards of a group of answers to one prompt; None where the judge gave no verdict.

        Raises UsageFault and Conflict for what the server refuses, StillRunning when the group is
        not judged within `patience` seconds, and Overloaded when the server does not answer.
        """
        body = {"prompt": prompt, "completions": list(completions), "reference": reference}
        rewards: list[float | None] = (await self.ask(body))["rewards"]
        return rewards

    async def ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """All that the server says of a group; `body` as for `POST /v1/rewards`."""
        sent = {"wait": min(_WAIT, self._patience), **self._options, **body}
        return await self._ask("v1/rewards", sent)

    async def rank(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The server's ranking of candidates; `body` as for `POST /v1/rank`."""
        return await self._ask("v1/rank", {"wait": min(_WAIT, self._patience), **body})

    async def sample(
        self,
        prompt: Prompt,
        completion: Prompt,
        *,
        size: int,
        group: str | None = None,
        index: int | None = None,
        reference: str | None = None,
    ) -> float | None:
        """The reward of one answer, once all `size` answers of its group are there.

        A group without a name is that of the next answers to the same prompt. Raises as `group`,
        and CohortRefused for a group that was not whole in time.
        """
        body = {
            "partial": self._options.get("partial", "judge"),
            "prompt": prompt,
            "completion": completion,
            "size": size,
            "group": group,
            "index": index,
            "reference": reference,
        }
        answer = await self._ask("v1/rewards/sample", {**self._options, **body})
        reward: float | None = answer["reward"]
        return reward

    async def _ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The server's answer; the request is repeated until there is one."""
        sent = {name: value for name, value in body.items() if value is not None}
        retrying = AsyncRetrying(
            retry=retry_if_exception_type((_Again, aiohttp.ClientError, TimeoutError)),
            wait=_Wait(),
            stop=stop_after_delay(self._patience),
            reraise=True,
        )
        try:
            return await retrying(self._once, path, sent)
        except _Again as again:
            late = StillRunning if again.joined else Overloaded
            raise late(f"no rewards in {self._patience:g} s: {again}") from again
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Overloaded(f"{self._url}: no answer in {self._patience:g} s: {error}") from error

    async def _once(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=_WAIT + 60)
        url = urljoin(self._url, path)
        async with (
            aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session,
            session.post(url, json=body) as response,
        ):
            if response.status == 202:
                raise _Again("the judge has not decided yet", after=0, joined=True)
            if response.status != 200:
                kind, reason = await _problem(response)
                if response.status in _BUSY and kind != _LATE:
                    raise _Again(reason, _retry_after(response))
                raise _fault(response.status, reason)
            answer: dict[str, Any] = await response.json()
            return answer


def complete(rewards: Sequence[float | None], missing: float | None = None) -> list[float]:
    """The rewards for a trainer that takes numbers only, with `missing` in place of None.

    Raises RewardMissing where one is None and nothing is to take its place: no made-up number is
    ever a reward.
    """
    return [_number(reward, missing) for reward in rewards]


def _fault(status: int, reason: str) -> RrmqError:
    """What the server's refusal is in Python."""
    match status:
        case 409:
            return Conflict(reason)
        case 504:
            return CohortRefused(reason)
        case _ if 400 <= status < 500:
            return UsageFault(reason)
        case _:
            return JobFailed(reason)


def _number(reward: float | None, missing: float | None) -> float:
    number = missing if reward is None else reward
    if number is None:
        raise RewardMissing("the judge gave no verdict on an answer, so it has no reward")
    return number


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work` for a caller that has no event loop, or may not block its own."""
    return asyncio.run_coroutine_threadsafe(work, _loop(os.getpid())).result()


@cache
def _loop(_process: int) -> asyncio.AbstractEventLoop:
    """The event loop of this process, in a thread of its own: a forked child has another one."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="rrmq-rewards", daemon=True).start()
    return loop


def _options_of_environment() -> dict[str, Any]:
    text = os.environ.get("RRMQ_REWARDS", "{}")
    try:
        options = json.loads(text)
    except ValueError as error:
        raise UsageFault(f"RRMQ_REWARDS is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise UsageFault("RRMQ_REWARDS is not a JSON object")
    return options


async def _problem(response: aiohttp.ClientResponse) -> tuple[str, str]:
    """The type of a problem document, empty for another body, and what it says in one line."""
    text = await response.text(errors="replace")
    try:
        document = json.loads(text)
        return str(document["type"]), f"{response.status}: {document['detail']}"
    except (ValueError, KeyError, TypeError):
        return "", f"{response.status}: {' '.join(text.split())[:200]}"


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
