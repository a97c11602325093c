"""What put champions first: votes, or a coin, or nothing that tells them from another answer."""

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text

CHAMPION_BY = """
    CASE WHEN t.state = 'done' AND t.size > 1 THEN (
        SELECT CASE
            WHEN bool_or(m.winner = t.champion AND m.decided_by = 'coin') THEN 'coin'
            WHEN EXISTS (
                SELECT FROM standings o
                JOIN candidates c ON c.tournament_id = o.tournament_id AND c.number = o.candidate
                JOIN candidates best ON best.tournament_id = t.id AND best.number = t.champion
                WHERE o.tournament_id = t.id AND o.rank = 1 AND o.candidate <> t.champion
                  AND c.text <> best.text
            ) THEN 'tie'
            WHEN bool_or(m.winner = t.champion AND m.decided_by = 'refused') THEN 'refused'
            WHEN bool_or(m.decided_by = 'votes') THEN 'votes'
            ELSE 'equal' END
        FROM matches m WHERE m.tournament_id = t.id AND t.champion IN (m.first, m.second)
    ) END
"""
"""The `ChampionBy` of a tournament `t`; null before it is done, and for a single candidate."""

FINAL_VOTES = """
    (SELECT ARRAY[count(*) FILTER (WHERE v.verdict IN ('first', 'second')
                                     AND ((v.verdict = 'first') <> v.swapped)
                                       = (m.first = t.champion)),
                  count(*) FILTER (WHERE v.verdict IN ('first', 'second')
                                     AND ((v.verdict = 'first') <> v.swapped)
                                      <> (m.first = t.champion))]
     FROM matches m LEFT JOIN votes v ON v.match_id = m.id
     WHERE m.tournament_id = t.id AND t.champion IN (m.first, m.second)
     GROUP BY m.id ORDER BY m.round DESC LIMIT 1)
"""
"""Of the last match of a tournament `t`: the votes for its champion and for the other."""

COIN_CHAMPIONS = text("""
    SELECT count(DISTINCT t.id) FROM tournaments t JOIN matches m ON m.tournament_id = t.id
    WHERE t.job_id = :job AND m.decided_by = 'coin' AND m.winner = t.champion
""")


def coin_champions(tx: Connection, job: JobId) -> int:
    """How many of the job's champions won a match by a coin."""
    found: int = tx.scalars(COIN_CHAMPIONS, {"job": job}).one()
    return found
