"""Votes whose reasoning is packed: every reader sees the text, whichever version wrote it."""

from typing import Any

import pytest
from kit.jobs import delete, lines, submit_file
from kit.paid_votes import PAID, Worker

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobId
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.exports import finished_tournaments
from rrm_queue.store.views.matches import match_votes

TEXTS = [
    "Too short to be packed.",
    "First I compare the answers. " * 20 + "So the second one is better.",
    "\\boxed{Assistant 1} would be wrong, wie jeder weiß 😀. " * 300,
]

# Reused votes are copied anew as versions before 0007 copy them: they know no column `packed`.
COPY_AS_BEFORE = text("""
    WITH gone AS (DELETE FROM votes WHERE reused RETURNING match_id, number, swapped, key)
    INSERT INTO votes (match_id, number, swapped, verdict, no_verdict, text, model, seed,
                       prompt_tokens, cached_tokens, completion_tokens, seconds, queue_seconds,
                       query_tokens, slot_tokens, samples, neutralised, margin, probability, key,
                       reused)
    SELECT w.match_id, w.number, w.swapped, v.verdict, v.no_verdict, v.text, v.model, v.seed,
           v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.seconds, v.queue_seconds,
           v.query_tokens, v.slot_tokens, v.samples, v.neutralised, v.margin, v.probability,
           v.key, true
    FROM gone w JOIN votes v ON v.key = w.key AND NOT v.reused
""")

READ_AS_BEFORE = text("UPDATE votes SET text = 'as before', packed = NULL WHERE number = 1")


@pytest.fixture
def job(database: Database, broker: BrokerClient) -> JobId:
    """A job whose votes have these texts."""
    job = submit_file(database, lines([3]), strategy="elo", **PAID)
    Worker(TEXTS).play(database, broker)
    return job


def texts_of(database: Database, job: JobId, longest: int | None = None) -> list[str]:
    """The texts of the job's votes as pages and commands read them, the longest last."""
    with database.begin() as tx:
        ids = text("SELECT id FROM matches WHERE job_id = :job ORDER BY round, slot")
        matches = tx.scalars(ids, {"job": job}).all()
        votes = [vote for _, vote in match_votes(tx, matches, longest=longest)]
    return sorted((vote.text for vote in votes), key=len)


def exported(database: Database, job: JobId, *, texts: bool) -> list[str]:
    """The same as exports read them."""
    with database.begin() as tx:
        found = finished_tournaments(tx, job, matches=True, votes=True, texts=texts)
        matches = [match for tournament in found for match in tournament.matches]
        return sorted((vote.text for match in matches for vote in match.cast), key=len)


def stored(database: Database) -> list[Any]:
    """The texts of all votes as they stand in the table, and the bytes that are packed."""
    with database.begin() as tx:
        columns = text("SELECT text, pg_column_size(packed) AS packed FROM votes ORDER BY packed")
        return list(tx.execute(columns))


def test_every_reader_sees_the_text(database: Database, job: JobId) -> None:
    assert texts_of(database, job) == TEXTS
    assert set(texts_of(database, job, 20)) == {one[-20:] for one in TEXTS}
    assert texts_of(database, job, 0) == ["", "", ""]
    assert exported(database, job, texts=True) == TEXTS
    assert exported(database, job, texts=False) == ["", "", ""]


def test_long_texts_are_packed_and_short_ones_are_not(database: Database, job: JobId) -> None:
    *packed, short = stored(database)
    assert short == (TEXTS[0], None)
    assert [plain for plain, _ in packed] == ["", ""]
    assert all(4 * one.packed < len(TEXTS[1].encode()) for one in packed)


def test_a_reused_vote_keeps_its_text_when_its_first_job_is_deleted(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    second = submit_file(database, lines([3]), id="second", anew=True, strategy="elo", **PAID)
    assert Worker().play(database, broker) == 0, "every vote is reused"
    assert delete(database, job)
    assert texts_of(database, second) == TEXTS


def test_a_vote_that_the_version_before_copies_keeps_its_text(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    second = submit_file(database, lines([3]), id="second", anew=True, strategy="elo", **PAID)
    Worker().play(database, broker)
    with database.begin() as tx:
        assert tx.execute(COPY_AS_BEFORE).rowcount == 3
    assert texts_of(database, second) == TEXTS


def test_votes_of_the_version_before_are_read(database: Database, job: JobId) -> None:
    with database.begin() as tx:
        tx.execute(READ_AS_BEFORE)
    assert texts_of(database, job) == ["as before"] * 3
    assert exported(database, job, texts=True) == ["as before"] * 3
