"""Votes that the store has already: a match's own, and those that an earlier job paid for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs

from rrm_queue.domain import MatchId, NoVerdict, Verdict, Vote
from rrm_queue.store.connection import Connection, text

IN_HAND = text("""
    SELECT match_id, number, verdict, swapped, no_verdict, seed, person
    FROM votes WHERE match_id = ANY(CAST(:matches AS bigint[]))
    ORDER BY match_id, number
""")

# A vote without a verdict is of no use to another job: its server may have been mended since.
# The oldest of equal votes, should two jobs have paid for one at the same time; as below.
PAID = text("""
    SELECT DISTINCT ON (key) key, verdict, no_verdict, seed
    FROM votes
    WHERE key = ANY(CAST(:keys AS uuid[])) AND NOT reused AND verdict <> 'none'
      AND model = ANY(CAST(:models AS text[]))
    ORDER BY key, created_at, match_id
""")

NEWEST_MODEL = text("SELECT model FROM judge_models WHERE judge = :judge")

NOTE_NEWEST_MODEL = text("""
    INSERT INTO judge_models (judge, model) VALUES (:judge, :model)
    ON CONFLICT (judge) DO UPDATE SET model = excluded.model
""")

REUSE_VOTES = text("""
    INSERT INTO votes (match_id, number, swapped, verdict, no_verdict, text, model, seed,
                       prompt_tokens, cached_tokens, completion_tokens, seconds, queue_seconds,
                       query_tokens, slot_tokens, samples, neutralised, margin, probability, key,
                       packed, reused)
    SELECT DISTINCT ON (w.match_id, w.number)
           w.match_id, w.number, w.swapped, v.verdict, v.no_verdict, v.text, v.model, v.seed,
           v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.seconds, v.queue_seconds,
           v.query_tokens, v.slot_tokens, v.samples, v.neutralised, v.margin, v.probability,
           v.key, v.packed, true
    FROM unnest(CAST(:match AS bigint[]), CAST(:number AS int[]), CAST(:swapped AS bool[]),
                CAST(:key AS uuid[])) AS w (match_id, number, swapped, key)
    JOIN votes v ON v.key = w.key AND NOT v.reused AND v.verdict <> 'none'
     AND v.model = ANY(CAST(:models AS text[]))
    ORDER BY w.match_id, w.number, v.created_at, v.match_id
    ON CONFLICT (match_id, number) DO NOTHING
""")


class Reuse(NamedTuple):
    """A vote that a match takes from the store, as it stands in the match."""

    match: MatchId
    number: int
    swapped: bool
    key: UUID


def in_hand(tx: Connection, matches: Sequence[int]) -> dict[int, list[Vote]]:
    """The votes of these matches that are recorded, without their texts, by match."""
    found: dict[int, list[Vote]] = defaultdict(list)
    for row in tx.execute(IN_HAND, {"matches": list(matches)}):
        vote = _vote(row, row.number, swapped=row.swapped)
        found[row.match_id].append(structs.replace(vote, person=row.person))
    return found


def paid(tx: Connection, keys: Iterable[UUID], models: Iterable[str]) -> dict[UUID, Vote]:
    """Those of the votes with these keys that one of these models gave; number 0, not swapped."""
    rows = tx.execute(PAID, {"keys": list(keys), "models": list(models)})
    return {row.key: _vote(row, 0, swapped=False) for row in rows}


def newest_models(tx: Connection, judge: str) -> frozenset[str]:
    """What gave the judge's newest vote; nothing if none is known."""
    return frozenset(tx.scalars(NEWEST_MODEL, {"judge": judge}))


def note_newest_model(tx: Connection, judge: str, model: str) -> None:
    """Notes what gave the judge's newest vote."""
    if newest_models(tx, judge) != {model}:
        tx.execute(NOTE_NEWEST_MODEL, {"judge": judge, "model": model})


def reuse(tx: Connection, taken: Sequence[Reuse], models: Iterable[str]) -> None:
    """Copies paid votes of these models to the matches that take them."""
    tx.execute(
        REUSE_VOTES,
        {
            "models": list(models),
            "match": [one.match for one in taken],
            "number": [one.number for one in taken],
            "swapped": [one.swapped for one in taken],
            "key": [one.key for one in taken],
        },
    )


def _vote(row: Any, number: int, *, swapped: bool) -> Vote:
    reason = None if row.no_verdict is None else NoVerdict(row.no_verdict)
    return Vote(number, Verdict(row.verdict), swapped, no_verdict=reason, seed=row.seed)
