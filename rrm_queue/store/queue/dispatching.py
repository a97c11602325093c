"""What the coordinator's `dispatch` reads and writes: active jobs, claimed matches, batches."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    JobId,
    JudgeSpec,
    MatchId,
    TournamentId,
    Voting,
)
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.messages import Answer
from rrm_queue.seeds import derive
from rrm_queue.store.queue.floors import Floor
from rrm_queue.store.queue.job_options import FOREIGN, job_options

log = logging.getLogger(__name__)

# One coordinator fills a queue's window at a time: two at once would fill it twice.
LOCK_QUEUE = text("SELECT pg_advisory_xact_lock(:number)")

ACTIVE_QUEUES = text("""
    SELECT queue, count(*) AS jobs FROM jobs WHERE state IN ('queued', 'running')
    GROUP BY queue ORDER BY queue
""")

# Floors: see `floors`. Each bounds how many index entries of matches of the past are passed over.
ACTIVE_JOBS = text("""
    SELECT j.id, j.strategy, j.priority, j.judge, j.voting, j.seed,
           (SELECT count(*) FROM matches m
            WHERE m.job_id = j.id AND m.state = 'out' AND m.batch_id >= :first_out) AS out,
           (SELECT count(*) FROM (SELECT 1 FROM matches m
                                  WHERE m.job_id = j.id AND m.state = 'ready'
                                    AND (m.tournament_id, m.round, m.slot)
                                        >= (coalesce(f.tournament, 0), coalesce(f.round, 0),
                                            coalesce(f.slot, 0))
                                    AND (m.not_before IS NULL OR m.not_before <= now())
                                  LIMIT :most) AS counted) AS ready
    FROM jobs j
    LEFT JOIN unnest(CAST(:jobs AS text[]), CAST(:tournaments AS bigint[]),
                     CAST(:rounds AS int[]), CAST(:slots AS int[]))
              AS f (job, tournament, round, slot) ON f.job = j.id
    WHERE j.queue = :queue AND j.state IN ('queued', 'running')
    ORDER BY j.created_at, j.id
""")

COUNT_READY = text("""
    SELECT count(*) FROM (SELECT 1 FROM matches
                          WHERE job_id = :job AND state = 'ready'
                            AND (tournament_id, round, slot) >= (:tournament, :round, :slot)
                            AND (not_before IS NULL OR not_before <= now())
                          LIMIT :most) AS counted
""")

# Depth-first: what the earliest tournament still needs goes before the next tournament.
CLAIM_MATCHES = text("""
    SELECT id, tournament_id, first, second, meeting
    FROM matches
    WHERE job_id = :job AND state = 'ready' AND (not_before IS NULL OR not_before <= now())
      AND (tournament_id, round, slot) >= (:tournament, :round, :slot)
    ORDER BY tournament_id, round, slot
    LIMIT :count
    FOR UPDATE SKIP LOCKED
""")

TOURNAMENT_TEXTS = text("""
    SELECT id, key, prompt, reference, criteria
    FROM tournaments WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

ANSWER_TEXTS = text("""
    SELECT c.tournament_id, c.number, c.key, c.text, CASE WHEN :gold THEN c.gold END AS gold
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[])) AS w (tournament_id, number)
    JOIN candidates c USING (tournament_id, number)
""")

# In this order, as a batch that was sent later has a larger id.
# Without reading the texts: the length of a long one stands in its row.
TEXT_BYTES = text("""
    SELECT c.tournament_id, c.number, octet_length(c.text) AS answer,
           octet_length(t.prompt) + coalesce(octet_length(t.reference), 0)
               + coalesce(octet_length(t.criteria), 0) AS tournament
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[])) AS w (tournament_id, number)
    JOIN candidates c USING (tournament_id, number)
    JOIN tournaments t ON t.id = c.tournament_id
""")

# Batches of a version before 0005 do not tell.
OUT_BYTES = text("""
    SELECT coalesce(sum(bytes), 0) FROM batches
    WHERE queue = :queue AND state = 'out' AND id >= :first_out
""")

INSERT_BATCHES = text("""
    INSERT INTO batches (job_id, queue, state, epoch, token, bytes, matches)
    SELECT :job, :queue, 'out', :epoch, nullif(t.token, ''), t.bytes, s.matches
    FROM unnest(CAST(:tokens AS text[]), CAST(:bytes AS int[]))
         WITH ORDINALITY AS t (token, bytes, place)
    JOIN (SELECT place, array_agg(id) AS matches
          FROM unnest(CAST(:match AS bigint[]), CAST(:place AS bigint[])) AS m (id, place)
          GROUP BY place) AS s USING (place)
    ORDER BY t.place
    RETURNING id, matches[1] AS first
""")

SEND_MATCHES = text("""
    UPDATE matches m SET state = 'out', batch_id = s.batch
    FROM unnest(CAST(:match AS bigint[]), CAST(:batch AS bigint[])) AS s (id, batch)
    WHERE m.id = s.id
""")


class ActiveJob(NamedTuple):
    """A job that may have matches out; `ready` is counted only up to what dispatch could use."""

    id: JobId
    strategy: str
    priority: int
    judge: JudgeSpec
    voting: Voting
    seed: int
    out: int
    ready: int


class ReadyMatch(NamedTuple):
    """A claimed match."""

    id: MatchId
    tournament: TournamentId
    first: CandidateNumber
    second: CandidateNumber
    meeting: int = 1


