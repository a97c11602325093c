"""What the coordinator's `dispatch` reads of active jobs: what they have ready and out."""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rrm_queue.domain import BatchId, JobId, JudgeSpec, Voting
from rrm_queue.domain.queues import ONLINE_PRIORITY
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.store.connection import Connection, Row, text
from rrm_queue.store.queue.floors import Floor, floor_columns
from rrm_queue.store.queue.job_options import FOREIGN, Options, job_options

log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Tournaments of a job that wait to be opened are counted no further than this."""

PRIORITIES = {"lowest": -(2**31), "online_priority": ONLINE_PRIORITY, "highest": 2**31 - 1}
"""Where the classes of jobs begin and end, as a statement's values."""

ACTIVE_QUEUES = text("""
    SELECT queue, count(*) AS jobs FROM jobs WHERE state IN ('queued', 'running')
    GROUP BY queue ORDER BY queue
""")

# Whether there is anything to send: most turns after a record find nothing. A queued job has all of
# its tournaments to send, and no floor. A job's waiting tournaments are asked for as a range of
# (job, id): asked for by their job alone, Postgres may search the tournaments of all jobs by id.
QUEUES_GOING = text("""
    SELECT q.queue, EXISTS (
        SELECT 1 FROM jobs j
        WHERE j.queue = q.queue AND j.state = 'queued' AND j.tournaments > 0
    ) OR EXISTS (
        SELECT 1 FROM jobs j
        LEFT JOIN unnest(CAST(:jobs AS text[]), CAST(:tournaments AS bigint[]),
                         CAST(:rounds AS int[]), CAST(:slots AS int[]))
                  AS f (job, tournament, round, slot) ON f.job = j.id
        WHERE j.queue = q.queue AND j.state = 'running'
          AND (EXISTS (SELECT 1 FROM matches m
                       WHERE m.job_id = j.id AND m.state = 'ready'
                         AND (m.tournament_id, m.round, m.slot)
                             >= (coalesce(f.tournament, 0), coalesce(f.round, 0),
                                 coalesce(f.slot, 0))
                         AND (m.not_before IS NULL OR m.not_before <= now()))
               OR (SELECT t.job_id FROM tournaments t
                   WHERE t.state = 'waiting' AND t.job_id <= j.id
                     AND (t.job_id, t.id) >= (j.id, CASE WHEN j.open THEN 0
                                                         ELSE coalesce(f.tournament, 0) END)
                   ORDER BY t.job_id, t.id LIMIT 1) IS NOT NULL)
    ) AS going
    FROM (SELECT DISTINCT queue FROM jobs WHERE state IN ('queued', 'running')) AS q
    ORDER BY q.queue
""")

# Cheap with ten thousand jobs: of those that wait only the first are listed, online ones and others
# apart.
LISTED_JOBS = text("""
    SELECT j.id, j.priority, j.open, j.out
    FROM (
        SELECT running.id, running.priority, running.open, running.created_at,
               coalesce(sent.out, 0) AS out
        FROM jobs AS running
        LEFT JOIN (SELECT job_id, count(*) AS out FROM matches
                   WHERE state = 'out' AND batch_id >= :first_out
                   GROUP BY job_id) AS sent ON sent.job_id = running.id
        WHERE running.queue = :queue AND running.state = 'running'
        UNION ALL
        SELECT first.id, first.priority, first.open, first.created_at, 0
        FROM (VALUES (CAST(:online_priority AS int), CAST(:highest AS int)),
                     (CAST(:lowest AS int), CAST(:online_priority AS int) - 1))
             AS class (low, high),
        LATERAL (
            SELECT id, priority, open, created_at FROM jobs
            WHERE queue = :queue AND state = 'queued' AND tournaments > 0
              AND priority BETWEEN low AND high
            ORDER BY priority DESC, created_at, id
            LIMIT :most_queued
        ) AS first
    ) AS j
    ORDER BY j.created_at, j.id
""")

# The first jobs of the list that have something to send. Floors: see `floors`. Each bounds how many
# index entries of matches of the past are passed over. An open job may get a tournament with a
# lower id than those that run: see `appending`. OFFSET 0: the counts are made once for each job.
SENDABLE_JOBS = text("""
    SELECT s.job, s.ready, s.waiting, j.strategy, j.judge::text AS judge, j.voting::text AS voting,
           j.seed, j.state = 'queued' AS queued, j.max_cost IS NOT NULL AS limited
    FROM (
        SELECT w.job, c.ready, c.waiting
        FROM unnest(CAST(:jobs AS text[]), CAST(:open AS bool[]), CAST(:tournaments AS bigint[]),
                    CAST(:rounds AS int[]), CAST(:slots AS int[]))
             AS w (job, open, tournament, round, slot)
        CROSS JOIN LATERAL (
            SELECT (SELECT count(*) FROM (SELECT 1 FROM matches m
                                          WHERE m.job_id = w.job AND m.state = 'ready'
                                            AND (m.tournament_id, m.round, m.slot)
                                                >= (w.tournament, w.round, w.slot)
                                            AND (m.not_before IS NULL OR m.not_before <= now())
                                          LIMIT :most) AS counted) AS ready,
                   (SELECT count(*) FROM (SELECT 1 FROM tournaments t
                                          WHERE t.state = 'waiting' AND t.job_id <= w.job
                                            AND (t.job_id, t.id) >= (w.job, CASE WHEN w.open THEN 0
                                                                            ELSE w.tournament END)
                                          ORDER BY t.job_id, t.id
                                          LIMIT :most_waiting) AS counted) AS waiting
            OFFSET 0
        ) AS c
        WHERE c.ready > 0 OR c.waiting > 0
        LIMIT :most_jobs
    ) AS s
    JOIN jobs j ON j.id = s.job
""")

