"""What the coordinator's `dispatch` reads and writes: claimed matches and batches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    JobId,
    MatchId,
    TournamentId,
)
from rrm_queue.messages import Answer
from rrm_queue.seeds import derive
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.queue.floors import Floor, floor_columns

# One coordinator fills a queue's window at a time: two at once would fill it twice.
LOCK_QUEUE = text("SELECT pg_advisory_xact_lock(:number)")

# Depth-first: what the earliest tournament still needs goes before the next tournament.
CLAIM_MATCHES = text("""
    SELECT m.id, w.job, m.tournament_id, m.first, m.second, m.meeting
    FROM unnest(CAST(:jobs AS text[]), CAST(:counts AS int[]), CAST(:tournaments AS bigint[]),
                CAST(:rounds AS int[]), CAST(:slots AS int[]))
         AS w (job, count, tournament, round, slot)
    CROSS JOIN LATERAL (
        SELECT id, tournament_id, first, second, meeting
        FROM matches
        WHERE job_id = w.job AND state = 'ready' AND (not_before IS NULL OR not_before <= now())
          AND (tournament_id, round, slot) >= (w.tournament, w.round, w.slot)
        ORDER BY tournament_id, round, slot
        LIMIT w.count
        FOR UPDATE SKIP LOCKED
    ) AS m
""")

TOURNAMENT_TEXTS = text("""
    SELECT id, key, prompt, reference, criteria
    FROM tournaments WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

ANSWER_TEXTS = text("""
    SELECT c.tournament_id, c.number, c.key, c.text, CASE WHEN :gold THEN c.gold END AS gold
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[])) AS w (tournament_id, number)
    JOIN candidates c USING (tournament_id, number)
""")

# In this order, as a batch that was sent later has a larger id.
# Without reading the texts: the length of a long one stands in its row.
TEXT_BYTES = text("""
    SELECT c.tournament_id, c.number, octet_length(c.text) AS answer,
           octet_length(t.prompt) + coalesce(octet_length(t.reference), 0)
               + coalesce(octet_length(t.criteria), 0) AS tournament
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[])) AS w (tournament_id, number)
    JOIN candidates c USING (tournament_id, number)
    JOIN tournaments t ON t.id = c.tournament_id
""")

# Batches of a version before 0005 do not tell.
OUT_BYTES = text("""
    SELECT queue, sum(bytes) AS bytes FROM batches
    WHERE queue = ANY(CAST(:queues AS text[])) AND state = 'out' AND id >= :first_out
      AND bytes IS NOT NULL
    GROUP BY queue
""")

INSERT_BATCHES = text("""
    INSERT INTO batches (job_id, queue, state, epoch, token, bytes, matches)
    SELECT t.job, :queue, 'out', :epoch, nullif(t.token, ''), t.bytes, s.matches
    FROM unnest(CAST(:jobs AS text[]), CAST(:tokens AS text[]), CAST(:bytes AS int[]))
         WITH ORDINALITY AS t (job, token, bytes, place)
    JOIN (SELECT place, array_agg(id) AS matches
          FROM unnest(CAST(:match AS bigint[]), CAST(:place AS bigint[])) AS m (id, place)
          GROUP BY place) AS s USING (place)
    ORDER BY t.place
    RETURNING id, matches[1] AS first
""")

SEND_MATCHES = text("""
    UPDATE matches m SET state = 'out', batch_id = s.batch
    FROM unnest(CAST(:match AS bigint[]), CAST(:batch AS bigint[])) AS s (id, batch)
    WHERE m.id = s.id
""")


class ReadyMatch(NamedTuple):
    """A claimed match."""

    id: MatchId
    job: JobId
    tournament: TournamentId
    first: CandidateNumber
    second: CandidateNumber
    meeting: int = 1


class TournamentTexts(NamedTuple):
    """The texts of a tournament that its judges read."""

    key: str
    prompt: str
    reference: str | None
    criteria: str | None = None


