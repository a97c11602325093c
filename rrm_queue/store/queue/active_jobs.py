"""What the coordinator's `dispatch` reads of active jobs: what they have ready and out."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from rrm_queue.domain import BatchId, JobId, JudgeSpec, Voting
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.store.queue.floors import Floor
from rrm_queue.store.queue.job_options import FOREIGN, job_options

log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Tournaments of a job that wait to be opened are counted no further than this."""

ACTIVE_QUEUES = text("""
    SELECT queue, count(*) AS jobs FROM jobs WHERE state IN ('queued', 'running')
    GROUP BY queue ORDER BY queue
""")

# Whether there is anything to send: most turns after a record find nothing.
QUEUES_GOING = text("""
    SELECT q.queue, EXISTS (
        SELECT 1 FROM jobs j
        LEFT JOIN unnest(CAST(:jobs AS text[]), CAST(:tournaments AS bigint[]),
                         CAST(:rounds AS int[]), CAST(:slots AS int[]))
                  AS f (job, tournament, round, slot) ON f.job = j.id
        WHERE j.queue = q.queue AND j.state IN ('queued', 'running')
          AND (EXISTS (SELECT 1 FROM matches m
                       WHERE m.job_id = j.id AND m.state = 'ready'
                         AND (m.tournament_id, m.round, m.slot)
                             >= (coalesce(f.tournament, 0), coalesce(f.round, 0),
                                 coalesce(f.slot, 0))
                         AND (m.not_before IS NULL OR m.not_before <= now()))
               OR EXISTS (SELECT 1 FROM tournaments t
                          WHERE t.job_id = j.id AND t.state = 'waiting'
                            AND t.id >= CASE WHEN j.open THEN 0
                                             ELSE coalesce(f.tournament, 0) END))
    ) AS going
    FROM (SELECT DISTINCT queue FROM jobs WHERE state IN ('queued', 'running')) AS q
    ORDER BY q.queue
""")

# Floors: see `floors`. Each bounds how many index entries of matches of the past are passed over.
# An open job may get a tournament with a lower id than those that run: see `appending`.
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
                                  LIMIT :most) AS counted) AS ready,
           (SELECT count(*) FROM (SELECT 1 FROM tournaments t
                                  WHERE t.job_id = j.id AND t.state = 'waiting'
                                    AND t.id >= CASE WHEN j.open THEN 0
                                                     ELSE coalesce(f.tournament, 0) END
                                  LIMIT :most_waiting) AS counted) AS waiting,
           j.state = 'queued' AS queued, j.max_cost IS NOT NULL AS limited
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


class ActiveJob(NamedTuple):
    """A job that may have matches out; `ready` is counted only up to what dispatch could use.

    `waiting` are its tournaments that are not opened yet, counted up to MOST_WAITING. `queued`:
    nothing of it was sent yet. `limited`: it may cost only so much.
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


def active_queues(tx: Connection) -> dict[str, int]:
    """The queues of all jobs that are queued or running, each with their number."""
    return {row.queue: row.jobs for row in tx.execute(ACTIVE_QUEUES)}


def queues_going(tx: Connection, floors: Mapping[JobId, Floor]) -> dict[str, bool]:
    """Whether any job of a queue has something to send, of all queues with active jobs."""
    rows = tx.execute(QUEUES_GOING, _floors(floors))
    return {row.queue: row.going for row in rows}


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
        "most_waiting": MOST_WAITING,
        "first_out": first_out,
        **_floors(floors),
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
                row.id,
                row.strategy,
                row.priority,
                judge,
                voting,
                row.seed,
                row.out,
                row.ready,
                row.waiting,
                row.queued,
                row.limited,
            )
        )
    return found


def count_ready(tx: Connection, job: JobId, most: int, floor: Floor) -> int:
    """How many matches of the job are ready, counted up to `most`."""
    return int(tx.scalar(COUNT_READY, {"job": job, "most": most, **floor._asdict()}))


def _floors(floors: Mapping[JobId, Floor]) -> dict[str, list[Any]]:
    """The floors as columns."""
    return {
        "jobs": list(floors),
        "tournaments": [floor.tournament for floor in floors.values()],
        "rounds": [floor.round for floor in floors.values()],
        "slots": [floor.slot for floor in floors.values()],
    }
