"""What the coordinator's `record` writes of flushes of outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    JobId,
    MatchId,
    Outcome,
    Position,
    TournamentId,
    Vote,
)
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import storable
from rrm_queue.store.packed_text import pack

LARGEST_ID = 2**63 - 1
"""What a bigint column can hold."""

# The first outcome of a match wins: a match that is over does not come back from here. One that
# is ready again (its batch was given up) takes a late outcome all the same: it is paid for. One
# that has failed or was cancelled keeps late votes, for when it is tried again.
LOCK_MATCHES = text("""
    SELECT m.id, m.tournament_id, m.round, m.slot, m.first, m.second, m.meeting, m.attempt,
           m.batch_id, m.state IN ('ready', 'out') AS undecided
    FROM unnest(CAST(:matches AS bigint[]), CAST(:jobs AS text[])) AS w (match, job)
    JOIN matches m ON m.id = w.match AND m.job_id = w.job
    WHERE m.state IN ('ready', 'out', 'failed', 'cancelled')
    ORDER BY m.id
    FOR UPDATE OF m
""")

SENT_BATCHES = text("""
    SELECT id, job_id, token, matches FROM batches WHERE id = ANY(CAST(:batches AS bigint[]))
""")

INSERT_VOTES = text("""
    INSERT INTO votes (match_id, number, swapped, verdict, no_verdict, text, model, seed,
                       prompt_tokens, cached_tokens, completion_tokens, seconds,
                       queue_seconds, query_tokens, slot_tokens, samples, neutralised, key,
                       margin, probability, person, packed)
    SELECT * FROM unnest(
        CAST(:match AS bigint[]), CAST(:number AS int[]), CAST(:swapped AS bool[]),
        CAST(:verdict AS text[]), CAST(:no_verdict AS text[]), CAST(:text AS text[]),
        CAST(:model AS text[]), CAST(:seed AS bigint[]), CAST(:prompt_tokens AS int[]),
        CAST(:cached_tokens AS int[]), CAST(:completion_tokens AS int[]),
        CAST(:seconds AS float8[]), CAST(:queue_seconds AS float8[]),
        CAST(:query_tokens AS int[]), CAST(:slot_tokens AS int[]), CAST(:samples AS int[]),
        CAST(:neutralised AS bool[]), CAST(:key AS uuid[]), CAST(:margin AS smallint[]),
        CAST(:probability AS float8[]), CAST(:person AS text[]), CAST(:packed AS bytea[])
    )
    ON CONFLICT (match_id, number) DO NOTHING
""")

DECIDE_MATCHES = text("""
    UPDATE matches m
    SET state = 'done', winner = d.winner, decided_by = d.decided_by, decided_at = now()
    FROM unnest(CAST(:match AS bigint[]), CAST(:winner AS int[]), CAST(:decided_by AS text[]))
         AS d (id, winner, decided_by)
    WHERE m.id = d.id
""")

COUNT_DECIDED = text("""
    UPDATE tournaments t SET decided = decided + c.count
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:count AS int[])) AS c (id, count)
    WHERE t.id = c.id
""")

FAIL_MATCHES = text("""
    UPDATE matches m SET state = 'failed', error = f.error, decided_at = now()
    FROM unnest(CAST(:match AS bigint[]), CAST(:error AS text[])) AS f (id, error)
    WHERE m.id = f.id
""")

# What a failed tournament would have judged is over with it.
REQUEUE_MATCHES = text("""
    UPDATE matches m
    SET state = CASE WHEN t.state IN ('running', 'gathering') THEN 'ready' ELSE 'cancelled' END,
        batch_id = NULL, attempt = m.attempt + b.attempt, error = coalesce(b.error, m.error),
        not_before = now() + b.wait * interval '1 second'
    FROM unnest(CAST(:match AS bigint[]), CAST(:error AS text[]), CAST(:attempt AS int[]),
                CAST(:wait AS float8[])) AS b (id, error, attempt, wait), tournaments t
    WHERE m.id = b.id AND t.id = m.tournament_id
""")

# Two flushes of a batch may be recorded at once: the second to come here sees the first's.
LOCK_BATCHES = text("""
    SELECT 1 FROM batches WHERE id = ANY(CAST(:batches AS bigint[])) ORDER BY id FOR UPDATE
""")

# A batch is done when nothing of it is out any more, in whatever order its flushes came.
CLOSE_BATCHES = text("""
    UPDATE batches b SET state = 'done'
    WHERE b.id = ANY(CAST(:batches AS bigint[])) AND b.state = 'out'
      AND NOT EXISTS (SELECT 1 FROM matches m WHERE m.batch_id = b.id AND m.state = 'out')
""")


EQUAL_TEXTS = text("""
    SELECT m.id FROM matches m
    JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
    JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
    WHERE m.id = ANY(CAST(:matches AS bigint[])) AND one.text = two.text
""")

ANSWER_LENGTHS = text("""
    SELECT m.id, octet_length(one.text) AS first, octet_length(two.text) AS second
    FROM matches m
    JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
    JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
    WHERE m.id = ANY(CAST(:matches AS bigint[]))
