"""No statement of the walk reads a whole table: asserted on the plans for 100,000 matches.

The coordinator's statements are prepared, and the server may come to plan them once for all
parameters: so each is planned as often as it takes to see that.
"""

from collections.abc import Mapping
from uuid import UUID

import pytest
from kit.filled_store import Filling, fill
from kit.query_plans import Parameters, buffers, read_whole

from rrm_queue.store.connection import Statement, text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import (
    active_jobs,
    closing,
    control,
    counters,
    deleting,
    dispatching,
    floors,
    paid_votes,
    planning,
    pruning,
    recording,
    recovery,
)
from rrm_queue.store.views import jobs, matches, results

MANY_SMALL = Filling("aaaaaaaaaaaa", count=40_000, size=2, done=30_000, running=0)
PAIRS = Filling("bbbbbbbbbbbb", count=3_000, size=8, done=2_480, running=20)

# What deleting rows does by foreign keys.
CASCADES = {
    f"{table} of a deleted {column.removesuffix('_id')}": (
        text(f"DELETE FROM {table} WHERE {column} = :parent"),  # noqa: S608  # constants
        column,
    )
    for table, column in (
        ("tournaments", "job_id"),
        ("batches", "job_id"),
        ("candidates", "tournament_id"),
        ("standings", "tournament_id"),
        ("matches", "tournament_id"),
        ("votes", "match_id"),
    )
}

IDS = text("""
    SELECT (SELECT array_agg(id) FROM (SELECT id FROM matches WHERE job_id = :job AND state = 'out'
                                       ORDER BY id LIMIT 64) AS m) AS matches,
           (SELECT array_agg(id) FROM (SELECT id FROM tournaments WHERE job_id = :job
                                         AND state = 'running' ORDER BY id LIMIT 8) AS t)
               AS tournaments
""")


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """Two jobs in the middle of their way."""
    fill(module_database, MANY_SMALL)
    fill(module_database, PAIRS)
    return module_database


