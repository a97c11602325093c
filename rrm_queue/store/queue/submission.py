"""What `rrmq submit` writes, all of it in one transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from rrm_queue.domain import JobId, JobState, Seeding, Tournament, TournamentId
from rrm_queue.seeds import derive
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.copying import NULL, escaped
from rrm_queue.store.listening import Channel, tell

INSERT_JOB = text("""
    INSERT INTO jobs (
        id, name, source, state, strategy, seeding, judge, queue, voting, seed, priority, open,
        ephemeral, price, max_cost, created_at, tournaments, tournaments_done, tournaments_failed,
        candidates, matches_done, matches_failed, votes, votes_reused, prompt_tokens, cached_tokens,
        completion_tokens, shareable_tokens, shared_tokens
    )
    VALUES (
        :id, :name, :source, :state, :strategy, :seeding, :judge, :queue, :voting, :seed, :priority,
        :open, :ephemeral, :price, :max_cost, now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    )
""")

NEXT_TOURNAMENTS = text("""
    SELECT nextval('tournaments_id_seq') FROM generate_series(1, :count)
""")

COPY_TOURNAMENTS = """
    COPY tournaments (id, job_id, key, line, prompt, reference, criteria, pairs, subset, size, seed)
    FROM STDIN
"""

COPY_CANDIDATES = """
    COPY candidates (tournament_id, number, key, generator, text, gold) FROM STDIN
"""

# Hashing keys takes less than half the time of sorting them, and they hardly ever repeat.
ANY_KEY_REPEATED = text("""
    SELECT EXISTS (
        SELECT FROM tournaments WHERE job_id = :job GROUP BY key HAVING count(*) > 1
    )
""")

REPEATED_KEYS = text("""
    SELECT place, line, key, first_place, first_line
    FROM (SELECT place, line, key,
                 first_value(place) OVER same AS first_place,
                 first_value(line) OVER same AS first_line
          FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS place, line, key
                FROM tournaments WHERE job_id = :job) AS placed
          WINDOW same AS (PARTITION BY key ORDER BY place)) AS keyed
    WHERE place > first_place
    ORDER BY place
    LIMIT :most
""")

SET_TOTALS = text("""
    UPDATE jobs
    SET tournaments = :tournaments, candidates = :candidates, submission = :submission
    WHERE id = :job
""")

# Of two processes with the same submission the second waits here, and finds the first one's job.
LOCK_SUBMISSION = text("SELECT pg_advisory_xact_lock(:number)")

FIND_SUBMISSION = text("""
    SELECT id, state, tournaments, candidates FROM jobs WHERE submission = :submission
""")


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a new job is stored with; `tables.Job` explains the columns. Its counters begin at 0."""

    id: str
    name: str | None = None
    source: str
    state: JobState = JobState.QUEUED
    strategy: str
    seeding: Seeding
    judge: dict[str, Any]
    queue: str
    voting: dict[str, Any]
    seed: int
    priority: int
    open: bool = False
    ephemeral: bool = False
    price: dict[str, Any] | None = None
    max_cost: float | None = None


class RepeatedKey(NamedTuple):
    """A line whose tournament id an earlier line has.

    `place` and `first_place` count the job's tournaments from 0, whatever file they stand in.
    """

    place: int
    line: int
    key: str
    first_place: int
    first_line: int


class TournamentRows(NamedTuple):
    """Rows of the two tables as the text that COPY takes."""

    tournaments: str
    candidates: str


class KnownJob(NamedTuple):
    """The job that answers for a submission that was made before."""

    id: JobId
    state: JobState
    tournaments: int
    candidates: int


def insert_job(tx: Connection, job: NewJob) -> None:
    """Adds the job's row."""
    price = None if job.price is None else Jsonb(job.price)
    documents = {"judge": Jsonb(job.judge), "voting": Jsonb(job.voting), "price": price}
    tx.execute(INSERT_JOB, msgspec.structs.asdict(job) | documents)


def reserve_ids(tx: Connection, count: int) -> list[TournamentId]:
    """Ids for the next tournaments, each larger than the one before."""
    return list(tx.scalars(NEXT_TOURNAMENTS, {"count": count}))


