"""Gets one vote: retries transient faults, and resamples answers without a verdict."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace

from msgspec import structs
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_all,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    stop_after_delay,
    stop_before_delay,
    wait_random_exponential,
)

from rrm_queue.domain import JudgeSpec, NoVerdict, Verdict, Vote
from rrm_queue.errors import JudgeBusy, PermanentFault, TransientFault
from rrm_queue.judging.engines.base import Engine
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.paced_endpoint import Limits, PacedEndpoint
from rrm_queue.judging.troubles import SampleTrouble, Troubles
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.judging.voting import sample_seed

_ANOTHER_ATTEMPT = retry_all(
    retry_if_exception_type(TransientFault), retry_if_not_exception_type(JudgeBusy)
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When one sample is given up: after so many attempts, or `total` seconds from the first.

    It is never given up within `least` seconds of the first, unless `total` is less. By then the
    worker has noticed if its engine died, and has returned the matches that waited. Waits between
    attempts grow exponentially with full jitter and are at most `longest_wait`. An endpoint that
    asks to wait is obeyed and uses up no attempt. It is waited for as long as it answers other
    requests, and for `total` seconds while it answers none.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0
    least: float = 10.0
    total: float = 1800.0


class Sampler:
    """Sends requests to engines, at most `concurrency` at once to those that set no limit."""

    def __init__(
        self, retries: RetryPolicy, *, concurrency: int, limits: Limits | None = None
    ) -> None:
        self._cap = asyncio.Semaphore(concurrency)
        self._limits = limits or Limits()
        self._endpoints: dict[tuple[str, str, str | None], PacedEndpoint] = {}
        self.in_flight = 0
        """Requests that are with an engine now."""
        self.troubles = Troubles()
        self._retries = retries
        self._backoff = wait_random_exponential(retries.first_wait, retries.longest_wait)
        enough = stop_after_attempt(retries.attempts) & stop_after_delay(retries.least)
        self._stop = enough | stop_before_delay(retries.total)

    async def vote(
        self, engine: Engine, request: VoteRequest, *, resamples: int, job: str = ""
    ) -> Vote:
        """The vote: its last sample, with the tokens and seconds of all its samples.

        A sample without a verdict is followed by another, at most `resamples` times. Each has a
        seed of its own, and twice the budget when the last one was cut off. A prompt that a content
        filter turned away is not sent again. Raises a JudgeFault when there is no vote.
        """
        vote, sampled = await self._sample(engine, request, job), request
        while _worth_another(vote) and vote.samples <= resamples:
            sampled = replace(
                sampled,
                seed=sample_seed(request.seed, vote.samples + 1),
                max_tokens=sampled.budget * (2 if vote.no_verdict is NoVerdict.TRUNCATED else 1),
            )
            try:
                vote = _combined(vote, await self._sample(engine, sampled, job))
            except PermanentFault:
                if sampled.budget == request.budget:
                    raise
                return vote  # the judge answered before, so it refuses the larger budget
        return vote

    async def _sample(self, engine: Engine, request: VoteRequest, job: str) -> Vote:
        with self.troubles.sample(job) as trouble:
            return await self._insist(engine, request, trouble)

    async def _insist(self, engine: Engine, request: VoteRequest, trouble: SampleTrouble) -> Vote:
        """One sample; transient faults are retried as the policy allows."""
        fault: TransientFault | None = None

        async def once() -> Vote:
            try:
                return await self._answer(engine, request, trouble)
            except TransientFault as failed:
                trouble.fault(str(failed))
                raise

        async def again() -> Vote:
            nonlocal fault
            if fault is not None:
                known, fault = fault, None
                raise known
            return await once()

        # Nearly every first attempt succeeds, so tenacity is set up only after a failed one.
        try:
            return await once()
        except JudgeBusy:
            raise
        except TransientFault as first:
            fault = first
        retrying = AsyncRetrying(
            retry=_ANOTHER_ATTEMPT,
            stop=self._stop,
            wait=self._pause,
            reraise=True,
        )
        return await retrying(again)

    def _pause(self, state: RetryCallState) -> float:
        """Seconds until the next attempt; after the last one that counts, until `least` at most."""
        pause = self._backoff(state)
        if state.attempt_number < self._retries.attempts or state.seconds_since_start is None:
            return pause
        return min(pause, max(0.0, self._retries.least - state.seconds_since_start))

    async def _answer(self, engine: Engine, request: VoteRequest, trouble: SampleTrouble) -> Vote:
        """One sample, once the engine takes the request.

        Raises JudgeBusy when it asks to wait for longer than patience lasts.
        """
        if not kind_of(request.judge).costs:  # an instant judge limits nobody
            async with nullcontext() if engine.caps_itself else self._cap:
                return await self._ask(engine, request, trouble)
        endpoint = self._endpoint(engine, request.judge)
        while True:
            async with endpoint.turn(request) as sent:
                try:
                    vote = await self._ask(engine, request, trouble)
                except JudgeBusy as busy:
                    trouble.fault(str(busy))
                    endpoint.refused(sent, busy)
                    continue
                endpoint.answered(sent, vote)
            return vote

    async def _ask(self, engine: Engine, request: VoteRequest, trouble: SampleTrouble) -> Vote:
        self.in_flight += 1
        try:
            if not engine.caps_itself:
                request.progress.sent(asyncio.get_running_loop().time())
            with trouble.asking():
                return await engine.vote(request)
        finally:
            request.progress.over()
            self.in_flight -= 1

    def _endpoint(self, engine: Engine, judge: JudgeSpec) -> PacedEndpoint:
        """Where the judge's requests go: one model at one address has one pace for all jobs."""
        name = (judge.kind, judge.argument, judge.base_url)
        if name not in self._endpoints:
            self._endpoints[name] = (
                PacedEndpoint(None, Limits(), patience=self._retries.total)
                if engine.caps_itself
                else PacedEndpoint(self._cap, self._limits, patience=self._retries.total)
            )
        return self._endpoints[name]


def _worth_another(vote: Vote) -> bool:
    """Whether another sample may give the verdict that this one has not."""
    prompt_filtered = vote.no_verdict is NoVerdict.FILTERED and not vote.completion_tokens
    return vote.verdict is Verdict.NONE and not prompt_filtered


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