class NewBatch(NamedTuple):
    """A batch that is sent: its job, its matches, its secret (empty for none) and its bytes."""

    job: JobId
    matches: Sequence[MatchId]
    token: str
    bytes: int


class TextBytes(NamedTuple):
    """The bytes of what tournaments say themselves, and of their answers."""

    tournaments: dict[TournamentId, int]
    answers: dict[tuple[TournamentId, CandidateNumber], int]


Answers = dict[tuple[TournamentId, CandidateNumber], Answer]


def lock_queue(tx: Connection, queue: str) -> None:
    """Waits for other coordinators that fill the queue; they wait until the transaction ends."""
    tx.execute(LOCK_QUEUE, {"number": derive("dispatch", queue)})


def claim_matches(
    tx: Connection, counts: Mapping[JobId, int], floors: Mapping[JobId, Floor]
) -> dict[JobId, list[ReadyMatch]]:
    """Up to so many ready matches of each job, locked, in depth-first order from its floor on."""
    columns = floor_columns({job: floors.get(job, Floor()) for job in counts})
    claimed: dict[JobId, list[ReadyMatch]] = {job: [] for job in counts}
    for row in tx.execute(CLAIM_MATCHES, {**columns, "counts": list(counts.values())}):
        claimed[row.job].append(ReadyMatch(*row))
    return claimed


def text_bytes(tx: Connection, matches: Iterable[ReadyMatch]) -> TextBytes:
    """The bytes of the texts that judges read for these matches."""
    pairs = {(m.tournament, number) for m in matches for number in (m.first, m.second)}
    bind = {"tournament": [pair[0] for pair in pairs], "number": [pair[1] for pair in pairs]}
    found = TextBytes({}, {})
    for row in tx.execute(TEXT_BYTES, bind):
        found.tournaments[row.tournament_id] = row.tournament
        found.answers[row.tournament_id, row.number] = row.answer
    return found


def out_bytes(tx: Connection, queues: Sequence[str], first_out: BatchId) -> dict[str, int]:
    """The bytes of all messages that are out, of each queue; none is before `first_out`."""
    rows = tx.execute(OUT_BYTES, {"queues": list(queues), "first_out": first_out})
    return {row.queue: int(row.bytes) for row in rows}


def tournament_texts(
    tx: Connection, tournaments: Iterable[TournamentId]
) -> dict[TournamentId, TournamentTexts]:
    """Prompts, references and criteria by tournament."""
    rows = tx.execute(TOURNAMENT_TEXTS, {"tournaments": list(tournaments)})
    return {
        row.id: TournamentTexts(row.key, row.prompt, row.reference, row.criteria) for row in rows
    }


def answers(
    tx: Connection, wanted: Iterable[tuple[TournamentId, CandidateNumber]], *, gold: bool
) -> Answers:
    """The texts of the wanted candidates; with `gold` also how good the file says they are."""
    pairs = list(wanted)
    rows = tx.execute(
        ANSWER_TEXTS,
        {
            "tournament": [pair[0] for pair in pairs],
            "number": [pair[1] for pair in pairs],
            "gold": gold,
        },
    )
    return {
        (row.tournament_id, row.number): Answer(row.number, row.key, row.text, row.gold)
        for row in rows
    }


def send_batches(
    tx: Connection, queue: str, epoch: str, batches: Sequence[NewBatch]
) -> list[BatchId]:
    """Marks the matches as out, each in its batch; the batches' ids in the given order."""
    places = {match: n for n, batch in enumerate(batches, start=1) for match in batch.matches}
    rows = tx.execute(
        INSERT_BATCHES,
        {
            "queue": queue,
            "epoch": epoch,
            "jobs": [batch.job for batch in batches],
            "tokens": [batch.token for batch in batches],
            "bytes": [batch.bytes for batch in batches],
            "match": list(places),
            "place": list(places.values()),
        },
    )
    ids: dict[int, BatchId] = {places[row.first]: row.id for row in rows}
    tx.execute(
        SEND_MATCHES,
        {"match": list(places), "batch": [ids[place] for place in places.values()]},
    )
    return [ids[place] for place in sorted(ids)]
