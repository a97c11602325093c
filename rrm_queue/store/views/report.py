"""What a report reads beside the results: which tournaments to show, their answers, and costs."""

from collections.abc import Sequence
from heapq import nsmallest

from rrm_queue.domain import JobId, Standing, TournamentId
from rrm_queue.errors import TournamentNotFound
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_row, row_reader
from rrm_queue.store.views.matches import tournament_matches
from rrm_queue.store.views.results import STANDING
from rrm_queue.views.jobs import Costs
from rrm_queue.views.matches import TalliedMatch
from rrm_queue.views.tournaments import Answer, Gold, SelectedTournaments, TournamentView

NAMED = text("""
    SELECT t.id FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS k (key, place)
    LEFT JOIN tournaments t ON t.job_id = :job AND t.key = k.key
    ORDER BY k.place
""")

FAILED = text("""
    SELECT id FROM tournaments WHERE job_id = :job AND state = 'failed'
    ORDER BY id LIMIT :most
""")

# Of the tournaments in the file's order every n-th, so that `most` are spread evenly.
SPREAD = text("""
    SELECT id FROM (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS total
        FROM tournaments
        WHERE job_id = :job AND (state = 'done' OR NOT CAST(:done AS bool))
    ) AS placed
    WHERE place * CAST(:most AS bigint) % total < :most
    ORDER BY id LIMIT :most
""")

# The champion comes first, candidates without a standing come last.
ANSWERS = text(f"""
    SELECT c.number, c.key, c.generator, c.gold, char_length(c.text) AS length,
           left(c.text, :longest) AS text, {STANDING}
    FROM candidates c JOIN tournaments t ON t.id = c.tournament_id
    LEFT JOIN standings s ON s.tournament_id = c.tournament_id AND s.candidate = c.number
    WHERE c.tournament_id = :tournament
    ORDER BY s.rank, (c.number = t.champion) DESC, c.number
    LIMIT :most
""")

COSTS = text("""
    SELECT coalesce(sum(v.seconds) FILTER (WHERE NOT v.reused), 0) AS seconds,
           coalesce(sum(v.samples - 1) FILTER (WHERE NOT v.reused), 0) AS resampled,
           count(*) FILTER (WHERE v.neutralised) AS neutralised,
           (SELECT coalesce(sum(m.attempt), 0) FROM tournaments t
            JOIN matches m ON m.tournament_id = t.id WHERE t.job_id = :job) AS given_back
    FROM tournaments t
    JOIN matches m ON m.tournament_id = t.id
    JOIN votes v ON v.match_id = m.id
    WHERE t.job_id = :job
""")

# Tournaments that are done and whose every answer has a gold score. The champion is the answer that
# the export `best` writes.
GOLD = text("""
    SELECT count(*) AS tournaments, avg(champion) AS champions, avg(mean) AS answers,
           avg(best) AS best
    FROM (
        SELECT avg(c.gold) AS mean, max(c.gold) AS best,
               max(c.gold) FILTER (WHERE c.number = t.champion) AS champion
        FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
        WHERE t.job_id = :job AND t.state = 'done'
        GROUP BY t.id
        HAVING count(c.gold) = count(*) AND count(*) > 1
    ) AS each
""")


def select_tournaments(
    tx: Connection, job: JobId, most: int, keys: Sequence[str]
) -> SelectedTournaments:
    """The tournaments called `keys`, and up to `most` others that represent the job.

    At most a tenth of those are the first failed ones. The rest is spread evenly over the file:
    over its finished tournaments where enough are finished. Raises TournamentNotFound.
    """
    found = tx.scalars(NAMED, {"job": job, "keys": list(keys)}).all()
    for key, tournament in zip(keys, found, strict=True):
        if tournament is None:
            raise TournamentNotFound(f"job {job} has no '{key}'")
    share = -(-most // 10)
    failed = tx.scalars(FAILED, {"job": job, "most": share}).all() if most else []
    selected = {*found, *failed}
    for done in (True, False):
        room = most - len(selected - set(found))
        if room > 0:
            selected |= set(tx.scalars(SPREAD, {"job": job, "most": room, "done": done}))
    return SelectedTournaments(sorted(selected), len(failed))


def ranked_answers(
    tx: Connection, tournament: TournamentId, *, most: int, longest: int
) -> list[Answer]:
    """The first `most` candidates by rank, with up to `longest` characters of each answer."""
    parameters = {"tournament": tournament, "most": most, "longest": longest}
    rows = tx.execute(ANSWERS, parameters)
    answer, standing = row_reader(Answer, rows), row_reader(Standing, rows)
    return [answer(row, standing=None if row.rank is None else standing(row)) for row in rows]


def closest_matches(tx: Connection, tournament: TournamentView, most: int) -> list[TalliedMatch]:
    """Up to `most` of the tournament's matches, the most uncertain ones first.

    Failed matches, then draws and coins, then split votes, then the latest rounds. Only these are
    in memory, however many matches there are.
    """
    return nsmallest(most, tournament_matches(tx, tournament), key=_certainty)


def _certainty(match: TalliedMatch) -> tuple[int, int, int, int]:
    if match.failed:
        kind = 0
    elif not match.done:
        kind = 4
    elif match.judged_winner is None:
        kind = 1
    else:
        kind = 2 if match.split else 3
    return kind, abs(match.for_first - match.for_second), -match.round, match.slot


def job_costs(tx: Connection, job: JobId) -> Costs:
    """What the job's votes cost so far."""
    return read_row(Costs, tx.execute(COSTS, {"job": job}))


def job_gold(tx: Connection, job: JobId) -> Gold | None:
    """How good the champions are by the file's gold scores; None where it has none."""
    gold = read_row(Gold, tx.execute(GOLD, {"job": job}))
    return gold if gold.tournaments else None
