"""Jobs for tests: submitted as `rrmq submit` does, judged with the test in the worker's place."""

import io
import json
import random
from collections.abc import Iterator
from typing import Any

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.inbox import inbox_key
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recorder import Recorder
from rrm_queue.coordinator.removing import remove
from rrm_queue.domain import JobId, JobState, JudgeSpec, Seeding, Verdict, Vote
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.submission import submit
from rrm_queue.judging.kinds import queue_of
from rrm_queue.messages import JudgeBatch, MatchReport, Outcomes, decode_batches
from rrm_queue.store.database import Database
from rrm_queue.store.queue.deleting import mark_ended
from rrm_queue.store.queue.submission import NewJob

REFERENCE = JudgeSpec("reference")
QUEUE = queue_of(REFERENCE)


def lines(sizes: list[int]) -> bytes:
    """A file with a tournament of each size; candidates answer with their own number."""
    return b"".join(
        json.dumps(
            {
                "id": f"t{number}",
                "prompt": f"Which is largest? ({number})",
                "candidates": [{"id": f"c{i}", "text": f"It is {i}."} for i in range(size)],
                "reference": str(size - 1),
            }
        ).encode()
        + b"\n"
        for number, size in enumerate(sizes)
    )


def submit_file(database: Database, file: bytes, **options: Any) -> JobId:
    """The id of a job over `file`; `anew` and `empty` as in `submit`, all else is the job's.

    `reference`: whether each prompt needs one.
    """
    anew, empty = options.pop("anew", False), Empty(options.pop("empty", Empty.REFUSE))
    needs = Needs(reference=options.pop("reference", True))
    job = job_of(**options)
    return submit(database, io.BytesIO(file), job, needs=needs, anew=anew, empty=empty).job


def job_of(**options: Any) -> NewJob:
    """A job that is not stored yet."""
    usual: dict[str, Any] = {
        "id": "0123456789ab",
        "source": "test.jsonl",
        "state": JobState.QUEUED,
        "strategy": "knockout",
        "seeding": Seeding.RANDOM,
        "judge": {"kind": "reference"},
        "queue": QUEUE,
        "voting": {},
        "seed": 0,
        "priority": 1,
    }
    return NewJob(**(usual | options))


def delete(database: Database, job: JobId) -> bool:
    """Removes the job, if it has ended; whether it had."""
    with database.begin() as tx:
        ended = mark_ended(tx, job)
    if ended:
        list(remove(database, job))
    return ended


def waiting_flushes(broker: BrokerClient, job: str, batch: int) -> set[str]:
    """The ids of the flushes of a batch that wait to be recorded."""
    return {str(key) for key in broker.client.hkeys(inbox_key(job, batch))}


def record_waiting(database: Database, broker: BrokerClient) -> int:
    """Records what lies ready; how many flushes were taken up."""
    return Recorder(database, broker, lambda: None).turn()


def received(broker: BrokerClient) -> Iterator[JudgeBatch]:
    """The batches that are in the queue, taken out of it."""
    with broker.app.connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUE)
        for _ in range(broker.waiting(QUEUE)):
            message = queue.get_nowait()
            message.ack()
            arguments, _, _ = message.payload
            yield from decode_batches(arguments[0])


def judged(batch: JudgeBatch) -> Outcomes:
    """What a judge says to whom a larger number is better."""
    reports = [
        MatchReport(m.match, [Vote(1, Verdict.FIRST if m.first > m.second else Verdict.SECOND)])
        for m in batch.matches
    ]
    return batch.outcomes("test", reports)


def play(database: Database, broker: BrokerClient, *, chaos: int = 0) -> None:
    """Runs everything to its end; `chaos` repeats and reorders what comes back."""
    chance = random.Random(chaos)
    back: list[Outcomes] = []
    while dispatch(database, broker) or back:
        back += [judged(batch) for batch in received(broker)]
        if chaos:
            chance.shuffle(back)
        for outcomes in [
            back.pop() for _ in range(chance.randint(1, len(back)) if chaos else len(back))
        ]:
            record(database, outcomes)
            if chaos and chance.random() < 0.5:
                back.append(outcomes)
