"""Which jobs a turn of dispatch looks at, of very many that wait."""

from functools import partial

import pytest
from kit.jobs import QUEUE, lines, submit_file
from kit.query_plans import buffers

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.window import MOST_JOBS
from rrm_queue.domain import BatchId, JobId
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.active_jobs import LISTED_JOBS, PRIORITIES, listed_jobs

COPY_JOBS = text("""
    CREATE TEMP TABLE copies AS
    SELECT j.*, n AS copy FROM jobs j, generate_series(1, :count) AS n WHERE j.id = :job;
    UPDATE copies SET id = 'copy' || lpad(copy::text, 8, '0'), submission = NULL,
                      priority = CASE WHEN copy > :count - 3 THEN 5 ELSE priority END,
                      created_at = created_at + copy * interval '1 second',
                      state = 'queued', started_at = NULL;
    ALTER TABLE copies DROP COLUMN copy;
    INSERT INTO jobs SELECT * FROM copies;
    INSERT INTO tournaments (job_id, key, line, prompt, size, seed, state)
    SELECT c.id, t.key, t.line, t.prompt, t.size, t.seed, 'waiting'
    FROM copies c, tournaments t WHERE t.job_id = :job;
    INSERT INTO candidates (tournament_id, number, key, text)
    SELECT c.id, a.number, a.key, a.text
    FROM tournaments c JOIN tournaments t ON t.key = c.key AND t.job_id = :job AND c.job_id <> :job
    JOIN candidates a ON a.tournament_id = t.id;
    DROP TABLE copies
""")
EMPTY_OPEN_JOB = text("""
    DELETE FROM tournaments WHERE job_id = 'copy00000001';
    UPDATE jobs SET open = true, tournaments = 0, created_at = created_at - interval '1 day'
    WHERE id = 'copy00000001'
""")


@pytest.fixture
def job(database: Database) -> JobId:
    """A job that waits."""
    return submit_file(database, lines([2, 2]))


def copied(database: Database, job: JobId, count: int) -> None:
    """So many jobs like it; the last three have a higher priority, the first one is empty."""
    with database.begin() as tx:
        for statement in (COPY_JOBS, EMPTY_OPEN_JOB):
            for one in statement.text.split(";"):
                tx.execute(text(one), {"job": job, "count": count})


def test_only_the_first_of_those_that_wait_are_listed(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    dispatch(database, broker)
    copied(database, job, 40)
    with database.begin() as tx:
        listed = listed_jobs(tx, QUEUE, BatchId(0), 5)
    assert [one.id for one in listed] == [job, *(f"copy{n:08}" for n in (2, 3, 38, 39, 40))]
    assert [one.out for one in listed] == [2, 0, 0, 0, 0, 0]
    assert "copy00000001" not in {one.id for one in listed}, "it has nothing to send"


def test_a_look_does_not_read_all_jobs_that_wait(database: Database, job: JobId) -> None:
    bind = {"queue": QUEUE, "first_out": 0, "most_queued": 20, **PRIORITIES}
    copied(database, job, 4000)
    with database.begin() as tx:
        tx.execute(text("ANALYZE jobs"))
        assert len(tx.execute(LISTED_JOBS, bind).all()) == 20
        pages = tx.scalar(text("SELECT pg_relation_size('jobs') / 8192"))
        assert buffers(tx, LISTED_JOBS, bind) < int(pages or 0) / 2


def test_a_turn_serves_so_many_jobs_and_asks_for_another(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    WorkerLeases(broker.client, "large").announce({QUEUE: 4096})
    copied(database, job, MOST_JOBS + 5)
    asked: list[int] = []
    sent = [dispatch(database, broker, again=partial(asked.append, n)) for n in range(3)]
    assert sent == [2 * MOST_JOBS, 2 * 5, 0], "the copies and the job, without the empty one"
    assert asked == [0]
