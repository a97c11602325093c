"""A job's counters, and the end of a job whose last tournament is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rrm_queue.domain import JobId, TournamentId
from rrm_queue.store.statements import execute, scalar

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
    ), tournaments AS (
        SELECT greatest((sum(prompts) - 1) * max(query) + sum(answers) + sum(repeats),
                        sum(cached)) AS shareable,
               sum(cached) AS shared
        FROM slots GROUP BY tournament_id
    )
    SELECT coalesce(sum(shareable), 0)::bigint AS shareable,
           coalesce(sum(shared), 0)::bigint AS shared
    FROM tournaments
""")

COUNT_FOR_JOB = text("""
    UPDATE jobs SET
        matches_done = matches_done + :matches_done,
        matches_failed = matches_failed + :matches_failed,
        tournaments_done = tournaments_done + :tournaments_done,
        tournaments_failed = tournaments_failed + :tournaments_failed,
        votes = votes + :votes,
        votes_reused = votes_reused + :votes_reused,
        prompt_tokens = prompt_tokens + :prompt_tokens,
        cached_tokens = cached_tokens + :cached_tokens,
        completion_tokens = completion_tokens + :completion_tokens,
        shareable_tokens = shareable_tokens + :shareable_tokens,
        shared_tokens = shared_tokens + :shared_tokens
    WHERE id = :job
    RETURNING votes - votes_reused
""")

END_JOB = text("""
    UPDATE jobs SET
        state = CASE WHEN tournaments_failed = 0 THEN 'succeeded'
                     WHEN tournaments_done = 0 THEN 'failed'
                     ELSE 'partial' END,
        finished_at = now(), note = NULL
    WHERE id = :job AND state IN ('queued', 'running', 'paused') AND NOT open
      AND tournaments_done + tournaments_failed = tournaments
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a transaction adds to its job's counters."""

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
            **{name: getattr(self, name) + getattr(other, name) for name in Counts.__slots__}
        )


def sharing(tx: Connection, tournaments: Sequence[TournamentId]) -> tuple[int, int]:
    """How many prompt tokens of these tournaments could be shared, and how many were."""
    (row,) = execute(tx, SHARING, {"tournaments": list(tournaments)})
    return row.shareable, row.shared


def count_for_job(tx: Connection, job: JobId, counts: Counts) -> int | None:
    """Adds to the job's counters and ends the job when its last tournament is over.

    Returns how many votes the job's judge has cast; None for a job that was deleted.

    The last statement of a transaction, as every coordinator waits for this row.
    """
    cast: int | None = scalar(
        tx,
        COUNT_FOR_JOB,
        {"job": job, **{name: getattr(counts, name) for name in Counts.__slots__}},
    )
    if counts.tournaments_done or counts.tournaments_failed:
        end_job(tx, job)
    return cast


def end_job(tx: Connection, job: JobId) -> None:
    """Ends the job if its last tournament is over and it takes no more."""
    execute(tx, END_JOB, {"job": job})
