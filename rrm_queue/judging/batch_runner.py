"""Runs a batch: casts votes on every match, in waves or all at once, until each has enough."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import structs

from rrm_queue.domain import BatchId, BatchRef, JobId, JudgeSpec, Vote
from rrm_queue.errors import (
    JudgeBusy,
    JudgeFault,
    JudgeRefused,
    MatchRefused,
    RequestRejected,
    TransientFault,
)
from rrm_queue.judging.bounds import bounded
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import Engine, EngineSettings
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.paced_endpoint import Limits
from rrm_queue.judging.progress import Progress, computed
from rrm_queue.judging.sampler import RetryPolicy, Sampler
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import (
    Answers,
    VoteRequest,
    answers_by_number,
    batch_vote_request,
)
from rrm_queue.judging.voting import awaited, decide, wave
from rrm_queue.messages import BatchMatch, Failure, JudgeBatch, MatchReport

log = logging.getLogger(__name__)

LEAST_WAIT = 1.0
"""Seconds; the least that a match waits which goes back because its judge asks to wait."""

Report = Callable[[MatchReport], Awaitable[None]]


class BatchRunner:
    """Judges batches, with at most `concurrency` votes in flight over all of them.

    There is one in a process, in one event loop. An engine is opened when a batch first needs it.
    """

    def __init__(
        self, settings: EngineSettings, *, concurrency: int, retries: RetryPolicy | None = None
    ) -> None:
        self._settings = settings
        self._noted: dict[str, str] = {}
        self._engines: dict[str, Engine] = {}
        self._asked: dict[Progress, tuple[BatchRef, int]] = {}
        self._sampler = Sampler(
            retries or RetryPolicy(),
            concurrency=concurrency,
            limits=Limits(settings.openai_rpm, settings.openai_tpm),
        )

    @property
    def in_flight(self) -> int:
        """Requests that an engine has now."""
        return self._sampler.in_flight

    def troubles(self) -> dict[str, tuple[str, int]]:
        """For each job with requests that failed and are tried again: why, and how many wait."""
        return self._sampler.troubles.now()

    def news(self) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
        """What to tell of jobs: `troubles()`, and what was found out about judges that voted."""
        noted, self._noted = self._noted, {}
        return self.troubles(), noted

    def computed(self, waiting: int | None) -> dict[BatchRef, set[int]]:
        """The matches that an engine computes now, by batch.

        `waiting` requests are in the engine's own queue. With None any request that it has may be
        computed. Any thread may ask.
        """
        asked = dict(self._asked.items())
        found: dict[BatchRef, set[int]] = defaultdict(set)
        for progress in computed(asked, waiting):
            batch, match = asked[progress]
            found[batch].add(match)
        return found

    async def judge(self, batch: JudgeBatch, report: Report) -> None:
        """Reports each match of the batch as soon as it is decided or has failed.

        A match that cannot be judged is reported with the votes that it has. Cancelling stops
        every vote in flight, and reports each match's new votes. Only an error of `report` ends
        the batch early, as an ExceptionGroup. Votes that a match already has are not cast again.
        Matches start in the batch's order, sorted by the answer in slot 1, because the prompts of
        those with the same answer share a prefix.
        """
        answers = answers_by_number(batch)

        async def judge_one(match: BatchMatch) -> None:
            votes = list(match.votes)
            try:
                failure = await self._judge_match(batch, answers, match, votes)
            except asyncio.CancelledError:
                if new := _new_votes(match, votes):
                    await report(MatchReport(match.match, new))
                raise
            await report(MatchReport(match.match, _new_votes(match, votes), failure))

        async with asyncio.TaskGroup() as matches:
            for match in batch.matches:
                matches.create_task(judge_one(match))

    async def close(self) -> None:
        """Closes the engines."""
        engines, self._engines = self._engines, {}
        await asyncio.gather(*(engine.close() for engine in engines.values()))

    async def _judge_match(
        self, batch: JudgeBatch, answers: Answers, match: BatchMatch, votes: list[Vote]
    ) -> Failure | None:
        """Adds to `votes` until the match is decided; the failure when it cannot be."""
        try:
            while numbers := wave(votes, batch.voting):
                requests = [batch_vote_request(batch, answers, match, number) for number in numbers]
                with self._asking(requests, batch, match):
                    await self._cast(requests, votes, batch)
            decide(votes, match.first, match.second, batch.voting)
        except JudgeFault as fault:
            return failure_of(fault)
        except Exception as error:
            log.exception("match %s of batch %s cannot be judged", match.match, batch.batch)
            return Failure(f"unexpected: {error!r}", transient=False)
        return None

    async def _cast(
        self, requests: Sequence[VoteRequest], votes: list[Vote], batch: JudgeBatch
    ) -> None:
        """Adds the votes of one wave in the order in which they arrive.

        Votes still in flight when the match has enough are cancelled. Raises the first fault of a
        vote that is needed, after the other votes have arrived.
        """
        if len(requests) == 1:
            votes.append(await self._vote(requests[0], batch))
            return

        async def cast(request: VoteRequest) -> Vote | Exception:
            try:
                return await self._vote(request, batch)
            except Exception as fault:
                return fault

        faults: dict[int, Exception] = {}
        async with asyncio.TaskGroup() as group:
            in_flight = {group.create_task(cast(request)): request.number for request in requests}
            while in_flight:
                try:
                    await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                finally:  # when cancelled, too: votes that have arrived are paid for
                    faults |= _collect_done(in_flight, votes)
                wanted = awaited(votes, in_flight.values(), batch.voting)
                for task in [task for task in in_flight if in_flight[task] not in wanted]:
                    task.cancel()
                    del in_flight[task]
        missed = awaited(votes, faults, batch.voting)
        if missed:
            raise faults[min(missed)]

    async def _vote(self, request: VoteRequest, batch: JudgeBatch) -> Vote:
        resamples, engine = batch.voting.resamples, self._engine(request.judge)
        try:
            vote = await self._sampler.vote(engine, request, resamples=resamples, job=batch.job)
        except JudgeFault as fault:
            if batch.judge.jury:  # which of them it was
                fault.detail = f"{request.judge.label}: {fault.detail}"
            raise
        vote = bounded(vote)
        if note := self._settings.notes.of(request.judge):
            self._noted[batch.job] = note
        if not kind_of(request.judge).costs:
            return vote
        return structs.replace(vote, key=vote_key(request, resamples))

    @contextmanager
    def _asking(
        self, requests: Sequence[VoteRequest], batch: JudgeBatch, match: BatchMatch
    ) -> Iterator[None]:
        """The requests are those of the match."""
        held = (JobId(batch.job), BatchId(batch.batch))
        asked = {request.progress: (held, match.match) for request in requests}
        self._asked |= asked
        try:
            yield
        finally:
            for progress in asked:
                del self._asked[progress]

    def _engine(self, judge: JudgeSpec) -> Engine:
        if judge.kind not in self._engines:
            self._engines[judge.kind] = open_engine(judge, self._settings)
        return self._engines[judge.kind]


def failure_of(fault: JudgeFault) -> Failure:
    """The fault as it travels."""
    return Failure(
        str(fault),
        transient=isinstance(fault, TransientFault),
        refused=isinstance(fault, JudgeRefused),
        rejected=isinstance(fault, RequestRejected),
        match_refused=isinstance(fault, MatchRefused),
        wait=max(fault.retry_after, LEAST_WAIT) if isinstance(fault, JudgeBusy) else 0.0,
    )


def _collect_done(
    in_flight: dict[asyncio.Task[Vote | Exception], int], votes: list[Vote]
) -> dict[int, Exception]:
    """Takes the finished tasks out: their votes go to `votes`, their faults are returned."""
    faults = {}
    for task in [task for task in in_flight if task.done()]:
        number, came = in_flight.pop(task), task.result()
        if isinstance(came, Vote):
            votes.append(came)
        else:
            faults[number] = came
    return faults


def _new_votes(match: BatchMatch, votes: Sequence[Vote]) -> list[Vote]:
    """The votes that the match did not have before, by number."""
    return sorted(votes[len(match.votes) :], key=lambda vote: vote.number)
