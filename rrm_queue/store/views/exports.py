"""What exports read: a job's finished tournaments, a slice at a time, their matches streamed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import Connection, Row, text

from rrm_queue.domain import (
    Candidate,
    DecidedBy,
    JobId,
    NoVerdict,
    Outcome,
    Pairing,
    Position,
    Standing,
    Verdict,
    Vote,
)
from rrm_queue.views import PlayedMatch, PlayedTournament

SLICE = 64  # tournaments whose answers are in memory at once
ROWS = 500  # matches or votes that a cursor brings at once

FINISHED = text("""
    SELECT id, key, prompt FROM tournaments
    WHERE job_id = :job AND id > :after AND state = 'done'
    ORDER BY id LIMIT :most
""")

CANDIDATES = text("""
    SELECT tournament_id, key, text, generator FROM candidates
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY tournament_id, number
""")

STANDINGS = text("""
    SELECT s.tournament_id, s.candidate, s.rank, s.wins, s.losses, s.draws, s.elo, s.bt
    FROM standings s JOIN tournaments t ON t.id = s.tournament_id
    WHERE s.tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY s.tournament_id, s.rank, (s.candidate = t.champion) DESC, s.candidate
""")

MATCHES = text("""
    SELECT tournament_id, round, slot, first, second, winner, decided_by
    FROM matches
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[])) AND state = 'done'
    ORDER BY tournament_id, round, slot
""")

# With `texts` the judge's own words as well, which are most of what a job weighs.
VOTES = text("""
    SELECT m.tournament_id, m.round, m.slot, m.first, m.second, m.winner, m.decided_by,
           v.number, v.verdict, v.swapped, v.no_verdict,
           CASE WHEN CAST(:texts AS bool) THEN v.text ELSE '' END AS text, v.seed, v.model,
           v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.seconds
    FROM matches m LEFT JOIN votes v ON v.match_id = m.id
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND m.state = 'done'
    ORDER BY m.tournament_id, m.round, m.slot, v.number
""")


def finished_tournaments(
    tx: Connection, job: JobId, *, matches: bool, votes: bool = False, texts: bool = False
) -> Iterator[PlayedTournament]:
    """The job's tournaments that are done, in the file's order.

    With their `matches` and these with their `votes`, and those with their `texts`, if asked for.
    In memory are the answers of SLICE tournaments, and of one match the votes.
    """
    after = 0
    while heads := tx.execute(FINISHED, {"job": job, "after": after, "most": SLICE}).all():
        after = heads[-1].id
        ids = [head.id for head in heads]
        candidates, standings = _candidates(tx, ids), _standings(tx, ids)
        played = _played(tx, ids, votes=votes, texts=texts) if matches else iter(())
        group = next(played, None)
        for head in heads:
            own = group[1] if group is not None and group[0] == head.id else None
            yield PlayedTournament(
                head.key, head.prompt, candidates[head.id], standings[head.id], own or ()
            )
            if own is not None:
                group = next(played, None)


def _candidates(tx: Connection, ids: Sequence[int]) -> dict[int, list[Candidate]]:
    found: dict[int, list[Candidate]] = defaultdict(list)
    for tournament, key, answer, generator in tx.execute(CANDIDATES, {"tournaments": ids}):
        found[tournament].append(Candidate(key, answer, generator))
    return found


def _standings(tx: Connection, ids: Sequence[int]) -> dict[int, list[Standing]]:
    found: dict[int, list[Standing]] = defaultdict(list)
    for tournament, *line in tx.execute(STANDINGS, {"tournaments": ids}):
        found[tournament].append(Standing(*line))
    return found


def _played(
    tx: Connection, ids: Sequence[int], *, votes: bool, texts: bool
) -> Iterator[tuple[int, Iterator[PlayedMatch]]]:
    """Each tournament that has matches, with those."""
    statement, parameters = (VOTES, {"texts": texts}) if votes else (MATCHES, {})
    rows = tx.execute(
        statement,
        {"tournaments": ids, **parameters},
        execution_options={"stream_results": True, "yield_per": ROWS},
    )
    for tournament, group in groupby(rows, key=lambda row: row.tournament_id):
        yield tournament, _matches(group, votes=votes)


def _matches(rows: Iterable[Row[tuple[object, ...]]], *, votes: bool) -> Iterator[PlayedMatch]:
    for (round_, slot), group in groupby(rows, key=lambda row: (row.round, row.slot)):
        lines = list(group)
        one = lines[0]
        yield PlayedMatch(
            Pairing(Position(round_, slot), one.first, one.second),
            Outcome(one.winner, DecidedBy(one.decided_by)),
            [_vote(line) for line in lines if line.number is not None] if votes else (),
        )


def _vote(row: Row[tuple[object, ...]]) -> Vote:
    return Vote(
        number=row.number,
        verdict=Verdict(row.verdict),
        swapped=row.swapped,
        no_verdict=None if row.no_verdict is None else NoVerdict(row.no_verdict),
        text=row.text,
        seed=row.seed,
        model=row.model,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
        seconds=row.seconds,
    )
