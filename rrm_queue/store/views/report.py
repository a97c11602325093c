"""What a report reads beside the results: which tournaments to carry, one at a time, and costs."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest

from sqlalchemy import Connection, text

from rrm_queue.domain import (
    DecidedBy,
    JobId,
    MatchId,
    MatchState,
    NoVerdict,
    TournamentId,
    TournamentState,
    Verdict,
)
from rrm_queue.errors import TournamentNotFound
from rrm_queue.store.views.votes import tallies
from rrm_queue.views import Carried, CastVote, Costs, Gold, Head, RankedAnswer, Tally

SLICE = 100  # votes that a cursor brings at once

NAMED = text("""
    SELECT t.id FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS k (key, place)
    LEFT JOIN tournaments t ON t.job_id = :job AND t.key = k.key
    ORDER BY k.place
""")

FAILED = text("""
    SELECT id FROM tournaments WHERE job_id = :job AND state = 'failed'
    ORDER BY id LIMIT :most
""")

# Of n in the file's order those at every n-th part; what has begun comes before what waits.
SPREAD = text("""
    SELECT id FROM (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS total
        FROM tournaments
        WHERE job_id = :job AND (state = 'done' OR NOT CAST(:done AS bool))
    ) AS placed
    WHERE place * CAST(:most AS bigint) % total < :most
    ORDER BY id LIMIT :most
""")

TOURNAMENT = text("""
    SELECT id, key, prompt, reference, size, seed, state, champion, error, planned
    FROM tournaments WHERE id = :tournament
""")

# The champion comes first, who has no standing last.
ANSWERS = text("""
    SELECT c.number, c.key, c.generator, c.gold, char_length(c.text) AS length,
           left(c.text, :longest) AS text,
           s.rank, s.wins, s.losses, s.draws, s.elo, s.bt
    FROM candidates c JOIN tournaments t ON t.id = c.tournament_id
    LEFT JOIN standings s ON s.tournament_id = c.tournament_id AND s.candidate = c.number
    WHERE c.tournament_id = :tournament
    ORDER BY s.rank, (c.number = t.champion) DESC, c.number
    LIMIT :most
""")

NAMES = text("""
    SELECT key, generator FROM candidates WHERE tournament_id = :tournament ORDER BY number
""")

VOTES = text("""
    SELECT v.match_id, v.number, v.swapped, v.verdict, v.no_verdict, right(v.text, :longest),
           v.model, v.seed, v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.seconds,
           v.samples, v.neutralised, v.reused
    FROM unnest(CAST(:matches AS bigint[])) WITH ORDINALITY AS m (id, place)
    JOIN votes v ON v.match_id = m.id
    ORDER BY m.place, v.number
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

# Of tournaments that are done and whose every answer has a gold; those that share the first rank
# share its place.
GOLD = text("""
    SELECT count(*) AS tournaments, avg(champion) AS champions, avg(mean) AS answers,
           avg(best) AS best
    FROM (
        SELECT avg(c.gold) AS mean, max(c.gold) AS best,
               avg(c.gold) FILTER (WHERE s.rank = 1) AS champion
        FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
        JOIN standings s ON s.tournament_id = t.id AND s.candidate = c.number
        WHERE t.job_id = :job AND t.state = 'done'
        GROUP BY t.id
        HAVING count(c.gold) = count(*) AND count(*) > 1
    ) AS each
""")


def carried(tx: Connection, job: JobId, most: int, keys: Sequence[str]) -> Carried:
    """The tournaments called `keys`, and up to `most` others that stand for the job.

    A tenth of those at most are the first that failed, the others are spread evenly over the file,
    over its finished part where enough is finished. Raises TournamentNotFound.
    """
    found = tx.scalars(NAMED, {"job": job, "keys": list(keys)}).all()
    for key, tournament in zip(keys, found, strict=True):
        if tournament is None:
            raise TournamentNotFound(f"job {job} has no '{key}'")
    share = -(-most // 10)
    failed = tx.scalars(FAILED, {"job": job, "most": share}).all() if most else []
    picked = {*found, *failed}
    for done in (True, False):
        room = most - len(picked - set(found))
        if room > 0:
            picked |= set(tx.scalars(SPREAD, {"job": job, "most": room, "done": done}))
    return Carried(sorted(picked), len(failed))


def head_of(tx: Connection, tournament: TournamentId) -> Head:
    """The tournament, which there must be."""
    head = Head(*tx.execute(TOURNAMENT, {"tournament": tournament}).one())
    return head._replace(state=TournamentState(head.state))


def names_of(tx: Connection, tournament: TournamentId) -> list[str]:
    """What to call the candidates, by number: their generators where these tell them apart.

    Else their keys, which say less to a reader.
    """
    rows = tx.execute(NAMES, {"tournament": tournament}).all()
    generators = {row.generator for row in rows if row.generator}
    return [row.generator if len(generators) == len(rows) else row.key for row in rows]


def answers_of(
    tx: Connection, tournament: TournamentId, *, most: int, longest: int
) -> list[RankedAnswer]:
    """The first `most` candidates by rank, with up to `longest` characters of each answer."""
    parameters = {"tournament": tournament, "most": most, "longest": longest}
    return [RankedAnswer(*row) for row in tx.execute(ANSWERS, parameters)]


def telling_matches(tx: Connection, tournament: TournamentId, most: int) -> list[Tally]:
    """Up to `most` of the tournament's matches, those first in which most was open.

    Those that failed, then draws and coins, then split votes, then the latest rounds. In memory are
    no more than these, however many there are.
    """
    return nsmallest(most, tallies(tx, tournament), key=_openness)


def _openness(tally: Tally) -> tuple[int, int, int, int]:
    if tally.state is MatchState.FAILED:
        kind = 0
    elif tally.state is not MatchState.DONE:
        kind = 4
    elif tally.winner is None or tally.decided_by == DecidedBy.COIN:
        kind = 1
    else:
        kind = 2 if min(tally.for_first, tally.for_second) else 3
    return kind, abs(tally.for_first - tally.for_second), -tally.round, tally.slot


def votes_of(
    tx: Connection, matches: Sequence[MatchId], *, longest: int
) -> Iterator[tuple[MatchId, CastVote]]:
    """The votes of these matches in this order, with the last `longest` characters of each text.

    Streamed, so that whoever has enough may stop.
    """
    rows = tx.execute(
        VOTES,
        {"matches": list(matches), "longest": longest},
        execution_options={"stream_results": True, "yield_per": SLICE},
    )
    for match, *cells in rows:
        vote = CastVote(*cells)
        reason = NoVerdict(vote.no_verdict) if vote.no_verdict else None
        yield match, vote._replace(verdict=Verdict(vote.verdict), no_verdict=reason)


def job_costs(tx: Connection, job: JobId) -> Costs:
    """What the job's votes took so far."""
    return Costs(*tx.execute(COSTS, {"job": job}).one())


def job_gold(tx: Connection, job: JobId) -> Gold | None:
    """How good the champions are, as the file knows; None where it does not."""
    gold = Gold(*tx.execute(GOLD, {"job": job}).one())
    return gold if gold.tournaments else None
