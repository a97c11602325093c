"""Sending: matches of jobs with one judge are claimed, and become batches and messages."""

from collections.abc import Mapping, Sequence
from secrets import token_hex

from msgspec import structs

from rrm_queue.coordinator.batching import batches, shared
from rrm_queue.coordinator.byte_budget import (
    TextBytes,
    fitting_batches,
    fitting_matches,
    text_size,
)
from rrm_queue.coordinator.judge_batch import Texts, Votes, judge_batch, read_fitting, read_texts
from rrm_queue.coordinator.plan import check_judge
from rrm_queue.coordinator.reuse import bring_votes
from rrm_queue.coordinator.turn import Sent, Window
from rrm_queue.domain import BatchId, JobId, JudgeSpec, MatchId
from rrm_queue.judging.voting import wave
from rrm_queue.messages import JudgeBatch, encode
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import dispatching
from rrm_queue.store.queue.active_jobs import ActiveJob
from rrm_queue.store.queue.dispatching import NewBatch, ReadyMatch


def send(
    tx: Transaction,
    queue: Window,
    part: str,
    jobs: Sequence[ActiveJob],
    given: Mapping[JobId, int],
    room: int,
) -> Sent:
    """Claims matches of jobs with one judge, for this part of the queue.

    At most as many of each job as it is `given`, and `room` bytes, of which each job gets its
    share. Of a job with nothing out one message at least, as a single match may be larger than any
    room. What does not fit stays ready. Raises ForeignJob.
    """
    of_jobs = {job.id: job for job in jobs}
    for job in jobs:
        check_judge(job.judge)
    counts = {job.id: given[job.id] for job in jobs}
    claimed = dispatching.claim_matches(tx, counts, queue.floors.of_jobs())
    read, sizes = _texts(tx, jobs[0].judge, claimed, room)
    fitting = _fitting(of_jobs, claimed, sizes, given, room)
    matches = [match for of_job in fitting.values() for match in of_job]
    texts = read_texts(tx, [jobs[0].judge], matches, known=read)
    votes, reused = bring_votes(tx, of_jobs, matches, texts, queue.answering(jobs[0].judge))
    sent = Sent(claimed={job: len(found) for job, found in claimed.items()}, reused=reused)
    formed: list[JudgeBatch] = []
    for id_, of_job in fitting.items():
        going = [m for m in of_job if not texts.equal(m) and wave(votes[m.id], of_jobs[id_].voting)]
        asked = {match.id for match in going}
        sent.decided |= {match.id: id_ for match in of_job if match.id not in asked}
        formed += _formed(queue, of_jobs[id_], going, texts, votes)
    _publishable(tx, queue, part, of_jobs, formed, room, sent)
    return sent


def _texts(
    tx: Transaction, judge: JudgeSpec, claimed: Mapping[JobId, Sequence[ReadyMatch]], room: int
) -> tuple[Texts, TextBytes]:
    """The texts of claimed matches, as far as there is room, and the bytes of all of them."""
    matches = [match for of_job in claimed.values() for match in of_job]
    tournaments = dict.fromkeys(match.tournament for match in matches)
    answers = dict.fromkeys((m.tournament, n) for m in matches for n in (m.first, m.second))
    return read_fitting(tx, [judge], list(tournaments), list(answers), room)


def _fitting(
    jobs: Mapping[JobId, ActiveJob],
    claimed: Mapping[JobId, Sequence[ReadyMatch]],
    sizes: TextBytes,
    given: Mapping[JobId, int],
    room: int,
) -> dict[JobId, list[ReadyMatch]]:
    """The first matches of each job whose texts fit its share of the room."""
    left, fitting = sum(given[job] for job in claimed), dict[JobId, list[ReadyMatch]]()
    for job, of_job in claimed.items():
        share = room * given[job] // max(1, left)
        left -= given[job]
        if share > 0:
            fitting[job] = fitting_matches(of_job, sizes, share, alone=not jobs[job].out)
            room -= text_size(fitting[job], sizes)
    return fitting


def _formed(
    queue: Window, job: ActiveJob, matches: Sequence[ReadyMatch], texts: Texts, votes: Votes
) -> list[JudgeBatch]:
    """The job's batches, without their ids."""
    return [
        judge_batch(BatchId(0), token_hex(16) if queue.tokens else "", job, group, texts, votes)
        for group in batches(matches, texts.size, queue.most)
    ]


def _publishable(
    tx: Transaction,
    queue: Window,
    part: str,
    jobs: Mapping[JobId, ActiveJob],
    formed: Sequence[JudgeBatch],
    room: int,
    sent: Sent,
) -> None:
    """Marks what fits the room as out, and adds its messages to what is sent."""
    sizes = [len(encode(batch)) for batch in formed]
    alone = {batch.job for batch in formed if not jobs[JobId(batch.job)].out}
    fit = fitting_batches(list(zip(formed, sizes, strict=True)), room, alone)
    new = [
        NewBatch(JobId(batch.job), [MatchId(m.match) for m in batch.matches], batch.token, size)
        for batch, size in fit
    ]
    ids = dispatching.send_batches(tx, part, queue.epoch, new)
    known = [structs.replace(batch, batch=id_) for id_, (batch, _) in zip(ids, fit, strict=True)]
    sizes = [size for _, size in fit]
    sent.messages = shared(known, sizes, queue.most) if queue.sharing else [*known]
    sent.matches = sum(len(batch.matches) for batch in known)
