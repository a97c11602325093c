"""A judge whose votes are paid for, played without an engine."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, JudgeSpec, Verdict, Vote
from rrm_queue.judging.kinds import queue_of
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import answers_by_number, batch_vote_request
from rrm_queue.judging.voting import wave
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport, Outcomes, decode
from rrm_queue.store.database import Database
from rrm_queue.store.views import jobs as store_jobs
from rrm_queue.views.jobs import JobView

JUDGE = JudgeSpec("openai", "judge-1", base_url="http://127.0.0.1:9/v1")
QUEUE = queue_of(JUDGE)
PAID: dict[str, Any] = {
    "judge": {"kind": "openai", "argument": "judge-1", "base_url": "http://127.0.0.1:9/v1"},
    "queue": QUEUE,
}


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return store_jobs.view_job(tx, job)


def sent(broker: BrokerClient, name: str = QUEUE) -> list[JudgeBatch]:
    with broker.app.connection_for_read() as connection:
        queue = connection.SimpleQueue(name)
        batches = []
        for _ in range(broker.waiting(name)):
            message = queue.get_nowait()
            message.ack()
            batches.append(decode(message.payload[0][0], JudgeBatch))
    return batches


class Worker:
    """Casts the votes that a match still needs, one larger answer beating a smaller.

    Its votes take their reasoning from `texts`, one after another.
    """

    def __init__(self, texts: Sequence[str] = ("",)) -> None:
        self.paid: dict[object, int] = defaultdict(int)
        self._texts = cycle(texts)

    def vote(self, batch: JudgeBatch, match: BatchMatch, number: int) -> Vote:
        request = batch_vote_request(batch, answers_by_number(batch), match, number)
        key = vote_key(request, batch.voting.resamples)
        self.paid[key] += 1
        better = Verdict.FIRST if request.one.number > request.two.number else Verdict.SECOND
        text = next(self._texts)
        known: dict[str, Any] = {"text": text, "seed": request.seed, "key": key}
        return Vote(number, better, request.swapped, prompt_tokens=10, **known)

    def judge(self, batch: JudgeBatch, *, most: int = 99) -> Outcomes:
        reports = []
        for match in batch.matches:
            votes = list(match.votes)
            while (numbers := wave(votes, batch.voting)) and len(votes) - len(match.votes) < most:
                votes += [self.vote(batch, match, number) for number in numbers[:most]]
            reports.append(MatchReport(match.match, votes[len(match.votes) :]))
        return batch.outcomes("test", reports)

    def play(self, database: Database, broker: BrokerClient) -> int:
        """Runs everything to its end; how many matches had to be sent."""
        matches = 0
        while dispatch(database, broker):
            for batch in sent(broker):
                matches += len(batch.matches)
                record(database, self.judge(batch))
        return matches
