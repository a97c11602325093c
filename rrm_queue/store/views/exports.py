"""What exports read: a job's finished tournaments, a slice at a time, their matches streamed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, TextClause, text

from rrm_queue.domain import Candidate, JobId, Standing
from rrm_queue.store.rows import row_reader
from rrm_queue.store.views.matches import MATCH, VOTE
from rrm_queue.store.views.results import STANDING
from rrm_queue.views.matches import Match, RecordedVote
from rrm_queue.views.tournaments import FinishedTournament

T = TypeVar("T")

SLICE = 64  # tournaments whose answers are in memory at once
ROWS = 500  # matches or votes that a cursor brings at once

FINISHED = text("""
    SELECT id, key, prompt FROM tournaments
    WHERE job_id = :job AND id > :after AND state = 'done'
    ORDER BY id LIMIT :most
""")

CANDIDATES = text("""
    SELECT tournament_id, key, text, generator, gold FROM candidates
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY tournament_id, number
""")

STANDINGS = text(f"""
    SELECT s.tournament_id, {STANDING}
    FROM standings s JOIN tournaments t ON t.id = s.tournament_id
    WHERE s.tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY s.tournament_id, s.rank, (s.candidate = t.champion) DESC, s.candidate
""")

MATCHES = text(f"""
    SELECT m.tournament_id, {MATCH}
    FROM matches m
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND m.state = 'done'
    ORDER BY m.tournament_id, m.round, m.slot
""")

VOTES = text(f"""
    SELECT m.tournament_id, {MATCH}, {VOTE}
    FROM matches m LEFT JOIN votes v ON v.match_id = m.id
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND m.state = 'done'
    ORDER BY m.tournament_id, m.round, m.slot, v.number
""")

_candidate = row_reader(Candidate)
_standing = row_reader(Standing)
_match = row_reader(Match)
_vote = row_reader(RecordedVote)


def finished_tournaments(
    tx: Connection, job: JobId, *, matches: bool, votes: bool = False, texts: bool = False
) -> Iterator[FinishedTournament]:
    """The job's tournaments that are done, in the file's order.

    With their `matches`, these with their `votes`, and those with their `texts`, as asked for. The
    answers of SLICE tournaments and the votes of one match are in memory at a time.
    """
    after = 0
    while heads := tx.execute(FINISHED, {"job": job, "after": after, "most": SLICE}).all():
        after = heads[-1].id
        ids = [head.id for head in heads]
        candidates = _by_tournament(tx, CANDIDATES, ids, _candidate)
        standings = _by_tournament(tx, STANDINGS, ids, _standing)
        played = _matches(tx, ids, votes=votes, texts=texts) if matches else iter(())
        group = next(played, None)
        for head in heads:
            own = group[1] if group is not None and group[0] == head.id else None
            yield FinishedTournament(
                head.key, head.prompt, candidates[head.id], standings[head.id], own or ()
            )
            if own is not None:
                group = next(played, None)


def _by_tournament(
    tx: Connection, statement: TextClause, ids: Sequence[int], read: Callable[[Row[Any]], T]
) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for row in tx.execute(statement, {"tournaments": ids}):
        found[row.tournament_id].append(read(row))
    return found


def _matches(
    tx: Connection, ids: Sequence[int], *, votes: bool, texts: bool
) -> Iterator[tuple[int, Iterator[Match]]]:
    """Each tournament that has matches, with its matches."""
    longest = {"longest": None if texts else 0} if votes else {}
    rows = tx.execute(
        VOTES if votes else MATCHES,
        {"tournaments": ids, **longest},
        execution_options={"stream_results": True, "yield_per": ROWS},
    )
    read = _with_votes if votes else _without_votes
    for tournament, group in groupby(rows, key=lambda row: row.tournament_id):
        yield tournament, read(group)


def _without_votes(rows: Iterable[Row[Any]]) -> Iterator[Match]:
    return map(_match, rows)


def _with_votes(rows: Iterable[Row[Any]]) -> Iterator[Match]:
    for _, group in groupby(rows, key=lambda row: (row.round, row.slot)):
        lines = list(group)
        cast = tuple(_vote(line) for line in lines if line.number is not None)
        yield replace(_match(lines[0]), cast=cast)
