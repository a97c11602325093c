"""A tournament's matches with their votes: tallied, or the votes themselves."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import convert
from msgspec.structs import replace

from rrm_queue.domain import Candidate, CandidateNumber, JudgeSpec, MatchId, Position, Voting
from rrm_queue.store.connection import Connection, Row, Rows, text
from rrm_queue.store.packed_text import StoredText, unpack
from rrm_queue.store.rows import read_rows, row_reader
from rrm_queue.views.matches import MatchDetails, RecordedVote, TalliedMatch
from rrm_queue.views.tournaments import TournamentView

MATCH = "m.round, m.slot, m.first, m.second, m.state, m.winner, m.decided_by"
"""The columns of a `Match`."""

VOTE = """v.number, v.swapped, v.verdict, v.no_verdict,
    CASE WHEN CAST(:longest AS int) IS NULL THEN v.text WHEN :longest = 0 THEN ''
         ELSE right(v.text, :longest) END AS plain,
    CASE WHEN :longest = 0 THEN NULL ELSE v.packed END AS packed,
    v.model, v.seed, v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.seconds, v.samples,
    v.neutralised, v.margin, v.probability, v.person, v.reused"""
"""What `vote_reader` reads; of a text that is not packed the last `:longest` characters or all."""

# With `round` and `slot`, or `low` and `high`, only those matches; a pair may meet more than once.
TALLIES = text(f"""
    SELECT m.id, {MATCH}, m.error,
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

VOTES = text(f"""
    SELECT v.match_id, {VOTE}
    FROM unnest(CAST(:matches AS bigint[])) WITH ORDINALITY AS m (id, place)
    JOIN votes v ON v.match_id = m.id
    ORDER BY m.place, v.number
""")

ANSWERS = text("""
    SELECT number, key, text, generator, gold FROM candidates
    WHERE tournament_id = :tournament AND number = ANY(CAST(:numbers AS int[]))
""")

OF_JOB = text("""
    SELECT j.judge, j.voting FROM jobs j JOIN tournaments t ON t.job_id = j.id
    WHERE t.id = :tournament
""")

SLICE = 1000  # matches that a cursor brings at once
VOTES_AT_ONCE = 100  # votes, which may have long texts
FEW_MATCHES = 20  # whose votes are read at once


def tournament_matches(
    tx: Connection,
    tournament: TournamentView,
    *,
    position: Position | None = None,
    pair: tuple[CandidateNumber, CandidateNumber] | None = None,
) -> Iterator[TalliedMatch]:
    """The tournament's matches by round and place, or only those at `position` or of `pair`.

    Streamed where there are many: a round robin may have millions.
    """
    round_, slot = position or (None, None)
    low, high = sorted(pair) if pair else (None, None)
    place = {"round": round_, "slot": slot, "low": low, "high": high}
    wanted = {"tournament": tournament.id, **place}
    if tournament.planned <= SLICE:  # a cursor of the server's takes three more round trips
        return read_rows(TalliedMatch, tx.execute(TALLIES, wanted))
    return read_rows(TalliedMatch, tx.stream(TALLIES, wanted, SLICE))


def match_votes(
    tx: Connection, matches: Sequence[MatchId], *, longest: int | None = None
) -> Iterator[tuple[MatchId, RecordedVote]]:
    """The votes of these matches in this order, by number.

    With `longest` only the last characters of each text. Those of many matches are streamed: a
    reader may stop early.
    """
    wanted = {"matches": list(matches), "longest": longest}
    few = len(matches) <= FEW_MATCHES
    rows = tx.execute(VOTES, wanted) if few else tx.stream(VOTES, wanted, VOTES_AT_ONCE)
    vote = vote_reader(rows, longest)
    return ((row.match_id, vote(row)) for row in rows)


def vote_reader(rows: Rows, longest: int | None) -> Callable[[Row], RecordedVote]:
    """What makes a vote of a row with the columns VOTE; the same `longest` as in the statement."""
    vote = row_reader(RecordedVote, rows)
    return lambda row: vote(row, text=unpack(StoredText(row.plain, row.packed), longest))


def match_details(tx: Connection, tournament: TournamentView, match: TalliedMatch) -> MatchDetails:
    """The match with its votes so far, its prompt and both answers."""
    numbers = [match.first, match.second]
    rows = tx.execute(ANSWERS, {"tournament": tournament.id, "numbers": numbers})
    candidate = row_reader(Candidate, rows)
    candidates = {row.number: candidate(row) for row in rows}
    votes = tuple(vote for _, vote in match_votes(tx, [match.id]))
    job = tx.execute(OF_JOB, {"tournament": tournament.id}).one()
    judge, voting = convert(job.judge, JudgeSpec), convert(job.voting, Voting)
    return MatchDetails(tournament.prompt, candidates, replace(match, cast=votes), judge, voting)
