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

# Both tell the bytes of all, and bring the first texts that fit the room: there may be more than
# memory. The length of a long text stands in its row.
TOURNAMENT_TEXTS = text("""
    SELECT id, key, bytes, CASE WHEN fits THEN prompt END AS prompt,
           CASE WHEN fits THEN reference END AS reference,
           CASE WHEN fits THEN criteria END AS criteria
    FROM (
        SELECT t.id, t.key, t.prompt, t.reference, t.criteria, s.bytes,
               sum(s.bytes) OVER (ORDER BY w.place) <= :room AS fits
        FROM unnest(CAST(:tournaments AS bigint[])) WITH ORDINALITY AS w (id, place)
        JOIN tournaments t USING (id),
        LATERAL (SELECT octet_length(t.prompt) + coalesce(octet_length(t.reference), 0)
                        + coalesce(octet_length(t.criteria), 0) AS bytes) AS s
    ) AS sized
""")

ANSWER_TEXTS = text("""
    SELECT c.tournament_id, c.number, c.key, octet_length(c.text) AS bytes,
           CASE WHEN sum(octet_length(c.text)) OVER (ORDER BY w.place) <= :room THEN c.text
           END AS text,
           CASE WHEN :gold THEN c.gold END AS gold
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[]))
         WITH ORDINALITY AS w (tournament_id, number, place)
    JOIN candidates c USING (tournament_id, number)
""")

# Batches of a version before 0005 do not tell.
OUT_BYTES = text("""
    SELECT queue, sum(bytes) AS bytes FROM batches
    WHERE queue = ANY(CAST(:queues AS text[])) AND state = 'out' AND id >= :first_out
      AND bytes IS NOT NULL
    GROUP BY queue
""")

# In this order, as a batch that was sent later has a larger id.
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


CandidateRef = tuple[TournamentId, CandidateNumber]
"""Which candidate of which tournament."""

ANY_ROOM = 2**63 - 1
"""Room for texts of any size."""


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


class Tournaments(NamedTuple):
    """Texts of tournaments that were read, and the bytes of all that were looked for."""

    read: dict[TournamentId, TournamentTexts]
    bytes: dict[TournamentId, int]


class Answers(NamedTuple):
    """Answers that were read, and the bytes of all that were looked for."""

    read: dict[CandidateRef, Answer]
    bytes: dict[CandidateRef, int]


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


def out_bytes(tx: Connection, queues: Sequence[str], first_out: BatchId) -> dict[str, int]:
    """The bytes of all messages that are out, of each queue; none is before `first_out`."""
    rows = tx.execute(OUT_BYTES, {"queues": list(queues), "first_out": first_out})
    return {row.queue: int(row.bytes) for row in rows}


def tournament_texts(
    tx: Connection, wanted: Iterable[TournamentId], room: int = ANY_ROOM
) -> Tournaments:
    """Prompts, references and criteria, in the given order, as far as they have `room` bytes."""
    found = Tournaments({}, {})
    for row in tx.execute(TOURNAMENT_TEXTS, {"tournaments": list(wanted), "room": room}):
        found.bytes[row.id] = row.bytes
        if row.prompt is not None:
            found.read[row.id] = TournamentTexts(row.key, row.prompt, row.reference, row.criteria)
    return found


def answers(
    tx: Connection, wanted: Iterable[CandidateRef], *, gold: bool, room: int = ANY_ROOM
) -> Answers:
    """The texts of the wanted candidates; with `gold` also how good the file says they are.

    In the given order, as far as they have `room` bytes together.
    """
    pairs, found = list(wanted), Answers({}, {})
    rows = tx.execute(
        ANSWER_TEXTS,
        {
            "tournament": [tournament for tournament, _ in pairs],
            "number": [number for _, number in pairs],
            "gold": gold,
            "room": room,
        },
    )
    for row in rows:
        ref = (row.tournament_id, row.number)
        found.bytes[ref] = row.bytes
        if row.text is not None:
            found.read[ref] = Answer(row.number, row.key, row.text, row.gold)
    return found


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
