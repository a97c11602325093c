import pytest
from alembic import command
from alembic.script import ScriptDirectory
from kit.jobs import lines, play, submit_file
from kit.paid_votes import PAID, Worker

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobState
from rrm_queue.errors import SchemaMismatch
from rrm_queue.store.connection import text
from rrm_queue.store.database import SCHEMA, Database
from rrm_queue.store.schema import alembic_config, begin_migration, upgrade
from rrm_queue.store.views import jobs as store_jobs


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    with begin_migration(database) as connection:
        command.check(alembic_config(connection))


def test_this_version_speaks_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == SCHEMA


def test_an_upgrade_may_be_repeated(database: Database) -> None:
    upgrade(database)
    assert database.schema() == SCHEMA
    database.check_schema()


def step_to(database: Database, revision: str) -> None:
    with begin_migration(database) as connection:
        command.downgrade(alembic_config(connection), revision)


# What a coordinator of version 0001 left behind in the middle of a job: one match done, one out.
OF_THE_SPINE = """
    INSERT INTO jobs (id, source, state, strategy, seeding, judge, queue, voting, seed, priority,
                      tournaments, tournaments_done, tournaments_failed, candidates, matches_done,
                      matches_failed, votes, prompt_tokens, cached_tokens, completion_tokens,
                      shareable_tokens, shared_tokens, started_at)
    VALUES ('0123456789ab', 'old.jsonl', 'running', 'knockout', 'given', '{"kind": "reference"}',
            'rrmq.judge.reference', '{}', 0, 1, 1, 0, 0, 4, 1, 0, 1, 0, 0, 0, 0, 0, now());
    INSERT INTO tournaments (id, job_id, key, line, prompt, reference, size, seed, state, planned,
                             decided)
    VALUES (1, '0123456789ab', 't0', 1, 'Which is largest? (0)', '3', 4, 7, 'running', 2, 1);
    INSERT INTO candidates (tournament_id, number, key, text)
    SELECT 1, n, 'c' || n, 'It is ' || n || '.' FROM generate_series(0, 3) AS n;
    INSERT INTO batches (id, job_id, queue, state, epoch)
    VALUES (1, '0123456789ab', 'rrmq.judge.reference', 'out', 'gone');
    INSERT INTO matches (id, job_id, tournament_id, round, slot, first, second, state, batch_id,
                         winner, decided_by)
    VALUES (1, '0123456789ab', 1, 1, 0, 0, 1, 'done', 1, 1, 'votes'),
           (2, '0123456789ab', 1, 1, 1, 2, 3, 'out', 1, NULL, NULL);
    INSERT INTO votes (match_id, number, swapped, verdict, text, model, seed, prompt_tokens,
                       cached_tokens, completion_tokens, seconds, queue_seconds, query_tokens,
                       slot_tokens, samples, neutralised)
    VALUES (1, 1, false, 'second', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 1, false);
    SELECT setval(pg_get_serial_sequence('matches', 'id'), 2),
           setval(pg_get_serial_sequence('batches', 'id'), 1)
"""


def test_a_job_that_the_version_before_left_in_the_middle_goes_on(
    database: Database, broker: BrokerClient
) -> None:
    step_to(database, "0001")
    with pytest.raises(SchemaMismatch, match="rrmq db upgrade"), database.begin() as tx:
        store_jobs.list_jobs(tx, 1)
    with database.begin() as tx:
        for statement in OF_THE_SPINE.split(";"):
            tx.execute(text(statement))
    upgrade(database)
    with database.begin() as tx:  # its worker and its broker are gone
        tx.execute(text("UPDATE batches SET state = 'lost'"))
        tx.execute(text("UPDATE matches SET state = 'ready' WHERE state = 'out'"))
    play(database, broker)
    with database.begin() as tx:
        (job,) = store_jobs.list_jobs(tx, 1)
        champion = tx.scalar(text("SELECT champion FROM tournaments"))
    assert (job.state, job.matches_done, job.votes, champion) == (JobState.SUCCEEDED, 3, 3, 3)


# What version 0002 left of a job that judges pairs: two answers, no list, and nothing played yet.
OF_PAIRS = """
    INSERT INTO jobs (id, source, state, strategy, seeding, judge, queue, voting, seed, priority,
                      tournaments, tournaments_done, tournaments_failed, candidates, matches_done,
                      matches_failed, votes, prompt_tokens, cached_tokens, completion_tokens,
                      shareable_tokens, shared_tokens, submission)
    VALUES ('0123456789ab', 'old.jsonl', 'queued', 'pairs', 'random', '{"kind": "reference"}',
            'rrmq.judge.reference', '{}', 0, 1, 2, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 'of 0002');
    INSERT INTO tournaments (job_id, key, line, prompt, reference, size, seed)
    SELECT '0123456789ab', 't' || n, n, 'Which is largest?', '1', 2, n FROM generate_series(1, 2) n;
    INSERT INTO candidates (tournament_id, number, key, text)
    SELECT t.id, n, 'c' || n, 'It is ' || n || '.' FROM tournaments t, generate_series(0, 1) n
"""


@pytest.mark.parametrize("written", ["before the upgrade", "by a process of the version before"])
def test_pairs_that_version_0002_wrote_are_judged(
    database: Database, broker: BrokerClient, written: str
) -> None:
    if written == "before the upgrade":
        step_to(database, "0002")
    with database.begin() as tx:
        for statement in OF_PAIRS.split(";"):
            tx.execute(text(statement))
    upgrade(database)
    play(database, broker)
    with database.begin() as tx:
        (job,) = store_jobs.list_jobs(tx, 1)
        rows = tx.execute(text("SELECT champion, pairs, subset FROM tournaments")).all()
        gold = tx.scalars(text("SELECT DISTINCT gold FROM candidates")).all()
    assert (job.state, job.matches_done) == (JobState.SUCCEEDED, 2)
    assert [tuple(row) for row in rows] == [(1, None, None)] * 2
    assert gold == [None]


def test_a_step_back_leaves_no_reasoning_packed(database: Database, broker: BrokerClient) -> None:
    reasoning = "The second answer is right. " * 20
    submit_file(database, lines([3]), **PAID)
    Worker([reasoning]).play(database, broker)
    step_to(database, "0006")
    with database.begin() as tx:
        assert tx.scalars(text("SELECT text FROM votes")).all() == [reasoning] * 2


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="install the newer rrmq"):
        upgrade(database)
