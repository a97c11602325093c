"""Open jobs: made, found, closed; tournaments are added to them while they are open.

A tournament's key with the same content joins what is there. Nothing here reads or counts the rows
of a whole job, so an open job of any size takes the next tournament in the same time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    JobId,
    JobState,
    Label,
    LabelledPair,
    Tournament,
    TournamentId,
)
from rrm_queue.errors import JobNotFound, JobNotOpen
from rrm_queue.seeds import derive
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.queue.counters import end_jobs
from rrm_queue.store.queue.submission import (
    LOCK_SUBMISSION,
    NewJob,
    copy_rows,
    form_rows,
    insert_job,
    reserve_ids,
)

FIND_OPEN_JOB = text("""
    SELECT id FROM jobs WHERE submission = :submission AND open AND state <> 'cancelled'
""")

SET_SUBMISSION = text("UPDATE jobs SET submission = :submission WHERE id = :job")

# Its name is free again for another job.
CLOSE_JOB = text("""
    UPDATE jobs SET open = false, submission = NULL WHERE id = :job AND open RETURNING id
""")

OPEN_SETTINGS = text("""
    SELECT id, seed, strategy, judge, open AND state <> 'cancelled' AS open
    FROM jobs WHERE id = :job
""")

# One look into the index for each key, whatever the server believes of the table: right after a
# large submission it may take the job for empty, and would read all of it. It does not if it does
# not see which job it is.
KNOWN_TOURNAMENTS = text("""
    SELECT t.id, t.key, t.prompt, t.reference, t.pairs, t.subset, t.criteria,
           c.keys, c.texts, c.generators, c.golds
    FROM unnest(CAST(:keys AS text[])) AS w (key)
    CROSS JOIN LATERAL (
        SELECT * FROM tournaments
        WHERE job_id = (SELECT CAST(:job AS text)) AND key = w.key OFFSET 0
    ) AS t
    CROSS JOIN LATERAL (
        SELECT array_agg(key ORDER BY number) AS keys, array_agg(text ORDER BY number) AS texts,
               array_agg(generator ORDER BY number) AS generators,
               array_agg(gold ORDER BY number) AS golds
        FROM candidates WHERE tournament_id = t.id
    ) AS c
""")

# Another transaction's tournament of the same key is seen at the COPY, not at the commit.
CHECK_KEYS_AT_ONCE = text("SET CONSTRAINTS tournaments_key IMMEDIATE")

# A coordinator of the version before may have ended an open job: it goes on.
COUNT_APPENDED = text("""
    UPDATE jobs SET
        tournaments = tournaments + :tournaments, candidates = candidates + :candidates,
        state = CASE WHEN state IN ('succeeded', 'partial', 'failed') THEN 'running' ELSE state END,
        finished_at = NULL
    WHERE id = :job AND open AND state <> 'cancelled'
    RETURNING state, pg_notify('rrmq_work', id)
