"""Votes without a verdict in finished tournaments: taken away, so that they are asked for again."""

from typing import NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.queue.counters import sharing

# `first` is the earliest round with such a vote. What a bracket plays in later rounds depends on
# it: a tournament with a verdict there is `settled`, as that verdict was paid for.
LOCK_SILENT = text("""
    WITH silent AS MATERIALIZED (
        SELECT m.tournament_id, min(m.round) AS first
        FROM tournaments t JOIN matches m ON m.tournament_id = t.id
        JOIN votes v ON v.match_id = m.id
        WHERE t.job_id = :job AND t.state = 'done' AND v.verdict = 'none'
        GROUP BY m.tournament_id
    )
    SELECT t.id, s.first, :looks_back AND EXISTS (
        SELECT 1 FROM matches m JOIN votes v ON v.match_id = m.id
        WHERE m.tournament_id = t.id AND m.round > s.first AND v.verdict <> 'none'
    ) AS settled
    FROM silent s JOIN tournaments t ON t.id = s.tournament_id JOIN jobs j ON j.id = t.job_id
    WHERE t.state = 'done' AND j.state <> 'cancelled'
    ORDER BY t.id
    FOR UPDATE OF t
""")

DROP_LATER_MATCHES = text("""
    WITH later AS (
        DELETE FROM matches m
        USING unnest(CAST(:tournaments AS bigint[]), CAST(:first AS int[])) AS s (id, first)
        WHERE :looks_back AND m.tournament_id = s.id AND m.round > s.first
        RETURNING m.id, m.tournament_id
    ), cast_there AS (
        SELECT count(*) AS votes, count(*) FILTER (WHERE v.reused) AS reused
        FROM votes v JOIN later l ON l.id = v.match_id
    ), counted AS (
        UPDATE tournaments t SET planned = planned - l.count, decided = decided - l.count
        FROM (SELECT tournament_id, count(*) AS count FROM later GROUP BY 1) AS l
        WHERE t.id = l.tournament_id
    )
    SELECT (SELECT count(*) FROM later) AS matches, votes, reused FROM cast_there
""")

DROP_VOTES = text("""
    DELETE FROM votes v USING matches m
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND m.state = 'done'
      AND v.match_id = m.id AND v.verdict = 'none'
    RETURNING v.match_id, v.reused
""")

REOPEN_MATCHES = text("""
    WITH again AS (
        UPDATE matches
        SET state = 'ready', winner = NULL, decided_by = NULL, decided_at = NULL, attempt = 0,
            batch_id = NULL, not_before = NULL
        WHERE id = ANY(CAST(:matches AS bigint[]))
        RETURNING tournament_id
    )
    UPDATE tournaments t SET decided = decided - a.count
    FROM (SELECT tournament_id, count(*) AS count FROM again GROUP BY 1) AS a
    WHERE t.id = a.tournament_id
""")

REOPEN_TOURNAMENTS = text("""
    WITH standings AS (
        DELETE FROM standings WHERE tournament_id = ANY(CAST(:tournaments AS bigint[]))
    )
    UPDATE tournaments SET state = 'running', champion = NULL, finished_at = NULL
    WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

REOPEN_JOB = text("""
    UPDATE jobs
    SET state = CASE WHEN state IN ('succeeded', 'partial') THEN 'running' ELSE state END,
        finished_at = NULL, note = NULL, tournaments_done = tournaments_done - :tournaments,
        matches_done = matches_done - :matches, votes = votes - :votes,
        votes_reused = votes_reused - :reused, shareable_tokens = shareable_tokens - :shareable,
        shared_tokens = shared_tokens - :shared
    WHERE id = :job
""")


class AskedAgain(NamedTuple):
    """How many votes are asked for again, and of how many tournaments they stay as they are."""

    votes: int
    kept: int


def ask_silent_again(tx: Connection, job: JobId, *, looks_back: bool) -> AskedAgain:
    """Opens the job's finished tournaments that have votes without a verdict again.

    Where the strategy `looks_back`, later matches are planned anew. A tournament keeps its votes
    when a later match of it has a verdict: that verdict is paid for. A cancelled job stays as it
    is. Tokens stay counted, as they were paid for.
    """
    bind = {"job": job, "looks_back": looks_back}
    rows = tx.execute(LOCK_SILENT, bind).all()
    open_ = [row for row in rows if not row.settled]
    kept = len(rows) - len(open_)
    if not open_:
        return AskedAgain(0, kept)
    ids = [row.id for row in open_]
    shareable, shared = sharing(tx, ids).get(job, (0, 0))
    first = [row.first for row in open_]
    later = tx.execute(
        DROP_LATER_MATCHES, {"tournaments": ids, "first": first, "looks_back": looks_back}
    ).one()
    dropped = tx.execute(DROP_VOTES, {"tournaments": ids}).all()
    matches = {row.match_id for row in dropped}
    tx.execute(REOPEN_MATCHES, {"matches": list(matches)})
    tx.execute(REOPEN_TOURNAMENTS, {"tournaments": ids})
    votes = len(dropped) + later.votes
    counts = {
        "tournaments": len(ids),
        "matches": len(matches) + later.matches,
        "votes": votes,
        "reused": sum(row.reused for row in dropped) + later.reused,
        "shareable": shareable,
        "shared": shared,
    }
    tx.execute(REOPEN_JOB, {"job": job, **counts})
    return AskedAgain(votes, kept)