def form_rows(
    ids: Sequence[TournamentId], job: JobId, seed: int, tournaments: Sequence[Tournament]
) -> TournamentRows:
    """A slice of the job's tournaments as COPY reads them, under these ids.

    `seed` is the job's; each tournament gets its own from it and its key.
    """
    return TournamentRows(
        _tournament_rows(ids, job, seed, tournaments), _candidate_rows(ids, tournaments)
    )


def copy_rows(tx: Connection, rows: TournamentRows) -> None:
    """Adds the tournaments with their candidates."""
    _copy(tx, COPY_TOURNAMENTS, rows.tournaments)
    _copy(tx, COPY_CANDIDATES, rows.candidates)


def repeated_keys(tx: Connection, job: JobId, most: int) -> list[RepeatedKey]:
    """The first `most` lines of the job's files that repeat an id."""
    if not tx.scalar(ANY_KEY_REPEATED, {"job": job}):
        return []
    rows = tx.execute(REPEATED_KEYS, {"job": job, "most": most})
    return [
        RepeatedKey(row.place, row.line, row.key, row.first_place, row.first_line) for row in rows
    ]


def find_submission(tx: Connection, submission: str) -> KnownJob | None:
    """The job that this submission made before, if any.

    Another process with the same submission waits until the transaction ends.
    """
    tx.execute(LOCK_SUBMISSION, {"number": derive("submission", submission)})
    row = tx.execute(FIND_SUBMISSION, {"submission": submission}).first()
    if row is None:
        return None
    return KnownJob(row.id, JobState(row.state), row.tournaments, row.candidates)


def set_totals(
    tx: Connection, job: JobId, tournaments: int, candidates: int, submission: str | None
) -> None:
    """Writes how much the job holds, once its file has been read to the end; wakes coordinators.

    `submission` is the key of the submission for which this job answers from now on.
    """
    totals = {"tournaments": tournaments, "candidates": candidates, "submission": submission}
    tx.execute(SET_TOTALS, {"job": job, **totals})
    tell(tx, Channel.WORK, [job])


def _pairs(tournament: Tournament) -> str | None:
    """The tournament's pairs as JSON, None without any."""
    return msgspec.json.encode(tournament.pairs).decode() if tournament.pairs else None


def _tournament_rows(
    ids: Sequence[int], job: JobId, seed: int, tournaments: Sequence[Tournament]
) -> str:
    keys = escaped([t.key for t in tournaments])
    prompts = escaped([t.prompt for t in tournaments])
    references = escaped([t.reference for t in tournaments])
    criteria = escaped([t.criteria for t in tournaments])
    pairs = escaped([_pairs(t) for t in tournaments])
    subsets = escaped([t.subset for t in tournaments])
    return "".join(
        [
            f"{id_}\t{job}\t{key}\t{t.line}\t{prompt}\t{reference}\t{shown}\t{own}\t{subset}"
            f"\t{len(t.candidates)}\t{derive(seed, t.key)}\n"
            for id_, key, prompt, reference, shown, own, subset, t in zip(
                ids, keys, prompts, references, criteria, pairs, subsets, tournaments, strict=True
            )
        ]
    )


def _candidate_rows(ids: Sequence[int], tournaments: Sequence[Tournament]) -> str:
    candidates = [c for t in tournaments for c in t.candidates]
    places = [
        f"{id_}\t{n}"
        for id_, t in zip(ids, tournaments, strict=True)
        for n in range(len(t.candidates))
    ]
    keys = escaped([c.key for c in candidates])
    generators = escaped([c.generator for c in candidates])
    texts = escaped([c.text for c in candidates])
    return "".join(
        [
            f"{place}\t{key}\t{generator}\t{text}\t{NULL if gold is None else gold}\n"
            for place, key, generator, text, gold in zip(
                places, keys, generators, texts, [c.gold for c in candidates], strict=True
            )
        ]
    )


def _copy(tx: Connection, statement: str, rows: str) -> None:
    with tx.driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(rows)
