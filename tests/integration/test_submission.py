import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.jobs import job_of, lines, submit_file
from kit.replays import as_lines

from rrm_queue.domain import Seeding, Tournament
from rrm_queue.errors import BadInput, StoreUnavailable
from rrm_queue.intake.reader import Source
from rrm_queue.intake.submission import submit
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import control

TABLES = ("jobs", "tournaments", "candidates")


def counts(database: Database) -> dict[str, int]:
    with database.begin() as tx:
        return {table: tx.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES}  # noqa: S608


def test_a_file_goes_into_the_store_whole(database: Database) -> None:
    submit_file(database, lines([2, 5, 3]))
    assert counts(database) == {"jobs": 1, "tournaments": 3, "candidates": 10}
    with database.begin() as tx:
        job = tx.execute(text("SELECT tournaments, candidates, state FROM jobs")).one()
        row = tx.execute(text("SELECT key, line, size, state FROM tournaments ORDER BY id")).first()
    assert tuple(job) == (3, 10, "queued")
    assert row is not None
    assert tuple(row) == ("t0", 1, 2, "waiting")


def test_texts_arrive_to_the_letter(database: Database) -> None:
    texts = ["a\tb\\N\n\r", "\\.", "‮عربى", "\x1b[31mred", '"quoted", {braces} %s']
    line = json.dumps({"prompt": "p\\n", "candidates": texts, "reference": "1"}).encode()
    submit_file(database, line)
    with database.begin() as tx:
        assert tx.scalars(text("SELECT text FROM candidates ORDER BY number")).all() == texts


def test_one_bad_line_changes_nothing_and_is_named(database: Database) -> None:
    with pytest.raises(BadInput) as caught:
        submit_file(database, lines([2, 3]) + b'{"prompt": "x"}\n' + lines([2]))
    assert [problem.line for problem in caught.value.problems] == [3, 4]
    assert str(caught.value).splitlines()[1] == (
        "test.jsonl:4: the id 't0' is already used on line 1; "
        "ids='line' names tournaments by their lines"
    )
    assert counts(database) == {"jobs": 0, "tournaments": 0, "candidates": 0}


def test_at_most_twenty_lines_are_named(database: Database) -> None:
    with pytest.raises(BadInput) as caught:
        submit_file(database, lines([2]) * 100)
    assert [problem.line for problem in caught.value.problems] == list(range(2, 22))
    one, stopped = str(caught.value).splitlines()
    assert one.endswith(f"(19 more lines like it: {', '.join(map(str, range(3, 22)))})")
    assert stopped == "reading stopped after 20 bad lines"


def test_the_same_submission_answers_with_the_first_job(database: Database) -> None:
    first = submit_file(database, lines([2, 3]))
    again = submit_file(database, lines([2, 3]), id="another", name="again", priority=7)
    assert again == first
    assert counts(database) == {"jobs": 1, "tournaments": 2, "candidates": 5}


@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "elo"},
        {"seed": 1},
        {"voting": {"votes": 3}},
        {"judge": {"kind": "replay", "argument": "x"}},
        {"seeding": Seeding.GIVEN},
    ],
)
def test_another_option_makes_another_submission(
    database: Database, options: dict[str, Any]
) -> None:
    submit_file(database, lines([2]))
    assert submit_file(database, lines([2]), id="another", **options) == "another"


def test_a_submission_may_be_made_anew(database: Database) -> None:
    first = submit_file(database, lines([2]))
    assert submit_file(database, lines([2]), id="second", anew=True) == "second"
    assert submit_file(database, lines([2]), id="third") == first


def test_a_cancelled_job_answers_for_nothing(database: Database) -> None:
    first = submit_file(database, lines([2]))
    with database.begin() as tx:
        assert control.cancel_job(tx, first)
    assert submit_file(database, lines([2]), id="second") == "second"


def test_the_same_submission_at_the_same_time_makes_one_job(database: Database) -> None:
    file = lines([4] * 200)
    with ThreadPoolExecutor(4) as threads:
        made = threads.map(lambda n: submit_file(database, file, id=f"job{n}"), range(4))
    assert len(set(made)) == 1
    assert counts(database)["jobs"] == 1


def test_an_id_that_another_file_has_names_both_files(database: Database) -> None:
    one, two = lines([2, 3]), lines([2, 2, 2])
    sources = [Source("one.jsonl", io.BytesIO(one)), Source("two.jsonl", io.BytesIO(two))]
    with pytest.raises(BadInput) as caught:
        submit(database, sources, job_of())
    assert str(caught.value) == (
        "two.jsonl:1: the id 't0' is already used on line 1 of one.jsonl; "
        "ids='line' names tournaments by their lines (1 more line like it: 2)"
    )
    assert [str(problem)[:29] for problem in caught.value.problems] == [
        ":1: the id 't0' is already us",
        ":2: the id 't1' is already us",
    ]
    assert counts(database) == {"jobs": 0, "tournaments": 0, "candidates": 0}


def test_a_repeat_within_a_file_of_several_names_the_file(database: Database) -> None:
    parts = [
        {"prompt_id": "p", "prompt": "a", "response": "1"},
        {"prompt_id": "p", "prompt": "a", "response": "2"},
        {"prompt": "b", "response": "1", "id": "p"},
        {"prompt": "b", "response": "2", "id": "p"},
    ]
    other = as_lines([{"prompt": "c", "response": text} for text in "12"])
    sources = [Source("a.in", io.BytesIO(other)), Source("b.in", io.BytesIO(as_lines(parts)))]
    with pytest.raises(BadInput) as caught:
        submit(database, sources, job_of())
    assert str(caught.value) == (
        "b.in:3: the id 'p' is already used on line 1; ids='line' names tournaments by their lines"
    )


class Cutter:
    """A gate that cuts every other connection to the database when it is shown something."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def see(self, tournaments: Sequence[Tournament]) -> None:
        other = Database(self.database.url)
        with other.begin() as tx:
            tx.execute(CUT)
        other.close()

    def pass_through(self) -> None: ...


CUT = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


def test_a_store_that_is_lost_on_the_way_is_said_to_be(database: Database) -> None:
    file = io.BytesIO(lines([5] * 2500))
    with pytest.raises(StoreUnavailable):
        submit(database, file, job_of(), gate=Cutter(database))
    assert counts(database) == {"jobs": 0, "tournaments": 0, "candidates": 0}
    assert submit(database, io.BytesIO(lines([5] * 2500)), job_of()).tournaments == 2500
