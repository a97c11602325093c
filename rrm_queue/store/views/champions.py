"""What put champions first: votes, or a coin, or nothing that tells them from another answer."""

from sqlalchemy import Connection, text

from rrm_queue.domain import JobId
from rrm_queue.store.rows import read_row
from rrm_queue.views.tournaments import ChanceChampions

CHAMPION_BY = """
    CASE WHEN t.state <> 'done' OR t.size = 1 THEN NULL
         WHEN EXISTS (
             SELECT FROM matches m
             WHERE m.tournament_id = t.id AND m.winner = t.champion AND m.decided_by = 'coin'
         ) THEN 'coin'
         WHEN EXISTS (
             SELECT FROM standings o
             JOIN candidates c ON c.tournament_id = o.tournament_id AND c.number = o.candidate
             JOIN candidates best ON best.tournament_id = t.id AND best.number = t.champion
             WHERE o.tournament_id = t.id AND o.rank = 1 AND o.candidate <> t.champion
               AND c.text <> best.text
         ) THEN 'tie'
         WHEN EXISTS (
             SELECT FROM matches m
             WHERE m.tournament_id = t.id AND m.winner = t.champion AND m.decided_by = 'refused'
         ) THEN 'refused'
         WHEN EXISTS (
             SELECT FROM matches m
             WHERE m.tournament_id = t.id AND t.champion IN (m.first, m.second)
               AND m.decided_by = 'votes'
         ) THEN 'votes'
         ELSE 'equal' END
"""
"""The `ChampionBy` of a tournament `t`; null before it is done, and for a single candidate."""

CHANCE_CHAMPIONS = text("""
    SELECT (SELECT count(DISTINCT t.id)
            FROM tournaments t JOIN matches m ON m.tournament_id = t.id
            WHERE t.job_id = :job AND m.decided_by = 'coin' AND m.winner = t.champion) AS coins,
           (SELECT count(DISTINCT t.id)
            FROM tournaments t
            JOIN standings o ON o.tournament_id = t.id AND o.rank = 1 AND o.candidate <> t.champion
            JOIN candidates c ON c.tournament_id = t.id AND c.number = o.candidate
            JOIN candidates best ON best.tournament_id = t.id AND best.number = t.champion
            WHERE t.job_id = :job AND c.text <> best.text) AS ties
""")


def chance_champions(tx: Connection, job: JobId) -> ChanceChampions:
    """How many of the job's champions rest on a coin, and how many share the first rank."""
    return read_row(ChanceChampions, tx.execute(CHANCE_CHAMPIONS, {"job": job}))