COUNT_READY = text("""
    SELECT w.job, (SELECT count(*) FROM (SELECT 1 FROM matches m
                                         WHERE m.job_id = w.job AND m.state = 'ready'
                                           AND (m.tournament_id, m.round, m.slot)
                                               >= (w.tournament, w.round, w.slot)
                                           AND (m.not_before IS NULL OR m.not_before <= now())
                                         LIMIT :most) AS counted) AS ready
    FROM unnest(CAST(:jobs AS text[]), CAST(:tournaments AS bigint[]),
                CAST(:rounds AS int[]), CAST(:slots AS int[]))
         AS w (job, tournament, round, slot)
""")


class ListedJob(NamedTuple):
    """An active job, as far as it tells whether the job is served next: what it has out."""

    id: JobId
    priority: int
    open: bool
    out: int


class ActiveJob(NamedTuple):
    """A job that has something to send; `ready` is counted only up to what dispatch could use.

    `waiting` are its tournaments that are not opened yet, counted up to MOST_WAITING. `queued`:
    nothing of it was sent yet. `limited`: it may cost only so much. `spec` is the judge as the
    store writes it, the same for equal judges.
    """

    id: JobId
    strategy: str
    priority: int
    judge: JudgeSpec
    voting: Voting
    seed: int
    out: int
    ready: int
    waiting: int
    queued: bool
    limited: bool
    spec: str


def active_queues(tx: Connection) -> dict[str, int]:
    """The queues of all jobs that are queued or running, each with their number."""
    return {row.queue: row.jobs for row in tx.execute(ACTIVE_QUEUES)}


def queues_going(tx: Connection, floors: Mapping[JobId, Floor]) -> dict[str, bool]:
    """Whether any job of a queue has something to send, of all queues with active jobs."""
    rows = tx.execute(QUEUES_GOING, floor_columns(floors))
    return {row.queue: row.going for row in rows}


def listed_jobs(
    tx: Connection, queue: str, first_out: BatchId, most_queued: int
) -> list[ListedJob]:
    """The jobs of the queue that may be served next, the oldest first.

    All that run; of those that wait, online ones and others, the first `most_queued` of each, by
    priority and age. `first_out` is a batch before which none of the queue is out.
    """
    bind = {"queue": queue, "first_out": first_out, "most_queued": most_queued}
    return [ListedJob(*row) for row in tx.execute(LISTED_JOBS, {**PRIORITIES, **bind})]


def sendable_jobs(
    tx: Connection,
    jobs: Sequence[ListedJob],
    floors: Mapping[JobId, Floor],
    *,
    most: int,
    most_jobs: int,
) -> list[ActiveJob]:
    """The first `most_jobs` of the jobs that have something to send, in the given order.

    Ready matches are counted up to `most` of a job, from its floor. A job whose judge or voting
    this version cannot read is left to one that can.
    """
    ordered = {job.id: floors.get(job.id, Floor()) for job in jobs}
    bind = {"most": most, "most_waiting": MOST_WAITING, "most_jobs": most_jobs}
    rows = tx.execute(
        SENDABLE_JOBS, {**floor_columns(ordered), "open": [job.open for job in jobs], **bind}
    )
    sendable = {row.job: row for row in rows}
    found = []
    for job in jobs:
        if job.id in sendable:
            try:
                found.append(_active(job, sendable[job.id]))
            except ForeignJob as error:
                log_once(log, logging.ERROR, FOREIGN, job.id, str(error))
    return found


def _active(job: ListedJob, row: Row) -> ActiveJob:
    return ActiveJob(
        job.id,
        row.strategy,
        job.priority,
        _options(row.judge, JudgeSpec),
        _options(row.voting, Voting),
        row.seed,
        job.out,
        row.ready,
        row.waiting,
        row.queued,
        row.limited,
        row.judge,
    )


@lru_cache(maxsize=1024)  # many jobs have the same
def _options(stored: str, kind: type[Options]) -> Options:
    return job_options(json.loads(stored), kind)


def count_ready(tx: Connection, floors: Mapping[JobId, Floor], most: int) -> dict[JobId, int]:
    """How many matches of each job are ready from its floor on, counted up to `most`."""
    rows = tx.execute(COUNT_READY, {"most": most, **floor_columns(floors)})
    return {row.job: row.ready for row in rows}
