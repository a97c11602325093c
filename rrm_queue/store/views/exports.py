"""What exports read: a job's finished tournaments, a slice at a time, their matches streamed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from rrm_queue.domain import Candidate, ChampionBy, JobId, Standing
from rrm_queue.store.connection import Connection, Row, Statement, text
from rrm_queue.store.rows import RowReader, row_reader
from rrm_queue.store.views.champions import CHAMPION_BY
from rrm_queue.store.views.matches import MATCH, VOTE, vote_reader
from rrm_queue.store.views.results import STANDING
from rrm_queue.views.matches import Match, RecordedVote
from rrm_queue.views.tournaments import FinishedTournament

T = TypeVar("T")

SLICE = 64  # tournaments whose answers are in memory at once
ROWS = 500  # matches or votes that a cursor brings at once

FINISHED = text(f"""
    SELECT t.id, t.key, t.prompt, t.state = 'failed' AS failed, {CHAMPION_BY} AS decided_by
    FROM tournaments t
    WHERE job_id = :job AND id > :after AND (state = 'done' OR :failed AND state = 'failed')
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
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[]))
      AND (m.state = 'done' OR m.tournament_id = ANY(CAST(:failed AS bigint[])))
    ORDER BY m.tournament_id, m.round, m.slot, v.number
""")


def finished_tournaments(
    tx: Connection,
    job: JobId,
    *,
    matches: bool,
    votes: bool = False,
    texts: bool = False,
    failed: bool = False,
) -> Iterator[FinishedTournament]:
    """The job's tournaments that are done, in the file's order; those that `failed` if asked for.

    With their `matches`, these with their `votes`, and those with their `texts`, as asked for. The
    answers of SLICE tournaments and the votes of one match are in memory at a time.
    """
    after = 0
    wanted = {"job": job, "most": SLICE, "failed": failed}
    while heads := tx.execute(FINISHED, {**wanted, "after": after}).all():
        after = heads[-1].id
        ids = [head.id for head in heads]
        candidates = _by_tournament(tx, CANDIDATES, ids, Candidate)
        standings = _by_tournament(tx, STANDINGS, ids, Standing)
        lost = [head.id for head in heads if head.failed]
        played = _matches(tx, ids, lost, votes=votes, texts=texts) if matches else iter(())
        group = next(played, None)
        for head in heads:
            own = group[1] if group is not None and group[0] == head.id else None
            texts_of = (head.key, head.prompt, candidates[head.id], standings[head.id])
            by = head.decided_by and ChampionBy(head.decided_by)
            yield FinishedTournament(*texts_of, own or (), head.failed, by)
            if own is not None:
                group = next(played, None)


def _by_tournament(
    tx: Connection, statement: Statement, ids: Sequence[int], kind: type[T]
) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    rows = tx.execute(statement, {"tournaments": ids})
    read = row_reader(kind, rows)
    for row in rows:
        found[row.tournament_id].append(read(row))
    return found


def _matches(
    tx: Connection, ids: Sequence[int], failed: Sequence[int], *, votes: bool, texts: bool
) -> Iterator[tuple[int, Iterator[Match]]]:
    """Each tournament that has matches, with its matches; of those that `failed` all."""
    longest = None if texts else 0
    more = {"longest": longest, "failed": failed} if votes else {}
    rows = tx.stream(VOTES if votes else MATCHES, {"tournaments": ids, **more}, ROWS)
    match = row_reader(Match, rows)
    vote = vote_reader(rows, longest) if votes else None
    for tournament, group in groupby(rows, key=lambda row: row.tournament_id):
        if vote is None:
            yield tournament, map(match, group)
        else:
            yield tournament, _with_votes(group, match, vote)


def _with_votes(
    rows: Iterable[Row], match: RowReader[Match], vote: Callable[[Row], RecordedVote]
) -> Iterator[Match]:
    for _, group in groupby(rows, key=lambda row: (row.round, row.slot)):
        lines = list(group)
        cast = tuple(vote(line) for line in lines if line.number is not None)
        yield match(lines[0], cast=cast)