""")


class OpenJob(NamedTuple):
    """What those who add tournaments to a job need of it; `open` is whether it takes any."""

    id: JobId
    seed: int
    strategy: str
    judge: dict[str, Any]
    open: bool


class Appended(NamedTuple):
    """What became of a tournament: its id, and whether it is `new` or was there before.

    `same` is False when the tournament of this key that is there has another content.
    """

    tournament: TournamentId
    new: bool
    same: bool = True


def open_job(tx: Connection, job: NewJob, submission: str | None) -> tuple[JobId, bool]:
    """The open job that has this key, made if there is none; whether it is new.

    Without a key it is always new. Another process with the same key waits until the transaction
    ends.
    """
    if submission is not None:
        tx.execute(LOCK_SUBMISSION, {"number": derive("submission", submission)})
        if known := tx.scalar(FIND_OPEN_JOB, {"submission": submission}):
            return JobId(known), False
    insert_job(tx, job)
    if submission is not None:
        tx.execute(SET_SUBMISSION, {"job": job.id, "submission": submission})
    return JobId(job.id), True


def close_job(tx: Connection, job: JobId) -> bool:
    """Lets a job end once its last tournament is over; whether it was open."""
    closed = tx.scalar(CLOSE_JOB, {"job": job}) is not None
    if closed:
        end_jobs(tx, [job])
    return closed


def read_open_job(tx: Connection, job: JobId) -> OpenJob:
    """The job, open or not. Raises JobNotFound."""
    for row in tx.execute(OPEN_SETTINGS, {"job": job}):
        return OpenJob(row.id, row.seed, row.strategy, row.judge, row.open)
    raise JobNotFound(job)


def append(
    tx: Connection, job: JobId, seed: int, tournaments: Sequence[Tournament]
) -> list[Appended]:
    """Adds those of the tournaments that the job does not have; what became of each, in order.

    `seed` is the job's. They are counted later, by `count_appended`.
    """
    tx.execute(CHECK_KEYS_AT_ONCE)
    while True:
        known = _known(tx, job, tournaments)
        added: dict[str, Tournament] = {}
        for one in tournaments:
            if one.key not in known:
                added.setdefault(one.key, one)
        ids = _added(tx, job, seed, list(added.values()))
        if ids is None:
            continue  # another transaction added one of them meanwhile
        fresh = dict(zip(added, ids, strict=True))
        return [_appended(one, known, added, fresh) for one in tournaments]


def count_appended(tx: Connection, job: JobId, tournaments: int, candidates: int) -> JobState:
    """Counts what was added, and tells coordinators of it; the job's state.

    At the end of a transaction, as coordinators wait for the row. Raises JobNotOpen.
    """
    counts = {"tournaments": tournaments, "candidates": candidates}
    state = tx.scalar(COUNT_APPENDED, {"job": job, **counts})
    if state is None:
        raise JobNotOpen(job)
    return JobState(state)


def _added(
    tx: Connection, job: JobId, seed: int, tournaments: Sequence[Tournament]
) -> list[TournamentId] | None:
    """The ids of tournaments that were added; None when the job has one of the keys by now."""
    from psycopg.errors import UniqueViolation

    if not tournaments:
        return []
    ids = reserve_ids(tx, len(tournaments))
    try:
        with tx.savepoint():
            copy_rows(tx, form_rows(ids, job, seed, tournaments))
    except UniqueViolation:
        return None
    return ids


def _appended(
    one: Tournament,
    known: Mapping[str, tuple[TournamentId, Tournament]],
    added: Mapping[str, Tournament],
    fresh: Mapping[str, TournamentId],
) -> Appended:
    if one.key in known:
        id_, there = known[one.key]
        return Appended(id_, new=False, same=_content(one) == _content(there))
    there = added[one.key]
    return Appended(fresh[one.key], new=there is one, same=_content(one) == _content(there))


def _known(
    tx: Connection, job: JobId, tournaments: Sequence[Tournament]
) -> dict[str, tuple[TournamentId, Tournament]]:
    """Those of the tournaments' keys that the job has, with what it has under them."""
    keys = list({one.key for one in tournaments})
    rows = tx.execute(KNOWN_TOURNAMENTS, {"job": job, "keys": keys})
    return {row.key: (row.id, _tournament(row)) for row in rows}


def _tournament(row: Any) -> Tournament:
    candidates = zip(row.keys, row.texts, row.generators, row.golds, strict=True)
    pairs = tuple(
        LabelledPair(
            CandidateNumber(pair["first"]),
            CandidateNumber(pair["second"]),
            None if pair["label"] is None else Label(pair["label"]),
        )
        for pair in row.pairs or ()
    )
    return Tournament(
        key=row.key,
        prompt=row.prompt,
        candidates=tuple(Candidate(*cells) for cells in candidates),
        line=0,
        reference=row.reference,
        criteria=row.criteria,
        pairs=pairs,
        subset=row.subset,
    )


def _content(tournament: Tournament) -> tuple[object, ...]:
    """All that the tournament consists of; its line in a file does not count."""
    t = tournament
    return t.prompt, t.candidates, t.reference, t.pairs, t.subset, t.criteria