class TournamentTexts(NamedTuple):
    """The texts of a tournament that its judges read."""

    key: str
    prompt: str
    reference: str | None
    criteria: str | None = None


class TextBytes(NamedTuple):
    """The bytes of what tournaments say themselves, and of their answers."""

    tournaments: dict[TournamentId, int]
    answers: dict[tuple[TournamentId, CandidateNumber], int]


Answers = dict[tuple[TournamentId, CandidateNumber], Answer]


def lock_queue(tx: Connection, queue: str) -> None:
    """Waits for other coordinators that fill the queue; they wait until the transaction ends."""
    tx.execute(LOCK_QUEUE, {"number": derive("dispatch", queue)})


def active_queues(tx: Connection) -> dict[str, int]:
    """The queues of all jobs that are queued or running, each with their number."""
    return {row.queue: row.jobs for row in tx.execute(ACTIVE_QUEUES)}


def active_jobs(
    tx: Connection, queue: str, most: int, floors: Mapping[JobId, Floor], first_out: BatchId
) -> list[ActiveJob]:
    """The queue's jobs, the oldest first; ready matches counted up to `most`, from their floors.

    `first_out` is a batch before which none of the queue is out.
    A job whose judge or voting this version cannot read is left to one that can.
    """
    found = []
    bind = {
        "queue": queue,
        "most": most,
        "first_out": first_out,
        "jobs": list(floors),
        "tournaments": [floor.tournament for floor in floors.values()],
        "rounds": [floor.round for floor in floors.values()],
        "slots": [floor.slot for floor in floors.values()],
    }
    for row in tx.execute(ACTIVE_JOBS, bind):
        try:
            judge = job_options(row.judge, JudgeSpec)
            voting = job_options(row.voting, Voting)
        except ForeignJob as error:
            log_once(log, logging.ERROR, FOREIGN, row.id, str(error))
            continue
        found.append(
            ActiveJob(
                row.id, row.strategy, row.priority, judge, voting, row.seed, row.out, row.ready
            )
        )
    return found


def count_ready(tx: Connection, job: JobId, most: int, floor: Floor) -> int:
    """How many matches of the job are ready, counted up to `most`."""
    return int(tx.scalar(COUNT_READY, {"job": job, "most": most, **floor._asdict()}))


def claim_matches(tx: Connection, job: JobId, count: int, floor: Floor) -> list[ReadyMatch]:
    """Up to `count` ready matches of the job, locked, in depth-first order."""
    rows = tx.execute(CLAIM_MATCHES, {"job": job, "count": count, **floor._asdict()})
    return [
        ReadyMatch(row.id, row.tournament_id, row.first, row.second, row.meeting) for row in rows
    ]


def text_bytes(tx: Connection, matches: Iterable[ReadyMatch]) -> TextBytes:
    """The bytes of the texts that judges read for these matches."""
    pairs = {(m.tournament, number) for m in matches for number in (m.first, m.second)}
    bind = {"tournament": [pair[0] for pair in pairs], "number": [pair[1] for pair in pairs]}
    found = TextBytes({}, {})
    for row in tx.execute(TEXT_BYTES, bind):
        found.tournaments[row.tournament_id] = row.tournament
        found.answers[row.tournament_id, row.number] = row.answer
    return found


def out_bytes(tx: Connection, queue: str, first_out: BatchId) -> int:
    """The bytes of all messages of the queue that are out; none is before `first_out`."""
    return int(tx.scalar(OUT_BYTES, {"queue": queue, "first_out": first_out}))


def tournament_texts(
    tx: Connection, tournaments: Iterable[TournamentId]
) -> dict[TournamentId, TournamentTexts]:
    """Prompts, references and criteria by tournament."""
    rows = tx.execute(TOURNAMENT_TEXTS, {"tournaments": list(tournaments)})
    return {
        row.id: TournamentTexts(row.key, row.prompt, row.reference, row.criteria) for row in rows
    }


def answers(
    tx: Connection, wanted: Iterable[tuple[TournamentId, CandidateNumber]], *, gold: bool
) -> Answers:
    """The texts of the wanted candidates; with `gold` also how good the file says they are."""
    pairs = list(wanted)
    rows = tx.execute(
        ANSWER_TEXTS,
        {
            "tournament": [pair[0] for pair in pairs],
            "number": [pair[1] for pair in pairs],
            "gold": gold,
        },
    )
    return {
        (row.tournament_id, row.number): Answer(row.number, row.key, row.text, row.gold)
        for row in rows
    }


def send_batches(
    tx: Connection,
    job: JobId,
    queue: str,
    epoch: str,
    batches: Sequence[Sequence[MatchId]],
    tokens: Sequence[str],
    sizes: Sequence[int],
) -> list[BatchId]:
    """Marks the matches as out, each in its batch; the batches' ids in the given order.

    Each batch has its token, where an empty one stands for none, and its message's size in bytes.
    """
    places = {match: place for place, batch in enumerate(batches, start=1) for match in batch}
    rows = tx.execute(
        INSERT_BATCHES,
        {
            "job": job,
            "queue": queue,
            "epoch": epoch,
            "tokens": list(tokens),
            "bytes": list(sizes),
            "match": list(places),
            "place": list(places.values()),
        },
    )
    ids: dict[int, BatchId] = {places[row.first]: row.id for row in rows}
    tx.execute(
        SEND_MATCHES,
        {"match": list(places), "batch": [ids[place] for place in places.values()]},
    )
    return [ids[place] for place in sorted(ids)]