def walk(tx: Transaction) -> Mapping[str, tuple[Statement, Parameters]]:
    """Every statement that runs for a flush, a batch, a tournament or a job's line, by its name."""
    job = {"job": PAIRS.job}
    ids, tournaments = tx.execute(IDS, job).one()
    batches = {"batches": tournaments}  # they have the same ids
    each = {"match": ids, "batch": [1] * 64}
    with_job = {"matches": ids, "jobs": [PAIRS.job] * 64}
    tournament = {"tournament": tournaments}
    floor = {"tournament": tournaments[0], "round": 1, "slot": 0}
    floor_of_job = {
        "jobs": [PAIRS.job],
        "tournaments": tournaments[:1],
        "rounds": [1],
        "slots": [0],
    }
    return {
        "jobs.JOBS": (jobs.JOBS, {**jobs.ALL, **job, "most": 1}),
        "jobs.JOBS of all": (jobs.JOBS, {**jobs.ALL, "most": 20}),
        "jobs.FIRST_ERROR": (jobs.FIRST_ERROR, job),
        "jobs.TROUBLE": (jobs.TROUBLE, job),
        "results.STANDINGS of one": (results.STANDINGS, {**job, "key": "t7", "finals": True}),
        "results.FIND_TOURNAMENT": (results.FIND_TOURNAMENT, {**job, "key": "t7"}),
        "results.READ_TOURNAMENTS": (
            results.READ_TOURNAMENTS,
            {"tournaments": tournaments[:20], "longest": 100},
        ),
        "results.CANDIDATE_NAMES": (results.CANDIDATE_NAMES, {"tournament": tournaments[0]}),
        "results.RESULTS": (results.RESULTS, {**job, "key": "t7"}),
        "matches.TALLIES": (
            matches.TALLIES,
            {
                "tournament": tournaments[0],
                **dict.fromkeys(("round", "slot", "low", "high")),
            },
        ),
        "matches.ANSWERS": (matches.ANSWERS, {"tournament": tournaments[0], "numbers": [0, 1]}),
        "matches.VOTES": (matches.VOTES, {"matches": ids[:1], "longest": None}),
        "matches.VOTES of many": (matches.VOTES, {"matches": ids, "longest": 20_000}),
        "active_jobs.LISTED_JOBS": (
            active_jobs.LISTED_JOBS,
            {
                "queue": "rrmq.judge.openai",
                "first_out": 1,
                "most_queued": 128,
                **active_jobs.PRIORITIES,
            },
        ),
        "active_jobs.SENDABLE_JOBS": (
            active_jobs.SENDABLE_JOBS,
            {"most": 16384, "most_waiting": 64, "most_jobs": 1024, "open": [False], **floor_of_job},
        ),
        "active_jobs.QUEUES_GOING": (active_jobs.QUEUES_GOING, floor_of_job),
        "active_jobs.COUNT_READY": (active_jobs.COUNT_READY, {**floor_of_job, "most": 16384}),
        "dispatching.CLAIM_MATCHES": (
            dispatching.CLAIM_MATCHES,
            {**floor_of_job, "counts": [128]},
        ),
        "dispatching.TOURNAMENT_TEXTS": (
            dispatching.TOURNAMENT_TEXTS,
            {"tournaments": tournaments, "room": 10**6},
        ),
        "dispatching.ANSWER_TEXTS": (
            dispatching.ANSWER_TEXTS,
            {"tournament": tournaments * 8, "number": [0] * 64, "gold": False, "room": 10**6},
        ),
        "dispatching.OUT_BYTES": (
            dispatching.OUT_BYTES,
            {"queues": ["rrmq.judge.openai"], "first_out": 1},
        ),
        "floors.FIRST_RUNNING": (floors.FIRST_RUNNING, {**job, "tournament": tournaments[0]}),
        "floors.FIRST_UNDECIDED": (floors.FIRST_UNDECIDED, floor),
        "floors.FIRST_OUT": (floors.FIRST_OUT, {"queues": ["rrmq.judge.openai"], "batch": 1}),
        "dispatching.SEND_MATCHES": (dispatching.SEND_MATCHES, each),
        "planning.LOCK_TOURNAMENTS": (planning.LOCK_TOURNAMENTS, with_job),
        "planning.OPEN_TOURNAMENTS": (
            planning.OPEN_TOURNAMENTS,
            {"jobs": [PAIRS.job], "counts": [64]},
        ),
        "planning.PLAYED": (planning.PLAYED, {"tournaments": tournaments}),
        "planning.INSERT_MATCHES": (
            planning.INSERT_MATCHES,
            dict.fromkeys(
                ("tournament", "round", "slot", "first", "second", "meeting"), tournaments
            ),
        ),
        "closing.FINISH_TOURNAMENTS": (
            closing.FINISH_TOURNAMENTS,
            {**tournament, "champion": [0] * 8},
        ),
        "closing.FAIL_TOURNAMENTS": (
            closing.FAIL_TOURNAMENTS,
            {**tournament, "error": ["no"] * 8},
        ),
        "closing.CANCEL_READY": (closing.CANCEL_READY, {"tournaments": tournaments}),
        "recording.SENT_BATCHES": (recording.SENT_BATCHES, batches),
        "recording.LOCK_MATCHES": (recording.LOCK_MATCHES, with_job),
        "recording.DECIDE_MATCHES": (
            recording.DECIDE_MATCHES,
            {"match": ids, "winner": [0] * 64, "decided_by": ["votes"] * 64},
        ),
        "recording.COUNT_DECIDED": (recording.COUNT_DECIDED, {**tournament, "count": [1] * 8}),
        "recording.FAIL_MATCHES": (
            recording.FAIL_MATCHES,
            {"match": ids, "error": ["no"] * 64},
        ),
        "recording.REQUEUE_MATCHES": (
            recording.REQUEUE_MATCHES,
            {"match": ids, "error": ["no"] * 64, "attempt": [1] * 64, "wait": [1.0] * 64},
        ),
        "recording.LOCK_BATCHES": (recording.LOCK_BATCHES, {"batches": tournaments}),
        "recording.CLOSE_BATCHES": (recording.CLOSE_BATCHES, {"batches": tournaments}),
        "counters.SHARING": (counters.SHARING, {"tournaments": tournaments[:2]}),
        "recovery.OUT_BATCHES": (recovery.OUT_BATCHES, {"apart": ["rrmq.judge.human"]}),
        "recovery.NOTE_SEEN": (recovery.NOTE_SEEN, batches),
        "recovery.LOCK_TOURNAMENTS": (recovery.LOCK_TOURNAMENTS, batches),
        "recovery.LOSE_BATCHES": (recovery.LOSE_BATCHES, batches),
        "recovery.REQUEUE_MATCHES": (
            recovery.REQUEUE_MATCHES,
            {**batches, "attempt": 1, "reason": "no", "wait": True, "longest": 300.0},
        ),
        "recovery.SPENT_MATCHES": (recovery.SPENT_MATCHES, {**batches, "attempts": 10}),
        "control.LOCK_FAILED": (control.LOCK_FAILED, job),
        **{
            name: (statement, {"parent": PAIRS.job if column == "job_id" else ids[0]})
            for name, (statement, column) in CASCADES.items()
        },
        "deleting.NEXT_TOURNAMENTS": (
            deleting.NEXT_TOURNAMENTS,
            {**job, "after": tournaments[0], "rows": 3, "most": 4000},
        ),
        "deleting.DELETE_MATCHES": (deleting.DELETE_MATCHES, {**floor, "most": 1300}),
        "deleting.DELETE_TOURNAMENTS": (deleting.DELETE_TOURNAMENTS, {"tournaments": tournaments}),
        "deleting.DELETE_BATCHES": (deleting.DELETE_BATCHES, {**job, "most": 4000}),
        "pruning.SIZES": (pruning.SIZES, {"jobs": [PAIRS.job]}),
        "paid_votes.IN_HAND": (paid_votes.IN_HAND, {"matches": ids}),
        "paid_votes.PAID": (
            paid_votes.PAID,
            {"keys": [UUID(int=n) for n in range(64)], "models": ["m"]},
        ),
        "paid_votes.REUSE_VOTES": (
            paid_votes.REUSE_VOTES,
            {
                "match": ids,
                "number": [1] * 64,
                "swapped": [False] * 64,
                "models": ["m"],
                "key": [UUID(int=n) for n in range(64)],
            },
        ),
    }