""")


class SentBatch(NamedTuple):
    """What a batch was sent with: its job, its secret, and the matches that it carried.

    `token` and `matches` are None for a batch that the version before sent.
    """

    job: JobId
    token: str | None
    matches: frozenset[int] | None


class LockedMatch(NamedTuple):
    """A locked match that is not done; `batch` is the one that it is out in.

    `undecided` when it waits for its outcome, and neither failed nor was cancelled.
    """

    id: MatchId
    tournament: TournamentId
    position: Position
    first: CandidateNumber
    second: CandidateNumber
    attempt: int
    batch: BatchId | None
    undecided: bool
    meeting: int = 1


class Requeue(NamedTuple):
    """How a match goes back to be judged again: why, and after how many seconds.

    `attempt` is 1 when it counts against the match's limit, else 0.
    """

    error: str | None = None
    attempt: int = 0
    wait: float = 0.0


def sent_batches(tx: Connection, batches: Iterable[int]) -> dict[int, SentBatch]:
    """Those of `batches` that were ever sent, by id."""
    ids = [batch for batch in batches if 0 < batch <= LARGEST_ID]
    return {
        id_: SentBatch(job, token, None if matches is None else frozenset(matches))
        for id_, job, token, matches in tx.execute(SENT_BATCHES, {"batches": ids})
    }


def lock_matches(tx: Connection, matches: Mapping[int, JobId]) -> dict[int, LockedMatch]:
    """Those of the matches, each with its job, that are not done, locked, by id."""
    bind = {"matches": list(matches), "jobs": list(matches.values())}
    rows = tx.execute(LOCK_MATCHES, bind)
    return {
        row.id: LockedMatch(
            id=row.id,
            tournament=row.tournament_id,
            position=Position(row.round, row.slot),
            first=row.first,
            second=row.second,
            attempt=row.attempt,
            batch=row.batch_id,
            undecided=row.undecided,
            meeting=row.meeting,
        )
        for row in rows
    }


def equal_texts(tx: Connection, matches: Sequence[int]) -> frozenset[int]:
    """Those of the matches whose two answers are byte for byte the same."""
    return frozenset(tx.scalars(EQUAL_TEXTS, {"matches": list(matches)}))


def answer_lengths(tx: Connection, matches: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The bytes of both answers of these matches."""
    rows = tx.execute(ANSWER_LENGTHS, {"matches": list(matches)})
    return {row.id: (row.first, row.second) for row in rows}


def insert_votes(tx: Connection, votes: Sequence[tuple[MatchId, Vote]]) -> None:
    """Adds votes; one whose match and number are there already is dropped."""
    if votes:
        texts = [pack(vote.text) for _, vote in votes]
        tx.execute(
            INSERT_VOTES,
            {
                "match": [match for match, _ in votes],
                "no_verdict": [vote.no_verdict and vote.no_verdict.value for _, vote in votes],
                "verdict": [vote.verdict.value for _, vote in votes],
                "text": [text.plain for text in texts],
                "packed": [text.packed for text in texts],
                "model": [storable(vote.model) for _, vote in votes],
                **{name: [getattr(vote, name) for _, vote in votes] for name in PLAIN_VOTE_COLUMNS},
            },
        )


PLAIN_VOTE_COLUMNS = (
    "number",
    "swapped",
    "seed",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "seconds",
    "queue_seconds",
    "query_tokens",
    "slot_tokens",
    "samples",
    "neutralised",
    "key",
    "margin",
    "probability",
    "person",
)


def decide_matches(tx: Connection, outcomes: Mapping[MatchId, Outcome]) -> None:
    """Writes the outcomes of undecided matches."""
    if outcomes:
        tx.execute(
            DECIDE_MATCHES,
            {
                "match": list(outcomes),
                "winner": [outcome.winner for outcome in outcomes.values()],
                "decided_by": [outcome.decided_by.value for outcome in outcomes.values()],
            },
        )


def count_decided(tx: Connection, counts: Mapping[TournamentId, int]) -> None:
    """Adds to the number of decided matches of each tournament."""
    if counts:
        tx.execute(COUNT_DECIDED, {"tournament": list(counts), "count": list(counts.values())})


def fail_matches(tx: Connection, errors: Mapping[MatchId, str]) -> None:
    """Ends matches that will have no outcome, each with its error."""
    if errors:
        tx.execute(
            FAIL_MATCHES,
            {"match": list(errors), "error": [storable(error) for error in errors.values()]},
        )


def requeue_matches(tx: Connection, returns: Mapping[MatchId, Requeue]) -> None:
    """Makes matches ready again."""
    if returns:
        back = returns.values()
        tx.execute(
            REQUEUE_MATCHES,
            {
                "match": list(returns),
                "error": [one.error and storable(one.error) for one in back],
                "attempt": [one.attempt for one in back],
                "wait": [one.wait for one in back],
            },
        )


def close_batches(tx: Connection, batches: Iterable[BatchId]) -> None:
    """Marks those of the batches done of which nothing is out."""
    bind = {"batches": list(batches)}
    if bind["batches"]:
        tx.execute(LOCK_BATCHES, bind)
        tx.execute(CLOSE_BATCHES, bind)
