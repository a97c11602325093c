"""Runs a batch: every match's votes in waste-free waves, each vote asked until it is answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from rrm_queue.errors import JudgeFault, TransientFault
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import Ask, Engine, EngineSettings
from rrm_queue.judging.orientation import swapped
from rrm_queue.judging.voting import needed, tally, vote_seed
from rrm_queue.messages import (
    Answer,
    BatchMatch,
    Failure,
    JudgeBatch,
    JudgeSpec,
    MatchReport,
    Vote,
)

log = logging.getLogger(__name__)

Report = Callable[[MatchReport], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one vote is asked for: attempts, and seconds from the first of them.

    Waits between attempts grow exponentially with full jitter and are at most `longest_wait`, also
    where an endpoint asks for more.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0
    total: float = 1800.0


class Panel:
    """Judges batches with at most `concurrency` votes in flight in all of them together.

    One a process, in one event loop; an engine is opened when a batch first names its judge.
    """

    def __init__(
        self, settings: EngineSettings, *, concurrency: int, patience: Patience | None = None
    ) -> None:
        patience = patience or Patience()
        self._settings = settings
        self._engines: dict[str, Engine] = {}
        self._in_flight = asyncio.Semaphore(concurrency)
        self._longest_wait = patience.longest_wait
        self._backoff = wait_random_exponential(patience.first_wait, patience.longest_wait)
        self._stop = stop_after_attempt(patience.attempts) | stop_before_delay(patience.total)

    async def judge(self, batch: JudgeBatch, report: Report) -> None:
        """Reports each match of the batch as soon as it is decided or has failed.

        A match that cannot be judged is reported with the votes it got; only what `report` raises
        ends the batch early, as an ExceptionGroup. Matches start in the order in which they
        travel, by the answer in slot 1: each run of one answer shares a prefix of its prompts.
        """
        answers = {answer.number: answer for answer in batch.answers}

        async def judge_one(match: BatchMatch) -> None:
            await report(await self._judge_match(batch, answers, match))

        async with asyncio.TaskGroup() as matches:
            for match in batch.matches:
                matches.create_task(judge_one(match))

    async def close(self) -> None:
        """Ends the engines."""
        engines, self._engines = self._engines, {}
        await asyncio.gather(*(engine.close() for engine in engines.values()))

    async def _judge_match(
        self, batch: JudgeBatch, answers: dict[int, Answer], match: BatchMatch
    ) -> MatchReport:
        votes: list[Vote] = []
        try:
            engine = self._engine(batch.judge)
            while wave := needed(tally(votes), batch.voting.votes):
                numbers = range(len(votes) + 1, len(votes) + 1 + wave)
                await self._cast(
                    engine, [_ask(batch, answers, match, number) for number in numbers], votes
                )
        except JudgeFault as fault:
            failure = Failure(str(fault), transient=isinstance(fault, TransientFault))
            return MatchReport(match.match, votes, failure)
        except Exception as error:
            log.exception("match %s of batch %s cannot be judged", match.match, batch.batch)
            return MatchReport(match.match, votes, Failure(f"unexpected: {error!r}", False))
        return MatchReport(match.match, votes)

    async def _cast(self, engine: Engine, asks: list[Ask], votes: list[Vote]) -> None:
        """Adds the votes of one wave; raises its first fault, after the rest have been cast."""
        wave = await asyncio.gather(
            *(self._insist(engine, ask) for ask in asks), return_exceptions=True
        )
        votes += [vote for vote in wave if isinstance(vote, Vote)]
        for fault in wave:
            if isinstance(fault, BaseException):
                raise fault

    async def _insist(self, engine: Engine, ask: Ask) -> Vote:
        """The vote, asked for again while faults are transient and patience lasts."""

        async def once() -> Vote:
            async with self._in_flight:
                return await engine.ask(ask)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientFault),
            stop=self._stop,
            wait=self._wait,
            reraise=True,
        )
        return await retrying(once)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: the back-off, or more where the judge asked for it."""
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.retry_after if isinstance(fault, TransientFault) else 0.0
        return max(self._backoff(state), min(asked, self._longest_wait))

    def _engine(self, judge: JudgeSpec) -> Engine:
        if judge.kind not in self._engines:
            self._engines[judge.kind] = open_engine(judge, self._settings)
        return self._engines[judge.kind]


def _ask(batch: JudgeBatch, answers: dict[int, Answer], match: BatchMatch, number: int) -> Ask:
    """What vote `number` of a match asks: odd ones as the match is oriented, even ones swapped."""
    one, two = answers[match.first], answers[match.second]
    if swapped(number):
        one, two = two, one
    return Ask(
        tournament=batch.tournament,
        prompt=batch.prompt,
        reference=batch.reference,
        one=one,
        two=two,
        number=number,
        seed=vote_seed(batch.seed, batch.prompt, one.text, two.text, number),
        swapped=swapped(number),
        judge=batch.judge,
    )