def test_no_statement_of_the_walk_reads_a_whole_table(filled: Database) -> None:
    with filled.begin() as tx:
        found = {name: read_whole(tx, *asked) for name, asked in walk(tx).items()}
    assert {name: tables for name, tables in found.items() if tables} == {}


@pytest.mark.parametrize(
    ("loss", "statement", "table"),
    [
        (
            "DROP INDEX matches_ready; ALTER TABLE matches DROP CONSTRAINT matches_position",
            "dispatching.CLAIM_MATCHES",
            "matches",
        ),
        ("DROP INDEX votes_paid", "paid_votes.PAID", "votes"),
        (
            "ALTER TABLE matches DROP CONSTRAINT matches_position",
            "planning.PLAYED",
            "matches",
        ),
        ("ALTER TABLE votes DROP CONSTRAINT votes_pkey", "paid_votes.IN_HAND", "votes"),
    ],
)
def test_a_lost_index_is_seen(filled: Database, loss: str, statement: str, table: str) -> None:
    with filled.begin() as tx:
        for one in loss.split(";"):
            tx.execute(text(one))
        asked = walk(tx)[statement]
        assert read_whole(tx, *asked) == {table}
        tx.rollback()  # the other tests need the index


def has_to_send(job: str) -> Parameters:
    """What asks whether an open job has something to send, of which no floor is known."""
    beginning = {"jobs": [job], "tournaments": [0], "rounds": [0], "slots": [0]}
    return {**beginning, "open": [True], "most": 1, "most_waiting": 64, "most_jobs": 64}


@pytest.mark.parametrize("job", [MANY_SMALL, PAIRS])
def test_a_job_that_waits_is_found_beside_many_tournaments_of_others(
    filled: Database, job: Filling
) -> None:
    with filled.begin() as tx:
        tx.execute(text("UPDATE matches SET state = 'out' WHERE state = 'ready'"))
        asked = has_to_send(job.job)
        for statement in (active_jobs.QUEUES_GOING, active_jobs.SENDABLE_JOBS):
            assert buffers(tx, statement, asked) < 100
        assert tx.execute(active_jobs.SENDABLE_JOBS, asked).one().waiting == 64
        assert tx.execute(active_jobs.QUEUES_GOING, asked).one().going is True
        tx.rollback()


def test_a_job_with_nothing_to_send_reads_nothing_of_the_next_job(filled: Database) -> None:
    before = "a" * 11 + "0"
    assert before < MANY_SMALL.job
    with filled.begin() as tx:
        opened = (
            "UPDATE tournaments SET state = 'running' WHERE state = 'waiting' AND job_id = :job"
        )
        assert tx.execute(text(opened), {"job": MANY_SMALL.job}).rowcount == 10_000
        assert buffers(tx, active_jobs.SENDABLE_JOBS, has_to_send(before)) < 20
        tx.rollback()
