"""Gets one vote: retries transient faults, and resamples answers without a verdict."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace

from msgspec import structs
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from rrm_queue.domain import NoVerdict, Verdict, Vote
from rrm_queue.errors import PermanentFault, TransientFault
from rrm_queue.judging.engines.base import Engine
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.judging.voting import sample_seed


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When one sample is given up: after so many attempts, or `total` seconds from the first.

    Waits between attempts grow exponentially with full jitter, up to `longest_wait`, even when an
    endpoint asks for more.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0
    total: float = 1800.0


class Sampler:
    """Sends requests to engines, at most `concurrency` at once to those that set no limit."""

    def __init__(self, retries: RetryPolicy, *, concurrency: int) -> None:
        self._cap = asyncio.Semaphore(concurrency)
        self.in_flight = 0
        """Requests that are with an engine now."""
        self._longest_wait = retries.longest_wait
        self._backoff = wait_random_exponential(retries.first_wait, retries.longest_wait)
        self._stop = stop_after_attempt(retries.attempts) | stop_before_delay(retries.total)

    async def vote(self, engine: Engine, request: VoteRequest, *, resamples: int) -> Vote:
        """The vote: its last sample, with the tokens and seconds of all its samples.

        A sample without a verdict is followed by another, at most `resamples` times. Each has a
        seed of its own, and twice the budget when the last one was cut off. Raises a JudgeFault
        when there is no vote.
        """
        vote, sampled = await self._sample(engine, request), request
        while vote.verdict is Verdict.NONE and vote.samples <= resamples:
            sampled = replace(
                sampled,
                seed=sample_seed(request.seed, vote.samples + 1),
                max_tokens=sampled.budget * (2 if vote.no_verdict is NoVerdict.TRUNCATED else 1),
            )
            try:
                vote = _combined(vote, await self._sample(engine, sampled))
            except PermanentFault:
                if sampled.budget == request.budget:
                    raise
                return vote  # the judge answered before, so it refuses the larger budget
        return vote

    async def _sample(self, engine: Engine, request: VoteRequest) -> Vote:
        """One sample; transient faults are retried as the policy allows."""
        fault: TransientFault | None = None

        async def once() -> Vote:
            async with nullcontext() if engine.caps_itself else self._cap:
                self.in_flight += 1
                try:
                    return await engine.vote(request)
                finally:
                    self.in_flight -= 1

        async def again() -> Vote:
            nonlocal fault
            if fault is not None:
                known, fault = fault, None
                raise known
            return await once()

        # Nearly every first attempt succeeds, so tenacity is set up only after a failed one.
        try:
            return await once()
        except TransientFault as first:
            fault = first
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientFault),
            stop=self._stop,
            wait=self._wait,
            reraise=True,
        )
        return await retrying(again)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: the back-off, or more when the judge asked for it."""
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.retry_after if isinstance(fault, TransientFault) else 0.0
        return max(self._backoff(state), min(asked, self._longest_wait))


def _combined(before: Vote, last: Vote) -> Vote:
    """The last sample, with the tokens and seconds of those before it added."""
    return structs.replace(
        last,
        prompt_tokens=before.prompt_tokens + last.prompt_tokens,
        cached_tokens=before.cached_tokens + last.cached_tokens,
        completion_tokens=before.completion_tokens + last.completion_tokens,
        seconds=before.seconds + last.seconds,
        queue_seconds=before.queue_seconds + last.queue_seconds,
        samples=before.samples + 1,
    )
