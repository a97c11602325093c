"""Why a match went as it did: a tournament's matches, and all that was said of one of them."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from rrm_queue.domain import (
    CandidateNumber,
    MatchState,
    NoVerdict,
    Position,
    TournamentId,
    Verdict,
)
from rrm_queue.views import CastVote, GivenAnswer, Reasons, Tally

# With `pair` or `position` only the matches meant by them; a pair may meet more than once.
TALLIES = text("""
    SELECT m.id, m.round, m.slot, m.first, m.second, m.state, m.winner, m.decided_by, m.error,
           count(v.number) AS votes,
           count(v.number) FILTER (WHERE (v.verdict = 'first') <> v.swapped
                                     AND v.verdict IN ('first', 'second')) AS for_first,
           count(v.number) FILTER (WHERE (v.verdict = 'second') <> v.swapped
                                     AND v.verdict IN ('first', 'second')) AS for_second
    FROM matches m LEFT JOIN votes v ON v.match_id = m.id
    WHERE m.tournament_id = :tournament
      AND (CAST(:round AS int) IS NULL OR m.round = :round)
      AND (CAST(:slot AS int) IS NULL OR m.slot = :slot)
      AND (CAST(:low AS int) IS NULL OR least(m.first, m.second) = :low)
      AND (CAST(:high AS int) IS NULL OR greatest(m.first, m.second) = :high)
    GROUP BY m.id
    ORDER BY m.round, m.slot
""")

PROMPT = text("SELECT prompt FROM tournaments WHERE id = :tournament")

ANSWERS = text("""
    SELECT number, key, generator, text FROM candidates
    WHERE tournament_id = :tournament AND number = ANY(CAST(:numbers AS int[]))
""")

VOTES = text("""
    SELECT number, swapped, verdict, no_verdict, text, model, seed, prompt_tokens, cached_tokens,
           completion_tokens, seconds, samples, neutralised, reused
    FROM votes WHERE match_id = :match
    ORDER BY number
""")

SLICE = 1000  # rows that a cursor brings at once


def tallies(
    tx: Connection,
    tournament: TournamentId,
    *,
    position: Position | None = None,
    pair: tuple[CandidateNumber, CandidateNumber] | None = None,
) -> Iterator[Tally]:
    """The tournament's matches by round and slot, or those at `position` or of `pair` alone.

    Streamed: a round robin may have millions.
    """
    round_, slot = position or (None, None)
    low, high = sorted(pair) if pair else (None, None)
    parameters = {"tournament": tournament, "round": round_, "slot": slot, "low": low, "high": high}
    cursor = tx.execution_options(stream_results=True, yield_per=SLICE)
    for row in cursor.execute(TALLIES, parameters):
        yield Tally(*row)._replace(state=MatchState(row.state))


def reasons(tx: Connection, tournament: TournamentId, tally: Tally) -> Reasons:
    """What was asked and answered in a match of the tournament, and its votes so far."""
    numbers = [tally.first, tally.second]
    rows = tx.execute(ANSWERS, {"tournament": tournament, "numbers": numbers})
    answers = {row.number: GivenAnswer(*row) for row in rows}
    votes = [
        CastVote(*row)._replace(
            verdict=Verdict(row.verdict),
            no_verdict=NoVerdict(row.no_verdict) if row.no_verdict else None,
        )
        for row in tx.execute(VOTES, {"match": tally.id})
    ]
    prompt = tx.scalar(PROMPT, {"tournament": tournament})
    return Reasons(tally, str(prompt), answers[tally.first], answers[tally.second], votes)
