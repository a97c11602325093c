"""A job's counters, and the end of a job whose last tournament is over."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from rrm_queue.domain import JobId, TournamentId
from rrm_queue.store.connection import Connection, text

# How far the prompts of finished tournaments could share a cache, and did. Of a tournament's
# distinct prompts all but one can share system and query, all but one with the same answer in
# slot 1 can share that answer, and a prompt that is sent again shares all but its last token.
# Prompts of other tournaments have more to share, such as the system's text. How much is not known;
# so a tournament that shared more than its own prompts have could share as much as it did.
SHARING = text("""
    WITH prompts AS (
        SELECT m.tournament_id, CASE WHEN v.swapped THEN m.second ELSE m.first END AS slot_one,
               max(v.query_tokens) AS query, max(v.slot_tokens - v.query_tokens) AS answer,
               max(v.prompt_tokens / v.samples) AS length, sum(v.samples) AS requests,
               sum(v.cached_tokens) AS cached
        FROM matches m JOIN votes v ON v.match_id = m.id
        WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND v.slot_tokens > 0
          AND NOT v.reused
        GROUP BY m.tournament_id, m.id, v.swapped, 2
    ), slots AS (
        SELECT tournament_id, count(*) AS prompts, max(query) AS query,
               (count(*) - 1) * max(answer) AS answers, sum(cached) AS cached,
               sum((requests - 1) * (length - 1)) AS repeats
        FROM prompts GROUP BY tournament_id, slot_one
    ), counted AS (
        SELECT tournament_id,
               greatest((sum(prompts) - 1) * max(query) + sum(answers) + sum(repeats),
                        sum(cached)) AS shareable,
               sum(cached) AS shared
        FROM slots GROUP BY tournament_id
    )
    SELECT t.job_id AS job, sum(shareable)::bigint AS shareable, sum(shared)::bigint AS shared
    FROM counted JOIN tournaments t ON t.id = counted.tournament_id
    GROUP BY t.job_id
""")

# Every coordinator locks these rows: all in one order, and last in a transaction.
LOCK_JOBS = text("""
    SELECT 1 FROM jobs WHERE id = ANY(CAST(:jobs AS text[])) ORDER BY id FOR UPDATE
""")

COUNT_FOR_JOBS = text("""
    UPDATE jobs j SET
        matches_done = j.matches_done + c.matches_done,
        matches_failed = j.matches_failed + c.matches_failed,
        tournaments_done = j.tournaments_done + c.tournaments_done,
        tournaments_failed = j.tournaments_failed + c.tournaments_failed,
        votes = j.votes + c.votes,
        votes_reused = j.votes_reused + c.votes_reused,
        prompt_tokens = j.prompt_tokens + c.prompt_tokens,
        cached_tokens = j.cached_tokens + c.cached_tokens,
        completion_tokens = j.completion_tokens + c.completion_tokens,
        shareable_tokens = j.shareable_tokens + c.shareable_tokens,
        shared_tokens = j.shared_tokens + c.shared_tokens
    FROM unnest(
        CAST(:jobs AS text[]), CAST(:matches_done AS bigint[]), CAST(:matches_failed AS bigint[]),
        CAST(:tournaments_done AS int[]), CAST(:tournaments_failed AS int[]),
        CAST(:votes AS bigint[]), CAST(:votes_reused AS bigint[]),
        CAST(:prompt_tokens AS bigint[]), CAST(:cached_tokens AS bigint[]),
        CAST(:completion_tokens AS bigint[]), CAST(:shareable_tokens AS bigint[]),
        CAST(:shared_tokens AS bigint[])
    ) AS c (job, matches_done, matches_failed, tournaments_done, tournaments_failed, votes,
            votes_reused, prompt_tokens, cached_tokens, completion_tokens, shareable_tokens,
            shared_tokens)
    WHERE j.id = c.job
    RETURNING j.id, j.votes - j.votes_reused AS votes_cast
""")

END_JOBS = text("""
    UPDATE jobs SET
        state = CASE WHEN tournaments_failed = 0 THEN 'succeeded'
                     WHEN tournaments_done = 0 THEN 'failed'
                     ELSE 'partial' END,
        finished_at = now(), note = NULL
    WHERE id = ANY(CAST(:jobs AS text[])) AND state IN ('queued', 'running', 'paused') AND NOT open
      AND tournaments_done + tournaments_failed = tournaments
""")


class Counts(Struct, frozen=True, kw_only=True):
    """What a transaction adds to a job's counters."""

    matches_done: int = 0
    matches_failed: int = 0
    tournaments_done: int = 0
    tournaments_failed: int = 0
    votes: int = 0
    votes_reused: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    shareable_tokens: int = 0
    shared_tokens: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            **{
                name: getattr(self, name) + getattr(other, name)
                for name in Counts.__struct_fields__
            }
        )


def sharing(tx: Connection, tournaments: Sequence[TournamentId]) -> dict[JobId, tuple[int, int]]:
    """How many prompt tokens of these tournaments could be shared, and how many were, by job."""
    rows = tx.execute(SHARING, {"tournaments": list(tournaments)})
    return {row.job: (row.shareable, row.shared) for row in rows}


def count_for_job(tx: Connection, job: JobId, counts: Counts) -> int | None:
    """`count_for_jobs` for one job; None for one that was deleted."""
    return count_for_jobs(tx, {job: counts}).get(job)


def count_for_jobs(tx: Connection, counts: Mapping[JobId, Counts]) -> dict[JobId, int]:
    """Adds to the counters of jobs, and ends each job whose last tournament is over.

    Returns how many votes the judge of each job has cast. A job that was deleted is left out.

    The last statements of a transaction, as every coordinator waits for these rows.
    """
    lock_jobs(tx, list(counts))
    added = {name: [getattr(c, name) for c in counts.values()] for name in Counts.__struct_fields__}
    rows = tx.execute(COUNT_FOR_JOBS, {"jobs": list(counts), **added})
    cast: dict[JobId, int] = {row.id: row.votes_cast for row in rows}
    if ended := [job for job, c in counts.items() if c.tournaments_done or c.tournaments_failed]:
        end_jobs(tx, ended)
    return cast


def lock_jobs(tx: Connection, jobs: Sequence[JobId]) -> None:
    """Locks jobs in the order in which every coordinator does; one needs no order."""
    if len(jobs) > 1:
        tx.execute(LOCK_JOBS, {"jobs": list(jobs)})


def end_jobs(tx: Connection, jobs: Sequence[JobId]) -> None:
    """Ends those of the jobs whose last tournament is over and that take no more."""
    tx.execute(END_JOBS, {"jobs": list(jobs)})
