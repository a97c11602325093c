"""Runs a batch: every match's votes, in waste-free waves or all at once, until it has enough."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from rrm_queue.errors import JudgeFault, TransientFault
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import Ask, Engine, EngineSettings
from rrm_queue.judging.orientation import swapped
from rrm_queue.judging.sampler import Patience, Sampler
from rrm_queue.judging.voting import awaited, decide, vote_seed, wave
from rrm_queue.messages import (
    Answer,
    BatchMatch,
    Failure,
    JudgeBatch,
    JudgeSpec,
    MatchReport,
    Vote,
    Voting,
)

log = logging.getLogger(__name__)

Report = Callable[[MatchReport], Awaitable[None]]


class Panel:
    """Judges batches with at most `concurrency` votes in flight in all of them together.

    One a process, in one event loop; an engine is opened when a batch first names its judge.
    """

    def __init__(
        self, settings: EngineSettings, *, concurrency: int, patience: Patience | None = None
    ) -> None:
        self._settings = settings
        self._engines: dict[str, Engine] = {}
        self._sampler = Sampler(patience or Patience(), concurrency=concurrency)

    @property
    def in_flight(self) -> int:
        """Requests that are with an engine now."""
        return self._sampler.in_flight

    async def judge(self, batch: JudgeBatch, report: Report) -> None:
        """Reports each match of the batch as soon as it is decided or has failed.

        A match that cannot be judged is reported with the votes it got; only what `report` raises
        ends the batch early, as an ExceptionGroup. Cancelling it cancels every vote in flight.
        Matches start in the order in which they travel, by the answer in slot 1: each run of one
        answer shares a prefix of its prompts.
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
        failure = None
        try:
            engine = self._engine(batch.judge)
            while numbers := wave(votes, batch.voting):
                asks = [_ask(batch, answers, match, number) for number in numbers]
                await self._cast(engine, asks, votes, batch.voting)
            decide(votes, match.first, match.second, batch.voting)
        except JudgeFault as fault:
            failure = Failure(str(fault), transient=isinstance(fault, TransientFault))
        except Exception as error:
            log.exception("match %s of batch %s cannot be judged", match.match, batch.batch)
            failure = Failure(f"unexpected: {error!r}", transient=False)
        return MatchReport(match.match, sorted(votes, key=lambda vote: vote.number), failure)

    async def _cast(
        self, engine: Engine, asks: Sequence[Ask], votes: list[Vote], voting: Voting
    ) -> None:
        """Adds the votes of one wave, in the order in which they come.

        Those that are still in flight when the match has enough are cancelled. Raises the first
        fault of a vote that is needed, after the others have been cast.
        """

        async def cast(ask: Ask) -> Vote | Exception:
            try:
                return await self._sampler.vote(engine, ask, resamples=voting.resamples)
            except Exception as fault:
                return fault

        faults: dict[int, Exception] = {}
        async with asyncio.TaskGroup() as group:
            flying = {group.create_task(cast(ask)): ask.number for ask in asks}
            while flying:
                done, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    number, came = flying.pop(task), task.result()
                    if isinstance(came, Vote):
                        votes.append(came)
                    else:
                        faults[number] = came
                wanted = awaited(votes, flying.values(), voting)
                for task in [task for task in flying if flying[task] not in wanted]:
                    task.cancel()
                    del flying[task]
        missed = awaited(votes, faults, voting)
        if missed:
            raise faults[min(missed)]

    def _engine(self, judge: JudgeSpec) -> Engine:
        if judge.kind not in self._engines:
            self._engines[judge.kind] = open_engine(judge, self._settings)
        return self._engines[judge.kind]


def _ask(batch: JudgeBatch, answers: dict[int, Answer], match: BatchMatch, number: int) -> Ask:
    """What vote `number` of a match asks, with its answers in the order that is the vote's."""
    one, two = answers[match.first], answers[match.second]
    order, seed, prompt = batch.voting.order, batch.seed, batch.prompt
    turned = swapped(order, number, one, two, seed=seed, prompt=prompt)
    if turned:
        one, two = two, one
    return Ask(
        tournament=batch.tournament,
        prompt=prompt,
        reference=batch.reference,
        one=one,
        two=two,
        number=number,
        seed=vote_seed(seed, prompt, one.text, two.text, number),
        swapped=turned,
        judge=batch.judge,
    )
