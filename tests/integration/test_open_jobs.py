"""Open jobs: tournaments are added while they are judged, and the job ends once it is closed."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.jobs import QUEUE, job_of, lines, play

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator import floors
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.domain import Candidate, JobId, JobState, Tournament
from rrm_queue.errors import BadInput, JobNotOpen
from rrm_queue.intake.appending import AppendedFile, append_file
from rrm_queue.intake.reader import read
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, control
from rrm_queue.store.views.jobs import view_job
from rrm_queue.store.views.results import job_results
from rrm_queue.views.jobs import JobView

JOB = JobId("0123456789ab")


@pytest.fixture
def open_database(database: Database) -> Database:
    """A store with an open job."""
    with database.begin() as tx:
        appending.open_job(tx, job_of(open=True, strategy="elo"), None)
    return database


def add(database: Database, file: bytes) -> AppendedFile:
    with database.begin() as tx:
        job = appending.read_open_job(tx, JOB)
    return append_file(database, job, read(io.BytesIO(file), name_lines=False), "more.jsonl")


def close(database: Database) -> bool:
    with database.begin() as tx:
        return appending.close_job(tx, JOB)


def view(database: Database) -> JobView:
    with database.begin() as tx:
        return view_job(tx, JOB)


def test_a_job_takes_files_while_it_is_judged_and_ends_when_it_is_closed(
    open_database: Database, broker: BrokerClient
) -> None:
    file = lines([3, 4, 2, 5]).splitlines(keepends=True)
    for part in (file[:2], file[2:]):
        add(open_database, b"".join(part))
        play(open_database, broker)
        assert view(open_database).state is JobState.RUNNING
    assert close(open_database)
    ended = view(open_database)
    assert (ended.state, ended.open) == (JobState.SUCCEEDED, False)
    assert (ended.tournaments, ended.tournaments_done, ended.candidates) == (4, 4, 14)
    assert ended.matches_done == ended.votes == 3 + 6 + 1 + 10
    with open_database.begin() as tx:
        assert [r.champion for r in job_results(tx, JOB)] == ["c2", "c3", "c1", "c4"]


def test_closed_before_its_matches_are_judged_it_ends_with_the_last(
    open_database: Database, broker: BrokerClient
) -> None:
    add(open_database, lines([3]))
    assert close(open_database)
    assert not close(open_database)
    assert view(open_database).state is JobState.QUEUED
    play(open_database, broker)
    assert view(open_database).state is JobState.SUCCEEDED


def test_the_same_id_and_content_joins_what_is_there(open_database: Database) -> None:
    first = add(open_database, lines([3, 4]))
    again = add(open_database, lines([3, 4, 5]))
    assert (first.tournaments, first.joined) == (2, 0)
    assert (again.tournaments, again.joined, again.candidates) == (1, 2, 5)
    assert view(open_database).tournaments == 3


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Another?"},
        {"reference": "0"},
        {"candidates": ["It is 0.", "It is 1."]},
        {"candidates": [{"id": "c0", "text": "It is 0.", "gold": 1}, {"id": "c1", "text": "1"}]},
        {"subset": "hard"},
    ],
)
def test_another_content_under_an_id_is_a_conflict_that_names_the_line_and_stores_nothing(
    open_database: Database, change: dict[str, object]
) -> None:
    file = lines([3, 2])
    add(open_database, file)
    other = json.dumps({**json.loads(file.splitlines()[1]), **change}).encode()
    fresh = json.dumps({"id": "new", "prompt": "?", "candidates": ["a", "b"]}).encode()
    with pytest.raises(BadInput, match=r"more.jsonl:2: the id 't1' has another content"):
        add(open_database, fresh + b"\n" + other)
    assert view(open_database).tournaments == 2


def test_tournaments_without_an_id_are_named_by_their_content(open_database: Database) -> None:
    one = b'{"prompt": "?", "candidates": ["a", "b"]}\n'
    other = b'{"prompt": "?", "candidates": ["a", "c"]}\n'
    assert add(open_database, one + other).tournaments == 2
    again = add(open_database, other + one + b'{"prompt": "!", "candidates": ["a", "b"]}\n')
    assert (again.tournaments, again.joined) == (1, 2)


def test_a_job_that_is_closed_or_cancelled_takes_no_more(open_database: Database) -> None:
    add(open_database, lines([2]))
    close(open_database)
    with pytest.raises(JobNotOpen, match="it is not open"):
        add(open_database, lines([2, 3]))
    assert view(open_database).tournaments == 1


def test_a_cancelled_job_takes_no_more(open_database: Database) -> None:
    with open_database.begin() as tx:
        control.cancel_job(tx, JOB)
    with pytest.raises(JobNotOpen):
        add(open_database, lines([2]))


def test_what_a_coordinator_of_the_version_before_ended_goes_on(
    open_database: Database, broker: BrokerClient
) -> None:
    add(open_database, lines([2]))
    play(open_database, broker)
    with open_database.begin() as tx:
        tx.execute(text("UPDATE jobs SET state = 'succeeded', finished_at = now()"))
    add(open_database, lines([2, 3]))
    assert view(open_database).state is JobState.RUNNING
    play(open_database, broker)
    close(open_database)
    assert (view(open_database).state, view(open_database).tournaments_done) == (
        JobState.SUCCEEDED,
        2,
    )


def test_many_that_add_the_same_at_once_add_it_once(open_database: Database) -> None:
    file = lines([2] * 50)
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: add(open_database, file), range(8)))
    assert sum(one.tournaments for one in added) == 50
    assert all(one.tournaments + one.joined == 50 for one in added)
    assert view(open_database).tournaments == 50


def test_a_named_job_is_found_again_while_it_is_open(database: Database) -> None:
    def opened(id_: str) -> tuple[JobId, bool]:
        with database.begin() as tx:
            return appending.open_job(tx, job_of(id=id_, open=True, name="run"), "key")

    assert opened("a" * 12) == ("a" * 12, True)
    assert opened("b" * 12) == ("a" * 12, False)
    with database.begin() as tx:
        appending.close_job(tx, JobId("a" * 12))
    assert opened("b" * 12) == ("b" * 12, True)


def test_nothing_scans_the_job_when_a_tournament_is_added(open_database: Database) -> None:
    with open_database.begin() as tx:
        tx.execute(
            text("""
                INSERT INTO tournaments (job_id, key, line, prompt, size, seed, state)
                SELECT :job, 'old' || n, n, 'p', 2, n, 'done' FROM generate_series(1, 20000) n
            """),
            {"job": JOB},
        )
        tx.execute(text("UPDATE jobs SET tournaments = 20000, tournaments_done = 20000"))
    with open_database.begin() as tx:
        tx.execute(text("ANALYZE"))
    before = rows_read(open_database)
    for number in range(20):
        row = {"id": f"new{number}", "prompt": "?", "candidates": ["a", "b"]}
        add(open_database, json.dumps(row).encode())
    assert rows_read(open_database) - before < 2000


def rows_read(database: Database) -> int:
    """Rows of tournaments that statements have read so far, by scans of the table or of indexes."""
    with database.begin() as tx:
        tx.execute(text("SELECT pg_stat_force_next_flush()"))
    with database.begin() as tx:
        return int(
            tx.scalar(
                text("""
                    SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables
                    WHERE relname = 'tournaments'
                """)
            )
        )


def test_a_tournament_that_is_committed_late_is_judged_at_once(
    open_database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is lower than that of one that runs already, and so below the job's floor."""
    monkeypatch.setattr(floors, "LOOK_EVERY", 1)
    known: dict[str, floors.Floors] = {}
    answers = tuple(Candidate(f"c{number}", f"It is {number}.") for number in range(3))
    early, late = (Tournament(key, "Which?", answers, 0, reference="2") for key in ("a", "b"))
    with open_database.begin() as slow:
        (low,) = appending.append(slow, JOB, 0, [early])
        with open_database.begin() as tx:
            (high,) = appending.append(tx, JOB, 0, [late])
            appending.count_appended(tx, JOB, 1, 3)
        assert low.tournament < high.tournament
        assert dispatch(open_database, broker, floors=known) == 3
        assert known[QUEUE].of(JOB).tournament == high.tournament
        appending.count_appended(slow, JOB, 1, 3)
    assert dispatch(open_database, broker, floors=known) == 3
